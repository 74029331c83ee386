"""Tables of every `arith` and `math` operation in every element type, and kernels of them.

One kernel per table, element type and kind of loop; each operation has an output of its own.
Values are the edges of the type, in every combination.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import bf16, f16, f32, f64, i1, i8, i16, i32, i64
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from tyrex.dialects import dtypes, tir
from tyrex.dialects.dtypes import ui8, ui16, ui32, ui64
from tyrex.dialects.tir.compute import Buffer, KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.passes.llvm.scalars import LIBM
from tyrex.symbolic import IntExpr

Array = NDArray[Any]
Make = Callable[..., Operation]  # (*operands) -> operation
FLOATS = (f16, bf16, f32, f64)
INTEGERS = (i1, i8, i16, i32, i64)
UNSIGNED = (ui8, ui16, ui32, ui64)
LANES = 8


@dataclass(frozen=True)
class Row:
    """One operation of a table.

    Attributes:
        make: operands -> operation.
        inputs: which of the kernel's inputs the operands are.
        result: the element type of the result; None is that of the operands.
        ulps: how many units in the last place native code may be off.
    """

    make: Make
    inputs: tuple[int, ...]
    result: Attribute | None = None
    ulps: int = 0


UNARY_EXACT: tuple[Make, ...] = (
    *(arith.NegfOp, math.AbsFOp, math.CeilOp, math.FloorOp, math.RoundOp, math.RoundEvenOp),
    *(math.TruncOp, math.SqrtOp),
)
BINARY_EXACT: tuple[Make, ...] = (
    *(arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.DivfOp, arith.MaximumfOp, arith.MinimumfOp),
    math.CopySignOp,
)
EITHER_ZERO = arith.FastMathFlagsAttr([FastMathFlag.NO_SIGNED_ZEROS])
SIGN_OF_ZERO_IS_FREE: tuple[Make, ...] = (
    *(arith.MaxnumfOp, arith.MinnumfOp),
    *(partial(op_type, flags=EITHER_ZERO) for op_type in (arith.MaximumfOp, arith.MinimumfOp)),
)
ROUNDED: tuple[Make, ...] = (
    *(math.AcosOp, math.AsinOp, math.AtanOp, math.CosOp, math.CoshOp, math.ExpOp, math.Exp2Op),
    *(math.LogOp, math.Log2Op, math.Log10Op, math.SinOp, math.SinhOp, math.TanOp, math.TanhOp),
)
OF_LIBM: tuple[Make, ...] = tuple(LIBM)
BINARY_INTEGER: tuple[Make, ...] = (
    *(arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.AndIOp, arith.OrIOp, arith.XOrIOp),
    *(arith.MaxSIOp, arith.MinSIOp, arith.MaxUIOp, arith.MinUIOp),
)
DIVISIONS: tuple[Make, ...] = (arith.DivSIOp, arith.DivUIOp, arith.RemSIOp, arith.RemUIOp)
SHIFTS: tuple[Make, ...] = (arith.ShLIOp, arith.ShRSIOp, arith.ShRUIOp)
ULPS = 4


def float_rows(dtype: Attribute, vectorized: bool) -> Iterator[Row]:
    """The operations on floats: inputs 0 and 1 are combinations, 2 is input 0 elsewhere."""
    for unary in UNARY_EXACT:
        yield Row(unary, (0,))
    for binary in BINARY_EXACT:
        yield Row(binary, (0, 1))
    for binary in SIGN_OF_ZERO_IS_FREE:
        yield Row(binary, (0, 1), ulps=1)
    for rounded in (*ROUNDED, *(() if vectorized else OF_LIBM)):
        yield Row(rounded, (2,), ulps=ULPS)
    yield Row(math.PowFOp, (2, 3), ulps=ULPS)
    yield Row(math.FmaOp, (2, 3, 2), ulps=1)
    for predicate in range(16):
        yield Row(partial(_compare_floats, predicate), (0, 1), i1)


def integer_rows(dtype: Attribute, vectorized: bool) -> Iterator[Row]:
    """The operations on integers: input 2 divides input 0, input 3 shifts it."""
    for binary in BINARY_INTEGER:
        yield Row(binary, (0, 1))
    for division in DIVISIONS if dtype != i1 else ():
        yield Row(division, (0, 2))
    for shift in SHIFTS if dtype != i1 else ():
        yield Row(shift, (0, 3))
    if dtype != i1:
        yield Row(math.AbsIOp, (0,))
    for predicate in range(10):
        yield Row(partial(_compare_integers, predicate), (0, 1), i1)


def _compare_floats(predicate: int, a: SSAValue, b: SSAValue) -> Operation:
    return arith.CmpfOp(a, b, predicate)


def _compare_integers(predicate: int, a: SSAValue, b: SSAValue) -> Operation:
    return arith.CmpiOp(a, b, predicate)


EXTREMES: dict[Attribute, tuple[float, float]] = {
    f16: (6e4, 6e-8),
    bf16: (3e38, 2e-38),
    f32: (3e38, 1e-45),
    f64: (1e308, 5e-324),
}


def edges(dtype: Attribute) -> Array:
    """Return the values of a type that operations stumble over."""
    numpy_type = dtypes.to_numpy(dtype)
    if dtypes.is_bool(dtype):
        return np.array([False, True])
    if dtypes.is_float(dtype):
        big, tiny = EXTREMES[dtype]
        numbers = [0.0, 0.5, 1.0, 1.5, 2.5, 3.3, 0.1, 88.0, 300.0, 2.0**31, 2.0**63, big, tiny]
        signed = [sign * x for x in (*numbers, np.inf) for sign in (1, -1)]
        with np.errstate(over="ignore"):
            return np.array([*signed, np.nan], np.float64).astype(numpy_type)
    info = np.iinfo(str(numpy_type))
    few = (0, 1, 2, 3, 7, 100, int(info.max), int(info.max) - 1, int(info.min), int(info.max) // 2)
    numbers_ = [*few, *([-1, -2, -7, int(info.min) + 1] if info.min < 0 else [])]
    return np.array(numbers_, numpy_type)


def combinations(values: Array, others: Array) -> list[Array]:
    """Return every pair, as two arrays padded to whole vectors."""
    pairs = list(product(range(len(values)), range(len(others))))
    pairs += [pairs[-1]] * (-len(pairs) % LANES)
    first, second = zip(*pairs, strict=True)
    return [values[list(first)], others[list(second)]]


def float_inputs(dtype: Attribute) -> list[Array]:
    """Return two inputs of edges, two of ordinary numbers."""
    a, b = combinations(edges(dtype), edges(dtype))
    rng = np.random.default_rng(1)
    ordinary = [rng.uniform(low, 3, a.shape).astype(a.dtype) for low in (-3, -2)]
    return [a, b, *ordinary]


def integer_inputs(dtype: Attribute) -> list[Array]:
    """Return two inputs of edges, divisors and shifts."""
    a, b = combinations(edges(dtype), edges(dtype))
    if dtypes.is_bool(dtype):
        return [a, b, a, b]
    overflows = (b == -1) & (a == np.iinfo(a.dtype).min)
    divisors = np.where((b == 0) | overflows, 3, b).astype(a.dtype)
    return [a, b, divisors, (b & (a.itemsize * 8 - 1)).astype(a.dtype)]


def kernel_of(
    dtypes_in: Sequence[Attribute], count: int, rows: Sequence[Row], vectorized: bool
) -> tir.FuncOp:
    """Return a kernel that stores the result of each row in an output of its own."""
    k = KernelBuilder("operations")
    inputs = [k.input((count,), dtype) for dtype in dtypes_in]
    outputs = [k.output((count,), row.result or dtypes_in[0]) for row in rows]

    def body(i: IntExpr) -> None:
        values = [k.load(buffer, i).ssa for buffer in inputs]
        for row, out in zip(rows, outputs, strict=True):
            _append(k, row, [values[n] for n in row.inputs], out, i)

    if vectorized:
        lanes = tir.ForKind.VECTORIZED
        k.for_(count // LANES, lambda v: k.for_(LANES, lambda i: body(v * LANES + i), lanes))
    else:
        k.for_(count, body)
    func = k.build()
    func.verify()
    return func


def _append(k: KernelBuilder, row: Row, args: list[SSAValue], out: Buffer, i: IntExpr) -> None:
    op = row.make(*args)
    k.append(op)
    k.store(out, [i], Value(op.results[0], out.dtype, k))


def assert_close(found: Array, expected: Array, row: Row, inputs: list[Array]) -> None:
    if found.dtype.name == "bfloat16":  # AVX512-BF16 flushes what is below the normal numbers
        found, expected = (_flushed(x) for x in (found, expected))
    same = (found == expected) | ((found != found) & (expected != expected))
    if found.dtype.kind not in "iub":
        wide, other = found.astype(np.float64), expected.astype(np.float64)
        if row.ulps == 0:  # the sign of zero
            same &= (found != found) | (np.signbit(wide) == np.signbit(other))
        else:
            with np.errstate(all="ignore"):
                one_ulp = np.abs(np.spacing(expected)).astype(np.float64)
                same |= np.abs(wide - other) <= row.ulps * one_ulp
    wrong = np.flatnonzero(~same)
    assert not wrong.size, (
        f"{row.make}: {[str(x[wrong[0]]) for x in inputs]} gives {found[wrong[0]]} natively, "
        f"{expected[wrong[0]]} interpreted ({wrong.size} places)"
    )


def _flushed(x: Array) -> Array:
    small = np.abs(x.astype(np.float32)) < np.finfo(np.float32).tiny
    return np.where(small, np.copysign(np.zeros_like(x), x), x)


def cast_rows(source: Attribute) -> Iterator[Row]:
    """Conversions of one type into all others that have an operation."""
    for target in (*FLOATS, *INTEGERS, *UNSIGNED):
        for cls in _conversions(source, target):
            value_type = dtypes.value_type(target)
            yield Row(partial(convert, cls, value_type), (0,), target)


def convert(cls: Callable[..., Operation], target: Attribute, a: SSAValue) -> Operation:
    return cls(a, target)


def _conversions(source: Attribute, target: Attribute) -> list[Callable[..., Operation]]:
    bits = {d: 1 if d == i1 else 8 * dtypes.size_bytes(d) for d in (source, target)}
    narrower = bits[source] < bits[target]
    match dtypes.is_float(source), dtypes.is_float(target):
        case True, True:
            if bits[source] == bits[target]:
                return []
            return [arith.ExtFOp if narrower else arith.TruncFOp]
        case True, False:
            if target == i1:
                return []
            return [arith.FPToUIOp if dtypes.is_unsigned(target) else arith.FPToSIOp]
        case False, True:
            return [arith.UIToFPOp, arith.SIToFPOp]
        case _:
            if bits[source] == bits[target]:
                return []
            return [arith.ExtSIOp, arith.ExtUIOp] if narrower else [arith.TruncIOp]
