"""The module after every pass of every pipeline computes what it did before."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

import tyrex
from tyrex.backends.llvm.targets import parse_target
from tyrex.dialects import tir, vm
from tyrex.dialects.locating_parser import parse_module
from tyrex.dialects.target import set_target
from tyrex.dialects.verify import verify_module
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters import relax as relax_interpreter
from tyrex.interpreters import vm as vm_interpreter
from tyrex.passes.pipelines import OPT_LEVELS

from .programs import (  # noqa: TID251  # the tests' folder
    IMAGES,
    MIXED,
    PIECES,
    ROWS,
    images_inputs,
    mixed_inputs,
    pieces_inputs,
    rows_inputs,
)
from .relax.test_choose_layouts import convolution  # noqa: TID251

Array = NDArray[Any]
TOLERANCE = 1e-5  # of the largest value: sums are made in another order

FOLDER = Path(__file__).parents[2] / "examples" / "digits"
DIGITS = FOLDER / "digits.onnx"


def digits() -> tuple[ModuleOp, list[list[Array]]]:
    images = np.load(FOLDER / "held_out_images.npy").astype(np.float32)
    return tyrex.from_onnx(DIGITS, dims={"batch": 2}), [[images[:2]], [images[2:4]]]


def mixed() -> tuple[ModuleOp, list[list[Array]]]:
    module = parse_module(compiler_context(), MIXED, "mixed.mlir")
    return module, [mixed_inputs(True), mixed_inputs(False)]


def blocked() -> tuple[ModuleOp, list[list[Array]]]:
    """A layer large enough for blocks of channels, minimal filtering and its epilogue."""
    rng = np.random.default_rng(0)
    feeds = [rng.standard_normal((1, 32, 24, 24)).astype(np.float32) for _ in range(2)]
    return convolution(32, 32, 24, 24, 1), [[x] for x in feeds]


def images() -> tuple[ModuleOp, list[list[Array]]]:
    module = parse_module(compiler_context(), IMAGES, "images.mlir")
    return module, [images_inputs(0), images_inputs(1)]


def pieces() -> tuple[ModuleOp, list[list[Array]]]:
    module = parse_module(compiler_context(), PIECES, "pieces.mlir")
    return module, [pieces_inputs(True), pieces_inputs(False)]


def rows() -> tuple[ModuleOp, list[list[Array]]]:
    module = parse_module(compiler_context(), ROWS, "rows.mlir")
    return module, [rows_inputs(0), rows_inputs(1)]


def test_the_steps_of_a_normalization_are_one_kernel() -> None:
    module, _ = rows()
    set_target(module, parse_target("x86-64-v3"))
    for level in ("graph", "kernels"):
        for module_pass in OPT_LEVELS[2][level]:
            module_pass.apply(compiler_context(), module)
    kernels = [op for op in module.body.ops if isinstance(op, tir.FuncOp)]
    assert len(kernels) == 3, "normalization, running sum, softmax"


PROGRAMS = {
    "blocked": blocked,
    "digits": digits,
    "images": images,
    "mixed": mixed,
    "pieces": pieces,
    "rows": rows,
}

WORK = {
    "blocked": {"choose-layouts", "inline-epilogues"},
    "digits": {"simplify-moves", "pad-reductions", "expand-math", "pack-constants"},
    "images": {"split-conv-transpose", "choose-layouts"},
    "mixed": {
        "fold-batch-norm", "fold-constants", "fold-scales", "fuse-ops", "fuse-tir",
        "inline-blocks", "mark-inplace", "plan-memory", "relax-cse", "relax-dce",
        "simplify-algebra", "simplify-moves",
    },
    "pieces": {"place-pieces"},
    "rows": {"fuse-ops", "fuse-rows"},
}  # fmt: skip
"""What changes each program at -O2: the test is about something."""


def interpret(module: ModuleOp, inputs: Sequence[Array]) -> list[Array]:
    """Run @main at whatever level it is."""
    is_host = any(isinstance(func, vm.FuncOp) for func in module.body.ops)
    run = vm_interpreter.run if is_host else relax_interpreter.run
    return run(module, "main", inputs)


def assert_close(found: Sequence[Array], expected: Sequence[Array], where: str) -> None:
    for a, b in zip(found, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), where
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE * np.abs(b).max(), err_msg=where)


@pytest.mark.parametrize("opt_level", range(3))
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_pass_keeps_what_is_computed(name: str, opt_level: int) -> None:
    module, feeds = PROGRAMS[name]()
    verify_module(module)
    set_target(module, parse_target("x86-64-v3"))
    expected = [interpret(module, inputs) for inputs in feeds]
    assert not np.allclose(expected[0][0], expected[1][0], atol=1e-2), "the inputs hardly matter"
    context = compiler_context()
    idle: set[str] = set()
    for level, passes in OPT_LEVELS[opt_level].items():
        for module_pass in passes if level != "llvm" else ():
            before = str(module)
            module_pass.apply(context, module)
            verify_module(module)
            if str(module) == before:
                idle.add(module_pass.name)
                continue
            for inputs, outputs in zip(feeds, expected, strict=True):
                assert_close(interpret(module, inputs), outputs, f"after {module_pass.name}")
    if opt_level == 2:
        assert not idle & WORK[name], "the program has no work for these"


@pytest.mark.parametrize("opt_level", range(3))
@pytest.mark.parametrize("name", PROGRAMS)
def test_native_code_computes_it_too(name: str, opt_level: int) -> None:
    module, feeds = PROGRAMS[name]()
    exe = tyrex.compile(module, opt_level=opt_level, threads=1)
    for inputs in feeds:
        found = exe(*inputs)
        # cast: isinstance leaves a tuple's elements unknown.
        several = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
        assert_close(
            [np.asarray(output) for output in several], interpret(module, inputs), "native"
        )
    assert exe.stats()["host_callbacks"] == 0
