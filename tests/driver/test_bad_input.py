"""Bad input gets an error that names place, found, expected and what to do; never a traceback."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver import cli, opt
from tyrex.driver.error_report import is_user_error, report
from tyrex.driver.pass_context import compiler_context
from tyrex.runtime.errors import ArgumentError, DTypeError, RuntimeFailure, ShapeError, TyrexError

from .bad_models import (  # noqa: TID251  # the tests' folder, not the package's
    INVALID,
    MALFORMED,
    NO_PROGRAM,
    ONNX,
    Bad,
    T,
)

Capture = pytest.CaptureFixture[str]
Array = NDArray[Any]

MODELS = (*ONNX, *MALFORMED, *INVALID, *NO_PROGRAM)


def by_name(cases: tuple[Bad, ...]) -> list[Any]:
    return [pytest.param(case, id=case.name) for case in cases]


def assert_told(text: str, bad: Bad) -> None:
    missing = [part for part in bad.parts() if part not in text]
    assert not missing, f"the message lacks {missing}:\n{text}"
    assert "error: " in text
    for trace in ("Traceback", "internal error", ".py", "AssertionError", "<class '", "object at"):
        assert trace not in text


@pytest.mark.parametrize("bad", by_name(MODELS))
def test_the_command_line_tells_it(bad: Bad, tmp_path: Path, capsys: Capture) -> None:
    code = cli.main(["run", str(bad.write(tmp_path)), "--random"])
    captured = capsys.readouterr()
    assert (code, captured.out) == (1, "")
    assert_told(captured.err, bad)


@pytest.mark.parametrize("bad", by_name(MODELS))
def test_compile_tells_it(bad: Bad, tmp_path: Path) -> None:
    path = bad.write(tmp_path)
    with pytest.raises(Exception) as error:  # noqa: PT011  # looked at below
        tyrex.compile(path)
    assert is_user_error(error.value)
    assert_told(report(error.value, {}), bad)


@pytest.mark.parametrize("bad", by_name(MALFORMED + INVALID))
def test_tyrex_opt_tells_it(bad: Bad, tmp_path: Path, capsys: Capture) -> None:
    code = opt.main([str(bad.write(tmp_path))])
    captured = capsys.readouterr()
    assert (code, captured.out) == (1, "")
    assert_told(captured.err, bad)


@pytest.mark.parametrize("bad", by_name(INVALID))
def test_ir_that_does_not_verify(bad: Bad, tmp_path: Path) -> None:
    text = bad.write(tmp_path).read_text()
    module = parse_module(compiler_context(), text, "model.mlir")
    with pytest.raises(Exception, match=re.escape(bad.found)) as error:
        tyrex.compile(module)
    assert is_user_error(error.value)


def test_ir_that_refers_outside_of_itself() -> None:
    text = (
        f"relax.func @main(%x: {T}) -> ({T}) {{\n  %y = relax.relu %x : ({T}) -> {T}\n"
        f"  relax.return %y : {T}\n}}"
    )
    module = parse_module(compiler_context(), text, "model.mlir")
    (func,) = module.body.ops
    first = func.regions[0].block.first_op
    assert first is not None
    first.detach()
    with pytest.raises(tyrex.CompileError, match=r"model\.mlir:3:3.*operand #0 \(%y\) is defined"):
        tyrex.compile(module)


def test_a_source_line_and_a_caret_are_shown(tmp_path: Path, capsys: Capture) -> None:
    (bad,) = (bad for bad in INVALID if bad.name == "an axis out of range")
    cli.main(["run", str(bad.write(tmp_path))])
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith("    %y = relax.softmax %x {axis = 3}")
    assert lines[2].rstrip() == "    ^"


def test_calls_without_end(tmp_path: Path) -> None:
    exe = tyrex.compile(
        f"relax.func @main(%x: {T}) -> ({T}) {{\n  %y = relax.call @main(%x) : ({T}) -> {T}\n"
        f"  relax.return %y : {T}\n}}"
    )
    for _ in range(2):
        with pytest.raises(RuntimeFailure, match="main: recursion deeper than 100 calls in main"):
            exe(np.zeros(4, np.float32))


# -- at call time ----------------------------------------------------------------------------------

PROGRAM = """
relax.func @main(%x: !relax.tensor<[2, 3], f32>, %k: !relax.tensor<[3], i64>)
    -> (!relax.tensor<[2, 3], f32>) attributes {input_names = ["x", "k"], output_names = ["y"]} {
  %y = relax.relu %x : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return %y : !relax.tensor<[2, 3], f32>
}
"""
SIGNATURE = "main(x: float32[2, 3], k: int64[3]) -> (y: float32[2, 3])"
X = np.arange(6, dtype=np.float32).reshape(2, 3)
K = np.arange(3)
BIG = np.ones((4, 6), np.float32)


@dataclass(frozen=True)
class Call:
    """A call that must fail: `call(exe)`; the message holds every part."""

    name: str
    call: Callable[[Any], object]
    kind: type[TyrexError]
    parts: tuple[str, ...]


def arguments(name: str, kind: type[TyrexError], *parts: str, args: tuple[Any, ...]) -> Call:
    return Call(name, lambda exe: exe(*args), kind, (*parts, SIGNATURE))


def x_is(name: str, x: Any, kind: type[TyrexError], *parts: str) -> Call:
    return arguments(name, kind, "main: argument 'x': ", *parts, args=(x, K))


def out_is(name: str, out: Any, kind: type[TyrexError], *parts: str) -> Call:
    return Call(name, lambda exe: exe.run({"x": X, "k": K}, out=out), kind, ("main: out", *parts))


CALLS = (
    arguments("none", ArgumentError, "main: expected 2 arguments", "found 0", args=()),
    arguments("too few", ArgumentError, "main: expected 2 arguments", "found 1", args=(X,)),
    arguments("too many", ArgumentError, "expected 2 arguments", "found 3", args=(X, K, K)),
    x_is("rank", X[0], ShapeError, "expected rank 2, float32[2, 3]", "found rank 1, shape (3,)"),
    x_is("scalar", np.float32(1), ShapeError, "expected rank 2", "found rank 0"),
    x_is("dim", BIG, ShapeError, "expected 2 in dimension 0", "found 4, shape (4, 6)"),
    x_is("transposed", X.T, ShapeError, "expected 2 in dimension 0", "found 3, shape (3, 2)"),
    x_is(
        "dtype",
        X.astype(np.float64),
        DTypeError,
        "expected float32; found float64",
        "array.astype('float32')",
    ),
    x_is(
        "byte order",
        X.astype(">f4"),
        DTypeError,
        "'>f4'; expected native byte order",
        "newbyteorder",
    ),
    x_is("objects", X.astype(object), DTypeError, "no data type for the NumPy type object", "use"),
    x_is("texts", X.astype(str), DTypeError, "no data type for the NumPy type <U", "use one of"),
    x_is("complex", X.astype(complex), DTypeError, "NumPy type complex128", "use one of"),
    x_is("dates", X.astype("M8[s]"), DTypeError, "NumPy type datetime64[s]", "use one of"),
    x_is("list", X.tolist(), DTypeError, "expected float32[2, 3]; found a Python list", "asarray"),
    x_is("number", 1.0, DTypeError, "expected float32[2, 3]; found a Python float", "asarray"),
    x_is("nothing", None, DTypeError, "expected a Tensor, a NumPy array", "found NoneType"),
    x_is("text", "x.npy", DTypeError, "expected a Tensor, a NumPy array", "found str"),
    x_is("mapping", {"x": X}, DTypeError, "expected a Tensor, a NumPy array", "found dict"),
    Call(
        "unknown name",
        lambda exe: exe(z=X),
        ArgumentError,
        ("there is no argument 'z'", "expected one of x, k", SIGNATURE),
    ),
    Call(
        "name missing",
        lambda exe: exe.run({"x": X}),
        ArgumentError,
        ("main: argument 'k' is missing; found 1 of 2", SIGNATURE),
    ),
    Call(
        "name and position",
        lambda exe: exe(X, x=X),
        ArgumentError,
        ("argument 'x' is given by position and by name", SIGNATURE),
    ),
    Call(
        "names that are no texts",
        lambda exe: exe.run({0: X, 1: K}),
        ArgumentError,
        ("there is no argument 0", "expected one of x, k"),
    ),
    Call(
        "inputs that are no list",
        lambda exe: exe.run(3),
        DTypeError,
        ("main: inputs: expected a dict by name, or a list or tuple in order; found int",),
    ),
    Call(
        "unknown function",
        lambda exe: exe["other"],
        ArgumentError,
        ("there is no function 'other'; known: main",),
    ),
    out_is("result of no name", {"z": X}, ArgumentError, "there is no result 'z'", "one of y"),
    out_is("result of another shape", {"y": X[:1]}, ShapeError, "expected shape (2, 3); found (1,"),
    out_is("result of another dtype", {"y": X.astype(int)}, DTypeError, "expected float32; found"),
    out_is("result with gaps", {"y": BIG[::2, ::2]}, ArgumentError, "is not contiguous"),
    out_is("result on an input", {"y": X}, ArgumentError, "overlaps argument 'x'", "give it its"),
    out_is(
        "read-only result", [np.broadcast_to(np.float32(1), (2, 3))], ArgumentError, "is read-only"
    ),
    out_is("too many results", [X, X], ArgumentError, "expected 1 buffers; found 2"),
    out_is("results that are no list", 3, DTypeError, "expected a dict by name", "found int"),
    out_is("result that is no array", {"y": "s"}, DTypeError, "expected a Tensor", "found str"),
)


@pytest.fixture(scope="module")
def executable() -> Any:
    return tyrex.compile(PROGRAM, threads=1)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CALLS])
def test_a_call_is_refused(case: Call, executable: Any) -> None:
    with pytest.raises(case.kind) as error:
        case.call(executable)
    message = str(error.value)
    missing = [part for part in case.parts if part not in message]
    assert not missing, f"the message lacks {missing}:\n{message}"
    assert error.value.__cause__ is None, "nothing of ours behind it"
    np.testing.assert_array_equal(np.asarray(executable(X, K)), X)


LAYOUTS: dict[str, Array] = {
    "with gaps": np.repeat(np.repeat(X, 2, 0), 2, 1)[::2, ::2],
    "by columns": np.asfortranarray(X),
    "backwards": X[::-1, ::-1].copy()[::-1, ::-1],
    "misaligned": np.frombuffer(b"-" + X.tobytes(), np.uint8)[1:].view(np.float32).reshape(2, 3),
    "read-only": np.frombuffer(X.tobytes(), np.float32).reshape(2, 3),
    "one element for all": np.broadcast_to(np.float32(2), (2, 3)),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_taken(name: str, executable: Any) -> None:
    array = LAYOUTS[name]
    np.testing.assert_array_equal(np.asarray(executable(array, K[::-1])), array)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("rank", X[0], "expected rank 2"),
        ("dim", BIG, "expected 2 in dimension 0"),
        ("dtype", X.astype(np.float64), "expected float32; found float64"),
        ("objects", X.astype(object), "cannot be read as a .npy file"),
    ],
)
def test_the_command_line_refuses_arrays(
    name: str, array: Array, message: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "a.mlir").write_text(PROGRAM)
    np.save(tmp_path / "x.npy", array)
    code = cli.main(["run", str(tmp_path / "a.mlir"), "--random", "--input", f"x={tmp_path}/x.npy"])
    captured = capsys.readouterr()
    assert (code, captured.out) == (1, "")
    assert message in captured.err
    assert "Traceback" not in captured.err


# -- options ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"threads": "many"}, ["threads: expected a number from 1 to 256; found 'many'"]),
        ({"opt_level": 9}, ["opt_level is 9", "must be 0, 1, 2 or 3"]),
        ({"target": "z80"}, ["target 'z80' is unknown", "use one of native"]),
        ({"target": "x86-64,foo=1"}, ["'foo=1' is no option", "use cpu=..."]),
        ({"dims": 3}, ["dims: expected a dict such as {'batch': 1}", "found 3"]),
        ({"dims": {"a": "b"}}, ["dims: expected names and sizes from 0 on", "found 'a': 'b'"]),
        ({"shapes": {"x": 3}}, ["shapes: expected input names and tuples", "found 'x': 3"]),
        ({"exec_mode": "fast"}, ["exec_mode is 'fast'", "use one of compiled, bytecode"]),
        ({"pipeline": "nope"}, ["no pass or pipeline 'nope'", "--list-passes"]),
        ({"pipeline": 3}, ["pipeline: expected passes, or text", "found 3"]),
    ],
)
def test_options_are_refused(options: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011  # looked at below
        tyrex.compile(PROGRAM, **options)
    assert is_user_error(error.value)
    assert all(part in str(error.value) for part in parts), str(error.value)


@pytest.mark.parametrize("model", [3, None, "", ["a.onnx"], object()])
def test_what_is_no_model(model: Any) -> None:
    with pytest.raises(DTypeError, match=r"compile: expected a path .* found"):
        tyrex.compile(model)


@pytest.mark.parametrize("model", [3, None, ["a.onnx"]])
def test_what_is_no_onnx_model(model: Any) -> None:
    with pytest.raises(tyrex.CompileError, match=r"from_onnx: found builtins\.\w+") as error:
        tyrex.from_onnx(model)
    assert "expected a path, the bytes of a model" in str(error.value.hint)


def test_memory_that_no_machine_has(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "a.mlir"
    path.write_text(PROGRAM.replace("[2, 3]", f"[{2**50}, 3]"))
    code = cli.main(["run", str(path), "--random"])
    assert code == 1
    assert "error: Unable to allocate" in capsys.readouterr().err


def test_a_crash_of_ours_is_told_as_one(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The assertions above can fail: this is what they must never see."""
    module = sys.modules["tyrex.driver.compile"]
    (tmp_path / "a.mlir").write_text(PROGRAM)
    monkeypatch.setattr(module, "_options", None)
    code = cli.main(["run", str(tmp_path / "a.mlir"), "--random"])
    assert code == 2
    assert "internal error" in capsys.readouterr().err
