"""What `arith` and `math` operations mean, on NumPy scalars and, element for element, on arrays.

A table: operation type -> function of the operation that returns `(mask, operands) -> result`.
`mask` says which lanes run (None: all): an operation that can fail looks at those alone. Floats
narrower than f64 compute transcendental functions in f64 and round once.
"""

from __future__ import annotations

import math as pymath
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, IndexType, IntegerAttr
from xdsl.ir import Attribute, Operation

from ...dialects import dtypes
from .errors import InterpreterError

Array = Any  # a NumPy scalar or array of any type
Mask = npt.NDArray[np.bool_] | None
Evaluate = Callable[[Mask, Sequence[Array]], Array]  # (mask, operands) -> result
Meaning = Callable[[Operation], Evaluate]


def numpy_type(value_type: Attribute) -> np.dtype[Any]:
    """Return the NumPy dtype of a scalar value; an index is an int64."""
    return np.dtype(np.int64) if isinstance(value_type, IndexType) else dtypes.to_numpy(value_type)


def _result_type(op: Operation) -> np.dtype[Any]:
    return numpy_type(op.results[0].type)


def _where(cond: Array, a: Array, b: Array) -> Array:
    """Return a where cond, else b (both of one type)."""
    return np.where(np.asarray(cond), np.asarray(a), np.asarray(b))


# -- floats ----------------------------------------------------------------------------------


def _exact(function: Callable[..., Array]) -> Meaning:
    """A function that NumPy computes exactly in the operands' own type."""
    return lambda op: lambda mask, args: function(*args)


def _rounded(function: Callable[..., Array]) -> Meaning:
    """A function computed in f64 and rounded to the result's type."""

    def meaning(op: Operation) -> Evaluate:
        target = _result_type(op)

        def evaluate(mask: Mask, args: Sequence[Array]) -> Array:
            result: Array = function(*[arg.astype(np.float64) for arg in args])
            return result.astype(target)

        return evaluate

    return meaning


def _maximum(a: Array, b: Array) -> Array:
    """IEEE 754-2019 maximum: NaN wins, +0 is above -0."""
    larger = np.maximum(a, b)
    zeros = (a == 0) & (b == 0)
    return _where(zeros, a + b, larger) if np.any(zeros) else larger


def _minimum(a: Array, b: Array) -> Array:
    return -_maximum(-a, -b)


def _round_half_away(a: Array) -> Array:
    whole = np.trunc(a)
    return whole + np.copysign((np.abs(a - whole) >= 0.5).astype(whole.dtype), a)


def _rsqrt(a: Array) -> Array:
    return 1.0 / np.sqrt(a)


def _erf(a: Array) -> Array:
    return np.asarray(np.frompyfunc(pymath.erf, 1, 1)(a)).astype(np.float64)


def _fma(a: Array, b: Array, c: Array) -> Array:
    """The sum a * b + c in f64, with what the product and the sum lose added before it rounds.

    Source: the error of a product is Dekker's (Numer. Math. 18, 1971), of a sum Knuth's two-sum.
    """
    product = a * b
    total = product + c
    part = total - product
    lost = (product - (total - part)) + (c - part) + _product_error(a, b, product)
    # Beyond what splits without overflow, and of infinities, the plain sum stands.
    return _where(np.isfinite(lost) & (lost != 0), total + lost, total)


def _product_error(a: Array, b: Array, product: Array) -> Array:
    """Return a * b - product, exactly where no step overflows."""
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: Array) -> tuple[Array, Array]:
    """Return an f64 as a sum of two numbers of 26 bits."""
    scaled = a * 134217729.0  # 2^27 + 1
    high = scaled - (scaled - a)
    return high, a - high


_CMPF: tuple[Callable[[Array, Array], Array], ...] = (
    lambda a, b: (a != a) & (a == a) & (b == b),
    lambda a, b: a == b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: (a < b) | (a > b),
    lambda a, b: (a == a) & (b == b),
)
"""The ordered predicates of arith.cmpf; number 15 - k is the negation of number k."""


def _cmpf(op: Operation) -> Evaluate:
    number = _predicate(op)
    if number < len(_CMPF):
        ordered = _CMPF[number]
        return lambda mask, args: ordered(*args)
    # The unordered predicates 8 .. 15 are ueq, ugt, uge, ult, ule, une, uno, true.
    opposite = _CMPF[(6, 5, 4, 3, 2, 1, 7, 0)[number - 8]]
    return lambda mask, args: ~opposite(*args)


# -- integers --------------------------------------------------------------------------------


def signed(a: Array) -> Array:
    """Return an integer read as signed: a true i1 is -1."""
    return -(a.astype(np.int8)) if a.dtype == np.bool_ else a


def unsigned(a: Array) -> Array:
    """Return an integer read as unsigned."""
    return a.astype(np.uint8) if a.dtype == np.bool_ else a.view(f"uint{a.dtype.itemsize * 8}")


def wrapped(a: Array, target: np.dtype[Any]) -> Array:
    """Return an integer modulo the width of `target`."""
    return (a & 1).astype(np.bool_) if target == np.bool_ else a.astype(target)


def _integer(read: Callable[[Array], Array], function: Callable[..., Array]) -> Meaning:
    """A function of integers read as signed or unsigned, wrapped to the result's width."""

    def meaning(op: Operation) -> Evaluate:
        target = _result_type(op)
        return lambda mask, args: wrapped(function(*map(read, args)), target)

    return meaning


def _division(read: Callable[[Array], Array], function: Callable[[Array, Array], Array]) -> Meaning:
    """A quotient or remainder: a zero divisor, and the one quotient that overflows, are errors."""

    def meaning(op: Operation) -> Evaluate:
        target = _result_type(op)

        def evaluate(mask: Mask, args: Sequence[Array]) -> Array:
            x, y = map(read, args)
            _forbid(op, mask, y == 0, "divides by zero; guard the division")
            if read is signed:
                least = np.iinfo(x.dtype).min if target != np.bool_ else -1
                overflows = (x == least) & (y == -1)
                _forbid(op, mask, overflows, "overflows: the least integer by -1; guard it")
            safe = _where(y == 0, y.dtype.type(1), y)
            return wrapped(function(x, safe), target)

        return evaluate

    return meaning


def _same(a: Array) -> Array:
    return a


def _quotient_up(a: Array, b: Array) -> Array:
    return a // b + (a % b != 0)


def _truncated(a: Array, b: Array) -> Array:
    return (a - np.fmod(a, b)) // b


def _shift(read: Callable[[Array], Array], function: Callable[[Array, Array], Array]) -> Meaning:
    """A shift; shifting by the width or more has no defined result."""

    def meaning(op: Operation) -> Evaluate:
        target = _result_type(op)
        width = 1 if target == np.bool_ else target.itemsize * 8

        def evaluate(mask: Mask, args: Sequence[Array]) -> Array:
            x, amount = read(args[0]), unsigned(args[1])
            too_far = amount >= width
            _forbid(op, mask, too_far, f"shifts {width} bits by {width} or more; guard it")
            return wrapped(function(x, np.where(too_far, 0, amount).astype(x.dtype)), target)

        return evaluate

    return meaning


def _forbid(op: Operation, mask: Mask, wrong: Array, what: str) -> None:
    """Raise where a running lane is wrong."""
    if np.any(wrong) and (mask is None or np.any(mask & wrong)):
        raise InterpreterError(op, what)


_CMPI: tuple[tuple[Callable[[Array], Array], np.ufunc], ...] = (
    (unsigned, np.equal),
    (unsigned, np.not_equal),
    (signed, np.less),
    (signed, np.less_equal),
    (signed, np.greater),
    (signed, np.greater_equal),
    (unsigned, np.less),
    (unsigned, np.less_equal),
    (unsigned, np.greater),
    (unsigned, np.greater_equal),
)


def _cmpi(op: Operation) -> Evaluate:
    read, compare = _CMPI[_predicate(op)]
    return lambda mask, args: compare(*map(read, args))


def _predicate(op: Operation) -> int:
    attr = op.properties["predicate"]
    assert isinstance(attr, IntegerAttr)
    return attr.value.data


# -- conversions, constants, choices ---------------------------------------------------------


def _to_float(read: Callable[[Array], Array]) -> Meaning:
    def meaning(op: Operation) -> Evaluate:
        target = _result_type(op)
        return lambda mask, args: read(args[0]).astype(target)

    return meaning


def _to_integer(is_signed: bool) -> Meaning:
    """Float to integer: NaN is 0, what does not fit becomes the nearest that does."""

    def meaning(op: Operation) -> Evaluate:
        target = _result_type(op)
        width = 1 if target == np.bool_ else target.itemsize * 8
        wide = np.dtype(f"{'int' if is_signed else 'uint'}{max(width, 8)}")
        low = -(1 << (width - 1)) if is_signed else 0
        high = (1 << (width - is_signed)) - 1

        def evaluate(mask: Mask, args: Sequence[Array]) -> Array:
            x = np.trunc(np.asarray(args[0]).astype(np.float64))
            fits = (x >= low) & (x < float(high + 1))
            result = np.where(fits, x, 0.0).astype(wide)
            result = np.where(x < low, wide.type(low), result)
            result = np.where(x >= float(high + 1), wide.type(high), result)
            return wrapped(result, target) if target == np.bool_ else result.view(target)

        return evaluate

    return meaning


def _convert(op: Operation) -> Evaluate:
    target = _result_type(op)
    return lambda mask, args: args[0].astype(target)


def _bitcast(op: Operation) -> Evaluate:
    target = _result_type(op)
    return lambda mask, args: args[0].view(target)


def _constant(op: Operation) -> Evaluate:
    value, target = op.properties["value"], _result_type(op)
    if isinstance(value, FloatAttr):
        scalar = np.float64(value.value.data).astype(target)
    else:
        assert isinstance(value, IntegerAttr)
        scalar = wrapped(np.asarray(value.value.data), target)[()]
    return lambda mask, args: scalar


def _select(op: Operation) -> Evaluate:
    def evaluate(mask: Mask, args: Sequence[Array]) -> Array:
        cond, a, b = args
        if np.ndim(cond) == 0:
            return a if cond else b
        return _where(cond, a, b)

    return evaluate


MEANINGS: dict[type[Operation], Meaning] = {
    arith.ConstantOp: _constant,
    arith.SelectOp: _select,
    arith.AddfOp: _exact(np.add),
    arith.SubfOp: _exact(np.subtract),
    arith.MulfOp: _exact(np.multiply),
    arith.DivfOp: _exact(np.divide),
    arith.NegfOp: _exact(np.negative),
    arith.MaximumfOp: _exact(_maximum),
    arith.MinimumfOp: _exact(_minimum),
    arith.MaxnumfOp: _exact(np.fmax),
    arith.MinnumfOp: _exact(np.fmin),
    arith.CmpfOp: _cmpf,
    arith.AddiOp: _integer(unsigned, np.add),
    arith.SubiOp: _integer(unsigned, np.subtract),
    arith.MuliOp: _integer(unsigned, np.multiply),
    arith.AndIOp: _integer(unsigned, np.bitwise_and),
    arith.OrIOp: _integer(unsigned, np.bitwise_or),
    arith.XOrIOp: _integer(unsigned, np.bitwise_xor),
    arith.MaxSIOp: _integer(signed, np.maximum),
    arith.MinSIOp: _integer(signed, np.minimum),
    arith.MaxUIOp: _integer(unsigned, np.maximum),
    arith.MinUIOp: _integer(unsigned, np.minimum),
    arith.DivSIOp: _division(signed, _truncated),
    arith.DivUIOp: _division(unsigned, np.floor_divide),
    arith.RemSIOp: _division(signed, np.fmod),
    arith.RemUIOp: _division(unsigned, np.remainder),
    arith.FloorDivSIOp: _division(signed, np.floor_divide),
    arith.CeilDivSIOp: _division(signed, _quotient_up),
    arith.CeilDivUIOp: _division(unsigned, _quotient_up),
    arith.ShLIOp: _shift(unsigned, np.left_shift),
    arith.ShRSIOp: _shift(signed, np.right_shift),
    arith.ShRUIOp: _shift(unsigned, np.right_shift),
    arith.CmpiOp: _cmpi,
    arith.ExtFOp: _convert,
    arith.TruncFOp: _convert,
    arith.ExtSIOp: _integer(signed, _same),
    arith.ExtUIOp: _integer(unsigned, _same),
    arith.TruncIOp: _integer(signed, _same),
    arith.SIToFPOp: _to_float(signed),
    arith.UIToFPOp: _to_float(unsigned),
    arith.FPToSIOp: _to_integer(is_signed=True),
    arith.FPToUIOp: _to_integer(is_signed=False),
    arith.BitcastOp: _bitcast,
    arith.IndexCastOp: _integer(signed, _same),
    math.AbsFOp: _exact(np.abs),
    math.AbsIOp: _integer(signed, np.abs),
    math.AcosOp: _rounded(np.arccos),
    math.AcoshOp: _rounded(np.arccosh),
    math.AsinOp: _rounded(np.arcsin),
    math.AsinhOp: _rounded(np.arcsinh),
    math.AtanOp: _rounded(np.arctan),
    math.Atan2Op: _rounded(np.arctan2),
    math.AtanhOp: _rounded(np.arctanh),
    math.CbrtOp: _rounded(np.cbrt),
    math.CeilOp: _exact(np.ceil),
    math.CopySignOp: _exact(np.copysign),
    math.CosOp: _rounded(np.cos),
    math.CoshOp: _rounded(np.cosh),
    math.ErfOp: _rounded(_erf),
    math.ExpOp: _rounded(np.exp),
    math.Exp2Op: _rounded(np.exp2),
    math.ExpM1Op: _rounded(np.expm1),
    math.FloorOp: _exact(np.floor),
    math.FmaOp: _rounded(_fma),
    math.LogOp: _rounded(np.log),
    math.Log10Op: _rounded(np.log10),
    math.Log1pOp: _rounded(np.log1p),
    math.Log2Op: _rounded(np.log2),
    math.PowFOp: _rounded(np.power),
    math.RoundOp: _exact(_round_half_away),
    math.RoundEvenOp: _exact(np.rint),
    math.RsqrtOp: _rounded(_rsqrt),
    math.SinOp: _rounded(np.sin),
    math.SinhOp: _rounded(np.sinh),
    math.SqrtOp: _rounded(np.sqrt),
    math.TanOp: _rounded(np.tan),
    math.TanhOp: _rounded(np.tanh),
    math.TruncOp: _exact(np.trunc),
}
