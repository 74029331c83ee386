"""lower-vm-to-llvm: the host program becomes native functions, with no Python in the loop.

Rewrites   vm.func @main(%x: T) -> (U) { ... vm.call @k(%x) -> (%y) ... }
into       llvm.func internal @tyrex_main.body(ptr, ptr, ptr, ptr) -> i32   the program
           llvm.func @tyrex_main_run(ptr, ptr, ptr) -> i32                  its entry

The entry is `int32_t run(tyrex_context *context, void **inputs, void **outputs)`: one address per
input and per output, destinations too. It takes the memory of the whole run, callees' included,
with one `context->allocate`; a function that calls itself takes some for each call, up to a depth.
Whoever owns the context resets its arena between runs. It returns 0
or the code of the first kernel that failed. Constants are declared, `@tyrex_constant0` and on,
numbered as in the bytecode; kernels are called by name. Neither is defined here.

A function with symbols has a fourth argument, `const int64_t *symbols`: their values, in its order.
Whoever calls it has found them in the shapes of the inputs, checked them, and knows by them how
large the outputs are; no size that they decide may reach 2^63.

Needs:  symbols that arguments tell, planned memory (plan-memory); kernels that are in the module
        are of `llvm` (lower-to-llvm).
Leaves: no `vm` operation.
Why here: behind plan-memory, which decides what shares memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i8, i32, i64
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from ...analysis.constant_pool import ConstantPool
from ...analysis.recursion import callees_of, recursive
from ...dialects import llvm, vm
from ...dialects.llvm.build import LLVMBuilder
from ...dialects.llvm.types import PTR
from ...symbolic import IntExpr, as_expr, max_
from ..llvm.expressions import Expressions
from .host_builder import ERROR_MEMORY, add_text
from .host_function import HostFunction
from .host_memory import CONTEXT_ALLOCATE, CONTEXT_BLOCKS, ENTER, LEAVE
from .host_symbols import Callee, Names


class _HostProgram:
    """Lowers the functions of one module, callees before their callers."""

    def __init__(self, source: ModuleOp, target: ModuleOp, names: Names) -> None:
        self.b = LLVMBuilder(target)
        self.names = names
        self.functions = {
            op.sym_name.data: op for op in source.body.ops if isinstance(op, vm.FuncOp)
        }
        self.pool = ConstantPool()
        calls = {name: callees_of(func) for name, func in self.functions.items()}
        self.callees = {
            name: Callee(self.functions[name], as_expr(0), is_recursive=True)
            for name in recursive(calls)
        }
        self.begun: set[str] = set()

    def lower(self) -> None:
        """Append every function, then its entry."""
        self.number_constants()
        for name in self.functions:
            self.function(name)
        for name in self.functions:
            self.entry(name)

    def number_constants(self) -> None:
        """Declare the constants, in the order of the program."""
        for func in self.functions.values():
            for op in func.walk():
                if isinstance(op, vm.ConstantOp):
                    self.pool.position(op.value)
        linkage = llvm.LinkageAttr("external")
        for number in range(len(self.pool.constants)):
            symbol = self.names.constant(number)
            self.b.module.body.block.add_op(llvm.GlobalOp(i8, symbol, linkage, constant=True))

    def function(self, name: str) -> None:
        """Append a function, unless it is there; the functions that it calls come first."""
        if name in self.begun:
            return
        self.begun.add(name)
        func = self.functions[name]
        for callee in callees_of(func):
            self.function(callee)
        builder = HostFunction(self.b, func, self.names, self.pool, self.callees)
        built = builder.build()
        if built.is_recursive:
            self.call(built)
        else:
            self.callees[name] = built

    def call(self, callee: Callee) -> None:
        """Append what calls a function that calls itself, in memory for this call alone."""
        b, func, name = self.b, callee.func, callee.func.sym_name.data
        b.location = func.location
        types, symbols = func.function_type, func.symbol_names
        count = len(types.inputs) + len(types.outputs)
        arg_types = [*([PTR] * (1 + count)), *([i64] * len(symbols))]
        function = b.function(self.names.call(name), arg_types, i32, linkage="internal")
        context, *args = function.body.block.args
        exprs = Expressions(b)
        exprs.values |= dict(zip(symbols, args[count:], strict=True))
        exprs.bounds |= dict(zip(symbols, func.bounds, strict=True))
        blocks = b.load(b.gep(context, i8, CONTEXT_BLOCKS), PTR, 8)
        enter, leave = (b.load(b.gep(blocks, i8, offset), PTR, 8) for offset in (ENTER, LEAVE))
        place = b.alloca(i64, 1, 8)
        b.store(b.integer(0), place, 8)  # an address may be shorter
        text = b.address_of(add_text(b, f"{self.names.call(name)}.name", name))
        size = exprs.value(_not_negative(callee.frame_bytes, exprs))
        refused = b.call(enter, (context, text, size, place), i32)
        assert refused is not None, "the call has a result"
        failing, ready = b.new_block(), b.new_block()
        b.cond_br(b.icmp("ne", refused, b.integer(0, i32)), failing, ready)
        b.start(failing)
        b.ret(refused)
        b.start(ready)
        memory = b.load(place, PTR, 8)
        code = b.call(self.names.body(name), (context, memory, *args), i32)
        b.call(leave, (context, memory), None)
        b.ret(code)

    def entry(self, name: str) -> None:
        """Append the function that unpacks addresses and takes the run's memory."""
        b, func = self.b, self.functions[name]
        b.location = func.location
        types, symbols = func.function_type, func.symbol_names
        entry = b.function(self.names.entry(name), [PTR] * (4 if symbols else 3), i32)
        context, inputs, outputs, *told = entry.body.block.args
        pointers = [
            b.load(b.gep(table, i64, index), PTR, 8)
            for table, count in ((inputs, len(types.inputs)), (outputs, len(types.outputs)))
            for index in range(count)
        ]
        exprs = Expressions(b)
        for index, symbol in enumerate(symbols):
            exprs.values[symbol] = b.load(b.gep(told[0], i64, index), i64, 8)
        exprs.bounds |= dict(zip(symbols, func.bounds, strict=True))
        words = (*pointers, *(exprs.values[symbol] for symbol in symbols))
        if self.callees[name].is_recursive:
            b.ret(b.call(self.names.call(name), (context, *words), i32))
            return
        memory = self.frame(context, self.callees[name].frame_bytes, exprs)
        b.ret(b.call(self.names.body(name), (context, memory, *words), i32))

    def frame(self, context: SSAValue, size: IntExpr, exprs: Expressions) -> SSAValue:
        """Append taking the memory of a run; return its address."""
        b = self.b
        none = b.zero(PTR)
        if size == 0:
            return none
        size = _not_negative(size, exprs)
        allocate = b.load(b.gep(context, i8, CONTEXT_ALLOCATE), PTR, 8)
        memory = b.call(allocate, (context, exprs.value(size)), PTR)
        assert memory is not None, "the call has a result"
        out_of_memory, ready = b.new_block(), b.new_block()
        b.cond_br(b.icmp("eq", memory, none), out_of_memory, ready)
        b.start(out_of_memory)
        b.ret(b.integer(ERROR_MEMORY, i32))
        b.start(ready)
        return memory


def _not_negative(size: IntExpr, exprs: Expressions) -> IntExpr:
    """Return a size to ask for: a function that refuses its sizes is reached all the same."""
    return size if size.provably_ge0(exprs.bounds) else max_(size, 0)


def lower_program(
    source: ModuleOp, target: ModuleOp, prefix: str, kernels: Mapping[str, str] | None = None
) -> None:
    """Append the native functions of the vm.funcs of `source`, which stays, to `target`.

    Args:
        source: the program.
        target: a module of the `llvm` dialect.
        prefix: of the names of functions and constants.
        kernels: the symbols of kernels that are called otherwise than by their names.

    Raises:
        NotImplementedError: the program needs what native code does not have, by name.
    """
    _HostProgram(source, target, Names(prefix, kernels or {})).lower()


@dataclass(frozen=True)
class LowerVmToLlvmPass(ModulePass):
    """See the module docstring."""

    name = "lower-vm-to-llvm"
    prefix: str = "tyrex"
    """Of the names of functions and constants."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions: list[Operation] = [f for f in op.body.ops if isinstance(f, vm.FuncOp)]
        lower_program(op, op, self.prefix)
        for func in functions:
            func.detach()
            func.erase(safe_erase=False)
