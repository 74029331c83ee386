"""What separate-windows leaves means what was there before, interpreted bit for bit."""

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import f32

from tyrex.passes.tir.inline_blocks import InlineBlocksPass
from tyrex.passes.tir.separate_windows import SeparateWindowsPass

from ..kernels import (  # noqa: TID251  # the tests' folder, not the package's
    TARGETS,
    Build,
    assert_same,
    build,
    kernel_in,
    module_of,
    pooling,
    windows,
)

SEEDS = 40


@pytest.mark.parametrize("builder", [pooling, windows])
def test_windows_of_any_kind(builder: Build) -> None:
    separated = 0
    for seed in range(SEEDS):
        case = build(builder, seed, f32)
        expected = case.outputs_of(case.func, seed=seed)
        module = module_of(case.func, TARGETS[1])
        InlineBlocksPass().apply(Context(), module)
        SeparateWindowsPass().apply(Context(), module)
        module.verify()
        separated += "_columns" in str(module)
        assert_same(case.outputs_of(kernel_in(module), seed=seed), expected)
    assert SEEDS // 5 < separated < SEEDS
