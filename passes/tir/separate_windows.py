"""separate-windows: what slides along several axes is reduced along one axis after the other.

Rewrites   for i, j, r, s { y[i, j] = max(y[i, j], x[2 * i + r, 2 * j + s]) }
into       for i parallel { t = alloc stack
                            for w, r { t[w] = max(t[w], x[2 * i + r, w]) }
                            for j, s { y[i, j] = max(y[i, j], t[2 * j + s]) } }

A column that windows share is reduced once, by vectors that are contiguous in memory; borders are
dealt with there, too. The maps that follow (the division of an average) join the loop.

Needs:  kernels as compute definitions with blocks inlined (inline-blocks).
Leaves: parallel loops around nests, as fuse-rows does.
Why here: before pad-reductions, which would copy what windows read; after inline-blocks.
Source: analysis/windows.py says when it pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nests import Access, Nest, nest_of
from ...analysis.rows import depth_of
from ...analysis.steps import NestSteps, nominal_extents
from ...analysis.windows import Window, separated
from ...dialects import dtypes, tir
from ...dialects.tir.clone import Cloner, Exprs
from ...symbolic import IntExpr, as_expr, var
from .row_loops import VECTOR_BYTES, Rows, fuse_steps, is_local, row_type
from .schedule.lanes import combining_op

MAX_ROW_BYTES = 1 << 15  # of columns: threads have little stack, and the first-level cache is near


@dataclass(frozen=True, eq=False)
class _Separation:
    """How one nest becomes two.

    Attributes:
        nest: the nest.
        load: what reads along windows.
        combine: the operation that joins an element to those before it.
        last: the window that is left for the second step.
        signs: for each condition of the load how it moves with the place in the row: 0, 1 or -1.
    """

    nest: Nest
    load: Access
    combine: Operation
    last: Window
    signs: tuple[int, ...]

    @property
    def element(self) -> SSAValue:
        """What is joined to the elements before it."""
        own = self.combine.operands
        return own[1] if self.is_before(own[0]) else own[0]

    def is_before(self, value: SSAValue) -> bool:
        """Tell whether a value is the result so far."""
        store = self.nest.stores[0]
        return isinstance(value.owner, Access) and value.owner.buffer is store.buffer

    def is_before_op(self, op: Operation) -> bool:
        """Tell whether an operation reads the result so far."""
        return bool(op.results) and self.is_before(op.results[0])

    def row_size(self) -> int:
        """Return how long a row of columns is: every lane of the second step's vectors is in it."""
        windows = self.last.windows
        if self.last.out == self.nest.spatial[-1]:
            lanes = max(1, VECTOR_BYTES // dtypes.size_bytes(self.element.type))
            windows = -(-windows // lanes) * lanes
        return self.last.span + (windows - self.last.windows) * self.last.stride

    def columns(self, target: SSAValue) -> Operation:
        """Return the nest that reduces each column, or copies it if it is one element."""
        nest, last = self.nest, self.last
        reduces = len(nest.reduce) > 1
        kept = [axis for axis in range(len(nest.extents)) if axis != last.tap]
        extents = [as_expr(last.span) if a == last.out else nest.extents[a] for a in kept]
        start = nest.block.init
        assert start is not None, "a reduction has an init"

        def copy(region: Region) -> Region:
            body = Block(arg_types=[tir.INDEX] * len(kept))
            place = var(body.args[kept.index(last.out)])
            cloner = _Columns(body, self, target, place)
            for axis, arg in zip(kept, body.args, strict=True):
                cloner.exprs[region.block.args[axis]] = as_expr(0) if axis == last.out else var(arg)
            cloner.exprs[region.block.args[last.tap]] = as_expr(0)
            if reduces:
                cloner.clone(region.block.ops)
            else:
                cloner.copy()
            return Region(body)

        kinds = [nest.block.kinds.data[axis] for axis in kept]
        name = f"{nest.block.block_name.data}_columns"
        return _loops(
            nest, name, kinds, extents, copy(nest.block.body), copy(start) if reduces else None
        )

    def windows(self, source: SSAValue) -> Operation:
        """Return the nest that reduces what lies in a row's windows."""
        nest, last = self.nest, self.last
        kept = [axis for axis in range(len(nest.extents)) if axis in (*nest.spatial, last.tap)]
        body = Block(arg_types=[tir.INDEX] * len(kept))
        cloner = Cloner(body)
        values = dict(zip(kept, map(var, body.args), strict=True))
        for axis, value in values.items():
            cloner.exprs[nest.block.iter_vars[axis]] = value
        place = values[last.out] * last.stride + values[last.tap] * last.dilation
        indices = [place if axis == last.out else values[axis] for axis in nest.spatial]
        own = [op for op in nest.loads if op is not self.load]
        cloner.clone(own)
        read = cloner.append(tir.LoadOp(source, indices), self.load.location)
        cloner.values[self.element] = read.results[0]
        cloner.clone([self.combine, nest.stores[0]])
        start = self.start(kept)
        kinds = [nest.block.kinds.data[axis] for axis in kept]
        extents = [nest.extents[axis] for axis in kept]
        return _loops(nest, nest.block.block_name.data, kinds, extents, Region(body), start)

    def start(self, kept: list[int]) -> Region:
        """Return the init over the axes that are left."""
        init = self.nest.block.init
        assert init is not None, "a reduction has an init"
        block = Block(arg_types=[tir.INDEX] * len(kept))
        cloner = Cloner(block)
        for axis, arg in zip(kept, block.args, strict=True):
            cloner.exprs[init.block.args[axis]] = var(arg)
        cloner.clone(init.block.ops)
        return Region(block)


class _Columns(Cloner):
    """Clones a reduction whose windows' last place is a place in a row."""

    def __init__(
        self, block: Block, separation: _Separation, target: SSAValue, place: IntExpr
    ) -> None:
        super().__init__(block)
        self.separation = separation
        self.target = target
        self.place = place

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        own = self.separation
        if op is not own.load:
            indices = self.in_row(indices)
            return self.append(tir.LoadOp(self.target, indices), op.location).results[0]
        dim = own.last.dim
        moved = (*indices[:dim], indices[dim] + self.place, *indices[dim + 1 :])
        pairs = zip(conditions, own.signs, strict=True)
        return super().load(op, moved, tuple(c + self.place * sign for c, sign in pairs))

    def store(
        self, op: tir.StoreOp | tir.PredicatedStoreOp, indices: Exprs, conditions: Exprs
    ) -> None:
        store = tir.StoreOp(self.value(op.value), self.target, self.in_row(indices))
        self.append(store, op.location)

    def copy(self) -> None:
        """Append what computes an element and stores it as it is."""
        own = self.separation
        ops = list(own.nest.block.body.block.ops)
        self.clone(op for op in ops[: ops.index(own.combine)] if not own.is_before_op(op))
        store = own.nest.stores[0]
        indices = self.in_row(self.substitute(store.exprs_over_values(store.indices)))
        self.append(tir.StoreOp(self.value(own.element), self.target, indices), store.location)

    def in_row(self, indices: Exprs) -> Exprs:
        """Return the result's indices with the place in the row."""
        at = self.separation.nest.spatial.index(self.separation.last.out)
        return (*indices[:at], self.place, *indices[at + 1 :])


def _loops(
    nest: Nest,
    name: str,
    kinds: list[tir.IterKind],
    extents: list[IntExpr],
    body: Region,
    init: Region | None,
) -> Operation:
    """Return a plain nest around a block."""
    loops = [Block(arg_types=[tir.INDEX]) for _ in extents]
    rows = zip(kinds, extents, loops, strict=True)
    iters = [(kind, extent, var(loop.args[0])) for kind, extent, loop in rows]
    op: Operation = tir.BlockOp(name, iters, body, init)
    op.location = nest.block.location
    for extent, loop in zip(reversed(extents), reversed(loops), strict=True):
        loop.add_op(op)
        op = tir.ForOp(extent, Region(loop))
        op.location = nest.block.location
    return op


def _separation_of(nest: Nest) -> _Separation | None:
    """Return how a reduction separates, None where it does not, or gains nothing."""
    spatial = tuple(range(len(nest.spatial)))
    suits = (
        nest.reduce
        and nest.spatial
        and nest.is_plain
        and nest.writes_identity()
        and nest.spatial == spatial
    )
    extents = nominal_extents(nest)
    if not suits or 0 in extents or len(nest.spatial) + len(nest.reduce) != len(extents):
        return None
    combine = combining_op(nest)
    others = [load for load in nest.loads if load.buffer is not nest.stores[0].buffer]
    if combine is None or len(others) != 1 or _uses_indices(nest):
        return None
    found = separated(NestSteps(nest, extents), others[0])
    if found is None or found[1].out == 0:
        return None
    signs = _signs(nest, others[0], found[1])
    return None if signs is None else _Separation(nest, others[0], combine, found[1], signs)


def _uses_indices(nest: Nest) -> bool:
    """Tell whether a body computes with its variables other than for addresses."""
    accesses = (*nest.loads, nest.stores[0])
    return any(
        isinstance(op, tir.IndexedOp) and op not in accesses for op in nest.block.body.block.ops
    )


def _signs(nest: Nest, load: Access, last: Window) -> tuple[int, ...] | None:
    """Return for each condition of a load how it moves with the last window's index.

    None where one moves with the window in another way.
    """
    if isinstance(load, tir.LoadOp):
        return ()
    index = load.exprs_over_values(load.indices)[last.dim]
    moving = {nest.block.iter_vars[last.out], nest.block.iter_vars[last.tap]}
    found: list[int] = []
    for condition in load.exprs_over_values(load.conditions):
        rests = {0: condition, 1: condition - index, -1: condition + index}
        sign = next((s for s, rest in rests.items() if moving.isdisjoint(rest.free_vars())), None)
        if sign is None:
            return None
        found.append(sign)
    return tuple(found)


def _maps_after(nest: Nest, depth: int) -> list[Nest]:
    """Return the maps right after a reduction that use it row by row."""
    found: list[Nest] = []
    op = nest.root.next_op
    while op is not None:
        after = nest_of(op)
        if after is None or after.reduce or not after.is_plain or not after.writes_identity():
            break
        reads = any(load.buffer is nest.stores[0].buffer for load in after.loads)
        if not reads or depth_of([nest, *found, after]) < depth:
            break
        found.append(after)
        op = op.next_op
    return found


def _separate(func: tir.FuncOp, separation: _Separation) -> None:
    """Put a loop over rows in the place of a reduction and of the maps after it."""
    nest, depth = separation.nest, separation.last.out
    out = nest.stores[0].buffer.type
    assert isinstance(out, tir.BufferType)
    shape = list(out.shape)
    shape[depth] = as_expr(separation.row_size())
    alloc = tir.AllocOp(tir.BufferType.of(shape, separation.element.type))
    alloc.location = nest.block.location
    row = row_type(alloc.buffer, depth) if _is_known(shape, depth) else None
    if row is None or (row.size_bytes() or 0) > MAX_ROW_BYTES:
        return
    maps = _maps_after(nest, depth)
    block = func.body.block
    new = (separation.columns(alloc.buffer), separation.windows(alloc.buffer))
    for op in (alloc, *new):
        block.insert_op_before(op, nest.root)
    nest.root.detach()
    nest.root.erase()
    columns, windows = (nest_of(op) for op in new)
    assert columns is not None, "it was made as a nest"
    assert windows is not None, "it was made as a nest"
    steps = (columns, windows, *maps)
    temps: Mapping[SSAValue, tir.BufferType] = {
        buffer: row_type(buffer, depth)
        for step in steps
        if is_local(buffer := step.stores[0].buffer, steps)
    }
    fuse_steps(func, Rows(steps, depth, dict(temps)))


def _is_known(shape: list[IntExpr], depth: int) -> bool:
    return all(dim.is_constant for dim in shape[depth:])


@dataclass(frozen=True)
class SeparateWindowsPass(ModulePass):
    """See the module docstring."""

    name = "separate-windows"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp) and not func.aliases():
                nests = [nest_of(root) for root in func.body.block.ops]
                for nest in nests:
                    separation = None if nest is None else _separation_of(nest)
                    if separation is not None:
                        _separate(func, separation)
