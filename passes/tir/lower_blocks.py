"""lower-blocks: blocks become their bodies; what a call keeps in memory becomes an argument.

Rewrites   tir.for %i in 4 { tir.for %k in 8 { tir.block (%vi = %i * 2, %vk = %k) init {a} {b} } }
into       tir.for %i in 4 { tir.for %k in 8 { tir.if (-%k >= 0) {a} ; b with %i * 2 for %vi } }

A block's conditions that the loops' bounds do not prove become a tir.if, or, where a vectorized
loop variable is in them, conditions of the accesses to memory. Buffers allocated at the top level
become workspace arguments: the caller plans their memory.

Needs:  scheduled kernels (schedule-default).
Leaves: no tir.block; tir.alloc of scope "stack" only.
Why here: nothing after it asks what a block is; everything before it schedules blocks.
Source: TVM's LowerInitBlock, ConvertBlocksToOpaque and LowerOpaqueBlock, in one walk.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...dialects import tir
from ...dialects.diagnostics import CompileError
from ...dialects.tir.clone import DIVISIONS, Cloner, Exprs, clone_division, zero_constant
from ...symbolic import Atom, IntExpr, var

Range = tuple[IntExpr | int | None, IntExpr | int | None]


class _Lowering(Cloner):
    """Copies one kernel without its blocks."""

    def __init__(self, block: Block) -> None:
        super().__init__(block)
        self.bounds: dict[Hashable, Range] = {}
        self.simplified: dict[Atom, IntExpr] = {}  # within the bounds; a variable's never change
        self.lanes: set[Hashable] = set()  # the variables of enclosing vectorized loops
        self.mask: Exprs = ()  # conditions that every access to memory bears

    def substitute(self, exprs: Iterable[IntExpr]) -> Exprs:
        """Substitute, and simplify by the loops' bounds what is more than linear."""
        result = super().substitute(exprs)
        return tuple(
            e.simplify(self.bounds, self.simplified) if any(m.composite for m, _ in e.terms) else e
            for e in result
        )

    def clone_op(self, op: Operation) -> None:
        match op:
            case tir.BlockOp():
                self.lower_block(op)
            case tir.ForOp():
                self.clone_loop(op)
            case tir.AllocOp() if op.buffer_type.scope != tir.STACK:
                raise CompileError(op, "allocates memory inside a loop; only stack buffers may")
            case _ if isinstance(op, DIVISIONS):
                clone_division(self, op, self.mask)
            case _:
                super().clone_op(op)

    def clone_loop(self, op: tir.ForOp) -> None:
        """Copy a loop, its variable's range known inside."""
        (extent,) = self.substitute(op.exprs_over_values(op.extent))
        body = Block(arg_types=[tir.INDEX])
        new_var, old_var = body.args[0], op.induction_var
        new_var.name_hint = old_var.name_hint
        expr = var(new_var)
        self.exprs[old_var], self.values[old_var] = expr, new_var
        self.bounds[new_var] = (0, extent - 1)
        is_vector = op.kind.data is tir.ForKind.VECTORIZED
        if is_vector:
            self.lanes.add(new_var)
        outer, self.block = self.block, body
        self.clone(op.body.block.ops)
        self.block = outer
        if is_vector:
            self.lanes.discard(new_var)
        self.append(tir.ForOp(extent, Region(body), op.kind.data, dict(op.attributes)), op.location)

    def lower_block(self, op: tir.BlockOp) -> None:
        """Append the block's init and body under their conditions."""
        bindings = self.substitute(op.exprs_over_values(op.bindings))
        wheres = self.substitute(op.exprs_over_values(op.conditions))
        conditions = self.unproved(wheres)
        lane_mask = any(key in self.lanes for c in conditions for key in c.free_vars())
        outer_block, outer_mask = self.block, self.mask
        if conditions and lane_mask:
            self.mask = (*self.mask, *conditions)
        elif conditions:
            self.block = self.open_if(conditions, op)
        if op.init is not None:
            self.append_init(op, op.init, bindings)
        self.append_body(op.body, bindings)
        self.block, self.mask = outer_block, outer_mask

    def append_init(self, op: tir.BlockOp, init: Region, bindings: Exprs) -> None:
        """Append the init region, to run where every reduce variable is zero."""
        pairs = zip(op.kinds.data, bindings, strict=True)
        zero = self.unproved([-b for kind, b in pairs if kind is tir.IterKind.REDUCE])
        outer = self.block
        if zero:
            self.block = self.open_if(zero, op)
        self.append_body(init, bindings)
        self.block = outer

    def append_body(self, region: Region, bindings: Exprs) -> None:
        """Append a region's operations with its variables bound."""
        for arg, binding in zip(region.block.args, bindings, strict=True):
            self.exprs[arg] = binding
        self.clone(region.block.ops)

    def open_if(self, conditions: Sequence[IntExpr], op: Operation) -> Block:
        """Append a tir.if; return the block that runs where all conditions hold."""
        holds = self.append(tir.PredicateOp(conditions), op.location).results[0]
        then = Block()
        self.append(tir.IfOp(holds, Region(then)), op.location)
        return then

    def unproved(self, conditions: Sequence[IntExpr]) -> Exprs:
        """Return the conditions that the loops' bounds do not prove."""
        return tuple(c for c in conditions if not c.provably_ge0(self.bounds))

    # -- accesses ----------------------------------------------------------------------------

    def load(
        self, op: tir.LoadOp | tir.PredicatedLoadOp, indices: Exprs, conditions: Exprs
    ) -> SSAValue:
        conditions = (*self.unproved(conditions), *self.load_mask(op.buffer, indices))
        buffer = self.value(op.buffer)
        if not conditions:
            new: Operation = tir.LoadOp(buffer, indices)
        else:
            default = (
                self.value(op.default)
                if isinstance(op, tir.PredicatedLoadOp)
                else self.append(zero_constant(op.result), op.location).results[0]
            )
            new = tir.PredicatedLoadOp(buffer, indices, conditions, default)
        result = self.append(new, op.location).results[0]
        result.name_hint = op.result.name_hint
        return result

    def store(
        self, op: tir.StoreOp | tir.PredicatedStoreOp, indices: Exprs, conditions: Exprs
    ) -> None:
        mask = self.mask_of(op.buffer, indices)
        super().store(op, indices, (*self.unproved(conditions), *mask))

    def load_mask(self, buffer: SSAValue, indices: Exprs) -> Exprs:
        """Return the mask that a load bears.

        An address that is the same in all lanes needs no mask where lane 0 is always active:
        one broadcast load in the place of a gather.
        """
        mask = self.mask_of(buffer, indices)
        if any(key in self.lanes for index in indices for key in index.free_vars()):
            return mask
        return tuple(c for c in mask if not self.holds_in_lane_0(c))

    def holds_in_lane_0(self, condition: IntExpr) -> bool:
        """Tell whether a condition always holds in the first lane."""
        first = condition.substitute(dict.fromkeys(self.lanes, 0))
        return first.provably_ge0(self.bounds)

    def mask_of(self, buffer: SSAValue, indices: Exprs) -> Exprs:
        """Return the mask that an access to `buffer` bears.

        A stack buffer is this thread's own: lanes that do not count may use it, too, where it has
        room for them.
        """
        buffer_type = buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        is_own = buffer_type.scope == tir.STACK
        return () if self.mask and is_own and self.has_room(buffer_type, indices) else self.mask

    def has_room(self, buffer_type: tir.BufferType, indices: Exprs) -> bool:
        """Tell whether indices are inside of a buffer in every lane."""
        pairs = zip(indices, buffer_type.shape, strict=True)
        return all(
            index.provably_ge0(self.bounds) and (dim - 1 - index).provably_ge0(self.bounds)
            for index, dim in pairs
        )


def lower_kernel(func: tir.FuncOp) -> tir.FuncOp:
    """Return the kernel without blocks, its top-level buffers as workspaces."""
    source = func.body.block
    allocs = [
        op
        for op in source.ops
        if isinstance(op, tir.AllocOp) and op.buffer_type.scope == tir.GLOBAL
    ]
    block = Block(arg_types=[*(a.type for a in source.args), *(a.buffer_type for a in allocs)])
    cloner = _Lowering(block)
    old_values = [*source.args, *(a.buffer for a in allocs)]
    for old, new in zip(old_values, block.args, strict=True):
        new.name_hint = old.name_hint
        cloner.values[old] = new
        if old.type == tir.INDEX:
            cloner.exprs[old] = var(new)
    hoisted = set(allocs)
    cloner.clone(op for op in source.ops if op not in hoisted)
    result = tir.FuncOp(
        func.sym_name.data,
        Region(block),
        func.num_inputs.value.data,
        func.num_outputs.value.data,
        func.symbol_names,
        func.aliases(),
        dict(func.attributes),
    )
    result.location = func.location
    return result


@dataclass(frozen=True)
class LowerBlocksPass(ModulePass):
    """See the module docstring."""

    name = "lower-blocks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        block = op.body.block
        for func in list(block.ops):
            if isinstance(func, tir.FuncOp):
                block.insert_op_before(lower_kernel(func), func)
                func.detach()
                func.erase()
