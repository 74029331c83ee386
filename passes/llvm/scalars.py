"""`arith` and `math` operations as llvm values, one handler each; all take vectors too."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    AnyFloat,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    bf16,
    f32,
    f64,
    i1,
    i32,
    i64,
)
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import dtypes, llvm
from ...dialects.diagnostics import CompileError
from ...dialects.llvm.build import CONTRACT, EITHER_ZERO, NO_FASTMATH, LLVMBuilder
from ...dialects.llvm.types import element_of, lanes, like, vector

Handler = Callable[[LLVMBuilder, Operation, list[SSAValue]], SSAValue]

_NSZ = FastMathFlag.NO_SIGNED_ZEROS
_CMPI = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
_CMPF = (
    *("_false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord"),
    *("ueq", "ugt", "uge", "ult", "ule", "une", "uno", "_true"),
)


def _integer(op_type: type[Operation]) -> Handler:
    return lambda b, op, args: b.binary(op_type, args[0], args[1])


def _real(op_type: type[Operation], contract: bool) -> Handler:
    flags = CONTRACT if contract else NO_FASTMATH
    return lambda b, op, args: b.real_binary(op_type, args[0], args[1], flags)


def _intrinsic(name: str) -> Handler:
    return lambda b, op, args: b.elementwise(name, *args)


def _larger(name: str, predicate: str) -> Handler:
    """NaN wins; where the operation leaves the sign of zero open, x86 has it in fewer steps.

    Where it says that no NaN matters, a comparison and a choice are one instruction.
    """

    def lower(b: LLVMBuilder, op: Operation, args: list[SSAValue]) -> SSAValue:
        flags = op.properties.get("fastmath")
        promised = flags.data if isinstance(flags, arith.FastMathFlagsAttr) else ()
        if FastMathFlag.NO_NANS in promised and _NSZ in promised:
            return b.select(b.fcmp(predicate, args[0], args[1]), args[0], args[1])
        open_zero = _NSZ in promised
        return b.elementwise(name, *args, fastmath=EITHER_ZERO if open_zero else NO_FASTMATH)

    return lower


def _cast(op_type: type[Operation]) -> Handler:
    def lower(b: LLVMBuilder, op: Operation, args: list[SSAValue]) -> SSAValue:
        return b.cast(op_type, args[0], _result(op, args[0]))

    return lower


def _saturating(name: str, cast: type[Operation]) -> Handler:
    """Float to integer: NaN is 0, what does not fit the nearest that does (never poison)."""

    def lower(b: LLVMBuilder, op: Operation, args: list[SSAValue]) -> SSAValue:
        source = args[0]
        if dtypes.size_bytes(element_of(source.type)) < 4:
            # LLVM 22's own f16 to i16 makes -32768 of NaN where AVX512-FP16 is there.
            source = b.cast(llvm.FPExtOp, source, like(source.type, f32))
        target = _result(op, source)
        if lanes(source.type) is not None:
            return _clamped(b, source, target, cast)
        result = b.intrinsic(name, [source], target, (target, source.type))
        assert result is not None, "the intrinsic has a result"
        return result

    return lower


def _clamped(b: LLVMBuilder, x: SSAValue, target: Attribute, cast: type[Operation]) -> SSAValue:
    """Convert a vector within its range: LLVM takes saturating conversions apart on x86.

    Types below 32 bits go through i32, which has an instruction.
    """
    bits, count = _width(element_of(target)), lanes(x.type)
    assert count is not None, "a vector"
    real, signed = vector(element_of(x.type), count), cast is llvm.FPToSIOp
    least, most = -(1 << (bits - 1)) if signed else 0, (1 << (bits - signed)) - 1
    high = _at_most(most, element_of(x.type))
    low, top = b.splat(float(least), real), b.splat(high, real)
    wide = vector(i32 if bits < 32 else IntegerType(bits), count)
    above = b.select(b.fcmp("ogt", x, low), x, low)  # NaN becomes the least
    within = b.select(b.fcmp("olt", above, top), above, top)
    result = b.cast(llvm.FPToSIOp if bits < 32 else cast, within, wide)
    if high != most:
        bound = b.splat(most if signed else -1, wide)
        result = b.select(b.fcmp("ogt", x, top), bound, result)
    if least:
        result = b.select(b.fcmp("uno", x, x), b.zero(wide), result)
    return result if bits >= 32 else b.cast(llvm.TruncOp, result, target)


def _at_most(number: int, element: Attribute) -> float:
    """Return the largest float of f32 or f64 that is not above an integer 2^n - 1."""
    digits = 53 if element == f64 else 24
    spare = max(0, number.bit_length() - digits)
    return float(number >> spare << spare)


def _truncf(b: LLVMBuilder, op: Operation, args: list[SSAValue]) -> SSAValue:
    """f64 to bf16 goes through f32: LLVM would call a function that libgcc lacks before 13."""
    source, target = args[0], _result(op, args[0])
    if element_of(target) == bf16 and element_of(source.type) == f64:
        source = b.cast(llvm.FPTruncOp, source, like(source.type, f32))
    return b.cast(llvm.FPTruncOp, source, target)


def _result(op: Operation, source: SSAValue) -> Attribute:
    """Return the result's type in llvm: as many lanes as the operand has."""
    return like(source.type, llvm_type(op.results[0].type))


def llvm_type(value_type: Attribute) -> Attribute:
    """Return the llvm type of a scalar value: an index is i64."""
    return i64 if isinstance(value_type, IndexType) else value_type


def _constant(b: LLVMBuilder, op: Operation, args: list[SSAValue]) -> SSAValue:
    assert isinstance(op, arith.ConstantOp)
    value_type = llvm_type(op.result.type)
    if isinstance(value_type, AnyFloat):
        assert isinstance(op.value, FloatAttr)
        return b.real(op.value.value.data, value_type)
    assert isinstance(op.value, IntegerAttr)
    number = op.value.value.data
    bits = _width(value_type)
    return b.integer(number & 1 if bits == 1 else number, IntegerType(bits))


def _index_cast(b: LLVMBuilder, op: Operation, args: list[SSAValue]) -> SSAValue:
    source, target = element_of(args[0].type), llvm_type(op.results[0].type)
    if source == target:
        return args[0]
    narrower = _width(source) < _width(target)
    return b.cast(llvm.SExtOp if narrower else llvm.TruncOp, args[0], like(args[0].type, target))


def _width(value_type: Attribute) -> int:
    assert isinstance(value_type, IntegerType)
    return value_type.bitwidth


def _predicate(op: Operation) -> int:
    attr = op.properties["predicate"]
    assert isinstance(attr, IntegerAttr)
    return attr.value.data


def _absi(b: LLVMBuilder, op: Operation, args: list[SSAValue]) -> SSAValue:
    result = b.intrinsic("llvm.abs", (args[0], b.integer(0, i1)), args[0].type, (args[0].type,))
    assert result is not None, "the intrinsic has a result"
    return result


# libm's functions that LLVM has no intrinsic for; a vector would need one call per lane.
LIBM = {
    math.AcoshOp: "acosh",
    math.AsinhOp: "asinh",
    math.AtanhOp: "atanh",
    math.CbrtOp: "cbrt",
    math.ErfOp: "erf",
    math.ExpM1Op: "expm1",
    math.Log1pOp: "log1p",
}


def _libm(name: str) -> Handler:
    def lower(b: LLVMBuilder, op: Operation, args: list[SSAValue]) -> SSAValue:
        (x,) = args
        if lanes(x.type) is not None:
            raise CompileError(op, "is vectorized, but libm has no vector form of it")
        is_double = isinstance(x.type, Float64Type)
        wide = x if is_double or x.type == f32 else b.cast(llvm.FPExtOp, x, f32)
        symbol = name if is_double else f"{name}f"
        b.declare(symbol, [wide.type], wide.type)
        result = b.call(symbol, [wide], wide.type)
        assert result is not None, "the function has a result"
        return result if wide is x else b.cast(llvm.FPTruncOp, result, x.type)

    return lower


def handlers(contract: bool) -> dict[type[Operation], Handler]:
    """Return the table; with `contract`, a multiplication and an addition may round once."""
    return _CONTRACTED if contract else HANDLERS


HANDLERS: dict[type[Operation], Handler] = {
    arith.ConstantOp: _constant,
    arith.AddfOp: _real(llvm.FAddOp, contract=False),
    arith.SubfOp: _real(llvm.FSubOp, contract=False),
    arith.MulfOp: _real(llvm.FMulOp, contract=False),
    arith.DivfOp: _real(llvm.FDivOp, contract=False),
    arith.NegfOp: lambda b, op, args: b.neg(args[0]),
    arith.MaximumfOp: _larger("llvm.maximum", "ogt"),
    arith.MinimumfOp: _larger("llvm.minimum", "olt"),
    arith.MaxnumfOp: _intrinsic("llvm.maxnum"),
    arith.MinnumfOp: _intrinsic("llvm.minnum"),
    arith.AddiOp: lambda b, op, args: b.add(args[0], args[1]),
    arith.SubiOp: lambda b, op, args: b.sub(args[0], args[1]),
    arith.MuliOp: lambda b, op, args: b.mul(args[0], args[1]),
    arith.ShLIOp: lambda b, op, args: b.shl(args[0], args[1]),
    arith.DivSIOp: _integer(llvm.SDivOp),
    arith.DivUIOp: _integer(llvm.UDivOp),
    arith.RemSIOp: _integer(llvm.SRemOp),
    arith.RemUIOp: _integer(llvm.URemOp),
    arith.AndIOp: _integer(llvm.AndOp),
    arith.OrIOp: _integer(llvm.OrOp),
    arith.XOrIOp: _integer(llvm.XOrOp),
    arith.ShRSIOp: _integer(llvm.AShrOp),
    arith.ShRUIOp: _integer(llvm.LShrOp),
    arith.MaxSIOp: _intrinsic("llvm.smax"),
    arith.MinSIOp: _intrinsic("llvm.smin"),
    arith.MaxUIOp: _intrinsic("llvm.umax"),
    arith.MinUIOp: _intrinsic("llvm.umin"),
    arith.CmpiOp: lambda b, op, args: b.icmp(_CMPI[_predicate(op)], args[0], args[1]),
    arith.CmpfOp: lambda b, op, args: b.fcmp(_CMPF[_predicate(op)], args[0], args[1]),
    arith.SelectOp: lambda b, op, args: b.select(args[0], args[1], args[2]),
    arith.ExtFOp: _cast(llvm.FPExtOp),
    arith.TruncFOp: _truncf,
    arith.ExtSIOp: _cast(llvm.SExtOp),
    arith.ExtUIOp: _cast(llvm.ZExtOp),
    arith.TruncIOp: _cast(llvm.TruncOp),
    arith.SIToFPOp: _cast(llvm.SIToFPOp),
    arith.UIToFPOp: _cast(llvm.UIToFPOp),
    arith.FPToSIOp: _saturating("llvm.fptosi.sat", llvm.FPToSIOp),
    arith.FPToUIOp: _saturating("llvm.fptoui.sat", llvm.FPToUIOp),
    arith.BitcastOp: _cast(llvm.BitcastOp),
    arith.IndexCastOp: _index_cast,
    math.AbsFOp: _intrinsic("llvm.fabs"),
    math.AbsIOp: _absi,
    math.AcosOp: _intrinsic("llvm.acos"),
    math.AsinOp: _intrinsic("llvm.asin"),
    math.AtanOp: _intrinsic("llvm.atan"),
    math.CeilOp: _intrinsic("llvm.ceil"),
    math.CopySignOp: _intrinsic("llvm.copysign"),
    math.CosOp: _intrinsic("llvm.cos"),
    math.CoshOp: _intrinsic("llvm.cosh"),
    math.ExpOp: _intrinsic("llvm.exp"),
    math.Exp2Op: _intrinsic("llvm.exp2"),
    math.FloorOp: _intrinsic("llvm.floor"),
    math.FmaOp: _intrinsic("llvm.fma"),
    math.LogOp: _intrinsic("llvm.log"),
    math.Log2Op: _intrinsic("llvm.log2"),
    math.Log10Op: _intrinsic("llvm.log10"),
    math.PowFOp: _intrinsic("llvm.pow"),
    math.RoundOp: _intrinsic("llvm.round"),
    math.RoundEvenOp: _intrinsic("llvm.roundeven"),
    math.SinOp: _intrinsic("llvm.sin"),
    math.SinhOp: _intrinsic("llvm.sinh"),
    math.SqrtOp: _intrinsic("llvm.sqrt"),
    math.TanOp: _intrinsic("llvm.tan"),
    math.TanhOp: _intrinsic("llvm.tanh"),
    math.TruncOp: _intrinsic("llvm.trunc"),
    **{op_type: _libm(name) for op_type, name in LIBM.items()},
}

_CONTRACTED: dict[type[Operation], Handler] = {
    **HANDLERS,
    arith.AddfOp: _real(llvm.FAddOp, contract=True),
    arith.SubfOp: _real(llvm.FSubOp, contract=True),
    arith.MulfOp: _real(llvm.FMulOp, contract=True),
}
