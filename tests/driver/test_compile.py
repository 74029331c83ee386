import gc
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

import tyrex
from tyrex.backends.llvm.host import detect_host
from tyrex.dialects.diagnostics import CompileError
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.instruments import Timing
from tyrex.driver.pass_context import compiler_context
from tyrex.driver.pass_specs import UsageError
from tyrex.passes.relax.fold_constants import FoldConstantsPass
from tyrex.runtime.errors import (
    ArgumentError,
    DTypeError,
    LoadError,
    ShapeError,
    UnsupportedError,
)

from .models import (  # noqa: TID251  # the tests' folder, not the package's
    GRAPH,
    KERNEL,
    X,
    Y,
    dense,
    dense_expected,
)

BATCH = {"batch": 4}


def parse(text: str) -> ModuleOp:
    return parse_module(compiler_context(), text, "test.mlir")


def run(model: object, *inputs: NDArray[Any], **options: Any) -> NDArray[Any]:
    return np.asarray(tyrex.compile(model, **options)(*inputs))  # pyright: ignore[reportArgumentType]


# -- what a model may be --------------------------------------------------------------------------


def onnx_file(folder: Path) -> Path:
    path = folder / "dense.onnx"
    path.write_bytes(dense().SerializeToString())
    return path


MODELS: dict[str, Callable[[Path], object]] = {
    "path": onnx_file,
    "text of a path": lambda folder: str(onnx_file(folder)),
    "no suffix": lambda folder: onnx_file(folder).rename(folder / "without_a_suffix"),
    "proto": lambda folder: dense(),
    "bytes": lambda folder: dense().SerializeToString(),
    "module": lambda folder: tyrex.from_onnx(dense(), dims=BATCH),
}


@pytest.mark.parametrize("given", MODELS)
def test_onnx_models(given: str, tmp_path: Path) -> None:
    model = MODELS[given](tmp_path)
    dims = {} if isinstance(model, ModuleOp) else BATCH
    np.testing.assert_allclose(run(model, X, dims=dims), dense_expected(X), rtol=1e-5)


def test_dims_may_be_given_as_shapes() -> None:
    np.testing.assert_allclose(run(dense(), X, shapes={"x": (4, 8)}), dense_expected(X), rtol=1e-5)


def test_inputs_that_are_fixed_are_no_inputs() -> None:
    exe = tyrex.compile(dense(), values={"x": X})
    assert exe.signature.inputs == ()
    np.testing.assert_allclose(np.asarray(exe()), dense_expected(X), rtol=1e-5)
    other = tyrex.compile(dense(), values={"x": 2 * X})
    np.testing.assert_allclose(np.asarray(other()), dense_expected(2 * X), rtol=1e-5)


@pytest.mark.parametrize("level", ["graph", "kernels", "scheduled", "host"])
def test_mlir_of_every_level(level: str, tmp_path: Path) -> None:
    text = tyrex.compile_to(GRAPH, level)
    path = tmp_path / "a.mlir"
    path.write_text(str(text))
    for model in (text, path, parse(str(text))):
        np.testing.assert_allclose(run(model, X), Y, rtol=1e-5)


def test_a_kernel_of_xdsl() -> None:
    (kernel,) = parse(KERNEL).body.ops
    assert isinstance(kernel, Operation)
    x = np.arange(8, dtype=np.float32)
    np.testing.assert_array_equal(run(kernel, x), 2 * x)
    assert tyrex.compile(kernel).signature.inputs[0].name == "x"


def test_several_kernels_are_called_by_name() -> None:
    exe = tyrex.compile(KERNEL + KERNEL.replace("@double", "@square").replace("addf", "mulf"))
    x = np.arange(8, dtype=np.float32)
    np.testing.assert_array_equal(np.asarray(exe["double"](x)), 2 * x)
    np.testing.assert_array_equal(np.asarray(exe["square"](x)), x * x)


def test_buffers_of_one_name() -> None:
    # xDSL takes a number behind an underscore off the names of values.
    text = KERNEL.replace("@double(%x: !tir.buffer<[8], f32>)", "@sum(%x, %x_1)")
    text = text.replace("%x, %x_1", ", ".join(f"%{n}: !tir.buffer<[8], f32>" for n in ("x", "x_1")))
    assert [param.name for param in tyrex.compile(text).signature.inputs] == ["x0", "x1"]


def test_the_module_given_is_not_changed() -> None:
    module = parse(GRAPH)
    before = str(module)
    tyrex.compile(module)
    assert str(module) == before


# -- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("opt_level", range(4))
def test_every_level_of_optimisation_computes_the_same(opt_level: int) -> None:
    exe = tyrex.compile(GRAPH, opt_level=opt_level)
    np.testing.assert_allclose(np.asarray(exe(X)), Y, rtol=1e-5)
    assert exe.stats()["kernels"] == (2 if opt_level == 0 else 1)


def test_the_context_says_the_level() -> None:
    with tyrex.PassContext(opt_level=0):
        assert tyrex.compile(GRAPH).stats()["kernels"] == 2
        assert tyrex.compile(GRAPH, opt_level=2).stats()["kernels"] == 1


def test_a_pipeline_takes_the_place_of_the_graphs() -> None:
    pipelines: list[Any] = ["", "fold-constants,relax-dce", [], FoldConstantsPass()]
    for pipeline in pipelines:
        np.testing.assert_allclose(run(GRAPH, X, pipeline=pipeline), Y, rtol=1e-5)
    with pytest.raises(UsageError, match="no pass or pipeline 'fuse-op'; did you mean fuse-ops"):
        tyrex.compile(GRAPH, pipeline="fuse-op")


def test_threads_are_those_of_the_run() -> None:
    exe = tyrex.compile(GRAPH, threads=2)
    assert exe.threads == 2
    two = np.asarray(exe(X))
    exe.threads = 1
    np.testing.assert_array_equal(np.asarray(exe(X)), two)
    with pytest.raises(ArgumentError, match="compile: threads: expected a number from 1 to 256"):
        tyrex.compile(GRAPH, threads=0)


def test_progress_is_told() -> None:
    seen: list[tuple[str, int, int]] = []

    def note(stage: str, done: int, total: int) -> None:
        seen.append((stage, done, total))

    tyrex.compile(GRAPH, cache=False, progress=note)
    stages = list(dict.fromkeys(stage for stage, _, _ in seen))
    assert stages[:4] == ["read", "graph", "kernels", "scheduled"]
    assert stages[-1] == "load"
    assert ("objects", 1, 1) in seen


def test_clocks_of_the_context_see_every_stage() -> None:
    timing = Timing(stream=io.StringIO())
    tyrex.compile(GRAPH)
    with tyrex.PassContext(instruments=[timing]):
        assert tyrex.compile(GRAPH).stats()["cache"] == "miss", "a hit would show nothing"
    stages = [span.name for span in timing.root.parts]
    assert stages[:2] == ["read", "graph"]
    assert "objects" in stages


def test_the_interpreters_settings_are_put_back() -> None:
    limit = sys.getrecursionlimit()
    assert gc.isenabled()
    tyrex.compile(GRAPH, cache=False)
    assert gc.isenabled()
    with pytest.raises(CompileError):
        tyrex.compile(GRAPH.replace("tanh", "non_zero"), cache=False)
    gc.disable()
    try:
        tyrex.compile(GRAPH, cache=False)
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert sys.getrecursionlimit() == limit


# -- what is wrong, and what is said --------------------------------------------------------------


def cut_off(folder: Path) -> Path:
    path = folder / "cut.onnx"
    path.write_bytes(dense().SerializeToString()[:-20])
    return path


def written(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return write


NO_MODELS: list[tuple[Callable[[Path], Path], str]] = [
    (cut_off, r"cut\.onnx.* not a complete ONNX model: \d+ bytes that do not decode"),
    (written("a.onnx", b"hello there"), r"a\.onnx.* not a complete ONNX model"),
    (written("a.onnx", b""), r"a\.onnx.* the model has no graph"),
    (written("a.pt", b"x"), r"a\.pt.* expected an ONNX model, found a \.pt file"),
    (written("a.mlir", b"relax.func"), r"a\.mlir:1:11"),
    (written("a.mlir", b""), "has nothing to compile"),
    (lambda folder: folder / "b.onnx", r"b\.onnx: there is no such file; expected an ONNX"),
    (lambda folder: folder, "found a folder, expected a file"),
]


@pytest.mark.parametrize(("make", "message"), NO_MODELS)
def test_a_file_that_is_no_model(
    make: Callable[[Path], Path], message: str, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match=message):
        tyrex.compile(make(tmp_path))


def test_a_target_that_does_not_exist() -> None:
    with pytest.raises(ArgumentError, match=r"target 'sparc' is unknown; use one of native, "):
        tyrex.compile(GRAPH, "sparc")
    with pytest.raises(DTypeError, match="target: expected a name such as 'native'"):
        tyrex.compile(GRAPH, 7)  # pyright: ignore[reportArgumentType]


def test_a_target_that_is_another_machine() -> None:
    exe = tyrex.compile(GRAPH, "wasm32")
    assert exe.signature == tyrex.compile(GRAPH).signature
    assert exe.stats()["code_bytes"] > 0
    exe.threads = 1
    with pytest.raises(UnsupportedError, match=r"compiled for wasm32-.*export_library, run it th"):
        exe(X)


@pytest.mark.skipif(detect_host().arch != "x86_64", reason="features of x86-64")
def test_a_target_that_has_more_than_this_machine() -> None:
    exe = tyrex.compile(GRAPH, "x86-64,features=+xop")  # of AMD's family 15h alone
    with pytest.raises(UnsupportedError, match=r"this machine lacks xop: write it"):
        exe(X)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dims": {"bach": 1}}, "the model has no dim 'bach'; it has 'batch'"),
        ({"shapes": {"z": (1,)}}, "the model has no input 'z'; it has 'x'"),
        ({"shapes": {"x": (1,)}}, "gives input 'x' 1 dim"),
        ({"dims": {"batch": -1}}, "dims: expected names and sizes from 0 on"),
        ({"opt_level": 7}, "opt_level is 7; it must be 0, 1, 2 or 3"),
    ],
)
def test_options_that_do_not_fit_the_model(options: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=re.escape(message)):
        tyrex.compile(dense(), **options)


def test_dims_are_for_onnx() -> None:
    with pytest.raises(ArgumentError, match=r"<text>: dims= is for ONNX models"):
        tyrex.compile(GRAPH, dims={"n": 1})


def test_a_program_of_the_llvm_level_runs_nowhere() -> None:
    with pytest.raises(Exception, match="no program that calls them"):
        tyrex.compile(str(tyrex.compile_to(GRAPH, "llvm")))


@pytest.mark.parametrize(
    ("inputs", "kind", "message"),
    [
        ((), ArgumentError, "main: expected 1 argument; found 0"),
        ((X, X), ArgumentError, "main: expected 1 argument; found 2"),
        ((X.astype(np.float64),), DTypeError, "argument 'x': expected float32; found float64"),
        ((X[:2],), ShapeError, "argument 'x': expected 4 in dimension 0"),
        ((X[0],), ShapeError, "argument 'x': expected rank 2"),
        ((1.0,), DTypeError, "argument 'x': expected float32[4, 8]; found a Python float"),
    ],
)
def test_inputs_that_do_not_fit(
    inputs: tuple[Any, ...], kind: type[Exception], message: str
) -> None:
    exe = tyrex.compile(GRAPH)
    with pytest.raises(kind, match=re.escape(message)):
        exe(*inputs)
    with pytest.raises(ArgumentError, match="there is no argument 'z'"):
        exe.run({"z": X})


def test_no_file_is_an_error_of_the_os_too() -> None:
    with pytest.raises(OSError, match="there is no such file") as error:
        tyrex.compile("nope.onnx")
    assert isinstance(error.value, LoadError)


# -- rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_row_with_a_nan_is_nan_and_no_other(op: str, axis: int) -> None:
    x = np.random.default_rng(0).standard_normal((37, 37), np.float32)
    x[5, 7], x[3, 4], x[4, 3] = np.nan, np.inf, -np.inf
    t = "!relax.tensor<[37, 37], f32>"
    module = parse(f"""relax.func @main(%x: {t}) -> ({t}) {{
      %y = relax.{op} %x {{axis = {axis}}} : ({t}) -> {t}
      relax.return %y : {t}
    }}""")
    found = run(module, x)
    with np.errstate(invalid="ignore", divide="ignore"):
        grown = np.exp(x - x.max(axis, keepdims=True))
        expected = grown / grown.sum(axis, keepdims=True)
        if op == "log_softmax":
            shifted = x - x.max(axis, keepdims=True)
            expected = shifted - np.log(grown.sum(axis, keepdims=True))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
