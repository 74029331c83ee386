"""`arith` and `math` operations as expressions of C, one handler each.

A handler takes the operands' texts, which bind tightly and may be written once only: what needs
one twice is a helper. The results are those of the native code, bit for bit where that is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
)
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation

from ...dialects import dtypes
from .helpers import Helpers
from .types import Expr, c_type, half_name, integer, is_half, real, width


@dataclass(frozen=True)
class Call:
    """An operation on values, to be written in C."""

    op: Operation
    args: Sequence[str]
    """The operands, as operands of any operator."""
    helpers: Helpers

    @property
    def source(self) -> Attribute:
        """The type of the first operand."""
        return self.op.operands[0].type

    @property
    def result(self) -> Attribute:
        """The type of the result."""
        return self.op.results[0].type

    def help(self, name: str, *args: str) -> Expr:
        """Return a call of a helper, on the operands where no other arguments are given."""
        return Expr(self.helpers.call(name, *(args or self.args)), atomic=True)

    def rounded(self, value: Expr) -> Expr:
        """Return a float as a value of the result's type."""
        if not is_half(self.result):
            return value
        return self.help(f"round_{half_name(self.result)}", value.text)


Handler = Callable[[Call], Expr]


# -- integers --------------------------------------------------------------------------------


def _unsigned(value_type: Attribute, text: str) -> str:
    """Return a value read as an unsigned number."""
    return f"(uint64_t){text}" if isinstance(value_type, IndexType) else text


def _signed(value_type: Attribute, text: str) -> str:
    """Return a value read as a signed number; a true bool is -1."""
    if isinstance(value_type, IndexType):
        return text
    bits = width(value_type)
    return f"-(int){text}" if bits == 1 else f"(int{bits}_t){text}"


def _wrapped(value_type: Attribute, text: str) -> Expr:
    """Return what was computed in a wider type as a value of its own type."""
    if isinstance(value_type, IndexType) or width(value_type) < 32:
        return Expr(f"({c_type(value_type)})({text})")
    return Expr(text)


def _arithmetic(operator: str, of_bool: str) -> Handler:
    """A sum, a product and the like, modulo the width; `of_bool` is the operator on bools."""

    def handle(call: Call) -> Expr:
        a, b = call.args
        if width(call.result) == 1:
            return Expr(f"{a} {of_bool} {b}")
        x, y = _unsigned(call.result, a), _unsigned(call.result, b)
        if operator == "*" and width(call.result) == 16:
            x = f"(uint32_t){x}"  # the product of two uint16_t would be computed as an int
        return _wrapped(call.result, f"{x} {operator} {y}")

    return handle


def _helped(name: str, of_bool: str) -> Handler:
    """An operation that is a helper per width; `of_bool` is a pattern for bools."""

    def handle(call: Call) -> Expr:
        bits = width(call.result)
        if bits == 1:
            return Expr(of_bool.format(*call.args))
        args = (_unsigned(call.result, arg) for arg in call.args)
        result = call.help(f"{name}{bits}", *args)
        return _wrapped(call.result, result.text) if _is_index(call.result) else result

    return handle


def _is_index(value_type: Attribute) -> bool:
    return isinstance(value_type, IndexType)


def _shift(operator: str, *, signed: bool) -> Handler:
    """A shift; one by the width or more has no meaning, and is none that C leaves undefined."""

    def handle(call: Call) -> Expr:
        a, b = call.args
        bits = width(call.result)
        if bits == 1:
            return Expr(a, atomic=True)
        x = _signed(call.result, a) if signed else _unsigned(call.result, a)
        if operator == "<<" and bits < 32:
            x = f"(uint32_t){x}"
        text = f"{x} {operator} ({_unsigned(call.result, b)} & {bits - 1}u)"
        return Expr(f"({c_type(call.result)})({text})") if signed else _wrapped(call.result, text)

    return handle


_CMPI = ("==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">=")
_FIRST_UNSIGNED = 6


def _compare_integers(call: Call) -> Expr:
    number = _predicate(call.op)
    read = _signed if 2 <= number < _FIRST_UNSIGNED else _unsigned
    a, b = (read(call.source, arg) for arg in call.args)
    return Expr(f"{a} {_CMPI[number]} {b}")


def _predicate(op: Operation) -> int:
    attr = op.properties["predicate"]
    assert isinstance(attr, IntegerAttr)
    return attr.value.data


# -- floats ----------------------------------------------------------------------------------


def _real(operator: str) -> Handler:
    return lambda call: call.rounded(Expr(f"{call.args[0]} {operator} {call.args[1]}"))


def _bits(value_type: Attribute) -> int:
    """Return the bits of the type that a floating-point operation is done in."""
    return 64 if isinstance(value_type, Float64Type) else 32


def _extreme(name: str) -> Handler:
    """NaN wins; the sign of a zero matters unless the operation leaves it open."""

    def handle(call: Call) -> Expr:
        flags = call.op.properties.get("fastmath")
        is_open = isinstance(flags, arith.FastMathFlagsAttr) and (
            FastMathFlag.NO_SIGNED_ZEROS in flags.data
        )
        return call.help(f"{name}{'' if is_open else '_strict'}_f{_bits(call.result)}")

    return handle


def _libm(name: str) -> Handler:
    """A function of math.h."""

    def handle(call: Call) -> Expr:
        suffix = "" if isinstance(call.result, Float64Type) else "f"
        return call.rounded(Expr(f"{name}{suffix}({', '.join(call.args)})", atomic=True))

    return handle


def _fma(call: Call) -> Expr:
    if isinstance(call.result, Float64Type):
        return Expr(f"fma({', '.join(call.args)})", atomic=True)
    return call.rounded(call.help("fma_f32"))


_CMPF = (
    "false",
    *("{0} == {1}", "{0} > {1}", "{0} >= {1}", "{0} < {1}", "{0} <= {1}"),
    "islessgreater({0}, {1})",
    "!isunordered({0}, {1})",
    "!islessgreater({0}, {1})",
    *("!({0} <= {1})", "!({0} < {1})", "!({0} >= {1})", "!({0} > {1})", "{0} != {1}"),
    "isunordered({0}, {1})",
    "true",
)
"""The predicates of arith.cmpf by number; a comparison with NaN is false in C, != aside."""


def _compare_floats(call: Call) -> Expr:
    return Expr(_CMPF[_predicate(call.op)].format(*call.args))


# -- conversions, constants, choices ---------------------------------------------------------


def _constant(call: Call) -> Expr:
    assert isinstance(call.op, arith.ConstantOp)
    value = call.op.value
    if isinstance(value, FloatAttr):
        return real(value.value.data, call.result)
    assert isinstance(value, IntegerAttr)
    return integer(value.value.data, call.result)


def _select(call: Call) -> Expr:
    condition, a, b = call.args
    text = f"{condition} ? {a} : {b}"
    narrow = not dtypes.is_float(call.result) and 1 < width(call.result) < 32
    return _wrapped(call.result, text) if narrow else Expr(text)


def _extend(call: Call) -> Expr:
    """A wider float; a half-precision value is a float already."""
    wide = isinstance(call.result, Float64Type)
    return Expr(f"(double){call.args[0]}") if wide else Expr(call.args[0], atomic=True)


def _narrow(call: Call) -> Expr:
    """A narrower float. f64 to bf16 goes through f32, as in the native code."""
    (x,) = call.args
    if isinstance(call.source, Float64Type) and isinstance(call.result, Float16Type):
        return call.rounded(call.help("odd_f32"))
    return call.rounded(Expr(f"(float){x}"))


def _extend_signed(call: Call) -> Expr:
    target, (x,) = c_type(call.result), call.args
    return Expr(f"({target})({_signed(call.source, x)})")


def _cast(call: Call) -> Expr:
    return Expr(f"({c_type(call.result)}){call.args[0]}")


def _truncate(call: Call) -> Expr:
    if width(call.result) == 1:
        return Expr(f"({call.args[0]} & 1) != 0")
    return _cast(call)


def _index_cast(call: Call) -> Expr:
    if width(call.result) > width(call.source):
        return _extend_signed(call)
    if width(call.result) == width(call.source):
        return _cast(call)
    return _truncate(call)


def _to_float(*, signed: bool) -> Handler:
    def handle(call: Call) -> Expr:
        (x,) = call.args
        number = _signed(call.source, x) if signed else _unsigned(call.source, x)
        if isinstance(call.result, Float64Type):
            return Expr(f"(double)({number})")
        if not is_half(call.result):
            return Expr(f"(float)({number})")
        return call.rounded(call.help("odd_f32", f"(double)({number})"))

    return handle


def _to_integer(*, signed: bool) -> Handler:
    """NaN is 0, what does not fit the nearest that does."""

    def handle(call: Call) -> Expr:
        (x,) = call.args
        if width(call.result) == 1:
            return Expr(f"{x} <= -1" if signed else f"{x} >= 1")
        name = "to_signed" if signed else "to_unsigned"
        return call.help(f"{name}{width(call.result)}")

    return handle


def _bitcast(call: Call) -> Expr:
    if call.source == call.result:
        return Expr(call.args[0], atomic=True)
    number = call.source if dtypes.is_float(call.source) else call.result
    if isinstance(number, Float16Type | BFloat16Type):
        half = half_name(number)
        return call.help(f"f32_to_{half}" if number == call.source else f"{half}_to_f32")
    name = "bits" if number == call.source else "from_bits"
    return call.help(f"{name}{_bits(number)}")


HANDLERS: dict[type[Operation], Handler] = {
    arith.ConstantOp: _constant,
    arith.AddfOp: _real("+"),
    arith.SubfOp: _real("-"),
    arith.MulfOp: _real("*"),
    arith.DivfOp: _real("/"),
    arith.NegfOp: lambda call: Expr(f"-{call.args[0]}"),
    arith.MaximumfOp: _extreme("max"),
    arith.MinimumfOp: _extreme("min"),
    arith.MaxnumfOp: _libm("fmax"),
    arith.MinnumfOp: _libm("fmin"),
    arith.AddiOp: _arithmetic("+", "!="),
    arith.SubiOp: _arithmetic("-", "!="),
    arith.MuliOp: _arithmetic("*", "&&"),
    arith.AndIOp: _arithmetic("&", "&&"),
    arith.OrIOp: _arithmetic("|", "||"),
    arith.XOrIOp: _arithmetic("^", "!="),
    arith.ShLIOp: _shift("<<", signed=False),
    arith.ShRSIOp: _shift(">>", signed=True),
    arith.ShRUIOp: _shift(">>", signed=False),
    arith.DivSIOp: _helped("divs", "{0} && {1}"),
    arith.DivUIOp: _helped("divu", "{0} && {1}"),
    arith.RemSIOp: _helped("rems", "{0} && !{1}"),
    arith.RemUIOp: _helped("remu", "{0} && !{1}"),
    arith.MaxSIOp: _helped("maxs", "{0} && {1}"),
    arith.MinSIOp: _helped("mins", "{0} || {1}"),
    arith.MaxUIOp: _helped("maxu", "{0} || {1}"),
    arith.MinUIOp: _helped("minu", "{0} && {1}"),
    arith.CmpiOp: _compare_integers,
    arith.CmpfOp: _compare_floats,
    arith.SelectOp: _select,
    arith.ExtFOp: _extend,
    arith.TruncFOp: _narrow,
    arith.ExtSIOp: _extend_signed,
    arith.ExtUIOp: _cast,
    arith.TruncIOp: _truncate,
    arith.SIToFPOp: _to_float(signed=True),
    arith.UIToFPOp: _to_float(signed=False),
    arith.FPToSIOp: _to_integer(signed=True),
    arith.FPToUIOp: _to_integer(signed=False),
    arith.BitcastOp: _bitcast,
    arith.IndexCastOp: _index_cast,
    math.AbsIOp: _helped("abs", "{0}"),
    math.AbsFOp: _libm("fabs"),
    math.AcosOp: _libm("acos"),
    math.AcoshOp: _libm("acosh"),
    math.AsinOp: _libm("asin"),
    math.AsinhOp: _libm("asinh"),
    math.AtanOp: _libm("atan"),
    math.AtanhOp: _libm("atanh"),
    math.CbrtOp: _libm("cbrt"),
    math.CeilOp: _libm("ceil"),
    math.CopySignOp: _libm("copysign"),
    math.CosOp: _libm("cos"),
    math.CoshOp: _libm("cosh"),
    math.ErfOp: _libm("erf"),
    math.ExpOp: _libm("exp"),
    math.Exp2Op: _libm("exp2"),
    math.ExpM1Op: _libm("expm1"),
    math.FloorOp: _libm("floor"),
    math.FmaOp: _fma,
    math.LogOp: _libm("log"),
    math.Log10Op: _libm("log10"),
    math.Log1pOp: _libm("log1p"),
    math.Log2Op: _libm("log2"),
    math.PowFOp: _libm("pow"),
    math.RoundOp: _libm("round"),
    math.RoundEvenOp: _libm("rint"),  # in the rounding mode that programs start with
    math.SinOp: _libm("sin"),
    math.SinhOp: _libm("sinh"),
    math.SqrtOp: _libm("sqrt"),
    math.TanOp: _libm("tan"),
    math.TanhOp: _libm("tanh"),
    math.TruncOp: _libm("trunc"),
}
"""Operation -> how it is written."""
