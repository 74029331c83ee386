"""The scripts run by path, as their README says."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def run(*words: str | Path) -> str:
    command = [sys.executable, BENCHMARKS / words[0], *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_kernels(tmp_path: Path) -> None:
    text = run("kernels.py", "--only", "128x128x128", "--rounds", "2", "--output", tmp_path / "k")
    assert "matmul 128x128x128" in text
    (result,) = json.loads((tmp_path / "k").read_text())["results"]
    assert result["gflops"] > 0
    assert result["bound"] == "compute"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")
def test_calls(tmp_path: Path) -> None:
    text = run("calls.py", "--threads", "2", "--output", tmp_path / "calls.json")
    assert "C, addresses" in text
    figures = json.loads((tmp_path / "calls.json").read_text())
    assert len(figures) == 15
    assert all(microseconds > 0 for microseconds in figures.values())


@pytest.mark.slow
def test_compare(tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    words = ("--models", "light_squeezenet", "--peers", "onnxruntime", "--threads", "1")
    text = run("compare.py", *words, "--rounds", "2", "--output", output)
    assert "light_squeezenet" in text
    (result,) = json.loads(output.read_text())["results"]
    assert result["engines"]["tyrex"]["error"] == ""
    assert result["engines"]["tyrex"]["max_error"] < 1e-3


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")
def test_shipping() -> None:
    model = BENCHMARKS.parent / "examples" / "digits" / "digits.onnx"
    text = run("shipping.py", model, "--dims", "batch=1", "--rounds", "1")
    library, bundle = map(json.loads, text.splitlines())
    assert (library["format"], bundle["format"]) == (".so", ".tyx")
    for figures in (library, bundle):
        assert figures["bit_equal"]
        assert figures["beyond_constants_mb"] <= 2


@pytest.mark.parametrize(
    "script", ["calls.py", "compare.py", "kernels.py", "plot.py", "shipping.py"]
)
def test_help(script: str) -> None:
    assert "Usage" in run(script, "--help")


def test_unknown_names_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "compare.py", "--models", "nonesuch"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "'nonesuch' is unknown; known are light_bvlc_alexnet" in done.stderr


def test_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra bench brings it")
    engines: dict[str, dict[str, object]] = {
        name: {"wall_s": seconds, "cpu_s": seconds, "error": "", "version": "1"}
        for name, seconds in (("tyrex", [1.0, 2.0]), ("peer", [2.0, 4.0]))
    }
    report = {
        "own": "tyrex", "machine": {"date": "2020-02-02"},
        "results": [{"model": "m", "threads": 1, "busy": False, "engines": engines}],
    }  # fmt: skip
    (tmp_path / "r.json").write_text(json.dumps(report))
    run("plot.py", tmp_path / "r.json", tmp_path / "p.svg")
    assert "<svg" in (tmp_path / "p.svg").read_text()


def test_dynamic(tmp_path: Path) -> None:
    model = BENCHMARKS.parent / "examples" / "digits" / "digits.onnx"
    output = tmp_path / "dynamic.json"
    words = ("--shapes", "1x1x8x8,3x1x8x8", "--rounds", "2", "--output", output)
    text = run("dynamic.py", model, *words)
    assert "3x1x8x8" in text
    results = json.loads(output.read_text())
    assert [result["shape"] for result in results] == [[1, 1, 8, 8], [3, 1, 8, 8]]
    assert all(result["ratio"] > 0 and result["error"] < 1e-5 for result in results)
