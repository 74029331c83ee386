"""What lower-blocks leaves touches what is there, in every lane: interpreters refuse the rest."""

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import f32

from tyrex.dialects.target import Target
from tyrex.dialects.tir.values import Value
from tyrex.passes.pipelines import SCHEDULED
from tyrex.symbolic import IntExpr

from ..kernels import (  # noqa: TID251  # the tests' folder, not the package's
    TARGETS,
    Case,
    Kernel,
    assert_same,
    kernel_in,
    module_of,
)


@pytest.mark.parametrize("target", TARGETS)
def test_lanes_beyond_the_end_of_a_window(target: Target) -> None:
    """A window's lanes go four elements further than the row that they write."""
    k = Kernel("pool")
    x, y = k.input((3, 10, 10), f32), k.output((3, 10, 10), f32)

    def larger(acc: Value, c: IntExpr, i: IntExpr, j: IntExpr, u: IntExpr, v: IntExpr) -> Value:
        i, j = i + u - 2, j + v - 2
        return k.max(acc, k.load(x, c, i, j, where=(i, 9 - i, j, 9 - j), default=-9))

    k.reduce("pool", y, (5, 5), -9, larger)
    case = Case(k.build(), {})
    module = module_of(case.func, target)
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    assert_same(case.outputs_of(kernel_in(module), seed=3), case.outputs_of(case.func, seed=3))
