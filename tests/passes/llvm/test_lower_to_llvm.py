"""Native code computes what the interpreter computes: whole kernels, bit for bit."""

from collections.abc import Callable

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import i32

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
