"""relax-dce: what no result depends on disappears.

Rewrites   %t = relax.exp %x                       where %t is not used
into       nothing

and a relax.if whose condition is a constant into the branch that is taken. A kernel whose last
call disappears goes with it.

Needs:  nothing.
Leaves: no unused pure operation, no branch that is known not to be taken.
Why here: after every pass that leaves operands behind, before kernels are made of what is left.
Source: -
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass
from xdsl.traits import IsTerminator, Pure

from ...dialects import relax, tir
from .rewriting import constant_of


@dataclass
class _Eliminator:
    """One module's dead code."""

    module: ModuleOp
    lost: set[str] = field(default_factory=set[str])  # kernels that a call has disappeared of

    def run(self) -> None:
        for func in self.module.body.ops:
            if isinstance(func, relax.FuncOp):
                self.block(func.body.block)
        self.kernels()

    def block(self, block: Block) -> None:
        """Clean a block from its end: what is used by dead code alone is dead too."""
        for op in reversed(list(block.ops)):
            for region in op.regions:
                self.block(region.block)
            inlined = _inline_taken(op) if isinstance(op, relax.IfOp) else None
            for candidate in (op,) if inlined is None else reversed(inlined):
                if self.is_dead(candidate):
                    self.erase(candidate)

    def is_dead(self, op: Operation) -> bool:
        if any(result.first_use for result in op.results) or not _is_pure(op):
            return False
        symbols = relax.new_symbols(op)
        return not symbols or self.mentioned_elsewhere(op).isdisjoint(symbols)

    def mentioned_elsewhere(self, op: Operation) -> set[Hashable]:
        """Return the symbols that other operations mention."""
        top = op
        while (parent := top.parent_op()) is not None and not isinstance(parent, ModuleOp):
            top = parent
        return {key for other in top.walk() if other is not op for key in _symbols(other)}

    def erase(self, op: Operation) -> None:
        self.lost.update(
            inner.callee_name for inner in op.walk() if isinstance(inner, relax.CallTIROp)
        )
        op.detach()
        op.erase()

    def kernels(self) -> None:
        """Drop the kernels that lost their last call."""
        if not self.lost:
            return
        for op in self.module.walk():
            if isinstance(op, relax.CallTIROp | relax.CallTIRInplaceOp):
                self.lost.discard(op.callee_name)
        for func in list(self.module.body.ops):
            if isinstance(func, tir.FuncOp) and func.sym_name.data in self.lost:
                self.module.body.block.erase_op(func)


def _is_pure(op: Operation) -> bool:
    """Tell whether an operation does nothing but make its results."""
    if op.regions:
        inside = (inner for region in op.regions for inner in region.block.ops)
        return isinstance(op, relax.IfOp | relax.WhileOp) and all(
            inner.has_trait(IsTerminator) or _is_pure(inner) for inner in inside
        )
    return op.has_trait(Pure, value_if_unregistered=False)


def _symbols(op: Operation) -> Iterable[Hashable]:
    for result in op.results:
        if isinstance(result.type, relax.TensorType):
            for dim in result.type.shape or ():
                yield from () if dim is None else dim.free_vars()
    for attr in op.properties.values():
        if isinstance(attr, relax.DimsAttr):
            for dim in attr.data:
                yield from dim.free_vars()


def _taken_branch(op: relax.IfOp) -> Block | None:
    cond = constant_of(op.cond)
    if cond is None or cond.size != 1:
        return None
    return op.then_region.block if cond.reshape(()).item() else op.else_region.block


def _inline_taken(op: relax.IfOp) -> list[Operation] | None:
    """Replace a conditional by the branch that is known to be taken; return what that does."""
    taken, block = _taken_branch(op), op.parent
    if taken is None or block is None:
        return None
    *inside, end = taken.ops
    assert isinstance(end, relax.YieldOp)
    for old, new in zip(op.results, end.values, strict=True):
        old.replace_all_uses_with(new)
    for inner in inside:
        inner.detach()
        block.insert_op_before(inner, op)
    block.erase_op(op)
    return inside


@dataclass(frozen=True)
class RelaxDcePass(ModulePass):
    """See the module docstring."""

    name = "relax-dce"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        _Eliminator(op).run()
