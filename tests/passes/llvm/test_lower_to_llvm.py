"""Native code computes what the interpreter computes: whole kernels, bit for bit."""

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import i32

from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.passes.pipelines import SCHEDULED

from ..kernels import (  # noqa: TID251  # the tests' folder, not the package's
    Case,
    all_cases,
    assert_same,
    module_of,
    symbolic_sum,
)
from ..native import NativeKernel, host  # noqa: TID251

CASES = all_cases(seeds=1)
IDS = [name for name, _ in CASES]
LOWER_BLOCKS = SCHEDULED[-1:]


@pytest.mark.parametrize("make", [make for _, make in CASES], ids=IDS)
def test_scheduled_kernels(make: Callable[[], Case]) -> None:
    case = make()
    expected = case.outputs_of(case.func, seed=1)
    module = module_of(case.func, host())
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    assert_same(NativeKernel(module)(case.arguments(1), case.symbols), expected)


@pytest.mark.parametrize("make", [make for _, make in CASES[::3]], ids=IDS[::3])
def test_kernels_as_they_were_written(make: Callable[[], Case]) -> None:
    case = make()
    expected = case.outputs_of(case.func, seed=2)
    module = module_of(case.func, host())
    for tir_pass in LOWER_BLOCKS:
        tir_pass.apply(Context(), module)
    assert_same(NativeKernel(module)(case.arguments(2), case.symbols), expected)


def test_a_sum_along_a_symbolic_axis_may_be_empty() -> None:
    case = symbolic_sum(i32, n=0)
    module = module_of(case.func, host())
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    (found,) = NativeKernel(module)(case.arguments(1), case.symbols)
    assert found.tolist() == [-3] * 4


def test_a_parallel_loop_uses_values_of_every_type_from_outside() -> None:
    text = """
    tir.func @fill(%x: !tir.buffer<[2], f32>, %n: !tir.buffer<[1], i64>) -> (%y: !tir.buffer<[9], f32>) {
      %a = tir.load %x[0] : !tir.buffer<[2], f32>
      %b = tir.load %x[1] : !tir.buffer<[2], f32>
      %less = arith.cmpf olt, %a, %b : f32
      %id = tir.load %n[0] : !tir.buffer<[1], i64>
      %half = arith.trunci %id : i64 to i32
      %r = arith.index_cast %id : i64 to index
      tir.for %i in 9 parallel {
        %c = arith.sitofp %half : i32 to f32
        %d = arith.select %less, %b, %c : f32
        tir.store %d, %y[8 - %i + %r] : !tir.buffer<[9], f32>
      }
    }
    """  # noqa: E501
    for first, expected in ((1.0, 2.0), (3.0, 0.0)):
        kernel = NativeKernel(parse_module(compiler_context(), text, "fill.mlir"))
        x, n = np.array([first, 2.0], np.float32), np.array([0])
        (found,) = kernel([x, n, np.full(9, 7.0, np.float32)], {})
        assert found.tolist() == [expected] * 9


@pytest.mark.parametrize("step", [-5, -4, -3, -2, -1, 2, 3, 4, 5])
def test_strided_vectors(step: int) -> None:
    lanes, size = 8, 7 * abs(step) + 1  # the buffer begins and ends with a lane
    start = 0 if step > 0 else size - 1
    text = f"""
    tir.func @strided(%x: !tir.buffer<[{size}], f32>) -> (%y: !tir.buffer<[{lanes}], f32>) {{
      tir.for %l in {lanes} vectorized {{
        %a = tir.load %x[{start} + %l * {step}] : !tir.buffer<[{size}], f32>
        tir.store %a, %y[%l] : !tir.buffer<[{lanes}], f32>
      }}
    }}
    """
    kernel = NativeKernel(parse_module(compiler_context(), text, "strided.mlir"))
    x = np.arange(size, dtype=np.float32)
    (found,) = kernel([x, np.zeros(lanes, np.float32)], {})
    assert found.tolist() == [start + lane * step for lane in range(lanes)]
