"""What a user is told when a model cannot be imported: place, found, expected, what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.dialects.builtin import LocationAttr, NameLoc, NoneAttr, StringAttr

from ...dialects.diagnostics import CompileError, Where

_SHOWN_NODES = 3  # names of nodes per operator in a report; the count says how many there are


class ModelError(CompileError, ValueError):
    """A model that is broken, or arguments that do not fit it."""


class UnsupportedNodeError(ModelError):
    """Something that Tyrex does not have: another build may import the model."""


class PathsDifferError(UnsupportedNodeError):
    """Branches whose results have no type in common: what follows belongs into the branches."""


class UnknownValueError(UnsupportedNodeError):
    """An operator needs a value at compile time that is known only at run time.

    `inputs` names the graph inputs whose values would settle it (`from_onnx(..., values=)`).
    """

    def __init__(self, where: Where, message: str, inputs: Iterable[str] = ()) -> None:
        self.inputs = tuple(dict.fromkeys(inputs))
        hint = "make it a constant in the model"
        if self.inputs:
            names = ", ".join(f"{name!r}: array" for name in self.inputs)
            hint = f"fix it with from_onnx(..., values={{{names}}}), or {hint}"
        super().__init__(where, message, hint=hint)


@dataclass(frozen=True)
class Unsupported:
    """One reason why nodes cannot be imported, and the nodes."""

    domain: str
    op_type: str
    reason: str
    nodes: tuple[str, ...]

    def __str__(self) -> str:
        name = f"{self.domain}.{self.op_type}" if self.domain else self.op_type
        shown = ", ".join(repr(node) for node in self.nodes[:_SHOWN_NODES])
        more = len(self.nodes) - _SHOWN_NODES
        tail = f" and {more} more" if more > 0 else ""
        count = len(self.nodes)
        return f"{name}: {self.reason} ({count} node{'s' * (count != 1)}: {shown}{tail})"


class UnsupportedOperatorsError(ModelError):
    """Every operator and attribute of a model that Tyrex cannot import, in one report."""

    def __init__(self, where: Where, found: Iterable[Unsupported]) -> None:
        self.found = tuple(found)
        lines = "".join(f"\n  {item}" for item in self.found)
        super().__init__(
            where,
            f"the model needs {len(self.found)} things that Tyrex cannot import:{lines}",
            hint="replace these operators, or teach Tyrex with "
            "tyrex.frontends.onnx.register_converter(domain, op_type, function)",
        )


def group(found: Iterable[tuple[str, str, str, str]]) -> list[Unsupported]:
    """Return one `Unsupported` per (domain, op_type, reason), with the nodes of all of them."""
    nodes: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for domain, op_type, reason, node in found:
        nodes[domain, op_type, reason].append(node)
    return [Unsupported(*key, tuple(names)) for key, names in nodes.items()]


def file_location(path: str) -> LocationAttr:
    """Return the location that names the model's file."""
    return NameLoc(StringAttr(path), NoneAttr())
