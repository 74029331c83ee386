"""legalize-ops: every tensor operator becomes a call of a kernel, written as a compute definition.

Rewrites   %y = relax.tanh %x
into       %y = relax.call_tir @tanh(%x)    and    tir.func @tanh(...) -> (...) { loops, a block }

Operators that differ in their operands alone share a kernel, unless `share` is false.

Needs:  every dim an integer expression (infer-shapes).
Leaves: no tensor operator; call_tir, constants, control flow, tuples, views (relax.reshape).
Why here: after the graph passes, which know operators; before fuse-ops, which knows loop bodies.
Source: TVM src/relax/transform/legalize_ops.cc (the idea; rules are Tyrex's own).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.diagnostics import CompileError
from ...dialects.tir.compute import KernelBuilder
from ...symbolic import IntExpr
from .legalize import RULES


@dataclass
class _Legalizer:
    """One module's legalization: keeps kernel names apart and kernels by what they compute."""

    module: ModuleOp
    share: bool = True
    names: set[str] = field(default_factory=set[str])
    kernels: dict[Hashable, str] = field(default_factory=dict[Hashable, str])

    def run(self) -> None:
        """Rewrite every operator that has a rule."""
        for op in self.module.body.ops:
            name = op.properties.get("sym_name")
            if isinstance(name, StringAttr):
                self.names.add(name.data)
        for func in list(self.module.body.ops):
            if isinstance(func, relax.FuncOp):
                for op in list(func.body.walk()):
                    if isinstance(op, relax.RelaxOp) and type(op) in RULES:
                        self.legalize(op)

    def legalize(self, op: relax.RelaxOp) -> None:
        """Replace `op` by a call of a kernel."""
        types = tuple(value.type for value in (*op.operands, *op.results))
        key = (type(op), types, frozenset(op.properties.items()))
        name = self.kernels.get(key)
        if name is None or not self.share:
            name = self.kernels[key] = self.new_kernel(op)
        call = relax.CallTIROp(name, op.operands, [result.type for result in op.results])
        call.location = op.location
        block = op.parent
        assert block is not None
        block.insert_op_before(call, op)
        for old, new in zip(op.results, call.res, strict=True):
            new.name_hint = old.name_hint
            old.replace_all_uses_with(new)
        block.erase_op(op)

    def new_kernel(self, op: relax.RelaxOp) -> str:
        """Append the kernel of `op` to the module; return its name."""
        k = KernelBuilder(self.fresh_name(op), op.location)
        ins = [k.input(*_shape_and_dtype(op, operand.type)) for operand in op.operands]
        outs = [k.output(*_shape_and_dtype(op, result.type)) for result in op.results]
        RULES[type(op)](k, op, ins, outs)
        self.module.body.block.add_op(k.build())
        return k.name

    def fresh_name(self, op: Operation) -> str:
        """Return the operator's name, numbered where it is taken."""
        base = op.name.removeprefix("relax.")
        name, count = base, 0
        while name in self.names:
            count += 1
            name = f"{base}_{count}"
        self.names.add(name)
        return name


def _shape_and_dtype(op: Operation, value_type: Attribute) -> tuple[tuple[IntExpr, ...], Attribute]:
    if isinstance(value_type, relax.TensorType):
        shape = value_type.known_shape()
        if shape is not None:
            return shape, value_type.dtype
    raise CompileError(
        op,
        f"has a value of type {value_type}, whose shape is not known here",
        hint="give the model's inputs fixed dims (dims=, shapes=)",
    )


@dataclass(frozen=True)
class LegalizeOpsPass(ModulePass):
    """See the module docstring."""

    name = "legalize-ops"
    share: bool = True
    """Whether operators may share a kernel; else a kernel's location is that of one operator."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        _Legalizer(op, self.share).run()
