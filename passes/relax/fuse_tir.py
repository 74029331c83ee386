"""fuse-tir: the function of a group becomes one kernel.

Rewrites   %r = relax.call @fused_conv_relu(%x, %w)      with a relax.func {primitive}
into       %r = relax.call_tir @fused_conv_relu(%x, %w)  with a tir.func of all the steps

The kernel runs the steps one after the other; what one hands to the next is a tir.alloc.

Needs:  groups (fuse-ops), kernels as compute definitions.
Leaves: no relax.func {primitive}; no kernel that only groups called.
Why here: after fuse-ops; before inline-blocks, which makes one loop nest of the steps.
Source: TVM src/relax/transform/fuse_tir.cc (the idea).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...analysis.kernel_symbols import call_symbols
from ...analysis.op_patterns import Pattern
from ...dialects import relax, tir
from ...dialects.tir.clone import Cloner
from ...symbolic import IntExpr, var
from .fuse_ops import PRIMITIVE


class _Merger(Cloner):
    """Clones kernels one after the other into the body of a new one."""

    def __init__(self, entry: Block) -> None:
        super().__init__(entry)
        self.entry = entry
        self.allocs: list[tir.AllocOp] = []
        self.block_names: set[str] = set()
        self.renames = False  # whether the current kernel's symbols are others here

    def alloc(self, buffer_type: tir.BufferType, like: Operation) -> tir.AllocOp:
        """Return a buffer at the top of the kernel."""
        op = tir.AllocOp(buffer_type)
        op.location = like.location
        self.allocs.append(op)
        return op

    def start(self, symbols: Mapping[str, IntExpr]) -> None:
        """Say what the symbols of the kernel that is cloned next stand for."""
        self.exprs = {k: e for k, e in symbols.items() if e is not var(k)}
        self.renames = bool(self.exprs)

    def clone_op(self, op: Operation) -> None:
        if self.renames:
            super().clone_op(op)
        else:
            self.clone_generic(op)

    def _operands_and_properties(
        self, op: Operation
    ) -> tuple[Sequence[SSAValue], dict[str, Attribute]]:
        if self.renames:
            return super()._operands_and_properties(op)
        # One value for one value: the expressions over them are the same.
        return [self.value(operand) for operand in op.operands], op.properties

    def clone_generic(self, op: Operation) -> Operation:
        if isinstance(op, tir.AllocOp):
            return self._clone_alloc(op)
        copy = super().clone_generic(op)
        if isinstance(copy, tir.BlockOp):
            copy.properties["block_name"] = StringAttr(self._fresh(copy.block_name.data))
        return copy

    def _clone_alloc(self, op: tir.AllocOp) -> Operation:
        buffer_type = op.buffer_type.with_shape(self.substitute(op.buffer_type.shape))
        if self.block is self.entry:
            copy = self.alloc(buffer_type, op)
        else:
            copy = tir.AllocOp(buffer_type)
            self.append(copy, op.location)
        copy.buffer.name_hint = op.buffer.name_hint
        self.values[op.buffer] = copy.buffer
        return copy

    def _fresh(self, base: str) -> str:
        name, count = base, 0
        while name in self.block_names:
            count += 1
            name = f"{base}_{count}"
        self.block_names.add(name)
        return name

    def finish(self) -> None:
        """Put the buffers first."""
        first = self.entry.first_op
        assert first is not None, "a kernel without a step"
        for op in self.allocs:
            self.entry.insert_op_before(op, first)


@dataclass
class _TIRFuser:
    """One module's groups."""

    module: ModuleOp
    functions: dict[str, Operation]

    def run(self) -> None:
        """Make a kernel of each group and redirect the calls."""
        merged: set[str] = set()
        for name, func in list(self.functions.items()):
            if isinstance(func, relax.FuncOp) and PRIMITIVE in func.attributes:
                calls = list(func.body.block.ops)[:-1]
                kernel = self.merge(func, calls)
                if kernel is None:
                    continue
                merged.update(op.callee_name for op in calls if isinstance(op, relax.CallTIROp))
                self.module.body.block.insert_op_before(kernel, func)
                self.module.body.block.erase_op(func)
                self.functions[name] = kernel
        self.redirect(merged)

    def merge(self, func: relax.FuncOp, calls: Sequence[Operation]) -> tir.FuncOp | None:
        """Return the kernel of a group; None where something in it is no kernel we can read."""
        args, outputs = func.body.block.args, func.return_op.values
        types = [
            *map(_buffer_type, (v.type for v in args)),
            *(_buffer_type(v.type) for v in outputs),
        ]
        if None in types:
            return None
        entry = Block(arg_types=[t for t in types if t is not None])
        merger = _Merger(entry)
        buffers = merger.values  # of the group's tensors too
        buffers.update(zip((*args, *outputs), entry.args, strict=True))
        for value in (*args, *outputs):
            buffers[value].name_hint = value.name_hint
        for call in calls:
            if not self.merge_call(merger, call):
                return None
        merger.finish()
        kernel = tir.FuncOp(
            func.sym_name.data,
            Region(entry),
            len(args),
            len(outputs),
            func.symbol_names,
            attributes={"pattern": StringAttr(self.pattern(calls).word)},
        )
        kernel.location = func.location
        return kernel

    def merge_call(self, merger: _Merger, call: Operation) -> bool:
        """Append a call's kernel; tell whether that could be done."""
        kernel = self.kernel(call)
        if kernel is None or kernel.workspaces:
            return False
        symbols = call_symbols(kernel, call)
        if symbols is None:
            return False
        merger.start(symbols)
        for result in call.results:
            if result not in merger.values:
                buffer_type = _buffer_type(result.type)
                if buffer_type is None:
                    return False
                buffer = merger.alloc(buffer_type, call).buffer
                buffer.name_hint = result.name_hint
                merger.values[result] = buffer
        for arg, value in zip(
            (*kernel.inputs, *kernel.outputs), (*call.operands, *call.results), strict=True
        ):
            merger.values[arg] = merger.values[value]
        merger.clone(kernel.body.block.ops)
        return True

    def kernel(self, call: Operation) -> tir.FuncOp | None:
        if not isinstance(call, relax.CallTIROp):
            return None
        found = self.functions.get(call.callee_name)
        return found if isinstance(found, tir.FuncOp) else None

    def pattern(self, calls: Sequence[Operation]) -> Pattern:
        """Return the pattern of kernels one after the other: the least that holds for all."""
        words = (k.attributes.get("pattern") for call in calls if (k := self.kernel(call)))
        found = [Pattern.of_word(w.data) for w in words if isinstance(w, StringAttr)]
        return max(found) if len(found) == len(calls) else Pattern.OPAQUE

    def redirect(self, merged: set[str]) -> None:
        """Make calls of groups calls of kernels; drop the kernels that nothing calls any more."""
        for op in list(self.module.walk()):
            if isinstance(op, relax.CallTIROp | relax.CallTIRInplaceOp):
                merged.discard(op.callee_name)
            elif isinstance(op, relax.CallOp) and isinstance(
                self.functions.get(op.callee_name), tir.FuncOp
            ):
                _to_call_tir(op)
        for name in merged:
            self.module.body.block.erase_op(self.functions[name])


def _to_call_tir(op: relax.CallOp) -> None:
    call = relax.CallTIROp(op.callee_name, op.args, [result.type for result in op.results])
    call.location = op.location
    block = op.parent
    assert block is not None
    block.insert_op_before(call, op)
    for old, new in zip(op.results, call.res, strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    block.erase_op(op)


def _buffer_type(value_type: Attribute) -> tir.BufferType | None:
    if not isinstance(value_type, relax.TensorType):
        return None
    shape = value_type.known_shape()
    return None if shape is None else tir.BufferType.of(shape, value_type.dtype)


@dataclass(frozen=True)
class FuseTirPass(ModulePass):
    """See the module docstring."""

    name = "fuse-tir"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions: dict[str, Operation] = {}
        for func in op.body.ops:
            name = func.properties.get("sym_name")
            if isinstance(name, StringAttr):
                functions[name.data] = func
        _TIRFuser(op, functions).run()
