"""What operators need of dims and only a run can tell: noted while types are inferred.

`infer_types` refuses dims that contradict each other. Where symbols leave that open, the same
helpers note a `Requirement`, for whoever asked with `collecting`: what is refused of numbers in a
module is refused of symbols in a run.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from xdsl.dialects.builtin import StringAttr
from xdsl.irdl import IRDLOperation, ParsePropInAttrDict, irdl_op_definition, prop_def
from xdsl.utils.exceptions import VerifyException

from ...symbolic import Bounds, IntExpr, min_
from .attributes import DimsAttr

EQUAL, BROADCAST, EXPAND, AT_MOST, AT_LEAST = RELATIONS = (
    "equal",
    "broadcast",
    "expand",
    "at_most",
    "at_least",
)
"""Of what is found to what is expected: equal; equal, or one of them 1; equal, or it is 1; not
larger; not smaller. Their positions are those of TYREX_DIMS_EQUAL and on (runtime/native/abi.h)."""


@dataclass(frozen=True)
class Requirement:
    """Two dims, and how they have to be related."""

    relation: str
    found: IntExpr
    expected: IntExpr
    what: str
    """What the dims are: a message begins with it."""
    count: IntExpr | None = None
    """Of how many elements it is said: of none, anything holds."""

    def is_proven(self, bounds: Bounds) -> bool:
        """Tell whether it holds wherever symbols are within bounds."""
        difference = (self.expected - self.found).simplify(bounds)
        match self.relation:
            case "at_most":
                return difference.provably_ge0(bounds)
            case "at_least":
                return (-difference).provably_ge0(bounds)
            case "broadcast" if self.expected == 1:
                return True
            case "broadcast" | "expand" if self.found == 1:
                return True
            case _:
                return difference == 0

    def dims(self, bounds: Bounds) -> tuple[IntExpr, IntExpr]:
        """Return the two dims as a run compares them: both 0 where there are no elements."""
        if self.count is None or (self.count - 1).provably_ge0(bounds):
            return self.found, self.expected
        some = min_(self.count, 1)
        return self.found * some, self.expected * some

    @property
    def key(self) -> tuple[str, IntExpr, IntExpr]:
        """What requirements that say the same have in common."""
        if self.relation not in (EQUAL, BROADCAST):
            return self.relation, self.found, self.expected
        first, second = sorted((self.found, self.expected), key=lambda dim: dim.sort_key)
        return self.relation, first, second


_noted: ContextVar[list[Requirement] | None] = ContextVar("noted", default=None)


@contextmanager
def collecting() -> Generator[list[Requirement]]:
    """Have `note` append to the list that this gives, within the block."""
    found: list[Requirement] = []
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)


def note(
    relation: str,
    found: IntExpr | None,
    expected: IntExpr | None,
    what: str,
    count: IntExpr | None = None,
) -> None:
    """Note what a run has to check of two dims, if somebody collects it and both are known."""
    noted = _noted.get()
    if noted is None or found is None or expected is None or found is expected:
        return
    if not (found.is_constant and expected.is_constant):
        noted.append(Requirement(relation, found, expected, what, count))


@irdl_op_definition
class CheckDimsOp(IRDLOperation):
    """`relax.check_dims "what" {relation = "equal", dims = #relax.dims<[n, m]>}`: or the run ends.

    Relations of the first dim, found, to the second, expected: `equal`; `broadcast`, equal or one
    of them 1; `expand`, equal or the first 1; `at_most`; `at_least`.

    (C1) the relation is one of these, of two dims.
    """

    name = "relax.check_dims"
    what = prop_def(StringAttr)
    relation = prop_def(StringAttr)
    dims = prop_def(DimsAttr)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$what attr-dict"

    def __init__(self, relation: str, found: IntExpr, expected: IntExpr, what: str) -> None:
        super().__init__(
            properties={
                "what": StringAttr(what),
                "relation": StringAttr(relation),
                "dims": DimsAttr.of((found, expected)),
            }
        )

    @property
    def pair(self) -> tuple[IntExpr, IntExpr]:
        """The dim that is found, and that which it is compared with."""
        found, expected = self.dims.data
        return found, expected

    def verify_(self) -> None:
        check_relation(self.name, self.relation, self.dims)


def check_relation(name: str, relation: StringAttr, dims: DimsAttr) -> None:
    """Check that a relation is known, and that there are two dims for it.

    Raises:
        VerifyException: they are not.
    """
    if relation.data not in RELATIONS or len(dims.data) != 2:
        raise VerifyException(
            f"{name}: (C1) relation '{relation.data}' of {len(dims.data)} dims; "
            f"use one of {', '.join(RELATIONS)} of two"
        )


def fault_of(relation: str, found: int, expected: int) -> str | None:
    """Return the end of a message about dims that are not related so, or None."""
    match relation:
        case "equal":
            holds, words = found == expected, f"{expected}"
        case "broadcast":
            holds, words = found == expected or 1 in (found, expected), f"{expected} or 1"
        case "expand":
            holds, words = found in (expected, 1), f"{expected} or 1"
        case "at_most":
            holds, words = found <= expected, f"at most {expected}"
        case _:
            holds, words = found >= expected, f"at least {expected}"
    return None if holds else f"found {found}, expected {words}"
