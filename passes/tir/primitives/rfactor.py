"""rfactor: a reduction in two steps, partial results along one loop first."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from xdsl.ir import Block, Operation, Region

from ....analysis.nests import Nest, Write
from ....analysis.regions import enclosing_loops, shape_of
from ....dialects import tir
from ....dialects.tir.clone import Cloner
from ....symbolic import IntExpr, as_expr, const, var
from ..schedule.build import Redirected, clone_region
from ..schedule.lanes import combining_op
from .errors import describe
from .legality import REDUCE, SPATIAL, Checks, reduce_loops
from .rewrite import (
    add_conditions,
    func_of,
    insert_after,
    insert_before,
    nested,
    new_loop,
    simplify_bindings,
    unique_block_name,
)

Iter = tuple[tir.IterKind, IntExpr, IntExpr]


def rfactor(loop: tir.ForOp, factor_axis: int) -> tuple[tir.BlockOp, tir.BlockOp]:
    """Reduce along all loops but `loop` into a new buffer, then along it.

    for i, k { y[i] += x[i, k] }, loop k of k, r
      ->  for i, k, r { rf[i, k] += x[i, k * .. + r] } ; for i, k { y[i] += rf[i, k] }

    Returns:
        The block of the partial results, and the one that reduces them.
    """
    checks = Checks("rfactor")
    block, loops = _nest_of(checks, loop)
    checks.reduction(block, needs_init=True)
    checks.affine(block)
    combine = combining_op(Nest(loops, block))
    store, places = checks.identity_store(block)
    if combine is None:
        checks.refuse(
            block,
            f"{describe(block)} is no `out = out + x` with a neutral init, nor with another "
            "operation that may be regrouped",
        )
    reducing = reduce_loops(block)
    if loop not in reducing:
        checks.refuse(loop, f"{describe(loop)} is in no binding of a reduce variable")
    _check_separate(checks, block, reducing)
    rank = len(places)
    axis = factor_axis + rank + 1 if factor_axis < 0 else factor_axis
    if not 0 <= axis <= rank:
        checks.refuse(
            loop, f"factor axis {factor_axis} is out of range for rank {rank}; use 0..{rank}"
        )
    return _Rfactor(block, loop, loops, reducing, store, combine, axis).build()


def _nest_of(checks: Checks, loop: tir.ForOp) -> tuple[tir.BlockOp, tuple[tir.ForOp, ...]]:
    """Check that all loops are around one block and nothing else; return both."""
    top = (*enclosing_loops(loop), loop)[0]
    op: Operation = top
    while isinstance(op, tir.ForOp):
        ops = list(op.body.block.ops)
        if len(ops) != 1:
            checks.refuse(op, f"{describe(op)} holds {len(ops)} operations, expected one")
        op = ops[0]
    if not isinstance(op, tir.BlockOp):
        checks.refuse(op, f"found {op.name} inside the loops, expected one block")
    return op, enclosing_loops(op)


def _check_separate(checks: Checks, block: tir.BlockOp, reducing: Sequence[tir.ForOp]) -> None:
    """Check that reduce loops are in bindings of reduce variables only, and that all are plain."""
    checks.separate(block, reducing)
    for o in enclosing_loops(block):
        if o.kind.data is not tir.ForKind.SERIAL:
            checks.refuse(
                o,
                f"{describe(o)} is {o.kind.data.value}, expected serial loops",
                "rfactor first, then say how loops run",
            )


class _Rfactor:
    """Builds the two nests of one rfactor."""

    def __init__(
        self,
        block: tir.BlockOp,
        loop: tir.ForOp,
        loops: Sequence[tir.ForOp],
        reducing: Sequence[tir.ForOp],
        store: Write,
        combine: Operation,
        axis: int,
    ) -> None:
        self.block, self.loop, self.loops = block, loop, loops
        self.reducing, self.store, self.combine, self.axis = reducing, store, combine, axis
        buffer_type = store.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        self.extent = loop.extent_expr()
        shape = list(shape_of(store.buffer))
        shape.insert(axis, self.extent)
        self.alloc = tir.AllocOp(tir.BufferType.of(shape, buffer_type.dtype))
        self.alloc.buffer.name_hint = f"{store.buffer.name_hint or 'out'}_rf"
        self.rows: list[Iter] = list(
            zip(
                block.kinds.data,
                block.exprs_over_values(block.domains),
                block.exprs_over_values(block.bindings),
                strict=True,
            )
        )
        self.conditions = block.exprs_over_values(block.conditions)
        self.name = block.block_name.data
        self.rf_name = unique_block_name(func_of(block), f"{self.name}_rf")

    def place(self, indices: Sequence[IntExpr], factor: IntExpr) -> list[IntExpr]:
        """Return the place in the new buffer."""
        found = list(indices)
        found.insert(self.axis, factor)
        return found

    def build(self) -> tuple[tir.BlockOp, tir.BlockOp]:
        """Insert the nests; return their blocks."""
        root = self.loops[0]
        func = func_of(root)
        first = func.body.block.ops.first
        assert first is not None
        insert_before(self.alloc, first, self.block.location)
        final = self._final(root)
        if self.conditions:
            self._separate_init(root)
        return self._partial(root), final

    def _final(self, root: tir.ForOp) -> tir.BlockOp:
        """Append the reduction along `loop` after the nest; return its block."""
        kept = [o for o in self.loops if o not in self.reducing]
        loops, values = _copies([*kept, self.loop])
        spatial = [row for row in self.rows if row[0] is SPATIAL]
        iters: list[Iter] = [(k, d, b.substitute(values)) for k, d, b in spatial]
        iters.append((REDUCE, self.extent, var(loops[-1].induction_var)))
        body, starts = (Block(arg_types=[tir.INDEX] * len(iters)) for _ in range(2))
        _clone_final(self, body)
        init = self.block.init
        assert init is not None
        clone_region(Cloner(starts), init, self.original([var(a) for a in starts.args[:-1]]))
        conditions = self._spatial_conditions(values)
        final = tir.BlockOp(self.name, iters, Region(body), Region(starts))
        final.location = self.block.location
        outer = nested(loops, [final])
        assert outer is not None
        insert_after(outer, root, root.location)
        add_conditions(final, conditions)
        simplify_bindings(outer)
        return final

    def _spatial_conditions(self, values: dict[Hashable, IntExpr | int]) -> list[IntExpr]:
        """Return the conditions that say nothing of reduce loops, over copies of the loops."""
        reduce = {o.induction_var for o in self.reducing}
        mine = [c for c in self.conditions if not reduce & set(c.free_vars())]
        return [c.substitute(values) for c in mine]

    def original(self, spatial: Sequence[IntExpr], reduce: Sequence[IntExpr] = ()) -> list[IntExpr]:
        """Return values for the block's own variables, in order."""
        ours, theirs = iter(spatial), iter(reduce)
        return [
            next(ours) if kind is SPATIAL else next(theirs, as_expr(0)) for kind, _, _ in self.rows
        ]

    def _separate_init(self, root: tir.ForOp) -> None:
        """Insert a nest that makes all partial results neutral: not every one need be reached."""
        shape = shape_of(self.alloc.buffer)
        loops = [new_loop(dim, "r", self.block.location) for dim in shape]
        body = Block(arg_types=[tir.INDEX] * len(shape))
        args = [var(arg) for arg in body.args]
        spatial = [a for i, a in enumerate(args) if i != self.axis]
        cloner = Redirected(body, self.store.buffer, self.alloc.buffer, args)
        assert self.block.init is not None
        clone_region(cloner, self.block.init, self._by_place(spatial))
        iters: list[Iter] = [
            (SPATIAL, dim, var(loop.induction_var)) for dim, loop in zip(shape, loops, strict=True)
        ]
        name = unique_block_name(func_of(root), f"{self.rf_name}_init")
        block = tir.BlockOp(name, iters, Region(body))
        block.location = self.block.location
        outer = nested(loops, [block])
        assert outer is not None
        insert_before(outer, root, root.location)

    def _by_place(self, indices: Sequence[IntExpr]) -> list[IntExpr]:
        """Return values for the block's own variables from the place that it writes."""
        values: dict[IntExpr, IntExpr] = dict(
            zip(self.store.exprs_over_values(self.store.indices), indices, strict=True)
        )
        return [values.get(var(arg), as_expr(0)) for arg in self.block.iter_vars]

    def _partial(self, root: tir.ForOp) -> tir.BlockOp:
        """Replace the block by one that makes partial results."""
        block, factor = self.block, var(self.loop.induction_var)
        others = [o for o in self.reducing if o is not self.loop]
        spatial = [row for row in self.rows if row[0] is SPATIAL]
        iters: list[Iter] = [*spatial, (SPATIAL, self.extent, factor)]
        iters += [(REDUCE, o.extent_expr(), var(o.induction_var)) for o in others]
        if not others:
            iters.append((REDUCE, as_expr(1), const(0)))
        regions: list[Region] = []
        assert block.init is not None
        for source in (block.body, block.init):
            target = Block(arg_types=[tir.INDEX] * len(iters))
            args = [var(arg) for arg in target.args]
            mapping: dict[Hashable, IntExpr | int] = {self.loop.induction_var: args[len(spatial)]}
            for o, arg in zip(others, args[len(spatial) + 1 :], strict=False):
                mapping[o.induction_var] = arg
            reduce = [b.substitute(mapping) for k, _, b in self.rows if k is not SPATIAL]
            values = self.original(args[: len(spatial)], reduce)
            own: dict[Hashable, IntExpr | int] = dict(zip(block.iter_vars, values, strict=True))
            place = [e.substitute(own) for e in self.store.exprs_over_values(self.store.indices)]
            cloner = Redirected(
                target,
                self.store.buffer,
                self.alloc.buffer,
                self.place(place, args[len(spatial)]),
            )
            clone_region(cloner, source, values)
            regions.append(Region(target))
        init = None if self.conditions else regions[1]
        new = tir.BlockOp(self.rf_name, iters, regions[0], init, self.conditions)
        new.location = block.location
        assert block.parent is not None
        block.parent.insert_op_before(new, block)
        block.detach()
        block.erase()
        simplify_bindings(root)
        return new


def _clone_final(rf: _Rfactor, body: Block) -> None:
    """Append `out = out + rf[...]`."""
    args = [var(arg) for arg in body.args]
    values = rf.original(args[:-1])
    cloner = Cloner(body)
    for arg, value in zip(rf.block.iter_vars, values, strict=True):
        cloner.exprs[arg] = value
    mapping: dict[Hashable, IntExpr | int] = dict(zip(rf.block.iter_vars, values, strict=True))
    indices = [e.substitute(mapping) for e in rf.store.exprs_over_values(rf.store.indices)]
    own = next(
        op
        for op in rf.block.body.block.ops
        if isinstance(op, tir.LoadOp) and op.buffer is rf.store.buffer
    )
    cloner.clone_op(own)
    load = tir.LoadOp(rf.alloc.buffer, rf.place(indices, args[-1]))
    partial = cloner.append(load, own.location).results[0]
    for operand in rf.combine.operands:
        if operand is not own.result:
            cloner.values[operand] = partial
    cloner.clone_op(rf.combine)
    cloner.clone_op(rf.store)


def _copies(
    loops: Sequence[tir.ForOp],
) -> tuple[list[tir.ForOp], dict[Hashable, IntExpr | int]]:
    """Return empty copies of loops, and what their variables become."""
    values: dict[Hashable, IntExpr | int] = {}
    copies: list[tir.ForOp] = []
    for old in loops:
        new = new_loop(
            old.extent_expr().substitute(values), old.induction_var.name_hint, old.location
        )
        values[old.induction_var] = var(new.induction_var)
        copies.append(new)
    return copies, values
