"""lower-to-llvm: kernels become functions of the `llvm` dialect, in one walk.

Rewrites   tir.func @k(%a: buffer) -> (%c: buffer) { tir.for %i in 4 parallel { ... } }
into       llvm.func @k(ptr) -> i32                 the entry: unpacks its arguments
           llvm.func internal @k.impl(ptr, ptr noalias, ptr noalias) -> i32
           llvm.func internal @k.parallel0(ptr, i64, i64) -> i32   a parallel loop's share

A parallel loop inside another one is serial, unless the other may turn out to be of one iteration,
as a batch may be.

`@k` takes an array of 8-byte words: the context, one pointer per buffer, one i64 per index
argument and symbol, in the order of the kernel's arguments; it returns 0 or an error's code.

Needs:  kernels without blocks (lower-blocks).
Leaves: `llvm` operations only.
Why here: the last pass; the emitter prints what it leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr, i32, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.passes import ModulePass

from ...dialects import tir
from ...dialects.llvm.build import LLVMBuilder
from ...dialects.llvm.types import PTR
from .kernel import KernelLowering, Outlined
from .scalars import llvm_type

_UNIT = UnitAttr()
_NOALIAS: dict[str, Attribute] = {"llvm.noalias": _UNIT, "llvm.noundef": _UNIT}
_PLAIN: dict[str, Attribute] = {"llvm.noundef": _UNIT}


def _word_type(value_type: Attribute) -> Attribute:
    return PTR if isinstance(value_type, tir.BufferType) else i64


class _Functions:
    """Builds the llvm functions of one kernel."""

    def __init__(self, b: LLVMBuilder, kernel: tir.FuncOp, contract: bool) -> None:
        self.b = b
        self.contract = contract
        self.kernel = kernel
        self.name = kernel.sym_name.data
        self.args = kernel.body.block.args
        aliased = {kernel.inputs[i] for i, _ in kernel.aliases()}
        self.aliased = aliased | {kernel.outputs[o] for _, o in kernel.aliases()}

    def build(self) -> None:
        """Append the kernel's functions to the module."""
        self.b.location = self.kernel.location
        outlined = self.implementation()
        self.entry()
        while outlined:
            part = outlined.pop(0)
            outlined += self.parallel_body(part)
            self.parallel_entry(part)

    def attributes(self, values: Sequence[SSAValue]) -> list[dict[str, Attribute]]:
        """Return argument attributes: buffers overlap only where an alias pair says so."""
        return [
            _NOALIAS
            if isinstance(value.type, tir.BufferType) and value not in self.aliased
            else _PLAIN
            for value in values
        ]

    def bind_symbols(self, lowering: KernelLowering, targets: Sequence[SSAValue]) -> None:
        """Bind the symbols, which are the function's last arguments."""
        for symbol, target in zip(self.kernel.symbol_names, targets, strict=True):
            lowering.exprs.values[symbol] = target
            lowering.exprs.bounds[symbol] = (0, None)

    def implementation(self) -> list[Outlined]:
        """Append the function that does the work; return its parallel loops' bodies."""
        b, symbols = self.b, self.kernel.symbol_names
        types = [PTR, *(_word_type(arg.type) for arg in self.args), *([i64] * len(symbols))]
        attributes = [_PLAIN, *self.attributes(self.args), *([_PLAIN] * len(symbols))]
        function = b.function(
            f"{self.name}.impl", types, i32, linkage="internal", arg_attrs=attributes
        )
        given = function.body.block.args
        lowering = KernelLowering(b, self.name, symbols, contract=self.contract)
        lowering.context = lowering.errors = given[0]
        for value, target in zip(self.args, given[1:], strict=False):
            lowering.bind(value, target)
        self.bind_symbols(lowering, given[1 + len(self.args) :])
        lowering.lower(self.kernel.body.block)
        b.location = self.kernel.location
        b.ret(b.integer(0, i32))
        return lowering.outlined

    def entry(self) -> None:
        """Append the exported function, which unpacks an array of words."""
        b = self.b
        types = [PTR, *(_word_type(arg.type) for arg in self.args)]
        types += [i64] * len(self.kernel.symbol_names)
        function = b.function(self.name, [PTR], i32, arg_attrs=[_PLAIN])
        words = function.body.block.args[0]
        values = [b.load(b.gep(words, i64, i), t, 8) for i, t in enumerate(types)]
        code = b.call(f"{self.name}.impl", values, i32)
        b.ret(code)

    def words_of(self, part: Outlined) -> list[Attribute]:
        """Return the types of what a parallel loop's body is given."""
        types: list[Attribute] = [PTR] if part.takes_context else []
        types += [
            PTR if isinstance(value.type, tir.BufferType) else llvm_type(value.type)
            for value in part.captures
        ]
        return [*types, *([i64] * len(self.kernel.symbol_names))]

    def parallel_body(self, part: Outlined) -> list[Outlined]:
        """Append the function that runs a share of a parallel loop's iterations.

        Return the bodies of the parallel loops inside that threads share, too.
        """
        b, captures, symbols = self.b, part.captures, self.kernel.symbol_names
        types = [*self.words_of(part), i64, i64]
        context = [_PLAIN] if part.takes_context else []
        attributes = [*context, *self.attributes(captures), *([_PLAIN] * (len(symbols) + 2))]
        function = b.function(
            f"{part.name}.body", types, i32, linkage="internal", arg_attrs=attributes
        )
        given = function.body.block.args
        lowering = KernelLowering(b, part.name, symbols, contract=self.contract, is_shared=True)
        if part.takes_context:
            lowering.errors, *given = given
        if part.shares:  # else without a context: loops inside are serial
            lowering.context = lowering.errors
        lowering.exprs.bounds |= part.bounds
        for value, target in zip(captures, given, strict=False):
            lowering.bind(value, target)
        self.bind_symbols(lowering, given[len(captures) : -2])
        begin, end = given[-2:]
        b.location = part.loop.location
        with b.loop(b.sub(end, begin, "nsw")) as i:
            lowering.bind(part.loop.induction_var, b.add(begin, i, "nsw"))
            lowering.scoped(part.loop.body.block)
            b.location = part.loop.location
        b.ret(b.integer(0, i32))
        return lowering.outlined

    def parallel_entry(self, part: Outlined) -> None:
        """Append the function that the thread pool calls: it unpacks the closure."""
        b = self.b
        function = b.function(part.name, [PTR, i64, i64], i32, linkage="internal")
        closure, begin, end = function.body.block.args
        types = self.words_of(part)
        words = [b.load(b.gep(closure, i64, i), t, 8) for i, t in enumerate(types)]
        b.ret(b.call(f"{part.name}.body", [*words, begin, end], i32))


def lower_kernel(module: ModuleOp, kernel: tir.FuncOp, contract: bool = True) -> None:
    """Append the llvm functions of one kernel to `module`; see `LowerToLlvmPass.contract`."""
    _Functions(LLVMBuilder(module), kernel, contract).build()


@dataclass(frozen=True)
class LowerToLlvmPass(ModulePass):
    """See the module docstring."""

    name = "lower-to-llvm"
    contract: bool = True
    """Whether a * b + c may round once (fma): faster, and closer to the real number."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in list(op.body.ops):
            if isinstance(func, tir.FuncOp):
                func.detach()
                lower_kernel(op, func, self.contract)
                func.erase()
