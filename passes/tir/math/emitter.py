"""Where the kernels of this folder append their arithmetic: f32, f64 and integers of their bits.

A kernel is a Python function of a `MathEmitter` and `Value`s. It never branches: both sides of a
choice are computed and one is selected, so that a vectorized loop runs it lane by lane.

LLVM may contract a product and the sum that reads it: kernels fuse on purpose, with `fma`, and
leave no such pair whose contraction would change a result.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Attribute, Block, Operation

from ....dialects import dtypes
from ....dialects.dtypes import f32, f64, i32, i64
from ....dialects.tir.values import Emitter, Number, Value

_NO_FASTMATH = arith.FastMathFlagsAttr("none")
_BITS: dict[Attribute, Attribute] = {f32: i32, f64: i64}
_FLOATS = {bits: number for number, bits in _BITS.items()}


class MathEmitter(Emitter):
    """Inserts operations before `anchor`, where it stands; constants once per block."""

    def __init__(self, block: Block, fused: bool = True) -> None:
        """Start on a block; `fused` tells whether the machine has an fma."""
        self.block = block
        self.fused = fused
        self.anchor: Operation | None = None
        self.location: LocationAttr | None = None
        self._constants: dict[tuple[str, Attribute], Value] = {}

    def before(self, op: Operation) -> None:
        """Go on before `op`, with its location."""
        self.anchor = op
        self.location = op.location

    def append(self, op: Operation) -> None:
        """Insert `op` before the anchor."""
        assert self.anchor is not None, "`before` says where"
        assert self.location is not None, "`before` says where"
        op.location = self.location
        self.block.insert_op_before(op, self.anchor)

    def const(self, value: Number, dtype: Attribute) -> Value:
        """Return a constant, the block's one of that value."""
        key = (repr(value), dtype)
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = super().const(value, dtype)
        return found

    # -- arithmetic ----------------------------------------------------------------------------

    def number(self, value: Value | float, like: Value) -> Value:
        """Return a number as a value of the type of `like`."""
        return value if isinstance(value, Value) else self.const(value, like.dtype)

    def fma(self, a: Value, b: Value | float, c: Value | float) -> Value:
        """Return a * b + c: rounded once, unless an fma would be a call."""
        if not self.fused:
            return a * self.number(b, a) + self.number(c, a)
        operands = [a.ssa, self.number(b, a).ssa, self.number(c, a).ssa]
        op = math.FmaOp.create(
            operands=operands,
            result_types=[a.ssa.type],
            properties={"fastmath": _NO_FASTMATH},
        )
        return self._value(op, a.dtype)

    def horner(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Return the polynomial of x with these coefficients, the highest power's first."""
        first, second, *rest = coefficients
        result = self.fma(x, first, second)
        for coefficient in rest:
            result = self.fma(result, x, coefficient)
        return result

    def absolute(self, x: Value) -> Value:
        """Return |x|."""
        return self.math("abs", x)

    def sqrt(self, x: Value) -> Value:
        """Return the square root of x, correctly rounded."""
        return self.math("sqrt", x)

    def with_sign(self, magnitude: Value, sign: Value) -> Value:
        """Return |magnitude| with the sign of `sign`."""
        op = math.CopySignOp.create(
            operands=[magnitude.ssa, sign.ssa],
            result_types=[magnitude.ssa.type],
            properties={"fastmath": _NO_FASTMATH},
        )
        return self._value(op, magnitude.dtype)

    # -- choices -------------------------------------------------------------------------------

    def where(self, cond: Value, a: Value | float, b: Value | float) -> Value:
        """Return a where cond, else b; one of them is a `Value`."""
        like = a if isinstance(a, Value) else b
        assert isinstance(like, Value), "a choice between two constants has no type"
        return self.select(cond, self.number(a, like), self.number(b, like))

    def at_most(self, x: Value, limit: float) -> Value:
        """Return the smaller of x and a limit; NaN stays. One instruction where x86's min is."""
        return self.where(x > limit, limit, x)

    def at_least(self, x: Value, limit: float) -> Value:
        """Return the larger of x and a limit; NaN stays."""
        return self.where(x < limit, limit, x)

    def clamp(self, x: Value, low: float, high: float) -> Value:
        """Return x between two limits; NaN stays."""
        return self.at_least(self.at_most(x, high), low)

    # -- bits ----------------------------------------------------------------------------------

    def bits(self, x: Value) -> Value:
        """Return the bits of a float as a signed integer of its size."""
        return self._bitcast(x, _BITS[x.dtype])

    def from_bits(self, x: Value) -> Value:
        """Return the float that has these bits."""
        return self._bitcast(x, _FLOATS[x.dtype])

    def _bitcast(self, x: Value, dtype: Attribute) -> Value:
        op = arith.BitcastOp.create(operands=[x.ssa], result_types=[dtypes.value_type(dtype)])
        return self._value(op, dtype)

    def shift_left(self, x: Value, count: int) -> Value:
        """Return the integer x << count."""
        return self.binary("shl", x, self.const(count, x.dtype))

    def shift_right(self, x: Value, count: int) -> Value:
        """Return the signed integer x >> count."""
        return self.binary("shr", x, self.const(count, x.dtype))

    def widen(self, x: Value) -> Value:
        """Return an f32 as f64."""
        return self.cast(x, f64)

    def narrow(self, x: Value) -> Value:
        """Return an f64 rounded to f32."""
        return self.cast(x, f32)
