"""Values of a kernel under construction: Python operators that append `arith` and `math` ops.

A `Value` knows its element type with its sign, so that `a / b` is divsi, divui or divf.
"""

from __future__ import annotations

import math as pymath
from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType, UnitAttr, i1
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Block, Operation, SSAValue

from .. import dtypes

Number = bool | int | float
Append = Callable[[Operation], None]

# Sign-dependent operations: (float, signed, unsigned); bool counts as unsigned.
_BINARY: dict[str, tuple[type[Operation], type[Operation], type[Operation]]] = {
    "add": (arith.AddfOp, arith.AddiOp, arith.AddiOp),
    "sub": (arith.SubfOp, arith.SubiOp, arith.SubiOp),
    "mul": (arith.MulfOp, arith.MuliOp, arith.MuliOp),
    "div": (arith.DivfOp, arith.DivSIOp, arith.DivUIOp),
    "max": (arith.MaximumfOp, arith.MaxSIOp, arith.MaxUIOp),
    "min": (arith.MinimumfOp, arith.MinSIOp, arith.MinUIOp),
}
_INTEGER_BINARY: dict[str, tuple[type[Operation], type[Operation]]] = {
    "rem": (arith.RemSIOp, arith.RemUIOp),
    "and": (arith.AndIOp, arith.AndIOp),
    "or": (arith.OrIOp, arith.OrIOp),
    "xor": (arith.XOrIOp, arith.XOrIOp),
    "shl": (arith.ShLIOp, arith.ShLIOp),
    "shr": (arith.ShRSIOp, arith.ShRUIOp),
}
_CMPF = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}
_MATH: dict[str, type[Operation]] = {
    "abs": math.AbsFOp,
    "acos": math.AcosOp,
    "acosh": math.AcoshOp,
    "asin": math.AsinOp,
    "asinh": math.AsinhOp,
    "atan": math.AtanOp,
    "atanh": math.AtanhOp,
    "ceil": math.CeilOp,
    "cos": math.CosOp,
    "cosh": math.CoshOp,
    "erf": math.ErfOp,
    "exp": math.ExpOp,
    "exp2": math.Exp2Op,
    "expm1": math.ExpM1Op,
    "floor": math.FloorOp,
    "log": math.LogOp,
    "log10": math.Log10Op,
    "log1p": math.Log1pOp,
    "log2": math.Log2Op,
    "powf": math.PowFOp,
    "round_even": math.RoundEvenOp,
    "sin": math.SinOp,
    "sinh": math.SinhOp,
    "sqrt": math.SqrtOp,
    "tan": math.TanOp,
    "tanh": math.TanhOp,
    "trunc": math.TruncOp,
}
MATH_FUNCTIONS = tuple(_MATH)
NONPOSITIVE = "nonpositive"
"""Attribute of a `math.exp` whose operand is at most 0, or NaN; see `exp_nonpositive`."""


@dataclass(frozen=True, eq=False)
class Value:
    """A scalar in a kernel: its SSA value, its element type, where its operations go."""

    ssa: SSAValue
    dtype: Attribute
    emitter: Emitter

    def _binary(self, kind: str, other: Value | Number, swap: bool = False) -> Value:
        right = self.emitter.const(other, self.dtype) if not isinstance(other, Value) else other
        return self.emitter.binary(kind, *((right, self) if swap else (self, right)))

    def __add__(self, other: Value | Number) -> Value:
        return self._binary("add", other)

    def __radd__(self, other: Number) -> Value:
        return self._binary("add", other, swap=True)

    def __sub__(self, other: Value | Number) -> Value:
        return self._binary("sub", other)

    def __rsub__(self, other: Number) -> Value:
        return self._binary("sub", other, swap=True)

    def __mul__(self, other: Value | Number) -> Value:
        return self._binary("mul", other)

    def __rmul__(self, other: Number) -> Value:
        return self._binary("mul", other, swap=True)

    def __truediv__(self, other: Value | Number) -> Value:
        return self._binary("div", other)

    def __rtruediv__(self, other: Number) -> Value:
        return self._binary("div", other, swap=True)

    def __mod__(self, other: Value | Number) -> Value:
        return self._binary("rem", other)

    def __and__(self, other: Value | Number) -> Value:
        return self._binary("and", other)

    def __or__(self, other: Value | Number) -> Value:
        return self._binary("or", other)

    def __xor__(self, other: Value | Number) -> Value:
        return self._binary("xor", other)

    def __neg__(self) -> Value:
        return self.emitter.negate(self)

    def __invert__(self) -> Value:
        ones = self.emitter.const(True if dtypes.is_bool(self.dtype) else -1, self.dtype)
        return self.emitter.binary("xor", self, ones)

    def __lt__(self, other: Value | Number) -> Value:
        return self.compare("lt", other)

    def __le__(self, other: Value | Number) -> Value:
        return self.compare("le", other)

    def __gt__(self, other: Value | Number) -> Value:
        return self.compare("gt", other)

    def __ge__(self, other: Value | Number) -> Value:
        return self.compare("ge", other)

    def compare(self, kind: str, other: Value | Number) -> Value:
        """Return the bool `self kind other`; kind is eq, ne (true on NaN), lt, le, gt or ge."""
        right = self.emitter.const(other, self.dtype) if not isinstance(other, Value) else other
        return self.emitter.compare(kind, self, right)


class Emitter:
    """Appends operations to the current block and wraps their results."""

    block: Block

    def append(self, op: Operation) -> None:
        """Append `op` to the current block (overridden to set locations)."""
        self.block.add_op(op)

    def _value(self, op: Operation, dtype: Attribute) -> Value:
        self.append(op)
        return Value(op.results[0], dtype, self)

    def const(self, value: Number, dtype: Attribute) -> Value:
        """Return a constant of element type `dtype`; integers wrap to the type's width."""
        ssa_type = dtypes.value_type(dtype)
        attr = number_attr(value, ssa_type)
        op = arith.ConstantOp.create(result_types=[ssa_type], properties={"value": attr})
        return self._value(op, dtype)

    def binary(self, kind: str, a: Value, b: Value) -> Value:
        """Return `a kind b`: add sub mul div max min (NaN wins), rem and or xor shl shr."""
        if a.dtype != b.dtype:
            raise TypeError(f"{kind} of {a.dtype} and {b.dtype}: cast one of them")
        unsigned = dtypes.is_unsigned(a.dtype)
        if kind in _BINARY:
            of_float, signed, of_unsigned = _BINARY[kind]
            cls = of_float if dtypes.is_float(a.dtype) else of_unsigned if unsigned else signed
        else:
            if dtypes.is_float(a.dtype):
                raise TypeError(f"{kind} needs integers, not {a.dtype}")
            cls = _INTEGER_BINARY[kind][unsigned]
        return self._value(_create(cls, [a.ssa, b.ssa], a.ssa.type), a.dtype)

    def max(self, a: Value, b: Value) -> Value:
        """Return the larger; NaN where one is NaN, either of two zeros."""
        return self.binary("max", a, b)

    def larger(self, a: Value, b: Value) -> Value:
        """Return the larger number, in one instruction; anything where one is NaN."""
        result = self.binary("max", a, b)
        if dtypes.is_float(a.dtype) and isinstance(result.ssa.owner, Operation):
            result.ssa.owner.properties["fastmath"] = _NUMBERS
        return result

    def min(self, a: Value, b: Value) -> Value:
        """Return the smaller; NaN where one is NaN, either of two zeros."""
        return self.binary("min", a, b)

    def negate(self, a: Value) -> Value:
        """Return -a."""
        if dtypes.is_float(a.dtype):
            return self._value(_create(arith.NegfOp, [a.ssa], a.ssa.type), a.dtype)
        return self.binary("sub", self.const(0, a.dtype), a)

    def compare(self, kind: str, a: Value, b: Value) -> Value:
        """Return the bool `a kind b`."""
        if a.dtype != b.dtype:
            raise TypeError(f"comparison of {a.dtype} and {b.dtype}: cast one of them")
        if dtypes.is_float(a.dtype):
            return self._value(arith.CmpfOp(a.ssa, b.ssa, _CMPF[kind]), i1)
        prefix = "" if kind in ("eq", "ne") else "u" if dtypes.is_unsigned(a.dtype) else "s"
        return self._value(arith.CmpiOp(a.ssa, b.ssa, prefix + kind), i1)

    def select(self, cond: Value, a: Value, b: Value) -> Value:
        """Return a where cond, else b; both are evaluated."""
        op = _create(arith.SelectOp, [cond.ssa, a.ssa, b.ssa], a.ssa.type)
        return self._value(op, a.dtype)

    def math(self, name: str, *args: Value) -> Value:
        """Return a function of `math` (one of MATH_FUNCTIONS) of floats."""
        op = _create(_MATH[name], [arg.ssa for arg in args], args[0].ssa.type)
        return self._value(op, args[0].dtype)

    def exp_nonpositive(self, a: Value) -> Value:
        """Return e^a of a number at most 0, or NaN; 0 where it is below the normal numbers.

        A softmax's: it takes a quarter fewer steps than one for all numbers.
        """
        result = self.math("exp", a)
        assert isinstance(result.ssa.owner, Operation), "it was just made"
        result.ssa.owner.attributes[NONPOSITIVE] = UnitAttr()
        return result

    def cast(self, a: Value, dtype: Attribute) -> Value:
        """Return `a` as `dtype`: as C casts; to bool is `a != 0`; float to int saturates.

        NaN becomes 0 in integers (LLVM's fptosi.sat), so that no conversion is undefined.
        """
        if a.dtype == dtype:
            return a
        if dtypes.is_bool(dtype):
            return self.compare("ne", a, self.const(0, a.dtype))
        cls = _cast_op(a.dtype, dtype)
        ssa_type = dtypes.value_type(dtype)
        if cls is None:  # the same width: only the sign's reading changes
            return Value(a.ssa, dtype, self)
        return self._value(_create(cls, [a.ssa], ssa_type), dtype)


def _create(cls: type[Operation], operands: list[SSAValue], result: Attribute) -> Operation:
    flags = _FASTMATH.get(cls)
    return cls.create(
        operands=operands,
        result_types=[result],
        properties={"fastmath": flags} if flags is not None else {},
    )


_EXACT = arith.FastMathFlagsAttr("none")
# Which of two zeros is the larger costs x86 three instructions more, and nobody asks.
_EITHER_ZERO = arith.FastMathFlagsAttr([FastMathFlag.NO_SIGNED_ZEROS])
_NUMBERS = arith.FastMathFlagsAttr(
    [FastMathFlag.NO_NANS, FastMathFlag.NO_SIGNED_ZEROS]
)  # no NaN matters
_FASTMATH: dict[type[Operation], Attribute] = {
    arith.AddfOp: _EXACT,
    arith.SubfOp: _EXACT,
    arith.MulfOp: _EXACT,
    arith.DivfOp: _EXACT,
    arith.MaximumfOp: _EITHER_ZERO,
    arith.MinimumfOp: _EITHER_ZERO,
    arith.NegfOp: _EXACT,
    **{op_type: _EXACT for op_type in _MATH.values()},
}


def number_attr(value: Number, value_type: Attribute) -> FloatAttr | IntegerAttr:
    """Return the attribute of a constant of a value's type; integers wrap to the width."""
    if isinstance(value_type, dtypes.AnyFloatType):
        return FloatAttr(_clamp(float(value), value_type), value_type)
    width = _bits(value_type)
    return IntegerAttr(_wrap(int(value), width), IntegerType(width))


def _wrap(value: int, width: int) -> int:
    """Return `value` modulo 2^width in the signed range (bool: 0 or 1 kept as is)."""
    if width == 1:
        return int(value != 0)
    half = 1 << (width - 1)
    return (value + half) % (1 << width) - half


def _clamp(value: float, ssa_type: Attribute) -> float:
    """Return `value` as the type can hold it: f32's largest stands for what overflows it."""
    limit = _LARGEST.get(ssa_type)
    if limit is None or not pymath.isfinite(value) or abs(value) <= limit:
        return value
    return pymath.copysign(pymath.inf, value)


_LARGEST: dict[Attribute, float] = {
    dtypes.f16: 65504.0,
    dtypes.bf16: 3.3895313892515355e38,
    dtypes.f32: 3.4028234663852886e38,
}


def _bits(dtype: Attribute) -> int:
    return 1 if dtypes.is_bool(dtype) else 8 * dtypes.size_bytes(dtype)


def _cast_op(source: Attribute, target: Attribute) -> type[Operation] | None:
    unsigned = dtypes.is_unsigned(source)
    if dtypes.is_float(source) and dtypes.is_float(target):
        return arith.ExtFOp if _bits(source) < _bits(target) else arith.TruncFOp
    if dtypes.is_float(source):
        return arith.FPToUIOp if dtypes.is_unsigned(target) else arith.FPToSIOp
    if dtypes.is_float(target):
        return arith.UIToFPOp if unsigned else arith.SIToFPOp
    if _bits(source) == _bits(target):
        return None
    if _bits(source) > _bits(target):
        return arith.TruncIOp
    return arith.ExtUIOp if unsigned else arith.ExtSIOp
