"""How a kernel maps elements: what fusion must know, read off the loops and not off a name.

A kernel's pattern says what may be fused with it; the pattern of each input says how the kernel
reads it. Both are ordered: a greater one promises less.
Source: Chen et al., OSDI 2018, section 3 (the kinds); TVM src/relax/op (AnnotateTIROpPattern),
which also infers them from loop bodies.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import IntEnum

from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from ..dialects import tir
from ..symbolic import as_expr
from .nests import Access, Nest, statements


class Pattern(IntEnum):
    """What is known of where a kernel reads for the element that it writes."""

    ELEMENTWISE = 0  # the same position of a buffer of the same shape
    BROADCAST = 1  # the same position, some axes left out
    INJECTIVE = 2  # positions that depend on the output's: a transpose, a slice, a gather
    REDUCTION = 3  # many positions, each for one output element alone or a few
    OUT_FUSABLE = 4  # many positions, shared by many output elements, or several passes
    OPAQUE = 5  # anything

    @property
    def word(self) -> str:
        """The name in the IR."""
        return self.name.lower()

    @staticmethod
    def of_word(word: str) -> Pattern:
        """Return the pattern that `word` names."""
        return Pattern[word.upper()]


MOVES: tuple[type[Operation], ...] = (
    arith.ConstantOp,
    arith.ExtFOp,
    arith.TruncFOp,
    arith.ExtSIOp,
    arith.ExtUIOp,
    arith.TruncIOp,
    tir.IndexValueOp,
    tir.LoadOp,
    tir.PredicatedLoadOp,
    tir.StoreOp,
)
"""Operations whose repetition costs nothing beside the load that they follow."""

_ONE, _ZERO = as_expr(1), as_expr(0)


def pattern_of(func: tir.FuncOp) -> Pattern:
    """Return the pattern of a kernel: compute definitions are understood, all else is OPAQUE."""
    nests = plain_steps(func)
    if nests is None:
        return Pattern.OPAQUE
    reducing = [nest for nest in nests if nest.reduce]
    if not reducing:
        return max(_map_pattern(nest) for nest in nests)
    read_once = len(reducing) == 1 and nests[0] is reducing[0] and not _read_again(nests)
    if read_once and not has_reuse(reducing[0]):
        return Pattern.REDUCTION
    return Pattern.OUT_FUSABLE


def input_patterns(func: tir.FuncOp) -> tuple[Pattern, ...]:
    """Return how the kernel reads each of its inputs for an element of its output.

    Several steps are not followed one by one: unless all are elementwise, every input counts as
    INJECTIVE at least.
    """
    nests = plain_steps(func)
    if nests is None or len(nests) > 1 or nests[0].reduce:
        kind = pattern_of(func)
        worst = kind if kind is Pattern.ELEMENTWISE else max(kind, Pattern.INJECTIVE)
        return (worst,) * len(func.inputs)
    found = {value: Pattern.ELEMENTWISE for value in func.inputs}
    for load in nests[0].loads:
        found[load.buffer] = max(found[load.buffer], access_pattern(nests[0], load))
    return tuple(found.values())


def only_moves(func: tir.FuncOp) -> bool:
    """Tell whether the kernel computes nothing: it moves, repeats, fills or converts elements."""
    nests = plain_steps(func)
    return nests is not None and all(
        not nest.reduce and all(isinstance(op, MOVES) for op in nest.block.body.block.ops)
        for nest in nests
    )


def access_pattern(nest: Nest, access: Access) -> Pattern:
    """Return how one load's position depends on the iteration variables of its nest."""
    if isinstance(access, tir.PredicatedLoadOp):
        return Pattern.INJECTIVE
    iter_vars = [nest.block.iter_vars[i] for i in nest.spatial]
    place: dict[Hashable, int] = {value: i for i, value in enumerate(iter_vars)}
    last = -1
    for index in access.exprs_over_values(access.indices):
        if index is _ZERO:
            continue
        variable = index.as_var()
        position = -1 if variable is None else place.get(variable.key, -1)
        if position <= last:
            return Pattern.INJECTIVE
        last = position
    buffer_type, domain = access.buffer.type, [nest.extents[i] for i in nest.spatial]
    assert isinstance(buffer_type, tir.BufferType)
    return Pattern.ELEMENTWISE if list(buffer_type.shape) == domain else Pattern.BROADCAST


def plain_steps(func: tir.FuncOp) -> Sequence[Nest] | None:
    """Return the nests of a kernel that computes one output, step by step, elements in order.

    None for all other kernels: steps that are no plain nests, a buffer written twice or not at
    its own position, several outputs.
    """
    if len(func.outputs) != 1:
        return None
    nests: list[Nest] = []
    written: set[SSAValue] = set()
    for statement in statements(func):
        if isinstance(statement, tir.AllocOp):
            continue
        if not isinstance(statement, Nest) or not _is_step(statement):
            return None
        target = statement.stores[0].buffer
        if target in written or target in func.inputs:
            return None
        written.add(target)
        nests.append(statement)
    if not nests or nests[-1].stores[0].buffer is not func.outputs[0]:
        return None
    return nests


def _is_step(nest: Nest) -> bool:
    kinds = nest.block.kinds.data
    known = all(kind in (tir.IterKind.SPATIAL, tir.IterKind.REDUCE) for kind in kinds)
    return known and nest.is_plain and nest.writes_identity()


def _map_pattern(nest: Nest) -> Pattern:
    patterns = (access_pattern(nest, load) for load in nest.loads)
    return max(patterns, default=Pattern.ELEMENTWISE)


def _read_again(nests: Sequence[Nest]) -> bool:
    """Tell whether a later step reads what the first one read, as a softmax does."""
    first = {load.buffer for load in nests[0].loads} - {nests[0].stores[0].buffer}
    return any(load.buffer in first for nest in nests[1:] for load in nest.loads)


def has_reuse(nest: Nest) -> bool:
    """Tell whether a reduction combines elements of which one serves many output elements."""
    target = nest.stores[0].buffer
    loads = [load for load in nest.loads if load.buffer is not target]
    spatial = [nest.block.iter_vars[i] for i in nest.spatial if nest.extents[i] is not _ONE]
    return len(loads) > 1 and any(
        value not in _variables(load) for load in loads for value in spatial
    )


def _variables(load: Access) -> set[object]:
    return {key for index in load.exprs_over_values(load.indices) for key in index.free_vars()}
