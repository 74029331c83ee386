"""What a call costs beside the kernels: from Python, from C, and from thread to thread.

python benchmarks/calls.py
python benchmarks/calls.py --threads 2 --output calls.json

The model adds two tensors of 2 x 2, and a row of kernels tells what one more of them costs, its own
work included. Times from Python are processor time of the thread, those from
C elapsed time; all are microseconds, the best of some turns where the turns are short.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.box import SIMPLE
from rich.table import Table
from tyrex_bench.report import make_console

import tyrex

CALLS = 5000
TURNS = 7
SOURCES = ("arena.c", "blocks.c", "context.c", "error.c", "pool.c", "wait.c")

MODEL = """
relax.func @main(%x: T, %y: T) -> (T) attributes {input_names = ["x", "y"], output_names = ["s"]} {
  %s = relax.add %x, %y : (T, T) -> T
  relax.return %s : T
}
""".replace("T", "!relax.tensor<[2, 2], f32>")

SYMBOLIC = MODEL.replace("@main(", "@main<n>(").replace("[2, 2]", "[n, 2]")

STEPS = 64
"""Kernels of the model that tells what a further one costs."""

X = np.array([[1, 2], [3, 4]], np.float32)
Y = np.ones((2, 2), np.float32)


@click.command()
@click.option("--threads", type=click.IntRange(2), help="Of a parallel loop (default: the cores).")
@click.option("--output", type=click.Path(path_type=Path), help="Write the figures as JSON.")
def main(threads: int | None, output: Path | None) -> None:
    """Print what calls cost."""
    figures = from_python()
    if shutil.which("cc") is None:
        click.echo("no C compiler (cc): no figures from C", err=True)
    else:
        figures |= from_c(threads or max(len(os.sched_getaffinity(0)), 2))
    table = Table("call", "microseconds", box=SIMPLE)
    for name, microseconds in figures.items():
        table.add_row(name, f"{microseconds:.3f}")
    make_console().print(table)
    if output is not None:
        output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def from_python() -> dict[str, float]:
    """Return microseconds of one call by what is passed."""
    exe = tyrex.compile(MODEL, threads=1)
    symbolic = tyrex.compile(SYMBOLIC, threads=1)
    bytecode = tyrex.compile(MODEL, threads=1, exec_mode="bytecode")
    profiled = tyrex.compile(MODEL, threads=1, exec_mode="bytecode")
    profiled.machine.profile("main", X, Y)
    symbolic(X, Y)
    x, y = tyrex.Tensor.from_numpy(X), tyrex.Tensor.from_numpy(Y)
    s = np.empty_like(X)
    calls: dict[str, Callable[[], Any]] = {
        "Python, arrays of NumPy": lambda: exe(X, Y),
        "Python, tensors": lambda: exe(x, y),
        "Python, arrays by name": lambda: exe(x=X, y=Y),
        "Python, into a buffer": lambda: exe.run({"x": X, "y": Y}, out={"s": s}),
        "Python, symbolic shape": lambda: symbolic(X, Y),
        "Python, bytecode, arrays": lambda: bytecode(X, Y),
        "Python, bytecode, tensors": lambda: bytecode(x, y),
        "the same after a profile": lambda: profiled(x, y),
        "NumPy's own x + y": lambda: X + Y,
    }
    figures = {name: min(_turn(call) for _ in range(TURNS)) for name, call in calls.items()}
    for mode in ("bytecode", "compiled"):
        figures[f"one kernel more of {STEPS}, {mode}"] = _kernel(mode)
    return figures


def _kernel(mode: str) -> float:
    """Return microseconds of a kernel of four elements in a row of them."""
    times: list[float] = []
    for count in (1, 1 + STEPS):
        steps = [f"%{i + 1} = relax.tanh %{i} : (T) -> T" for i in range(count)]
        text = "\n".join(
            ["relax.func @main(%0: T) -> (T) {", *steps, f"relax.return %{count} : T", "}"]
        )
        text = text.replace("T", "!relax.tensor<[2, 2], f32>")
        # No passes of the graph: they would make one kernel of all.
        exe = tyrex.compile(text, threads=1, exec_mode=mode, opt_level=0)
        call = partial(exe, tyrex.Tensor.from_numpy(X))
        times.append(min(_turn(call) for _ in range(TURNS)))
    return (times[1] - times[0]) / STEPS


def _turn(call: Callable[[], Any]) -> float:
    start = time.thread_time_ns()
    for _ in range(CALLS):
        call()
    return (time.thread_time_ns() - start) / CALLS / 1e3


def from_c(threads: int) -> dict[str, float]:
    """Return microseconds of calls in a C program, and of parallel loops in it."""
    exe = tyrex.compile(MODEL, threads=1)
    native = Path(str(files("tyrex.runtime"))) / "native"
    with tempfile.TemporaryDirectory(prefix="tyrex-calls-") as name:
        folder = Path(name)
        exe.export_library(folder / "sum.a")
        source = Path(__file__).parent / "tyrex_bench" / "calls.c"
        runtime = [str(native / source) for source in SOURCES]
        command = ["cc", "-std=gnu11", "-O2", "-I.", f"-I{native}", str(source), *runtime]
        command += ["sum.a", "-lm", "-pthread", "-o", "calls"]
        subprocess.run(command, cwd=folder, check=True)
        done = subprocess.run(
            [folder / "calls", str(threads)], capture_output=True, text=True, check=True
        )
    found = {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}
    return {
        "C, addresses": found["run"],
        "C, tensors": found["run_tensors"],
        f"loop on {threads} threads, workers spinning": found["hand_off"],
        f"loop on {threads} threads, workers asleep": found["wake"],
    }


if __name__ == "__main__":
    main()
