"""pad-reductions: a reduction that tests borders in its inner loop reads a padded copy instead.

Rewrites   y[o, i] += (x[i + k - 1] if 0 <= i + k - 1 < n else 0) * w[o, k]
into       p[j] = x[j - 1] if 0 <= j - 1 < n else 0 ; y[o, i] += p[i + k] * w[o, k]

Only where the copy is read often (each element several times), every condition bounds an index of
the load itself, and the default is a constant.

Needs:  compute definitions (legalize-ops), blocks inlined.
Leaves: no condition in the tiles of convolutions and poolings.
Why here: before schedule-default, whose register tiles then load without masks; after
inline-blocks, which would put the copy back.
Source: explicit padding before im2col-free convolution, as in oneDNN's and Halide's schedules.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nests import Nest, nest_of
from ...analysis.steps import constant_extents
from ...dialects import tir
from ...dialects.tir.clone import Cloner
from ...symbolic import IntExpr, const, var

MIN_READS = 4  # how often each copied element must be read for the copy to pay


@dataclass(frozen=True, eq=False)
class _Padding:
    """A load that may read a padded copy: per axis where the copy starts and how long it is."""

    load: tir.PredicatedLoadOp
    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    bounds: tuple[tuple[int, IntExpr], ...]  # (axis, condition minus or plus its index)


def _padding_of(
    nest: Nest, load: tir.PredicatedLoadOp, extents: tuple[int, ...]
) -> _Padding | None:
    """Return how a load can be padded, None where it cannot or need not be."""
    if not isinstance(load.default.owner, arith.ConstantOp):
        return None
    buffer_type = load.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    shape = buffer_type.static_shape()
    ranges = {v: (0, n - 1) for v, n in zip(nest.block.iter_vars, extents, strict=True)}
    indices = load.exprs_over_values(load.indices)
    if shape is None or not all(key in ranges for e in indices for key in e.free_vars()):
        return None
    starts, sizes = [0] * len(shape), list(shape)
    bounded: list[tuple[int, IntExpr]] = []
    for condition in load.exprs_over_values(load.conditions):
        axis = _axis_of(condition, indices)
        if axis is None:
            return None
        low, high = indices[axis].bounds(ranges)
        if low is None or high is None:
            return None
        starts[axis], sizes[axis] = low, high - low + 1
        bounded.append((axis, condition))
    if prod(extents) < MIN_READS * prod(sizes):
        return None
    return _Padding(load, tuple(starts), tuple(sizes), tuple(bounded))


def _axis_of(condition: IntExpr, indices: tuple[IntExpr, ...]) -> int | None:
    """Return the axis whose index a condition bounds from below or above."""
    for axis, index in enumerate(indices):
        if not index.is_constant and (
            (condition - index).is_constant or (condition + index).is_constant
        ):
            return axis
    return None


def _copy_nest(padding: _Padding, target: SSAValue, block: Block) -> None:
    """Append the nest that fills the padded copy."""
    load = padding.load
    loops = [Block(arg_types=[tir.INDEX]) for _ in padding.sizes]
    body = Block(arg_types=[tir.INDEX] * len(loops))
    cloner = Cloner(body)
    place = [var(arg) for arg in body.args]
    source = [p + start for p, start in zip(place, padding.starts, strict=True)]
    indices = load.exprs_over_values(load.indices)
    conditions: list[IntExpr] = []
    for axis, condition in padding.bounds:
        index = indices[axis]
        below = (condition - index).is_constant
        rest = condition - index if below else condition + index
        conditions.append(rest + source[axis] if below else rest - source[axis])
    assert isinstance(load.default.owner, arith.ConstantOp)
    default = cloner.clone_generic(load.default.owner).results[0]
    value = cloner.append(
        tir.PredicatedLoadOp(load.buffer, source, conditions, default), load.location
    ).results[0]
    cloner.append(tir.StoreOp(value, target, place), load.location)
    iters = [
        (tir.IterKind.SPATIAL, size, var(loop.args[0]))
        for size, loop in zip(padding.sizes, loops, strict=True)
    ]
    inner: Operation = tir.BlockOp("pad", iters, Region(body))
    inner.location = load.location
    for size, loop in zip(reversed(padding.sizes), reversed(loops), strict=True):
        loop.add_op(inner)
        inner = tir.ForOp(size, Region(loop))
        inner.location = load.location
    block.add_op(inner)


class _Padded(Cloner):
    """Clones a reduction with one load reading the padded copy."""

    def __init__(self, block: Block, padding: _Padding, target: SSAValue) -> None:
        super().__init__(block)
        self.padding = padding
        self.target = target

    def load(
        self,
        op: tir.LoadOp | tir.PredicatedLoadOp,
        indices: tuple[IntExpr, ...],
        conditions: tuple[IntExpr, ...],
    ) -> SSAValue:
        if op is not self.padding.load:
            return super().load(op, indices, conditions)
        moved = [i - const(start) for i, start in zip(indices, self.padding.starts, strict=True)]
        return self.append(tir.LoadOp(self.target, moved), op.location).results[0]


def _pad(nest: Nest) -> bool:
    """Pad the first load of a nest that asks for it; tell whether there was one."""
    extents = constant_extents(nest)
    if extents is None or not nest.reduce or not nest.is_plain or not nest.is_flat:
        return False
    for load in nest.loads:
        if isinstance(load, tir.PredicatedLoadOp):
            padding = _padding_of(nest, load, extents)
            if padding is not None:
                _replace(nest, padding)
                return True
    return False


def _replace(nest: Nest, padding: _Padding) -> None:
    block = nest.root.parent
    assert block is not None
    buffer_type = padding.load.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    alloc = tir.AllocOp(buffer_type.with_shape(padding.sizes))
    alloc.location = padding.load.location
    scratch = Block()
    _copy_nest(padding, alloc.buffer, scratch)
    _Padded(scratch, padding, alloc.buffer).clone([nest.root])
    for op in [alloc, *scratch.ops]:
        if op.parent is not None:
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
