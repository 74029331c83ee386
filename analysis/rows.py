"""Which steps of a kernel work row by row: what may share one loop over rows.

A row is what is left of a buffer when its first axes are fixed. Where every step reads what an
earlier one wrote at its own row only, the steps can run one after the other for each row, and what
they hand on is one row long: a softmax reads its input from memory once, then from the cache.
A reduction qualifies where it runs along contiguous memory (as lanes of vectors) and no element
serves several sums; a matrix product has tiles instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.ir import SSAValue

from ..dialects import dtypes, tir
from ..symbolic import IntExpr, as_expr, var
from .nests import Access, Nest
from .op_patterns import has_reuse, plain_steps
from .steps import NestSteps, nominal_extents
from .windows import is_windowed

_ZERO, _ONE = as_expr(0), as_expr(1)


@dataclass(frozen=True)
class RowFacts:
    """How a kernel of one output works row by row.

    Attributes:
        depth: the most axes that may be fixed, from the outermost in.
        inputs: for each input, how many of those axes it is read at as the output is written.
        reduces: whether a step reduces.
    """

    depth: int
    inputs: tuple[int, ...]
    reduces: bool


def row_facts(func: tir.FuncOp) -> RowFacts | None:
    """Return how a compute definition works row by row, None where it does not."""
    steps = plain_steps(func)
    if steps is None or not all(works_in_rows(nest) for nest in steps):
        return None
    depth = depth_of(steps)
    inputs = dict.fromkeys(func.inputs, depth)
    for nest in steps:
        for load in nest.loads:
            if load.buffer in inputs:
                inputs[load.buffer] = min(inputs[load.buffer], own_axes(nest, load))
    return RowFacts(depth, tuple(inputs.values()), any(nest.reduce for nest in steps))


@dataclass(frozen=True, eq=False)
class ChainFacts:
    """How a kernel may be one of a chain that works in blocks of rows.

    Attributes:
        steps: the kernel's nests.
        depth: the most axes that a row fixes.
        has_product: whether a step is a product, of which many rows read the same operand.
        has_row_sum: whether a step reduces a row on its own.
        inputs: for each input, how many of the first axes it is read at as the output is written.
    """

    steps: Sequence[Nest]
    depth: int
    has_product: bool
    has_row_sum: bool
    inputs: tuple[int, ...]

    @property
    def reduces(self) -> bool:
        """Whether a step reduces."""
        return self.has_product or self.has_row_sum


def chain_facts(func: tir.FuncOp) -> ChainFacts | None:
    """Return how a compute definition works in blocks of rows, None where it does not."""
    steps = plain_steps(func)
    if steps is None or not all(works_in_blocks(nest) for nest in steps):
        return None
    if any(len(nest.reduce) > 1 for nest in steps):
        return None  # a convolution, which has a schedule of its own
    sums = [nest for nest in steps if nest.reduce]
    products = [nest for nest in sums if has_reuse(nest)]
    depth = depth_of(steps)
    if depth <= max(map(symbolic_axes, steps)):
        return None  # rows, of which blocks are made, are of known number
    inputs = dict.fromkeys(func.inputs, depth)
    for nest in steps:
        for load in nest.loads:
            if load.buffer in inputs:
                inputs[load.buffer] = min(inputs[load.buffer], own_axes(nest, load))
    own = tuple(inputs.values())
    return ChainFacts(steps, depth, bool(products), len(sums) > len(products), own)


def works_in_rows(nest: Nest) -> bool:
    """Tell whether a step may be one of several on a row: see the module docstring."""
    extents = nominal_extents(nest)
    if not nest.is_plain or not nest.writes_identity() or 0 in extents:
        return False
    if len(nest.spatial) + len(nest.reduce) != len(extents):
        return False
    if not nest.reduce:
        return True
    if nest.block.init is None or has_reuse(nest):
        return False
    steps = NestSteps(nest, extents)
    if is_windowed(nest):
        return False
    groups = steps.groups(nest.reduce)
    moves = {m.steps[groups[-1][-1]] for m in steps.loads} if groups else set[int | None]()
    return moves <= {0, 1} and 1 in moves


def works_in_slabs(nest: Nest) -> bool:
    """Tell whether a step may be one of several on a slab: rows that lie one beside the other.

    Its last spatial axis is contiguous and stays inside, for the lanes; sums run across rows.
    """
    extents = nominal_extents(nest)
    if not nest.is_plain or not nest.writes_identity() or 0 in extents or not nest.spatial:
        return False
    if len(nest.spatial) + len(nest.reduce) != len(extents):
        return False
    if nest.reduce and (nest.block.init is None or has_reuse(nest) or is_windowed(nest)):
        return False
    steps, lanes = NestSteps(nest, extents), nest.spatial[-1]
    in_lanes = all(m.steps[lanes] in (0, 1) for m in steps.loads)
    return in_lanes and all(m.steps[lanes] == 1 for m in steps.stores)


def works_in_blocks(nest: Nest) -> bool:
    """Tell whether a step may be one of several on a block of rows: a product may be, too.

    Symbols may decide the first axes, as a batch is; of what is within one of those all is known.
    """
    extents = nominal_extents(nest)
    if not nest.is_plain or not nest.writes_identity() or 0 in extents:
        return False
    outer = symbolic_axes(nest)
    known = all(extent.is_constant for extent in nest.extents[outer:])
    known = known and outer <= leading_axes(nest)
    known = known and len(nest.spatial) + len(nest.reduce) == len(extents)
    return known and (not nest.reduce or nest.block.init is not None)


def symbolic_axes(nest: Nest) -> int:
    """Return how many of the first axes there are up to the last that a symbol decides."""
    return max((i + 1 for i, e in enumerate(nest.extents) if not e.is_constant), default=0)


def shared_bytes(steps: Sequence[Nest], depth: int) -> int:
    """Return how much of their inputs the steps read again for each row of `depth` axes.

    That is what they read at places which the last of those axes does not move. Symbols decide
    none of the other axes.
    """
    written = {nest.stores[0].buffer for nest in steps}
    shared: dict[SSAValue, int] = {}
    for nest in steps:
        row = nest.block.iter_vars[depth - 1]
        inner = dict(zip(nest.block.iter_vars, nest.extents, strict=True))
        for fixed in nest.block.iter_vars[:depth]:
            inner.pop(fixed)
        for load in nest.loads:
            used = {key for e in load.exprs_over_values(load.indices) for key in e.free_vars()}
            if load.buffer in written or row in used:
                continue
            buffer_type = load.buffer.type
            assert isinstance(buffer_type, tir.BufferType)
            size = prod(inner[key].constant_value for key in inner if key in used)
            size *= dtypes.size_bytes(buffer_type.dtype)
            shared[load.buffer] = max(size, shared.get(load.buffer, 0))
    return sum(shared.values())


def depth_of(steps: Sequence[Nest]) -> int:
    """Return the most axes that may be fixed at once for steps that run one after the other.

    Every step has those axes first, of the same extents, and accesses what a step of these writes
    at their values only.
    """
    written = {nest.stores[0].buffer for nest in steps}
    first = steps[0].extents
    depth = len(first)
    for nest in steps:
        depth = min(depth, leading_axes(nest))
        pairs = zip(first, nest.extents, strict=False)
        depth = min(depth, next((i for i, (a, b) in enumerate(pairs) if a is not b), depth))
        for load in nest.loads:  # what is written is written in place: `works_in_rows`
            if load.buffer in written:
                depth = min(depth, own_axes(nest, load))
    return depth


def leading_axes(nest: Nest) -> int:
    """Return how many of the nest's axes are spatial before the first that is not."""
    kinds = nest.block.kinds.data
    spatial = (i for i, kind in enumerate(kinds) if kind is not tir.IterKind.SPATIAL)
    return next(spatial, len(kinds))


def own_axes(nest: Nest, op: Access) -> int:
    """Return how many of a buffer's first axes a load has at the nest's own variables."""
    buffer_type = op.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    own: Sequence[SSAValue] = nest.block.iter_vars[: leading_axes(nest)]
    indices: Sequence[IntExpr] = op.exprs_over_values(op.indices)
    count = 0
    for index, dim, variable, extent in zip(
        indices, buffer_type.shape, own, nest.extents, strict=False
    ):
        at_zero = index is _ZERO and extent is _ONE
        if dim is not extent or not (at_zero or index is var(variable)):
            break
        count += 1
    return count
