"""A worker answers requests, keeps an engine's chatter out of them, and survives its failures."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tyrex_bench.process import EngineError, EngineProcess

HERE = Path(__file__).parent
CPU = max(os.sched_getaffinity(0))


def start(function: str) -> EngineProcess:
    return EngineProcess(Path(sys.executable), f"fake_engine:{function}", "numpy", (HERE,))


def load_request(folder: Path) -> dict[str, Any]:
    inputs = folder / "inputs.npz"
    np.savez(inputs, np.arange(4, dtype=np.float32))
    return {
        "do": "load", "path": str(folder / "m.onnx"), "names": ["x"], "inputs": str(inputs),
        "threads": 1, "cpus": [CPU], "cache_dir": str(folder / "cache"),
    }  # fmt: skip


def test_load_run_outputs_memory(tmp_path: Path) -> None:
    with start("import_doubler") as process:
        answer = process.ask(load_request(tmp_path))
        assert answer["version"] == np.__version__
        assert answer["load_s"] >= 0
        times = process.ask({"do": "run", "untimed": 2, "times": 3})
        assert len(times["wall_s"]) == len(times["cpu_s"]) == 3
        process.ask({"do": "outputs", "path": str(tmp_path / "out.npz")})
        assert np.load(tmp_path / "out.npz")["arr_0"].tolist() == [0, 2, 4, 6]
        assert process.ask({"do": "memory"})["peak_bytes"] > 1 << 20
        assert (tmp_path / "cache" / "m.onnx").exists()


def test_a_failure_is_an_answer(tmp_path: Path) -> None:
    with start("import_broken") as process:
        for _ in range(2):
            with pytest.raises(EngineError, match=r"^NotImplementedError: m\.onnx is beyond me$"):
                process.ask(load_request(tmp_path))
        with pytest.raises(EngineError, match="nothing is loaded; send load first"):
            process.ask({"do": "run", "untimed": 0, "times": 1})


def test_a_dead_process_is_an_error(tmp_path: Path) -> None:
    with start("import_crashing") as process:
        process.ask(load_request(tmp_path))
        with pytest.raises(EngineError, match="the process ended with 7"):
            process.ask({"do": "run", "untimed": 0, "times": 3})
        with pytest.raises(EngineError, match="the process ended with 7"):
            process.ask({"do": "memory"})


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with start("import_sleeper") as process:
        process.ask(load_request(tmp_path))
        with pytest.raises(EngineError, match="run: no answer in 0 s"):
            process.ask({"do": "run", "untimed": 0, "times": 100}, timeout_s=0.05)
