"""mark-inplace: a kernel overwrites an argument that nobody needs any more.

Rewrites   %y = relax.call_tir @add(%t, %x)                 where %t is not used afterwards
into       %y = relax.call_tir_inplace @add(%t, %x) {inplace = [0]}    and aliases (0 = 0) of @add

The kernel must read the argument only at the element that it writes (analysis/overwriting.py); the
argument's memory must be the function's own and dead after the call, all views of it included
(analysis/aliases.py). What the function returns gets memory of its own.

Needs:  kernels as compute definitions, fused: what is inside a kernel needs no memory.
Leaves: allowed alias pairs on the kernels that are called in place.
Why here: after fuse-tir; before deduplicate-kernels, since aliases are part of a kernel.
Source: TVM src/relax/transform/dataflow_inplace.cc (the idea).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ...analysis.aliases import Aliases
from ...analysis.overwriting import overwritable_inputs
from ...dialects import relax, tir


@dataclass
class _Marker:
    """One module's in-place calls."""

    module: ModuleOp
    kernels: dict[str, tir.FuncOp]
    used: dict[str, set[int]] = field(default_factory=dict[str, set[int]])

    def run(self) -> None:
        """Allow what kernels can do, mark the calls that may, keep the pairs that serve them."""
        calls = list(self.calls())
        fixed = {name for name, kernel in self.kernels.items() if kernel.alias_pairs is not None}
        for name in {call.callee_name for call in calls} - fixed:
            if name in self.kernels:
                _allow(self.kernels[name], overwritable_inputs(self.kernels[name]))
        for func in self.module.body.ops:
            if isinstance(func, relax.FuncOp):
                self.mark_function(func)
        for name, kernel in self.kernels.items():
            if name not in fixed:
                _allow(kernel, sorted(self.used.get(name, ())))

    def calls(self) -> Iterator[relax.CallTIROp]:
        for func in self.module.body.ops:
            if isinstance(func, relax.FuncOp):
                for op in func.body.walk():
                    if isinstance(op, relax.CallTIROp):
                        yield op

    def mark_function(self, func: relax.FuncOp) -> None:
        """Mark the calls of a function: an argument dies at one call, so none asks for others."""
        aliases = Aliases(func, self.kernels)
        chosen = [
            (op, self.choose(aliases, op))
            for op in func.body.walk()
            if isinstance(op, relax.CallTIROp) and len(op.results) == 1
        ]
        for op, argument in chosen:
            if argument is not None:
                self.used.setdefault(op.callee_name, set()).add(argument)
                _mark(op, argument)

    def choose(self, aliases: Aliases, op: relax.CallTIROp) -> int | None:
        """Return the argument to overwrite, if there is one."""
        kernel = self.kernels.get(op.callee_name)
        if kernel is None or _is_returned(aliases, op.results[0]):
            return None
        args, result = list(op.args), op.results[0]
        return next(
            (
                i
                for i, _ in kernel.aliases()
                if args[i].type == result.type
                and args.count(args[i]) == 1
                and aliases.may_overwrite(op, i, result)
            ),
            None,
        )


def _is_returned(aliases: Aliases, value: SSAValue) -> bool:
    return any(
        isinstance(use.operation, relax.ReturnOp)
        for sharer in aliases.sharers(value)
        for use in sharer.uses
    )


def _mark(op: relax.CallTIROp, argument: int) -> None:
    types = [result.type for result in op.results]
    call = relax.CallTIRInplaceOp(op.callee_name, op.args, types, [argument])
    call.location = op.location
    block = op.parent
    assert block is not None
    block.insert_op_before(call, op)
    for old, new in zip(op.results, call.res, strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    block.erase_op(op)


def _allow(kernel: tir.FuncOp, inputs: list[int] | tuple[int, ...]) -> None:
    """Set the alias pairs of a kernel of one output."""
    pairs = [ArrayAttr([IntegerAttr(i, i64), IntegerAttr(0, i64)]) for i in inputs]
    if pairs:
        kernel.properties["alias_pairs"] = ArrayAttr(pairs)
    else:
        kernel.properties.pop("alias_pairs", None)


@dataclass(frozen=True)
class MarkInplacePass(ModulePass):
    """See the module docstring."""

    name = "mark-inplace"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = {f.sym_name.data: f for f in op.body.ops if isinstance(f, tir.FuncOp)}
        _Marker(op, kernels).run()
