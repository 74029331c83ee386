"""No pass changes what a kernel computes: interpreted after each pass, bit for bit."""

from collections.abc import Callable, Iterable

import pytest
from xdsl.context import Context

from tyrex.passes.pipelines import SCHEDULED

from ..kernels import (  # noqa: TID251  # the tests' folder, not the package's
    TARGETS,
    Case,
    all_cases,
    assert_same,
    kernel_in,
    module_of,
)

CASES = all_cases(seeds=2)


@pytest.mark.parametrize("make", [make for _, make in CASES], ids=[name for name, _ in CASES])
def test_passes_keep_the_meaning(make: Callable[[], Case], request: pytest.FixtureRequest) -> None:
    case = make()
    number = len(request.node.name)
    expected = case.outputs_of(case.func, seed=number)
    module = module_of(case.func, TARGETS[number % len(TARGETS)])
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
        module.verify()
        try:
            assert_same(case.outputs_of(kernel_in(module), seed=number), expected)
        except Exception as error:
            error.add_note(f"after {tir_pass.name}:\n{module}")
            raise


@pytest.mark.parametrize("make", [make for _, make in CASES[::5]], ids=[n for n, _ in CASES[::5]])
def test_lockstep_means_one_iteration_after_the_other(make: Callable[[], Case]) -> None:
    case = make()
    module = module_of(case.func, TARGETS[0])
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    for func in (case.func, kernel_in(module)):
        in_order = case.outputs_of(func, 0, lockstep=False)
        assert_same(case.outputs_of(func, 0), in_order)
        assert_same(case.outputs_of(func, 0, parallel_order=_backwards), in_order)


def _backwards(n: int) -> Iterable[int]:
    return reversed(range(n))
