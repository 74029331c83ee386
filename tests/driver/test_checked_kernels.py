"""`sanitize="bounds"`: a wrong index is an error of the run, in every mode and format."""

import ctypes
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import tyrex
from tyrex.dialects import tir
from tyrex.driver.cli import main
from tyrex.passes.pipelines import GRAPH, KERNELS
from tyrex.runtime.errors import BoundsError

from .models import GRAPH as TANH  # noqa: TID251  # the tests' folder, not the package's
from .models import X, Y  # noqa: TID251

T = "!tir.buffer<[8, 4], f32>"
GATHER = f"""
tir.func @pick(%x: {T}, %ids: !tir.buffer<[6], i64>) -> (%y: !tir.buffer<[6, 4], f32>) {{
  tir.for %i in 6 parallel {{
    %id = tir.load %ids[%i] : !tir.buffer<[6], i64>
    %r = arith.index_cast %id : i64 to index
    tir.for %j in 4 vectorized {{
      %v = tir.load %x[%r, %j] : {T}
      tir.store %v, %y[%i, %j] : !tir.buffer<[6, 4], f32>
    }}
  }}
}}
"""
TABLE = np.arange(32, dtype=np.float32).reshape(8, 4)
RIGHT, WRONG = np.array([7, 0, 3, 3, 1, 2]), np.array([0, 1, 2, 3, 4, -5])
MESSAGE = "@pick: load of input 0 'x', axis 0, of .*: found index -5, the extent is 8"


@pytest.mark.parametrize("exec_mode", ["compiled", "bytecode"])
@pytest.mark.parametrize("opt_level", [0, 2])
def test_a_wrong_index_is_an_error_and_nothing_else(exec_mode: str, opt_level: int) -> None:
    exe = tyrex.compile(
        GATHER, sanitize="bounds", exec_mode=exec_mode, opt_level=opt_level, threads=2
    )
    for _ in range(3):
        assert np.array_equal(exe(TABLE, RIGHT), TABLE[RIGHT])
        with pytest.raises(BoundsError, match=MESSAGE):
            exe(TABLE, WRONG)
    vm = tyrex.VirtualMachine(exe)
    with pytest.raises(BoundsError, match=MESSAGE):
        vm["main"](TABLE, WRONG)
    assert np.array_equal(vm["main"](TABLE, RIGHT), TABLE[RIGHT])
    assert exe.stats()["accesses"] == 3
    assert exe.stats()["checked_accesses"] == 1
    assert exe.program.metadata["sanitize"] == "bounds"


def test_nothing_is_checked_unless_asked_for() -> None:
    exe = tyrex.compile(GATHER)
    assert "checked_accesses" not in exe.stats()
    assert "check_index" not in str(tyrex.compile_to(GATHER, "scheduled"))
    assert "check_index" in str(tyrex.compile_to(GATHER, "scheduled", sanitize="bounds"))
    assert "check_index" in str(tyrex.compile_to(GATHER, "host", sanitize="bounds"))
    assert "fail_index" in str(tyrex.compile_to(GATHER, "c", sanitize="bounds"))
    asm = [str(tyrex.compile_to(GATHER, "llvm", sanitize=s)) for s in (None, "bounds")]
    assert ["@pick.parallel0.text0" in text for text in asm] == [False, True]


@pytest.mark.parametrize("suffix", ["so", "tyx", "o", "ll"])
def test_exported(suffix: str, tmp_path: Path) -> None:
    if suffix in ("so", "o") and shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    exe = tyrex.compile(GATHER, sanitize="bounds")
    module = tyrex.load_module(exe.export_library(tmp_path / f"pick.{suffix}"))
    assert np.array_equal(module(TABLE, RIGHT), TABLE[RIGHT])
    with pytest.raises(BoundsError, match=MESSAGE):
        module(TABLE, WRONG)
    assert np.array_equal(module(TABLE, RIGHT), TABLE[RIGHT])


@pytest.mark.parametrize("loop", ["parallel", "serial"])
@pytest.mark.parametrize("suffix", ["so", "c"])
def test_a_c_interface_returns_code_and_message(suffix: str, loop: str, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    text = GATHER.replace("in 6 parallel", f"in 6 {loop}")
    path = tyrex.compile(text, sanitize="bounds").export_library(tmp_path / f"pick.{suffix}")
    if suffix == "c":
        path = compiled_c(compiler, path)
    library = ctypes.CDLL(str(path))
    library.pick_last_error.restype = ctypes.c_char_p
    context = ctypes.c_void_p()
    assert library.pick_create(1, ctypes.byref(context)) == 0
    result = np.zeros((6, 4), np.float32)
    assert run_c(library, context, [TABLE, RIGHT], result) == 0
    assert np.array_equal(result, TABLE[RIGHT])
    assert run_c(library, context, [TABLE, WRONG], result) == 3  # TYREX_ERROR_BOUNDS
    assert b"found index -5, the extent is 8" in library.pick_last_error()
    library.pick_destroy(context)


def compiled_c(compiler: str, source: Path) -> Path:
    """Return a library of an exported C file, compiled without a warning."""
    import subprocess

    library = source.with_suffix(".lib.so")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library), "-lm"], check=True)
    return library


def run_c(
    library: Any, context: ctypes.c_void_p, inputs: Sequence[NDArray[Any]], output: NDArray[Any]
) -> int:
    pointers = (ctypes.c_void_p * len(inputs))(*(array.ctypes.data for array in inputs))
    results = (ctypes.c_void_p * 1)(output.ctypes.data)
    return library.pick_run(context, pointers, results)


# -- a pass that is wrong --------------------------------------------------------------------


@dataclass(frozen=True)
class OffByOnePass(ModulePass):
    """Loads of rank 2 read the next column: what a compiler engineer may get wrong."""

    name = "off-by-one"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for load in list(op.walk()):
            if isinstance(load, tir.LoadOp) and len(load.indices.data) == 2:
                indices = load.exprs_over_values(load.indices)
                wrong = tir.LoadOp(load.buffer, [indices[0], indices[1] + 1])
                wrong.location = load.location
                assert load.parent is not None
                load.parent.insert_op_before(wrong, load)
                load.result.replace_all_uses_with(wrong.result)
                load.detach()
                load.erase()


def two_nodes() -> onnx.ModelProto:
    """Two nodes of one structure: without checks, one kernel serves both."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], name="first", perm=[1, 0]),
        helper.make_node("Relu", ["t"], ["r"]),
        helper.make_node("Transpose", ["r"], ["y"], name="second", perm=[1, 0]),
    ]
    shapes = {"x": [4, 4], "y": [4, 4]}
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items())
    graph = helper.make_graph(nodes, "two", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_a_wrong_pass_is_told_by_kernel_and_node() -> None:
    pipeline = (*GRAPH, *KERNELS, OffByOnePass())
    exe = tyrex.compile(two_nodes(), sanitize="bounds", pipeline=pipeline, opt_level=0)
    with pytest.raises(BoundsError, match=r"axis \d, of .*first.*found index \d, the extent is 4"):
        exe(np.zeros((4, 4), np.float32))


def test_equal_kernels_of_two_nodes_stay_apart() -> None:
    x = np.arange(16, dtype=np.float32).reshape(4, 4)
    for level in (0, 1, 2):
        exe = tyrex.compile(two_nodes(), sanitize="bounds", opt_level=level)
        assert np.array_equal(exe(x), x)
    assert tyrex.compile(two_nodes(), opt_level=0).stats()["kernels"] == 2
    assert tyrex.compile(two_nodes(), sanitize="bounds", opt_level=0).stats()["kernels"] == 3


# -- options ---------------------------------------------------------------------------------


def test_the_cache_tells_checked_models_apart(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TYREX_CACHE_DIR", str(tmp_path))
    assert tyrex.compile(GATHER, sanitize="bounds").stats()["cache"] == "miss"
    assert tyrex.compile(GATHER).stats()["cache"] == "miss"
    again = tyrex.compile(GATHER, sanitize="bounds")
    assert again.stats()["cache"] == "hit"
    assert again.stats()["checked_accesses"] == 1
    with pytest.raises(BoundsError):
        again(TABLE, WRONG)


@pytest.mark.parametrize("name", ["address", 1, True])
def test_other_sanitizers_are_refused(name: Any) -> None:
    with pytest.raises(tyrex.TyrexError, match="use bounds, or None"):
        tyrex.compile(TANH, sanitize=name)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pick.mlir"
    path.write_text(GATHER)
    np.save(tmp_path / "x.npy", TABLE)
    np.save(tmp_path / "ids.npy", WRONG)
    given = [f"--input=x={tmp_path / 'x.npy'}", f"--input=ids={tmp_path / 'ids.npy'}"]
    assert main(["run", str(path), "-O0", "--sanitize=bounds", *given]) == 1
    error = capsys.readouterr().err
    assert "@pick: load of input 0 'x', axis 0, of" in error
    assert "pick.mlir:7:7: found index -5, the extent is 8" in error
    assert main(["compile", str(path), "--sanitize", "bounds"]) == 0
    assert "2 of 3 accesses are proven to be inside, 1 is checked" in capsys.readouterr().out
    assert main(["compile", str(path), "--sanitize", "bounds", "--print-pipeline"]) == 0
    assert "check-bounds" in capsys.readouterr().out
    assert main(["run", str(path), "--sanitize=address"]) == 2


def test_what_is_right_is_the_same() -> None:
    for level in range(3):
        exe = tyrex.compile(TANH, sanitize="bounds", opt_level=level)
        assert np.array_equal(exe(X), tyrex.compile(TANH, opt_level=level)(X))
        np.testing.assert_allclose(exe(X), Y, rtol=1e-5, atol=1e-6)
