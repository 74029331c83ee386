"""A kernel as a C function: one walk over its statements.

A vectorized or unrolled loop is a plain loop, its iterations in order; a parallel one becomes a
function that the context's `parallel_for` may call in parts. An expression that is used once is
written where it is used, one that reads memory no later than the next statement that writes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import prod
from typing import Any, cast

from xdsl.dialects.builtin import i1
from xdsl.ir import Block, Operation, SSAValue

from ...analysis.addresses import flat_address
from ...dialects import tir
from ...dialects.diagnostics import CompileError
from ...dialects.location import show
from .expressions import Expressions
from .helpers import Helpers
from .lines import Lines
from .scalars import HANDLERS, Call
from .scopes import Scope, live_operations, part_function, written_buffers
from .types import (
    Expr,
    NameTable,
    c_type,
    comment,
    element_type,
    half_name,
    is_half,
)

_LONG = 120
"""Characters from which an expression gets a name."""

_HINTS = {tir.ForKind.UNROLLED: "TYREX_UNROLL", tir.ForKind.VECTORIZED: "TYREX_INDEPENDENT"}
_MAX_UNROLL = 16

Load = tir.LoadOp | tir.PredicatedLoadOp
Store = tir.StoreOp | tir.PredicatedStoreOp


class KernelPrinter:
    """Prints one kernel.

    Args:
        kernel: without blocks.
        name: of the function.
        helpers: gets those that the kernel calls.
    """

    def __init__(self, kernel: tir.FuncOp, name: str, helpers: Helpers) -> None:
        self.kernel, self.name, self.helpers = kernel, name, helpers
        self.names = NameTable()
        self.values: dict[SSAValue, Expr] = {}
        self.pending: dict[SSAValue, Expr] = {}  # not written yet, in order
        self.exprs = Expressions(helpers, self._variable)
        self.symbols = {symbol: self.names.new(symbol, "n") for symbol in kernel.symbol_names}
        self.used_symbols: set[str] = set()
        self.live = live_operations(kernel)
        self.written = written_buffers(kernel)
        self.aliased = {kernel.inputs[i] for i, _ in kernel.aliases()}
        self.aliased |= {kernel.outputs[o] for _, o in kernel.aliases()}
        self.is_checked = any(isinstance(op, tir.CheckIndexOp) for op in kernel.walk())
        self.parts: list[str] = []  # functions of parallel loops
        self.scope = Scope(Lines(1), name)

    def print(self) -> str:
        """Return the functions of the kernel, its own last."""
        kernel = self.kernel
        for symbol in kernel.symbol_names:
            self.exprs.bounds[symbol] = (0, None)
        args: list[SSAValue] = [*kernel.inputs, *kernel.outputs, *kernel.workspaces]
        for arg in args:
            self.define(arg, "x")
        body = self.scope
        self.block(kernel.body.block)
        if self.returns:
            body.lines.add("return 0;")
        unused = [v for v in args if v not in body.used]
        lines = Lines()
        lines.add(f"/* {comment(show(kernel.location))} */")
        with lines.braces(self.declaration()):
            if self.returns and not self.is_parallel:
                lines.add("(void)context;")
            for value in unused:
                lines.add(f"(void){self.values[value].text};")
            for symbol in kernel.symbol_names:
                if symbol not in self.used_symbols:
                    lines.add(f"(void){self.symbols[symbol]};")
            lines.extend(body.lines)
        return "\n\n".join([*self.parts, lines.text()])

    @property
    def returns(self) -> bool:
        """Whether the function returns a code, since something in it may fail."""
        return self.is_parallel or self.is_checked

    @property
    def is_parallel(self) -> bool:
        """Whether the context runs a loop of it."""
        return self.scope.calls_context

    def declaration(self) -> str:
        """Return the head of the function."""
        params = [self.parameter(value) for value in self.kernel.body.block.args]
        params += [f"int64_t {name}" for name in self.symbols.values()]
        if self.returns:
            params.insert(0, "TYREX_CONTEXT *context")
        return f"static {'int32_t' if self.returns else 'void'} {self.name}({_joined(params)})"

    def parameter(self, value: SSAValue) -> str:
        """Return the declaration of a value as a parameter; see `kind`."""
        return f"{self.kind(value)}{self.values[value].text}"

    def kind(self, value: SSAValue) -> str:
        """Return the type of a value as a variable, ready for a name after it."""
        if not isinstance(value.type, tir.BufferType):
            return f"{c_type(value.type)} "
        const = "" if value in self.written else "const "
        # Only buffers that are in no alias pair are known not to overlap.
        restrict = "" if value in self.aliased else "restrict "
        return f"{const}{element_type(value.type.dtype)} *{restrict}"

    # -- values ------------------------------------------------------------------------------

    def define(self, value: SSAValue, default: str) -> str:
        """Give a value a name, which is returned."""
        name = self.names.new(value.name_hint, default)
        self.values[value] = Expr(name, atomic=True)
        self.scope.defined.add(value)
        return name

    def _variable(self, key: Hashable) -> str:
        """Return the name of a variable of an integer expression."""
        if isinstance(key, SSAValue):
            return self.value(cast(SSAValue, key)).arg
        assert isinstance(key, str), key
        self.used_symbols.add(key)
        return self.symbols[key]

    def value(self, value: SSAValue) -> Expr:
        """Return a value; one that was not written yet is from now on."""
        found = self.pending.pop(value, None)
        if found is not None:
            return found
        self.scope.used[value] = None
        return self.values[value]

    def bind(self, op: Operation, result: Expr) -> None:
        """Say what an operation's result is: write it, or leave it to its only use."""
        value = op.results[0]
        uses = list(value.uses)
        if isinstance(op, _CONSTANTS):
            self.values[value] = result
            return
        # An index may stand several times in one expression.
        inlined = len(uses) == 1 and value.type != tir.INDEX
        if inlined and uses[0].operation.parent is op.parent and len(result.text) <= _LONG:
            self.pending[value] = result
            return
        self.write(value, result)

    def write(self, value: SSAValue, result: Expr) -> None:
        """Write a variable that holds a value."""
        name = self.define(value, "v")
        self.scope.lines.add(f"const {c_type(value.type)} {name} = {result.text};")

    def flush(self, *, reads_only: bool = False) -> None:
        """Write what is left, before a statement that may change what it reads."""
        for value in [v for v, e in self.pending.items() if e.reads or not reads_only]:
            self.write(value, self.pending.pop(value))

    # -- statements --------------------------------------------------------------------------

    def block(self, block: Block) -> None:
        """Append a block's operations."""
        for op in block.ops:
            if op not in self.live:
                continue
            _STATEMENTS.get(type(op), KernelPrinter.scalar)(self, op)
        self.flush()

    def scalar(self, op: Operation) -> None:
        """Append an operation on values."""
        handler = HANDLERS.get(type(op))
        if handler is None or not op.results:
            raise CompileError(op, "cannot be written in C")
        args = [self.value(operand) for operand in op.operands]
        result = handler(Call(op, [arg.arg for arg in args], self.helpers))
        reads = any(arg.reads for arg in args)
        self.bind(op, Expr(result.text, result.atomic, reads))

    def predicate(self, op: tir.PredicateOp) -> None:
        """Append a condition on indices."""
        self.bind(op, self.exprs.holds(op.exprs_over_values(op.conditions)))

    def index_value(self, op: tir.IndexValueOp) -> None:
        """Append an expression's value."""
        (expr,) = op.exprs_over_values(op.expr)
        value, target = self.exprs.print(expr), c_type(op.result.type)
        self.bind(op, value if target == "int64_t" else Expr(f"({target}){value.arg}"))

    def allocate(self, op: tir.AllocOp) -> None:
        """Append a buffer of the function's own."""
        shape = op.buffer_type.static_shape()
        if op.buffer_type.scope != tir.STACK or shape is None:
            raise CompileError(op, "is no stack buffer of static shape; run lower-blocks first")
        element, name = element_type(op.buffer_type.dtype), self.define(op.buffer, "t")
        self.scope.lines.add(f"{element} {name}[{max(prod(shape), 1)}];")

    def place(self, op: Load | Store) -> str:
        """Return the element that an access means."""
        buffer_type = op.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        address = flat_address(buffer_type, op.exprs_over_values(op.indices))
        return f"{self.value(op.buffer).text}[{self.exprs.print(address).text}]"

    def load(self, op: Load) -> None:
        """Append a load."""
        place = self.place(op)
        loaded = Expr(place, atomic=True, reads=True)
        result_type = op.result.type
        if result_type == i1:
            loaded = Expr(f"{place} != 0", reads=True)
        elif is_half(result_type):
            text = self.helpers.call(f"{half_name(result_type)}_to_f32", place)
            loaded = Expr(text, atomic=True, reads=True)
        if isinstance(op, tir.PredicatedLoadOp):
            condition = self.exprs.holds(op.exprs_over_values(op.conditions))
            default = self.value(op.default)
            text = f"{condition.arg} ? {loaded.arg} : {default.arg}"
            # Both arms of a narrow type are promoted to int.
            element = c_type(result_type)
            narrow = element in ("uint8_t", "uint16_t")
            loaded = Expr(f"({element})({text})" if narrow else text, reads=True)
        self.bind(op, loaded)

    def store(self, op: Store) -> None:
        """Append a store."""
        value = self.value(op.value)
        if is_half(op.value.type):
            value = Expr(self.helpers.call(f"f32_to_{half_name(op.value.type)}", value.text))
        place = self.place(op)
        condition = None
        if isinstance(op, tir.PredicatedStoreOp):
            condition = self.exprs.holds(op.exprs_over_values(op.conditions))
        self.flush(reads_only=True)
        statement = f"{place} = {value.text};"
        if condition is None:
            self.scope.lines.add(statement)
            return
        with self.scope.lines.braces(f"if ({condition.text})"):
            self.scope.lines.add(statement)

    def check_index(self, op: tir.CheckIndexOp) -> None:
        """Append the test of an index."""
        index, extent, *conditions = map(
            self.exprs.simplified,
            op.exprs_over_values(
                tir.ExprsAttr((*op.index.data, *op.extent.data, *op.conditions.data))
            ),
        )
        fits = self.exprs.holds((index, extent - 1 - index))
        test = f"!({fits.text})"
        if conditions:
            test = f"{self.exprs.holds(tuple(conditions)).text} && {test}"
        place = comment(op.place.data).replace('"', "'")
        numbers = (self.exprs.print(expr).text for expr in (index, extent))
        with self.scope.lines.braces(f"if ({test})"):
            call = self.helpers.call("fail_index", f'"{place}"', *numbers)
            self.scope.lines.add(f"return {call};")

    def transpose(self, op: tir.TransposeOp) -> None:
        """Append the exchange of a square's rows and columns."""
        self.flush(reads_only=True)
        assert isinstance(op.buffer.type, tir.BufferType)
        buffer, element = self.value(op.buffer).text, element_type(op.buffer.type.dtype)
        row, column = self.names.new(None, "i"), self.names.new(None, "i")
        places = [f"{buffer}[{a} * {op.side} + {b}]" for a, b in ((row, column), (column, row))]
        lines, saved = self.scope.lines, self.names.new(None, "v")
        with (
            lines.braces(f"for (int64_t {row} = 1; {row} < {op.side}; {row}++)"),
            lines.braces(f"for (int64_t {column} = 0; {column} < {row}; {column}++)"),
        ):
            lines.add(f"const {element} {saved} = {places[0]};")
            lines.add(f"{places[0]} = {places[1]};")
            lines.add(f"{places[1]} = {saved};")

    # -- control -----------------------------------------------------------------------------

    def conditional(self, op: tir.IfOp) -> None:
        """Append a choice between two regions."""
        condition = self.value(op.cond)
        self.flush()
        lines = self.scope.lines
        with lines.braces(f"if ({condition.text})"):
            self.block(op.then_region.block)
        if op.else_region is not None:
            with lines.braces("else"):
                self.block(op.else_region.block)

    def loop(self, op: tir.ForOp) -> None:
        """Append a loop."""
        self.flush()
        extent = self.exprs.simplified(op.extent_expr())
        variable = op.induction_var
        self.exprs.bounds[variable] = (0, extent - 1)
        if op.kind.data is tir.ForKind.PARALLEL and not self.scope.is_parallel:
            self.parallel_loop(op, self.exprs.print(extent))
            return
        if extent == 1:
            self.exprs.fixed[variable] = 0
            self.values[variable] = Expr("INT64_C(0)", atomic=True)
            with self.scope.lines.braces(""):
                self.block(op.body.block)
            return
        self.counted_loop(op, "0", self.exprs.print(extent))

    def counted_loop(self, op: tir.ForOp, begin: str, end: Expr) -> None:
        """Append the loop `for i in begin .. end`."""
        name = self.define(op.induction_var, "i")
        hint = _HINTS.get(op.kind.data)
        extent = op.extent_expr()
        if hint == "TYREX_UNROLL":
            count = extent.constant_value if extent.is_constant else 0
            hint = f"{hint}({count})" if 1 < count <= _MAX_UNROLL else None
        if hint is not None:
            self.scope.lines.add(hint)
        head = f"for (int64_t {name} = {begin}; {name} < {end.arg}; {name}++)"
        with self.scope.lines.braces(head):
            self.block(op.body.block)

    def parallel_loop(self, op: tir.ForOp, extent: Expr) -> None:
        """Append a call of parallel_for on the loop's body, which becomes a function."""
        outer = self.scope
        outer.calls_context = True
        name = f"{self.name}_part{len(self.parts)}"
        inner = self.scope = Scope(Lines(1), name, is_parallel=True)
        symbols_before, self.used_symbols = self.used_symbols, set()
        self.counted_loop(op, "begin", Expr("end", atomic=True))
        self.scope = outer
        symbols, self.used_symbols = self.used_symbols, symbols_before | self.used_symbols
        captures = [v for v in inner.used if v in outer.defined]
        fields = {self.values[v].text: self.kind(v) for v in captures}
        fields |= {self.symbols[s]: "int64_t " for s in sorted(symbols)}
        outer.used |= dict.fromkeys(captures)
        self.parts.append(part_function(name, fields, inner.lines))
        lines = outer.lines
        closure = "NULL"
        with lines.braces(""):
            if fields:
                lines.add(f"struct {name} closure = {{{', '.join(fields)}}};")
                closure = "&closure"
            call = f"tyrex_parallel_for(context, {name}, {closure}, {extent.text})"
            lines.add(f"const int32_t code = {call};")
            with lines.braces("if (code != 0)"):
                lines.add("return code;")


_STATEMENTS: dict[type[Operation], Callable[[KernelPrinter, Any], None]] = {
    tir.AllocOp: KernelPrinter.allocate,
    tir.CheckIndexOp: KernelPrinter.check_index,
    tir.ForOp: KernelPrinter.loop,
    tir.IfOp: KernelPrinter.conditional,
    tir.IndexValueOp: KernelPrinter.index_value,
    tir.LoadOp: KernelPrinter.load,
    tir.PredicateOp: KernelPrinter.predicate,
    tir.PredicatedLoadOp: KernelPrinter.load,
    tir.PredicatedStoreOp: KernelPrinter.store,
    tir.StoreOp: KernelPrinter.store,
    tir.TransposeOp: KernelPrinter.transpose,
}
"""How operations are written; those not here have values (`scalars.py`)."""


def _joined(parameters: list[str]) -> str:
    return ", ".join(parameters) or "void"


_CONSTANTS: tuple[type[Operation], ...] = tuple(
    op_type for op_type in HANDLERS if op_type.name == "arith.constant"
)
