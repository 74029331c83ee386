#!/usr/bin/env python3
"""How much slower a build for any shape is than builds for one shape each.

    python benchmarks/dynamic.py ocr_detector --shapes 1x3x96x160,1x3x480x480
    python benchmarks/dynamic.py yolov8n --dims height=320 --dims width=320 --shapes 1x3x320x320
    python benchmarks/dynamic.py minilm.onnx --shapes 1x16,4x128

The model is compiled once with its symbols, and for each of `--shapes` with these fixed. Both run
in this process, on one thread, in turns; `x` is the median of the rounds' own ratios: above 1, the
build for any shape is slower. A shape is the first input's; the others follow by their symbols.
`error` is the largest difference between the two, by the largest value.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, cast

import click
import numpy as np
from rich.box import SIMPLE
from rich.table import Table
from tyrex_bench import models
from tyrex_bench.figures import ratio_of_rounds, relative_error
from tyrex_bench.report import make_console

import tyrex

Shape = tuple[int, ...]
Arrays = dict[str, np.ndarray[Any, Any]]

TURN_SECONDS = 0.05
"""A turn's runs take about so long together."""


def _shapes(_: click.Context, __: click.Parameter, value: str) -> tuple[Shape, ...]:
    try:
        return tuple(tuple(int(size) for size in word.split("x")) for word in value.split(","))
    except ValueError:
        raise click.BadParameter(f"'{value}' is no shape like 1x3x96x160") from None


def _dims(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, int]:
    return {name: int(size) for name, _, size in (pair.partition("=") for pair in pairs)}


@click.command()
@click.argument("model")
@click.option("--shapes", required=True, callback=_shapes, help="Of the first input: 1x3x96x160.")
@click.option("--dims", multiple=True, callback=_dims, metavar="NAME=SIZE", help="Fixed in both.")
@click.option("--rounds", default=15, show_default=True, type=click.IntRange(1))
@click.option("--output", type=click.Path(path_type=Path), help="Write the figures as JSON.")
def main(
    model: str, shapes: tuple[Shape, ...], dims: dict[str, int], rounds: int, output: Path | None
) -> None:
    """Compare builds of MODEL, a file or a name of the tests' zoo."""
    path = Path(model) if Path(model).suffix else models.zoo().load(model).path
    dynamic = tyrex.compile(path, dims=dims, threads=1)
    results = [measure(path, dims, dynamic, shape, rounds) for shape in shapes]
    table = Table("shape", "static ms", "dynamic ms", "x", "error", box=SIMPLE)
    for result in results:
        times = (f"{median(result[side]) * 1e3:.3f}" for side in ("static_s", "dynamic_s"))
        shape = "x".join(map(str, result["shape"]))
        table.add_row(shape, *times, f"{result['ratio']:.2f}", f"{result['error']:.1e}")
    make_console().print(table)
    if output is not None:
        output.write_text(json.dumps(results, indent=1) + "\n")


def measure(
    path: Path, dims: Mapping[str, int], dynamic: tyrex.Executable, shape: Shape, rounds: int
) -> dict[str, Any]:
    """Return the figures of one shape: seconds of a run by round, their ratio, the difference."""
    inputs = inputs_at(dynamic, shape)
    shapes = {name: array.shape for name, array in inputs.items()}
    static = tyrex.compile(path, dims=dims, shapes=shapes, threads=1)
    runs: dict[str, Callable[[], Any]] = {
        "static_s": lambda: static.run(inputs),
        "dynamic_s": lambda: dynamic.run(inputs),
    }
    pairs = zip(*(_several(run()) for run in reversed(runs.values())), strict=True)
    error = max(relative_error(np.asarray(a), np.asarray(b)) for a, b in pairs)
    count = max(1, round(TURN_SECONDS / min(_seconds(run, 1) for run in runs.values())))
    times: dict[str, list[float]] = {side: [] for side in runs}
    for number in range(rounds):
        order = list(runs) if number % 2 else list(reversed(runs))
        for side in order:
            runs[side]()  # the other one used the caches before it
            times[side].append(_seconds(runs[side], count))
    ratio = ratio_of_rounds(times["dynamic_s"], times["static_s"])
    return {"shape": shape, **times, "ratio": ratio, "error": error}


def inputs_at(exe: tyrex.Executable, shape: Shape) -> Arrays:
    """Return inputs of a model with symbols, the first of a shape: numbers in [0, 1), or ones."""
    # Any: a spec may be one of tuples or objects, which have no shape; that fails below.
    specs: dict[str, Any] = dict(exe.signature.inputs)
    first = next(iter(specs.values()))
    if len(first.shape) != len(shape):
        raise click.BadParameter(f"the first input has {len(first.shape)} dims: {first}")
    values: dict[str, int] = {
        dim.symbols[0]: size
        for dim, size in zip(first.shape, shape, strict=True)
        if not isinstance(dim, int) and len(dim.code) == 1
    }
    return {name: _array(np.dtype(str(s.dtype)), s.shape_at(values)) for name, s in specs.items()}


def _array(dtype: np.dtype[Any], shape: Shape) -> np.ndarray[Any, Any]:
    if dtype.kind == "f":
        return np.random.default_rng(0).random(shape).astype(dtype)
    return np.ones(shape, dtype)


def _several(found: Any) -> tuple[Any, ...]:
    return tuple(cast(Any, found)) if isinstance(found, tuple) else (found,)


def _seconds(run: Callable[[], Any], count: int) -> float:
    """Return the processor time of the thread per run."""
    start = time.thread_time()
    for _ in range(count):
        run()
    return (time.thread_time() - start) / count


if __name__ == "__main__":
    main()
