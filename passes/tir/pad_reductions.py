"""pad-reductions: a reduction with borders or strides in its inner loop reads a copy instead.

Rewrites   y[o, i] += (x[i + k - 1] if 0 <= i + k - 1 < n else 0) * w[o, k]
into       p[j] = x[j - 1] if 0 <= j - 1 < n else 0 ; y[o, i] += p[i + k] * w[o, k]
and        y[o, i] += x[2 * i + k] * w[o, k]
into       p[j, h] = x[2 * h + j] ; y[o, i] += p[k mod 2, i + k floordiv 2] * w[o, k]

Only where the copy is read often (each element several times), every condition bounds an index of
the load itself, and the default is a constant.

Needs:  compute definitions (legalize-ops), blocks inlined.
Leaves: no condition and no stride in the tiles of convolutions and poolings.
Why here: before schedule-default, whose register tiles then load without masks; after
inline-blocks, which would put the copy back.
Source: explicit padding before im2col-free convolution, as in oneDNN's and Halide's schedules.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nests import Access, Nest, nest_of
from ...analysis.nominal import nominal_size
from ...analysis.steps import nominal_extents
from ...dialects import tir
from ...dialects.tir.clone import Cloner, Exprs, zero_constant
from ...symbolic import IntExpr, as_expr, ceildiv, max_, var

MIN_READS = 4  # how often each copied element must be read for the copy to pay


@dataclass(frozen=True, eq=False)
class _Copy:
    """How a load reads a copy: per axis where the copy starts and how long it is.

    The last axis is split by `stride`: element e stands at [.., e mod stride, e floordiv stride],
    so that lanes a stride apart in the source are neighbours in the copy. With one phase only the
    multiples of the stride are copied.
    """

    load: Access
    starts: tuple[IntExpr, ...]
    sizes: tuple[IntExpr, ...]
    bounds: tuple[tuple[int, IntExpr], ...]  # (axis, a condition that bounds its index)
    stride: int
    phases: int

    def shape(self) -> tuple[IntExpr, ...]:
        """Return the shape of the copy."""
        *outer, last = self.sizes
        if self.stride == 1:
            return self.sizes
        return (*outer, as_expr(self.phases), ceildiv(last, self.stride))

    def place(self, indices: Sequence[IntExpr]) -> list[IntExpr]:
        """Return where in the copy an element of the source stands."""
        *outer, last = (i - start for i, start in zip(indices, self.starts, strict=True))
        if self.stride == 1:
            return [*outer, last]
        phase = last % self.stride if self.phases > 1 else as_expr(0)
        return [*outer, phase, last // self.stride]

    def source(self, place: Sequence[IntExpr]) -> list[IntExpr]:
        """Return which element of the source a place in the copy holds."""
        offsets = list(place)
        if self.stride != 1:
            *outer, phase, column = place
            offsets = [*outer, column * self.stride + phase]
        return [offset + start for offset, start in zip(offsets, self.starts, strict=True)]

    def overhang(self, source: Sequence[IntExpr]) -> list[IntExpr]:
        """Return the conditions that keep the split's last column inside the source."""
        *_, last = self.sizes
        if self.stride == 1 or last.is_multiple_of(self.stride):
            return []
        return [self.starts[-1] + last - 1 - source[-1]]


def _copy_of(nest: Nest, load: Access, extents: tuple[int, ...]) -> _Copy | None:
    """Return how a load can read a copy, None where it cannot or need not."""
    buffer_type = load.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    shape = buffer_type.shape
    ranges: dict[Hashable, IntExpr] = dict(zip(nest.block.iter_vars, nest.extents, strict=True))
    indices = load.exprs_over_values(load.indices)
    if not shape or not all(key in ranges for e in indices for key in e.free_vars()):
        return None
    conditions = _bounds_of(load, indices)
    if conditions is None:
        return None
    starts, sizes = [as_expr(0)] * len(shape), list(shape)
    for axis in {axis for axis, _ in conditions}:
        span = _span_of(indices[axis], ranges)
        if span is None:
            return None
        starts[axis], sizes[axis] = span
    stride, phases = _stride_of(nest, extents, indices[-1] - starts[-1])
    if stride == 1 and not conditions:
        return None
    copy = _Copy(load, tuple(starts), tuple(sizes), tuple(conditions), stride, phases)
    elements = prod(map(nominal_size, copy.shape()))
    return copy if prod(extents) >= MIN_READS * elements else None


def _span_of(index: IntExpr, ranges: Mapping[Hashable, IntExpr]) -> tuple[IntExpr, IntExpr] | None:
    """Return the least value of a linear index and how many it has, None where it is no such.

    Args:
        index: over iteration variables.
        ranges: their extents.
    """
    low, high = index, index
    for key in index.free_vars():
        split = index.coefficient(key)
        if split is None or not split[0].is_constant:
            return None
        ends = {key: as_expr(0)}, {key: ranges[key] - 1}
        first, last = ends if split[0].constant_value > 0 else ends[::-1]
        low, high = low.substitute(first), high.substitute(last)
    size = high - low + 1
    known = {key: (0, None) for key in size.free_vars()}
    return low, size if size.provably_ge0(known) else max_(size, 0)


def _bounds_of(load: Access, indices: Sequence[IntExpr]) -> list[tuple[int, IntExpr]] | None:
    """Return a load's conditions with the axes they bound; None where one bounds no index."""
    if isinstance(load, tir.LoadOp):
        return []
    if not isinstance(load.default.owner, arith.ConstantOp):
        return None
    found: list[tuple[int, IntExpr]] = []
    for condition in load.exprs_over_values(load.conditions):
        axis = _axis_of(condition, indices)
        if axis is None:
            return None
        found.append((axis, condition))
    return found


def _axis_of(condition: IntExpr, indices: Sequence[IntExpr]) -> int | None:
    """Return the axis whose index a condition bounds from below or above."""
    for axis, index in enumerate(indices):
        if not index.is_constant and (_is_fixed(condition - index) or _is_fixed(condition + index)):
            return axis
    return None


def _is_fixed(expr: IntExpr) -> bool:
    """Tell whether an expression is the same in all iterations: constants and symbols alone."""
    return all(isinstance(key, str) for key in expr.free_vars())


def _stride_of(nest: Nest, extents: Sequence[int], index: IntExpr) -> tuple[int, int]:
    """Return (stride, phases) of the last index along the axis that will be the lanes."""
    lanes = [i for i in nest.spatial if extents[i] > 1]
    if not lanes:
        return 1, 1
    split = index.coefficient(nest.block.iter_vars[lanes[-1]])
    if split is None or not split[0].is_constant or split[0].constant_value <= 1:
        return 1, 1
    stride = split[0].constant_value
    return stride, 1 if split[1].is_multiple_of(stride) else stride


def _copy_nest(copy: _Copy, target: SSAValue, block: Block) -> None:
    """Append the nest that fills the copy."""
    load, shape = copy.load, copy.shape()
    loops = [Block(arg_types=[tir.INDEX]) for _ in shape]
    body = Block(arg_types=[tir.INDEX] * len(loops))
    cloner = Cloner(body)
    place = [var(arg) for arg in body.args]
    source = copy.source(place)
    indices = load.exprs_over_values(load.indices)
    conditions = copy.overhang(source)
    for axis, condition in copy.bounds:
        index = indices[axis]
        below = _is_fixed(condition - index)
        rest = condition - index if below else condition + index
        conditions.append(rest + source[axis] if below else rest - source[axis])
    if conditions:
        if isinstance(load, tir.PredicatedLoadOp):
            assert isinstance(load.default.owner, arith.ConstantOp)
            default = cloner.clone_generic(load.default.owner).results[0]
        else:
            default = cloner.append(zero_constant(load.result), load.location).results[0]
        read: Operation = tir.PredicatedLoadOp(load.buffer, source, conditions, default)
    else:
        read = tir.LoadOp(load.buffer, source)
    value = cloner.append(read, load.location).results[0]
    cloner.append(tir.StoreOp(value, target, place), load.location)
    iters = [
        (tir.IterKind.SPATIAL, size, var(loop.args[0]))
        for size, loop in zip(shape, loops, strict=True)
    ]
    inner: Operation = tir.BlockOp("pad", iters, Region(body))
    inner.location = load.location
    for size, loop in zip(reversed(shape), reversed(loops), strict=True):
        loop.add_op(inner)
        inner = tir.ForOp(size, Region(loop))
        inner.location = load.location
    block.add_op(inner)


class _Redirected(Cloner):
    """Clones a reduction with one load reading the copy."""

    def __init__(self, block: Block, copy: _Copy, target: SSAValue) -> None:
        super().__init__(block)
        self.copy = copy
        self.target = target

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        if op is not self.copy.load:
            return super().load(op, indices, conditions)
        place = self.copy.place(indices)
        return self.append(tir.LoadOp(self.target, place), op.location).results[0]


def _pad(nest: Nest) -> None:
    """Let the first load of a nest that asks for it read a copy."""
    extents = nominal_extents(nest)
    if not nest.reduce or not nest.is_plain or not nest.is_flat:
        return
    written = {store.buffer for store in nest.stores}
    for load in nest.loads:
        copy = _copy_of(nest, load, extents) if load.buffer not in written else None
        if copy is not None:
            _replace(nest, copy)
            return


def _replace(nest: Nest, copy: _Copy) -> None:
    block = nest.root.parent
    assert block is not None
    buffer_type = copy.load.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    alloc = tir.AllocOp(buffer_type.with_shape(copy.shape()))
    alloc.location = copy.load.location
    scratch = Block()
    _copy_nest(copy, alloc.buffer, scratch)
    _Redirected(scratch, copy, alloc.buffer).clone([nest.root])
    block.insert_op_before(alloc, nest.root)
    for op in list(scratch.ops):
        op.detach()
        block.insert_op_before(op, nest.root)
    nest.root.detach()
    nest.root.erase()


@dataclass(frozen=True)
class PadReductionsPass(ModulePass):
    """See the module docstring."""

    name = "pad-reductions"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                for root in list(func.body.block.ops):
                    nest = nest_of(root)
                    if nest is not None:
                        _pad(nest)
