"""Engines take turns; one that fails is out and says why."""

import math
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tyrex_bench import rounds, worker
from tyrex_bench.engines import Engine
from tyrex_bench.models import Prepared
from tyrex_bench.rounds import Comparison, Launch, Settings, largest_error, turn_of

HERE = Path(__file__).parent


def launch(function: str, has_cache: bool = False) -> Launch:
    engine = Engine("numpy", (), f"fake_engine:{function}", has_cache)
    return Launch(engine, Path(sys.executable))


def make_comparison(tmp_path: Path, **functions: str) -> Comparison:
    inputs = tmp_path / "inputs.npz"
    np.savez(inputs, np.arange(4, dtype=np.float32))
    model = Prepared("m", tmp_path / "m.onnx", ("x",), inputs)
    settings = Settings(
        1, (max(os.sched_getaffinity(0)),), 3, 30, tmp_path / "caches", reference="doubler"
    )
    launches = {name: launch(function, name == "doubler") for name, function in functions.items()}
    return Comparison(model, launches, settings, lambda text: None)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "WARM_SECONDS", 0.02)
    monkeypatch.setattr(rounds, "WORKER_PATHS", (HERE,))


def test_engines_take_turns(tmp_path: Path) -> None:
    comparison = make_comparison(
        tmp_path,
        doubler="import_doubler",
        sleeper="import_sleeper",
        broken="import_broken",
        crashing="import_crashing",
    )
    results = comparison.run()
    assert len(results["doubler"]["wall_s"]) == len(results["doubler"]["cpu_s"]) == 3
    assert min(results["sleeper"]["wall_s"]) >= 0.01
    assert max(results["sleeper"]["cpu_s"]) < 0.01
    assert results["sleeper"]["max_error"] == 0.5
    assert results["doubler"]["max_error"] is None
    assert results["broken"]["error"] == "NotImplementedError: m.onnx is beyond me"
    assert results["broken"]["wall_s"] == []
    assert results["crashing"]["error"].startswith("the process ended with 7")
    assert results["crashing"]["wall_s"] == []


def test_compile_times_are_taken_once(tmp_path: Path) -> None:
    comparison = make_comparison(tmp_path, doubler="import_doubler")
    cold = comparison.run()["doubler"]
    assert cold["load_s"] is not None
    assert cold["cached_load_s"] is not None
    assert cold["load_peak_bytes"] > worker.peak_bytes() // 100
    comparison = make_comparison(tmp_path, doubler="import_doubler")
    comparison.settings = replace(comparison.settings, is_cold=False)
    warm = comparison.run()["doubler"]
    assert warm["load_s"] is None
    assert warm["cached_load_s"] is None
    assert len(warm["wall_s"]) == 3


@pytest.mark.parametrize(
    ("seconds", "turn"),
    [(5.0, (0, 1)), (0.5, (1, 1)), (0.02, (1, 3)), (0.001, (1, 20)), (0.0, (1, 20))],
)
def test_a_turn_has_about_the_same_length(seconds: float, turn: tuple[int, int]) -> None:
    assert turn_of(seconds) == turn


def test_the_largest_error_is_relative_to_its_output(tmp_path: Path) -> None:
    right, found, other = (tmp_path / f"{name}.npz" for name in ("right", "found", "other"))
    np.savez(right, np.array([1.0, -100.0]), np.array([0.5]))
    np.savez(found, np.array([2.0, -100.0]), np.array([0.51]))
    np.savez(other, np.array([1.0, -100.0]))
    assert largest_error(found, right) == pytest.approx(0.02)
    assert largest_error(other, right) == math.inf
