"""Random programs as C: branches, loops, calls, tuples and views compute what they mean."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tyrex.backends.llvm.host import detect_host
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.options import CompileOptions
from tyrex.driver.pass_context import compiler_context
from tyrex.driver.pipeline_edits import NO_EDITS
from tyrex.driver.recipe import Recipe
from tyrex.driver.sources import Source
from tyrex.exporters.formats import export
from tyrex.interpreters import relax as relax_interpreter
from tyrex.runtime.export_options import ExportOptions

from .random_programs import feeds, program  # noqa: TID251  # the tests' folder

# C source has no symbols yet, and says so.
SEEDS = [seed for seed in range(64) if "<n>" not in program(seed)][:12]
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """All programs as one library, each under its own name."""
    folder: Path = tmp_path_factory.mktemp("random")
    for seed in SEEDS:
        options = CompileOptions(detect_host(), 1 + seed % 2)
        recipe = Recipe.of(Source.of(program(seed)), options, None, NO_EDITS)
        export(recipe, folder / f"p{seed}.c", ExportOptions(), recipe)
    files = [f"p{seed}.c" for seed in SEEDS]
    command = ["gcc", *WARNINGS, "-O1", "-shared", "-fPIC", *files, "-o", "all.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "all.so"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler (gcc)")
def test_random_programs(library: ctypes.CDLL) -> None:
    for seed in SEEDS:
        create, run = (getattr(library, f"p{seed}_{name}") for name in ("create", "run"))
        context = ctypes.c_void_p()
        assert create(1, ctypes.byref(context)) == 0
        text = program(seed)
        for given in feeds(seed, text) * 2:  # what a run leaves in memory must not matter
            module = parse_module(compiler_context(), text, f"{seed}.mlir")
            expected = [np.asarray(y) for y in relax_interpreter.run(module, "main", given)]
            found = [np.full_like(y, 77) for y in expected]
            inputs, outputs = (
                (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
                for arrays in (given, found)
            )
            assert run(context, inputs, outputs) == 0
            for one, other in zip(found, expected, strict=True):
                inexact = 1e-5 * (one.dtype.kind == "f")
                np.testing.assert_allclose(one, other, rtol=inexact, atol=inexact, err_msg=text)
