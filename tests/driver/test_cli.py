import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tyrex.driver import cli, command_bench, command_run, opt, peers
from tyrex.driver.feeds import make_feeds
from tyrex.driver.summaries import difference, summary
from tyrex.runtime.bytecode import Param, TensorSpec
from tyrex.runtime.dims import SymbolicDim
from tyrex.runtime.dtype import DType
from tyrex.runtime.errors import UnsupportedError

from .models import (  # noqa: TID251  # the tests' folder, not the package's
    GRAPH,
    X,
    Y,
    dense,
)

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def mlir(tmp_path: Path) -> str:
    path = tmp_path / "graph.mlir"
    path.write_text(GRAPH)
    return str(path)


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "dense.onnx"
    path.write_bytes(dense(outputs=16).SerializeToString())
    return str(path)


def tyrex(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    """Run the tool; return its exit code, output and error output."""
    capsys.readouterr()
    code = cli.main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_run_with_an_input_from_a_file(capsys: Capture, mlir: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    code, out, err = tyrex(capsys, "run", mlir, "--input", f"x={tmp_path / 'x.npy'}")
    assert (code, err) == (0, "")
    assert f"y: float32[4, 8]  min {Y.min():.6g}  max {Y.max():.6g}" in out
    assert re.search(r"compiled or loaded in .* s, ran in .* ms", out)


def test_a_dim_may_stay_symbolic(capsys: Capture, model: str, tmp_path: Path) -> None:
    ranged = ("--dims", "batch=1..16")
    for given, size in ((("--at", "batch=7"), 7), (("--at=batch=16",), 16)):
        code, out, _ = tyrex(capsys, "run", model, *ranged, "--random", *given)
        assert code == 0
        assert f"y: float32[{size}, 16]" in out
    np.save(tmp_path / "x.npy", np.zeros((3, 8), np.float32))
    code, out, _ = tyrex(capsys, "run", model, *ranged, f"--input=x={tmp_path / 'x.npy'}")
    assert (code, "y: float32[3, 16]" in out) == (0, True)
    code, _, err = tyrex(capsys, "run", model, *ranged, "--random", "--at", "batch=17")
    assert (code, "expected batch in 1 to 16; found 17" in err) == (1, True)
    code, _, err = tyrex(capsys, "run", model, *ranged, "--random")
    assert code == 1
    assert "say how large batch is with --at batch=8 for this run, or --dims batch=8" in err
    code, _, err = tyrex(capsys, "run", model, "--dims", "batch=4..1", "--random")
    assert (code, "no size is from 4 to 1" in err) == (1, True)


def test_every_command_that_runs_takes_sizes(capsys: Capture, model: str, tmp_path: Path) -> None:
    sizes = ("--dims", "batch=1..16", "--at", "batch=3")
    code, out, _ = tyrex(capsys, "profile", model, *sizes)
    assert (code, "float32[3, 8]" in out) == (0, True)
    code, out, _ = tyrex(capsys, "check", model, *sizes)
    assert (code, "none what it computes" in out) == (0, True)
    assert tyrex(capsys, "bench", model, *sizes, "--rounds", "3")[0] == 0
    library = tmp_path / "dense.tyx"
    code, _, _ = tyrex(capsys, "compile", model, "--dims", "batch=1..16", "-o", str(library))
    assert code == 0
    code, out, _ = tyrex(capsys, "run", str(library), "--random", "--at", "batch=5")
    assert (code, "y: float32[5, 16]" in out) == (0, True)


def test_files_tell_the_sizes_of_what_is_made_up(tmp_path: Path) -> None:
    dim = SymbolicDim(("n",))
    params = [Param(name, TensorSpec(DType("float32"), (dim, 2))) for name in ("a", "b")]
    np.save(tmp_path / "a.npy", np.zeros((6, 2), np.float32))
    a, b = make_feeds(params, {"a": str(tmp_path / "a.npy")}, random=True)
    assert a.shape == b.shape == (6, 2)


def test_run_as_native_code(capsys: Capture, model: str) -> None:
    code, out, _ = tyrex(
        capsys, "run", model, "--random", "--dims", "batch=2", "--exec-mode", "compiled"
    )
    assert code == 0
    assert "y: float32[2, 16]" in out


def test_run_with_an_input_that_is_fixed(capsys: Capture, model: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    code, out, _ = tyrex(capsys, "run", model, "--value", f"x={tmp_path / 'x.npy'}")
    assert code == 0
    assert "y: float32[4, 16]" in out


def test_run_with_random_inputs_and_the_best_classes(capsys: Capture, model: str) -> None:
    code, out, _ = tyrex(
        capsys, "run", model, "--random", "--dims", "batch=1", "--repeat", "3", "--threads", "1"
    )
    assert code == 0
    assert re.search(r"top 5: \d+ \([\d.]+\), \d+", out)
    assert "median of 3 runs" in out


def test_run_compares_with_onnx_runtime(capsys: Capture, model: str) -> None:
    code, out, _ = tyrex(
        capsys, "run", model, "--random", "--shapes", "x=3,8", "--check", "onnxruntime"
    )
    assert code == 0
    assert "check: agrees with onnxruntime" in out


def test_a_check_that_fails_is_an_exit_code(
    capsys: Capture, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_run, "MAX_ERROR", -1.0)
    code, out, _ = tyrex(
        capsys, "run", model, "--random", "--dims", "batch=2", "--check", "onnxruntime"
    )
    assert code == 1
    assert "check: DIFFERS from onnxruntime" in out


def test_differences_are_relative_to_the_largest_value() -> None:
    a = np.array([1.0, 100.0, np.nan, np.inf])
    assert difference(a, a) == 0
    assert difference(a, np.array([2.0, 100.0, np.nan, np.inf])) == 0.01
    assert difference(a, np.array([1.0, 100.0, 3.0, np.inf])) == np.inf
    assert difference(np.zeros(0), np.zeros(0)) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("run", "nope.onnx"), 1, "error: nope.onnx: there is no such file"),
        (
            ("run", "{mlir}"),
            1,
            "no data for input x (float32[4, 8]); give a file (--input x=x.npy)",
        ),
        (("run", "{mlir}", "--input", "z=a.npy"), 1, "--input z: the model's inputs are x"),
        (("run", "{mlir}", "--input", "x=nope.npy"), 1, "nope.npy: cannot be read as a .npy file"),
        (("run", "{mlir}", "--input", "x"), 2, "--input: expected NAME=FILE.npy; found 'x'"),
        (
            ("run", "{mlir}", "--dims", "n"),
            2,
            "--dims: expected NAME=SIZE, as batch=1, or NAME=LEAST",
        ),
        (("run", "{mlir}", "--dims", "n=1..2..3"), 2, "as batch=1..64, for a dim that stays symb"),
        (("run", "{mlir}", "--dims", "n=..4"), 2, "found 'n=..4'"),
        (("run", "{mlir}", "--dims", "=1..4"), 2, "found '=1..4'"),
        (("run", "{mlir}", "--at", "n=1..4"), 2, "--at: expected NAME=SIZE, as batch=1; found"),
        (("run", "{mlir}", "--random", "--at", "n=1"), 1, "the model's symbols are none"),
        (("run", "{mlir}", "--dims", "n=1"), 1, "dims= is for ONNX models"),
        (("run", "{mlir}", "--shapes", "x=a"), 2, "--shapes: expected NAME=SIZE,SIZE,..."),
        (("run", "{mlir}", "--target", "z80"), 1, "target 'z80' is unknown; use one of native"),
        (("run", "{mlir}", "--check", "tvm"), 2, "'tvm' is not 'onnxruntime'"),
        (("run", "{mlir}", "--random", "--check", "onnxruntime"), 1, "runs .onnx files"),
        (("compile", "{mlir}", "-o", "a.xyz"), 1, "'a.xyz' ends in .xyz; known are .so (a shared"),
        (("run", "a.so", "--check", "onnxruntime"), 2, "runs .onnx files; a.so was exported"),
        (("run", "nope.so"), 1, "nope.so: cannot be read: No such file"),
        (("compile", "{mlir}", "-o", "a"), 1, "'a' ends in no suffix; known are .so"),
        (("compile", "{mlir}", "-o", "a.c", "--cc", "cc"), 1, "cc= is for .so"),
        (
            ("compile", "{mlir}", "--to", "metal"),
            1,
            "there is no level 'metal'; use one of import, graph",
        ),
        (("compile", "{mlir}", "--print-after", "fuse"), 1, "no pass 'fuse'"),
        (("compile",), 2, "name a model"),
        (("bench", "{mlir}", "--against", "tvm"), 2, "no engine 'tvm'; known are onnxruntime"),
        (("inspect", "nope.mlir"), 1, "error: nope.mlir: there is no such file"),
        (("targets", "z80"), 1, "target 'z80' is unknown"),
        (("fly",), 2, "No such command 'fly'"),
    ],
)
def test_what_is_wrong_is_said(
    capsys: Capture, mlir: str, arguments: tuple[str, ...], code: int, message: str
) -> None:
    found, out, err = tyrex(capsys, *(text.format(mlir=mlir) for text in arguments))
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_a_traceback_for_whoever_asks(capsys: Capture) -> None:
    code, _, err = tyrex(capsys, "--full-traceback", "run", "nope.onnx")
    assert code == 1
    assert "Traceback (most recent call last)" in err


def test_a_bug_is_told_as_one(capsys: Capture, mlir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(arguments: object, **options: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(cli.cli, "main", broken)
    code, _, err = tyrex(capsys, "run", mlir)
    assert code == 2
    assert err.startswith("tyrex: internal error: KeyError: 'lost'\nnote: run again with --full-")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.mlir", b"builtin.module"),
        ("a.ll", b"; ModuleID"),
        ("a.bc", b"BC\xc0\xde"),
        ("a.s", b"\t."),
        ("a.c", b"/* a: a model"),
    ],
)
def test_files_by_suffix(
    capsys: Capture, mlir: str, tmp_path: Path, name: str, start: bytes
) -> None:
    path = tmp_path / name
    code, out, _ = tyrex(capsys, "compile", mlir, "-o", str(path))
    assert (code, out) == (0, f"written: {path}\n")
    assert path.read_bytes().startswith(start)


def test_kernels_alone_by_level(capsys: Capture, mlir: str, tmp_path: Path) -> None:
    path = tmp_path / "kernels.o"
    code, out, _ = tyrex(capsys, "compile", mlir, "--to", "obj", "-o", str(path))
    assert (code, out) == (0, "")
    assert path.read_bytes().startswith(b"\x7fELF")


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")
def test_a_library_is_written_and_run(capsys: Capture, mlir: str, tmp_path: Path) -> None:
    path = str(tmp_path / "a.so")
    code, out, _ = tyrex(capsys, "compile", mlir, "-o", path)
    assert code == 0
    assert f"written: {path}" in out
    assert (tmp_path / "a.h").exists()
    code, out, _ = tyrex(capsys, "run", path, "--random", "--threads", "2")
    assert code == 0
    assert "y: float32[4, 8]" in out


def test_a_level_is_printed(capsys: Capture, mlir: str) -> None:
    code, out, _ = tyrex(capsys, "compile", mlir, "--to", "kernels")
    assert code == 0
    assert "relax.call_tir" in out
    assert "tir.block" in out


def test_what_happens_on_the_way_is_printed_on_stderr(
    capsys: Capture, mlir: str, tmp_path: Path
) -> None:
    arguments = ["--timing", "--print-after", "legalize-ops", "--verify-each"]
    code, out, err = tyrex(
        capsys, "compile", mlir, *arguments, "--dump-ir", str(tmp_path / "ir"), "--no-cache"
    )
    assert code == 0
    assert re.fullmatch(r".*graph\.mlir: 1 kernels in [\d.]+ s\n", out)
    assert "// -----// IR after legalize-ops //----- //" in err
    assert re.search(r"ms +% +stage", err)
    assert "legalize-ops" in "".join(path.name for path in (tmp_path / "ir").iterdir())


def test_the_pipeline_is_printed(capsys: Capture) -> None:
    code, out, _ = tyrex(capsys, "compile", "--print-pipeline", "-O0")
    assert code == 0
    assert out.startswith("-O0: one kernel per operator")


def test_bench_takes_turns(capsys: Capture, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_bench, "WARM_SECONDS", 0.0)
    code, out, _ = tyrex(
        capsys,
        *("bench", model, "--dims", "batch=1", "--against", "onnxruntime", "--rounds", "5"),
        *("--threads", "1"),
    )
    assert code == 0
    lines = out.splitlines()
    assert lines[0].endswith("1 threads, 5 rounds")
    assert [line.split()[0] for line in lines[1:]] == ["engine", "tyrex", "onnxruntime"]
    assert lines[2].endswith("1.00")


def test_a_peer_that_is_not_installed_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'tyrex\[bench\]'"):
        peers.load_onnxruntime("a.onnx", 1, {})


def test_inspect(capsys: Capture, model: str) -> None:
    code, out, _ = tyrex(capsys, "inspect", model, "--dims", "batch=2")
    assert code == 0
    assert "input x: !relax.tensor<[2, 8], f32>" in out
    assert re.search(r"relax\.matmul +1", out)
    assert "parameters: 144 in 2 constants" in out
    assert "work: 0.000 GFLOP" in out


def test_targets(capsys: Capture) -> None:
    code, out, _ = tyrex(capsys, "targets")
    assert code == 0
    assert re.search(r"^native +\S+ ", out, re.MULTILINE)
    code, out, _ = tyrex(capsys, "targets", "x86-64-v3")
    assert "vector_bits: 256" in out


def test_cache_commands(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TYREX_CACHE_DIR", str(tmp_path))
    (tmp_path / "graph.mlir").write_text(GRAPH)
    tyrex(capsys, "compile", str(tmp_path / "graph.mlir"))
    assert re.search(r"models +1 ", tyrex(capsys, "cache", "ls")[1])
    assert f"folder: {tmp_path}" in tyrex(capsys, "cache", "info")[1]
    assert tyrex(capsys, "cache", "clear")[1].startswith("removed 0.0")
    assert re.search(r"models +0 ", tyrex(capsys, "cache", "ls")[1])
    monkeypatch.setenv("TYREX_CACHE", "0")
    assert "folder: none: TYREX_CACHE turns the cache off" in tyrex(capsys, "cache", "info")[1]
    code, _, err = tyrex(capsys, "cache", "clear")
    assert code == 1
    assert "there is no cache" in err


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, json; from tyrex.driver.cli import main; main(['--help']);"
        "print(json.dumps([m for m in ('xdsl', 'onnx', 'llvmlite', 'rich') if m in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert "inspect" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_summaries_of_arrays() -> None:
    assert list(summary("y", np.zeros((0, 3), np.float32))) == ["y: float32[0, 3], empty"]
    assert list(summary("y", np.array([True, False]))) == [
        "y: bool[2]  min 0  max 1  mean 0.5",
        "  [ True, False]",
    ]
    lines = list(summary("y", np.array([[np.nan, *range(20)]], np.float32)))
    assert lines[1] == "  1 of 21 are not finite"
    big = list(summary("y", np.zeros((20, 20), np.int64)))
    assert len(big) == 1


@pytest.mark.parametrize("level", ["graph", "kernels", "scheduled", "host"])
def test_a_file_of_any_level_runs_in_another_process(
    capsys: Capture, model: str, tmp_path: Path, level: str
) -> None:
    path = tmp_path / f"{level}.mlir"
    arguments = ["--dims", "batch=2", "--to", level, "-o", str(path)]
    assert tyrex(capsys, "compile", model, *arguments)[0] == 0
    assert "digest" in path.read_text(), "its weights are too large for the text"
    assert list((tmp_path / f"{level}.mlir.constants").glob("*.npy"))
    _, expected, _ = tyrex(capsys, "run", model, "--dims", "batch=2", "--random")
    command = [sys.executable, "-P", "-m", "tyrex.driver.cli", "run", str(path), "--random"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == expected.splitlines()[0]
    assert opt.main([str(path), "-o", str(tmp_path / "again.mlir")]) == 0


def test_small_constants_make_no_folder(capsys: Capture, mlir: str, tmp_path: Path) -> None:
    assert tyrex(capsys, "compile", mlir, "-o", str(tmp_path / "out.mlir"))[0] == 0
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.mlir"]


def test_profile(capsys: Capture, model: str, tmp_path: Path) -> None:
    files = [tmp_path / f"p.{form}" for form in ("csv", "json", "trace")]
    outputs = [part for file in files for part in ("-o", str(file))]
    code, out, err = tyrex(capsys, "profile", model, "--dims", "batch=2", *outputs)
    assert (code, err) == (0, "")
    assert re.search(r"^fused_matmul_add_relu .* MatMul", out, re.MULTILINE)
    assert out.splitlines()[-1].split()[0] == "Total"
    assert files[0].read_text().startswith("name,duration_us,")
    flops = [call["flops"] for call in json.loads(files[1].read_text())["calls"]]
    assert 2 * 2 * 8 * 16 + 2 * 2 * 16 in flops  # the product, the bias, and the relu
    assert json.loads(files[2].read_text())["traceEvents"]
    code, _, err = tyrex(capsys, "profile", model, "--dims", "batch=2", "-o", "p.xml")
    assert code == 2
    assert "expected a file that ends in .csv, .json, .trace" in err


def test_check(capsys: Capture, mlir: str, model: str) -> None:
    code, out, err = tyrex(capsys, "check", mlir)
    assert (code, err) == (0, "")
    assert re.search(r"^scheduled  schedule-default +equal", out, re.MULTILINE)
    assert re.search(r"^native +equal", out, re.MULTILINE)
    assert "none what it computes" in out
    code, out, _ = tyrex(capsys, "check", model, "--dims", "batch=2", "--until", "kernels")
    assert code == 0
    assert "schedule-default" not in out
