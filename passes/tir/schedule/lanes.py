"""Reductions along contiguous memory: one partial result per lane, combined at the end.

    acc[lane] = init
    for k in n / lanes: acc[lane] = acc[lane] + x[k * lanes + lane]      a vector
    acc[lane] = acc[lane] + x[rest] where lane is within the rest        a vector, in part
    acc[lane] = acc[lane] + acc[lane + half], half = lanes / 2, ..., 1   a tree
    out = acc[0]

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
from ....dialects.tir.clone import Cloner, Exprs
from ....symbolic import IntExpr, as_expr, min_
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


def _vectors(most: int) -> int:
    """Return how many accumulators: a power of two, so that a tree combines them."""
    return min(MAX_VECTORS, 1 << max(0, most.bit_length() - 1))


class LaneSchedule:
    """Builds one reduction nest with the lanes along a group of reduce axes."""

    def __init__(
        self, b: NestBuilder, steps: NestSteps, group: tuple[int, ...], target: Target
    ) -> None:
        self.b = b
        self.steps = steps
        self.nest = steps.nest
        self.group = group
        self.extent = steps.size_of(group)
        self.width = target.lanes(steps.widest_bytes)
        self.lanes = self.width * _vectors(steps.extent_of(group) // (2 * self.width))
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
        extents = [self.steps.sizes[axis] for axis in self.outer]
        with self.b.nest(extents, kind_of_outer(self.steps)) as values:
            self.one(values)

    def bindings(
        self, outer: Sequence[IntExpr], reduce: Sequence[IntExpr], k: IntExpr
    ) -> list[IntExpr]:
        """Return the value of every axis."""
        groups = [*([i] for i in self.outer), *([i] for i in self.reduce), list(self.group)]
        values = [*outer, *reduce, k]
        return spread(groups, values, self.steps.sizes, len(self.steps.sizes))

    def one(self, outer: list[IntExpr]) -> None:
        """Append the reduction of one output element."""
        vectors, rest = self.extent // self.lanes, self.extent % self.lanes
        acc = self.b.stack((self.lanes,), self.buffer_type)
        zero = self.bindings(outer, [as_expr(0)] * len(self.reduce), as_expr(0))
        with self.b.loop(self.lanes, tir.ForKind.VECTORIZED) as lane:
            self.init_block([*spatial_iters_of(self.nest, zero), self.lane_iter(lane)], acc)

        def accumulate(values: list[IntExpr]) -> None:
            with self.b.loop(vectors) as v, self.b.loop(self.lanes, tir.ForKind.VECTORIZED) as lane:
                self.update_block(acc, self.bindings(outer, values, v * self.lanes + lane), lane)
            if rest.is_constant and rest != 0:
                self.rest(acc, outer, values, (vectors * self.lanes).constant_value)
            elif rest != 0:
                self.symbolic_rest(acc, outer, values, vectors * self.lanes)

        self.over_reduce([], accumulate)
        half = self.lanes // 2
        while half:
            with self.b.loop(half, tir.ForKind.VECTORIZED) as lane:
                self.combine_block(acc, half, lane)
            half //= 2
        self.store_block(acc, zero)

    def lane_iter(self, lane: IntExpr) -> Iter:
        """Return the iteration variable for the position in the accumulator."""
        return tir.IterKind.SPATIAL, self.lanes, lane

    def over_reduce(self, values: list[IntExpr], body: Reduction) -> None:
        """Append the loops over the other reduce axes."""
        if len(values) == len(self.reduce):
            body(values)
            return
        with self.b.loop(self.steps.sizes[self.reduce[len(values)]]) as k:
            self.over_reduce([*values, k], body)

    def update_block(
        self,
        acc: SSAValue,
        bindings: list[IntExpr],
        lane: IntExpr,
        valid: int | IntExpr | None = None,
    ) -> None:
        """Append `acc[lane] = update(acc[lane])`, in the first `valid` lanes only if given."""
        iters: list[Iter] = [*iters_of(self.nest, bindings), self.lane_iter(lane)]
        name = self.name if valid is None else f"{self.name}_rest"
        wheres = [] if valid is None else [valid - 1 - lane]
        with self.b.tile_block(name, iters, wheres) as args:
            place = args[-1:]
            if valid is None:
                cloner = Redirected(self.b.block, self.target, acc, place)
            else:
                cloner = _InFirstLanes(self.b.block, self.target, acc, place, valid)
            clone_region(cloner, self.nest.block.body, args[:-1])

    def rest(
        self, acc: SSAValue, outer: Sequence[IntExpr], values: Sequence[IntExpr], start: int
    ) -> None:
        """Append what is left of the axis: whole vectors, and one of which some lanes count."""
        left = self.extent.constant_value - start
        whole = left // self.width * self.width
        for first, count in ((0, whole), (whole, left - whole)):
            if count:
                lanes = count if first == 0 and whole else self.width
                with self.b.loop(lanes, tir.ForKind.VECTORIZED) as lane:
                    bindings = self.bindings(outer, values, start + first + lane)
                    self.update_block(acc, bindings, lane, count if count < lanes else None)

    def symbolic_rest(
        self, acc: SSAValue, outer: Sequence[IntExpr], values: Sequence[IntExpr], start: IntExpr
    ) -> None:
        """Append what is left of an axis that symbols decide: whole vectors, then a part of one."""
        left = self.extent - start
        whole, part = left // self.width, left % self.width
        if self.lanes > self.width:
            with (
                self.b.loop(whole) as v,
                self.b.loop(self.width, tir.ForKind.VECTORIZED) as lane,
            ):
                bindings = self.bindings(outer, values, start + v * self.width + lane)
                self.update_block(acc, bindings, lane)
        with (
            self.b.loop(min_(part, 1)),
            self.b.loop(self.width, tir.ForKind.VECTORIZED) as lane,
        ):
            bindings = self.bindings(outer, values, start + whole * self.width + lane)
            self.update_block(acc, bindings, lane, part)

    def init_block(self, iters: list[Iter], acc: SSAValue) -> None:
        """Append `acc[lane] = init`."""
        init = self.nest.block.init
        assert init is not None
        with self.b.tile_block(f"{self.name}_init", iters) as args:
            values = self.axis_values(args[:-1])
            clone_region(Redirected(self.b.block, self.target, acc, args[-1:]), init, values)

    def axis_values(self, spatial: Sequence[IntExpr]) -> list[IntExpr]:
        """Return the value of every axis; the reduce axes are 0."""
        values = [as_expr(0)] * len(self.nest.block.kinds.data)
        for axis, value in zip(self.nest.spatial, spatial, strict=True):
            values[axis] = value
        return values

    def combine_block(self, acc: SSAValue, half: int, lane: IntExpr) -> None:
        """Append `acc[lane] = acc[lane] + acc[lane + half]`."""
        combine = combining_op(self.nest)
        assert combine is not None, "the policy asked before"
        location = self.nest.block.location
        iters: list[Iter] = [(tir.IterKind.SPATIAL, half, lane)]
        with self.b.tile_block(f"{self.name}_combine", iters) as (place,):
            cloner = Cloner(self.b.block)
            for operand, index in zip(combine.operands, (place, place + half), strict=True):
                load = cloner.append(tir.LoadOp(acc, [index]), location)
                cloner.values[operand] = load.results[0]
            cloner.clone_op(combine)
            result = cloner.values[combine.results[0]]
            cloner.append(tir.StoreOp(result, acc, [place]), location)

    def store_block(self, acc: SSAValue, bindings: Sequence[IntExpr]) -> None:
        """Append `out = acc[0]`."""
        location = self.nest.block.location
        with self.b.tile_block(
            f"{self.name}_result", spatial_iters_of(self.nest, bindings)
        ) as spatial:
            cloner = Cloner(self.b.block)
            value = cloner.append(tir.LoadOp(acc, [as_expr(0)]), location).results[0]
            cloner.append(tir.StoreOp(value, self.target, spatial), location)

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.nest.block.block_name.data


class _InFirstLanes(Redirected):
    """Clones an update that changes the accumulator in the first lanes only.

    The block's condition says the same; but where blocks become their bodies, stack memory is
    written in all lanes.
    """

    def __init__(
        self,
        block: Block,
        source: SSAValue,
        acc: SSAValue,
        place: Sequence[IntExpr],
        valid: int | IntExpr,
    ) -> None:
        super().__init__(block, source, acc, place)
        self.condition = valid - 1 - place[0]

    def store(
        self, op: tir.StoreOp | tir.PredicatedStoreOp, indices: Exprs, conditions: Exprs
    ) -> None:
        value, location = self.value(op.value), op.location
        holds = self.append(tir.PredicateOp([self.condition]), location).results[0]
        before = self.append(tir.LoadOp(self.target, self.indices), location).results[0]
        chosen = self.append(arith.SelectOp(holds, value, before), location).results[0]
        self.append(tir.StoreOp(chosen, self.target, self.indices), location)
