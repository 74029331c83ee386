#!/usr/bin/env python3
"""What it costs to ship a model: time to export, size beyond the weights, time to load.

    python benchmarks/shipping.py resnet50.onnx minilm.onnx --dims batch=1 --dims length=128

For each model and format: seconds from a compiled executable to a file; its bytes beyond those of
the constants; the milliseconds that a fresh process without xdsl, llvmlite and onnx takes from the
call of `load_module` to its return (NumPy and the runtime are imported already); whether its
results are bit-equal to those of the executable. The time that decides is the median of `--rounds`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, cast

import click
import numpy as np

import tyrex

FORMATS = (".so", ".tyx")

LOAD = """
import json, sys, time

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("xdsl", "llvmlite", "onnx"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Absent())
import numpy as np
import tyrex

file, inputs, outputs = sys.argv[1:]
load = tyrex.load_module
tyrex.Tensor.empty((1,), "float32")
start = time.perf_counter()
module = load(file)
loaded = time.perf_counter() - start
arrays = np.load(inputs)
results = module.run({name: arrays[name] for name in arrays.files})
several = results if isinstance(results, tuple) else (results,)
np.savez(outputs, *(np.asarray(result) for result in several))
print(json.dumps(loaded))
"""


def dims_of(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, int]:
    """Return named sizes given as NAME=SIZE."""
    return {name: int(size) for name, _, size in (pair.partition("=") for pair in pairs)}


@click.command()
@click.argument("models", nargs=-1, required=True)
@click.option("--dims", multiple=True, callback=dims_of, metavar="NAME=SIZE")
@click.option("--rounds", default=5, show_default=True)
def main(models: tuple[str, ...], dims: dict[str, int], rounds: int) -> None:
    """Measure MODELS (.onnx)."""
    for model in models:
        exe = tyrex.compile(model, dims=dims)
        with tempfile.TemporaryDirectory() as folder:
            for suffix in FORMATS:
                click.echo(json.dumps(measure(Path(model), exe, suffix, Path(folder), rounds)))


def measure(
    model: Path, exe: tyrex.Executable, suffix: str, folder: Path, rounds: int
) -> dict[str, Any]:
    """Return the figures of one model in one format."""
    start = time.perf_counter()
    path = exe.export_library(folder / f"net{suffix}")
    seconds = time.perf_counter() - start
    feeds = {name: feed(spec) for name, spec in exe.signature.inputs}
    cast(Any, np.savez)(folder / "inputs.npz", **feeds)  # its stubs take names for flags
    several = results_of(exe.run(feeds))
    times = [load_time(path, folder) for _ in range(rounds)]
    found = np.load(folder / "outputs.npz")
    constants = exe.stats()["constant_bytes"]
    return {
        "model": model.stem,
        "format": suffix,
        "export_s": round(seconds, 2),
        "constants_mb": round(constants / 1e6, 2),
        "beyond_constants_mb": round((path.stat().st_size - constants) / 1e6, 2),
        "load_ms": round(median(times) * 1e3, 1),
        "bit_equal": all(
            np.array_equal(np.asarray(ours), found[name])
            for ours, name in zip(several, found.files, strict=True)
        ),
    }


def results_of(found: Any) -> tuple[Any, ...]:
    """Return the results of a call, one or several, as a tuple."""
    return tuple(cast(Any, found)) if isinstance(found, tuple) else (found,)


def feed(spec: Any) -> np.ndarray[Any, Any]:
    """Return an input: numbers from 0 to 1, or small integers."""
    random = np.random.default_rng(0)
    dtype = np.dtype(str(spec.dtype))
    shape: tuple[int, ...] = spec.shape
    if dtype.kind == "f":
        return np.asarray(random.random(shape), dtype)
    return np.asarray(random.integers(0, 2, shape), dtype)


def load_time(path: Path, folder: Path) -> float:
    """Return the seconds that a fresh process takes to load a file."""
    files = [str(path), str(folder / "inputs.npz"), str(folder / "outputs.npz")]
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *files], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
