"""Reductions along contiguous memory: one partial result per lane, combined at the end.

    acc[lane] = init
    for k in n / lanes: acc[lane] = acc[lane] + x[k * lanes + lane]      a vector
    out = init ; out = out + acc[lane] ...  ; out = out + the rest of x

The order of a floating-point sum becomes the schedule's: fixed, the same for any number of
threads. Source: rfactor, Suriana et al., "Parallel associative reductions in Halide", CGO 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, IntegerAttr
from xdsl.ir import Block, Operation, SSAValue

from ....analysis.nests import Nest
from ....analysis.steps import NestSteps, has_any
from ....dialects import tir
from ....dialects.target import Target
from ....dialects.tir.clone import Cloner
from ....symbolic import IntExpr, as_expr
from .build import (
    Iter,
    NestBuilder,
    Redirected,
    clone_region,
    iters_of,
    spatial_iters_of,
    spread,
)
from .maps import SCALAR_MATH, kind_of_outer

Reduction = Callable[[list[IntExpr]], None]

MAX_VECTORS = 4  # independent accumulators: the latency of an addition, at one a cycle

# Combining operations and their neutral element; None: idempotent, so any init will do.
_COMBINE: dict[type[Operation], float | int | None] = {
    arith.AddfOp: 0.0,
    arith.AddiOp: 0,
    arith.MulfOp: 1.0,
    arith.MuliOp: 1,
    arith.MaximumfOp: None,
    arith.MinimumfOp: None,
    arith.MaxSIOp: None,
    arith.MinSIOp: None,
    arith.MaxUIOp: None,
    arith.MinUIOp: None,
    arith.AndIOp: None,
    arith.OrIOp: None,
}


def combining_op(nest: Nest) -> Operation | None:
    """Return the operation of `out = out + f(...)` where its init is neutral, else None."""
    if not nest.is_flat or nest.block.init is None:
        return None
    store = nest.block.body.block.last_op
    assert isinstance(store, tir.StoreOp)
    combine = store.value.owner
    if not isinstance(combine, Operation) or type(combine) not in _COMBINE:
        return None
    own = [load for load in nest.loads if load.buffer is store.buffer]
    if len(own) != 1 or [use.operation for use in own[0].result.uses] != [combine]:
        return None
    neutral = _COMBINE[type(combine)]
    return combine if neutral is None or _init_value(nest) == neutral else None


def _init_value(nest: Nest) -> float | int | None:
    """Return the constant that the init region stores."""
    init = nest.block.init
    assert init is not None
    store = init.block.last_op
    if not isinstance(store, tir.StoreOp) or not isinstance(store.value.owner, arith.ConstantOp):
        return None
    value = store.value.owner.value
    return value.value.data if isinstance(value, FloatAttr | IntegerAttr) else None


def lane_group(steps: NestSteps) -> tuple[int, ...] | None:
    """Return the innermost reduce axes, fused, where every load is contiguous or fixed there."""
    groups = steps.groups(steps.nest.reduce)
    if not groups or has_any(steps.nest, (*SCALAR_MATH, tir.IfOp, arith.IndexCastOp)):
        return None
    group = tuple(groups[-1])
    moves = {m.steps[group[-1]] for m in steps.loads}
    return group if moves <= {0, 1} and 1 in moves else None


class LaneSchedule:
    """Builds one reduction nest with the lanes along a group of reduce axes."""

    def __init__(
        self, b: NestBuilder, steps: NestSteps, group: tuple[int, ...], target: Target
    ) -> None:
        self.b = b
        self.steps = steps
        self.nest = steps.nest
        self.group = group
        self.extent = steps.extent_of(group)
        lanes = target.lanes(steps.widest_bytes)
        self.lanes = lanes * max(1, min(MAX_VECTORS, self.extent // (2 * lanes)))
        self.outer = [i for i in self.nest.spatial if steps.extents[i] != 1]
        self.reduce = [i for i in self.nest.reduce if i not in group and steps.extents[i] != 1]
        store = self.nest.block.body.block.last_op
        assert isinstance(store, tir.StoreOp)
        self.target = store.buffer
        buffer_type = store.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        self.buffer_type = buffer_type

    def build(self) -> None:
        """Append the spatial loops around one reduction."""
        extents = [self.steps.extents[axis] for axis in self.outer]
        with self.b.nest(extents, kind_of_outer(self.steps)) as values:
            self.one(values)

    def bindings(
        self, outer: Sequence[IntExpr], reduce: Sequence[IntExpr], k: IntExpr
    ) -> list[IntExpr]:
        """Return the value of every axis."""
        groups = [*([i] for i in self.outer), *([i] for i in self.reduce), list(self.group)]
        values = [*outer, *reduce, k]
        return spread(groups, values, self.steps.extents, len(self.steps.extents))

    def one(self, outer: list[IntExpr]) -> None:
        """Append the reduction of one output element."""
        vectors, rest = divmod(self.extent, self.lanes)
        acc = self.b.stack((self.lanes,), self.buffer_type)
        zero = self.bindings(outer, [as_expr(0)] * len(self.reduce), as_expr(0))
        vectorized = tir.ForKind.VECTORIZED
        spatial = tir.IterKind.SPATIAL
        with self.b.loop(self.lanes, vectorized) as lane:
            self.init_block([*spatial_iters_of(self.nest, zero), (spatial, self.lanes, lane)], acc)

        def accumulate(values: list[IntExpr]) -> None:
            with self.b.loop(vectors) as v, self.b.loop(self.lanes, vectorized) as lane:
                bindings = self.bindings(outer, values, v * self.lanes + lane)
                iters: list[Iter] = [*iters_of(self.nest, bindings), (spatial, self.lanes, lane)]
                with self.b.tile_block(self.name, iters) as args:
                    self.clone_body(acc, args[:-1], args[-1:])

        self.over_reduce([], accumulate)
        self.init_block(spatial_iters_of(self.nest, zero), None)
        with self.b.loop(self.lanes) as lane:
            self.combine_block(acc, zero, lane)
        if rest:
            self.over_reduce([], lambda values: self.rest(outer, values, vectors, rest))

    def over_reduce(self, values: list[IntExpr], body: Reduction) -> None:
        """Append the loops over the other reduce axes."""
        if len(values) == len(self.reduce):
            body(values)
            return
        with self.b.loop(self.steps.extents[self.reduce[len(values)]]) as k:
            self.over_reduce([*values, k], body)

    def rest(
        self, outer: Sequence[IntExpr], values: Sequence[IntExpr], vectors: int, rest: int
    ) -> None:
        """Append the scalar rest, straight into the output."""
        with self.b.loop(rest) as r:
            bindings = self.bindings(outer, values, r + vectors * self.lanes)
            with self.b.tile_block(f"{self.name}_rest", iters_of(self.nest, bindings)) as args:
                clone_region(Cloner(self.b.block), self.nest.block.body, args)

    def init_block(self, iters: list[Iter], acc: SSAValue | None) -> None:
        """Append `acc[lane] = init`, or `out = init` where no accumulator is given."""
        init = self.nest.block.init
        assert init is not None
        with self.b.tile_block(f"{self.name}_init", iters) as args:
            values = [as_expr(0)] * len(self.nest.block.kinds.data)
            for axis, arg in zip(self.nest.spatial, args, strict=False):
                values[axis] = arg
            if acc is None:
                cloner: Cloner = Cloner(self.b.block)
            else:
                cloner = Redirected(self.b.block, self.target, acc, args[-1:])
            clone_region(cloner, init, values)

    def clone_body(self, acc: SSAValue, args: Sequence[IntExpr], place: Sequence[IntExpr]) -> None:
        """Append the update with the accumulator in place of the output."""
        cloner = Redirected(self.b.block, self.target, acc, place)
        clone_region(cloner, self.nest.block.body, args)

    def combine_block(self, acc: SSAValue, bindings: Sequence[IntExpr], lane: IntExpr) -> None:
        """Append `out = out + acc[lane]`."""
        iters: list[Iter] = [
            *spatial_iters_of(self.nest, bindings),
            (tir.IterKind.REDUCE, self.lanes, lane),
        ]
        with self.b.tile_block(f"{self.name}_combine", iters) as args:
            combine = combining_op(self.nest)
            assert combine is not None, "the policy asked before"
            cloner = _Combine(self.b.block, self.target, acc, args[-1])
            values = [as_expr(0)] * len(self.nest.block.kinds.data)
            for axis, arg in zip(self.nest.spatial, args, strict=False):
                values[axis] = arg
            cloner.run(self.nest, combine, values)

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.nest.block.block_name.data


class _Combine(Cloner):
    """Clones only `out = out + x` of a reduction, with `x` an element of the accumulator."""

    def __init__(self, block: Block, out: SSAValue, acc: SSAValue, lane: IntExpr) -> None:
        super().__init__(block)
        self.out = out
        self.acc = acc
        self.lane = lane

    def run(self, nest: Nest, combine: Operation, values: Sequence[IntExpr]) -> None:
        """Append load, combine, store."""
        body = nest.block.body.block
        for arg, value in zip(body.args, values, strict=True):
            self.exprs[arg] = value
        own = next(load for load in nest.loads if load.buffer is self.out)
        self.clone_op(own)
        partial = self.append(tir.LoadOp(self.acc, [self.lane]), own.location).results[0]
        for operand in combine.operands:
            if operand is not own.result:
                self.values[operand] = partial
        self.clone_op(combine)
        store = body.last_op
        assert store is not None
        self.clone_op(store)
