"""Every `arith` and `math` operation in every element type: native code is the interpreter."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp, f16, f32, f64, i1, i16, i32, i64
from xdsl.ir import Attribute, Operation

from tyrex.dialects import dtypes, tir
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.interpreters.tir import run_kernel
from tyrex.interpreters.tir.scalars import MEANINGS
from tyrex.passes.llvm.scalars import HANDLERS
from tyrex.symbolic import IntExpr

from ..native import NativeKernel  # noqa: TID251  # the tests' folder, not the package's
from ..operations import (  # noqa: TID251
    FLOATS,
    INTEGERS,
    LANES,
    UNSIGNED,
    Row,
    assert_close,
    cast_rows,
    convert,
    edges,
    float_inputs,
    float_rows,
    integer_inputs,
    integer_rows,
    kernel_of,
)

Array = NDArray[Any]


def check(inputs: list[Array], rows: Sequence[Row], vectorized: bool) -> None:
    """Check native code against the interpreter on every row."""
    types = [dtypes.from_numpy(array.dtype) for array in inputs]
    func = kernel_of(types, inputs[0].size, rows, vectorized)
    outputs = [np.zeros(inputs[0].size, dtypes.to_numpy(row.result or types[0])) for row in rows]
    expected = [array.copy() for array in outputs]
    run_kernel(func, [*inputs, *expected])
    found = NativeKernel(ModuleOp([func]))([*inputs, *outputs], {})
    for row, one, other in zip(rows, found, expected, strict=True):
        assert_close(one, other, row, [inputs[n] for n in row.inputs])


MODES = pytest.mark.parametrize("vectorized", [False, True], ids=["scalar", "vector"])


@MODES
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_floats(dtype: Attribute, vectorized: bool) -> None:
    check(float_inputs(dtype), list(float_rows(dtype, vectorized)), vectorized)


@MODES
@pytest.mark.parametrize("dtype", [*INTEGERS, *UNSIGNED], ids=str)
def test_integers(dtype: Attribute, vectorized: bool) -> None:
    check(integer_inputs(dtype), list(integer_rows(dtype, vectorized)), vectorized)


@MODES
@pytest.mark.parametrize("source", [*FLOATS, *INTEGERS, *UNSIGNED], ids=str)
def test_conversions(source: Attribute, vectorized: bool) -> None:
    values = edges(source)
    values = np.resize(values, len(values) + -len(values) % LANES)
    check([values], list(cast_rows(source)), vectorized)


@MODES
def test_bits_are_reread(vectorized: bool) -> None:
    for source, target in ((f32, i32), (f64, i64), (f16, i16), (i32, f32)):
        values = np.resize(edges(source), 32)
        check([values], [Row(partial(convert, arith.BitcastOp, target), (0,), target)], vectorized)


@MODES
@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, *UNSIGNED], ids=str)
def test_constants_and_choices(dtype: Attribute, vectorized: bool) -> None:
    k = KernelBuilder("constants")
    values = edges(dtype)
    x, cond = k.input((LANES,), dtype), k.input((LANES,), i1)
    y = k.output((LANES, len(values)), dtype)

    def body(i: IntExpr) -> None:
        for n, value in enumerate(values):
            number = float(value) if dtypes.is_float(dtype) else int(value)
            chosen = k.select(k.load(cond, i), k.const(number, dtype), k.load(x, i))
            k.store(y, [i, n], chosen)

    k.for_(LANES, body, tir.ForKind.VECTORIZED if vectorized else tir.ForKind.SERIAL)
    func = k.build()
    xs, conds = np.resize(values, LANES), np.arange(LANES) % 3 == 0
    expected, found = np.zeros((2, LANES, len(values)), values.dtype)
    run_kernel(func, [xs, conds, expected])
    for i, taken in enumerate(conds):
        wanted = values if taken else np.full(len(values), xs[i])
        np.testing.assert_array_equal(_wide(expected[i]), _wide(wanted))
    NativeKernel(ModuleOp([func]))([xs, conds, found], {})
    np.testing.assert_array_equal(_wide(found), _wide(expected))


def _wide(array: Array) -> Array:
    """Return bf16 as f32: NumPy knows its NaN then."""
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def test_every_lowered_operation_is_in_a_table() -> None:
    made = {type(op) for dtype in (f32, i32) for op in _operations(dtype)}
    elsewhere = {arith.ConstantOp, arith.SelectOp, arith.BitcastOp, arith.IndexCastOp}
    assert set(HANDLERS) <= made | elsewhere
    assert set(HANDLERS) <= set(MEANINGS)


def _operations(dtype: Attribute) -> Iterator[Operation]:
    rows = (float_rows if dtypes.is_float(dtype) else integer_rows)(dtype, False)
    for row in (*rows, *cast_rows(dtype)):
        func = kernel_of([dtype] * 4, LANES, [row], vectorized=False)
        yield from func.walk()
