"""Every `arith` and `math` operation as C, in every element type: what the interpreter says."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import f16, f32, f64, i16, i32, i64
from xdsl.ir import Attribute

from tyrex.backends.c.scalars import HANDLERS
from tyrex.dialects import dtypes, tir
from tyrex.interpreters.tir import run_kernel
from tyrex.passes.llvm.scalars import HANDLERS as LLVM_HANDLERS

from ..operations import (  # noqa: TID251  # the tests' folder, not the package's
    FLOATS,
    INTEGERS,
    UNSIGNED,
    Array,
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
from .programs import (  # noqa: TID251
    COMPILERS,
    batch,
    build,
    lowered_to_c,
    needs_compiler,
    run,
)

Table = tuple[list[Array], list[Row]]
TYPES = (*FLOATS, *INTEGERS, *UNSIGNED)


def tables() -> Iterator[Table]:
    """Yield inputs, and the operations on them."""
    for dtype in TYPES:
        if dtypes.is_float(dtype):
            yield float_inputs(dtype), list(float_rows(dtype, vectorized=False))
        else:
            yield integer_inputs(dtype), list(integer_rows(dtype, vectorized=False))
        yield [edges(dtype)], list(cast_rows(dtype))
    for source, target in ((f32, i32), (f64, i64), (f16, i16), (i32, f32)):
        yield [edges(source)], [Row(partial(convert, arith.BitcastOp, target), (0,), target)]


def outputs_of(table: Table) -> list[Array]:
    inputs, rows = table
    types: list[Attribute] = [row.result or dtypes.from_numpy(inputs[0].dtype) for row in rows]
    return [np.zeros(inputs[0].size, dtypes.to_numpy(dtype)) for dtype in types]


def kernel_for(table: Table) -> tir.FuncOp:
    inputs, rows = table
    types = [dtypes.from_numpy(array.dtype) for array in inputs]
    return kernel_of(types, inputs[0].size, rows, vectorized=False)


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS[:1])  # seconds each
def test_operations(compiler: str, tmp_path: Path) -> None:
    found_tables = list(tables())
    outputs = [outputs_of(table) for table in found_tables]
    kernels = [kernel_for(table) for table in found_tables]
    arrays = [[*inputs, *out] for (inputs, _), out in zip(found_tables, outputs, strict=True)]
    source = lowered_to_c(batch([kernel.clone() for kernel in kernels], arrays))
    program = build(tmp_path, source, compiler)
    inputs = [array for table in found_tables for array in table[0]]
    found = iter(run(program, inputs, [array for out in outputs for array in out]))
    for (given, rows), kernel, out in zip(found_tables, kernels, outputs, strict=True):
        expected = [array.copy() for array in out]
        run_kernel(kernel, [*given, *expected])
        for row, other in zip(rows, expected, strict=True):
            assert_close(next(found), other, row, [given[n] for n in row.inputs])


def test_c_has_the_operations_that_native_code_has() -> None:
    assert set(HANDLERS) == set(LLVM_HANDLERS)
