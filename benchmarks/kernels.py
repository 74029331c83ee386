"""How near single kernels come to what one core can do.

python benchmarks/kernels.py
python benchmarks/kernels.py --only conv,matmul --rounds 15

In every round the core's peak is measured again, then the kernel; a share is the median of the
rounds' own shares. Time is the thread's processor time, so another process on the core does not
count, but what it does to caches and memory does.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
from rich.box import SIMPLE
from rich.table import Table
from tyrex_bench import machine
from tyrex_bench.cases import Case, cases
from tyrex_bench.figures import ratio_of_rounds
from tyrex_bench.peaks import Peaks
from tyrex_bench.report import make_console

import tyrex

FORMAT = 1
WARM_RUNS = 3
TURN_SECONDS = 0.02
MAX_RUNS_IN_TURN = 200


@dataclass
class Result:
    """A kernel's figures; times in seconds of the thread's processor time."""

    name: str
    flops: int = 0
    size_bytes: int = 0
    seconds: float = math.nan
    min_seconds: float = math.nan
    gflops: float = math.nan
    gbytes_per_s: float = math.nan
    peak_gflops: float = math.nan
    stream_gbytes_per_s: float = math.nan
    share: float = math.nan
    """Of the roof: the time that arithmetic or memory needs at least, whichever is longer, by the
    time taken. Above 1 where tensors stay in a cache, which is faster than memory."""
    bound: str = ""
    """What the roof is: compute or memory."""
    peer_ratio: float = math.nan
    """How many times longer ONNX Runtime takes; nan if it was not asked."""
    error: str = ""


@click.command()
@click.option("--only", default="", metavar="WORD,...", help="Kernels whose names have a word.")
@click.option("--rounds", default=9, show_default=True, type=click.IntRange(2))
@click.option("--against", type=click.Choice(["onnxruntime"]), help="Time an engine, too.")
@click.option("--cpu", type=int, help="The processor to pin to.")
@click.option("--output", type=click.Path(path_type=Path), help="A JSON file.")
def main(only: str, rounds: int, against: str | None, cpu: int | None, output: Path | None) -> None:
    """Time kernels on one thread beside the core's peak and its memory bandwidth."""
    os.sched_setaffinity(0, machine.choose_cpus(1, () if cpu is None else (cpu,)))
    words = [word.strip().lower() for word in only.split(",") if word.strip()]
    console = make_console()
    loads = [machine.load_average()]
    peaks = Peaks()
    results: list[Result] = []
    with console.status("") as status:
        for case in cases():
            if words and not any(word in case.name.lower() for word in words):
                continue
            status.update(case.name)
            results.append(measure(case, peaks, rounds, against is not None))
    loads.append(machine.load_average())
    console.print(table_of(results))
    if max(loads) > (os.cpu_count() or 1):
        console.print(f"load {max(loads):.1f}: other work used caches and memory meanwhile.")
    if output:
        report = {
            "format": FORMAT, "machine": machine.describe(), "load_average": loads,
            "rounds": rounds, "results": [as_json(result) for result in results],
        }  # fmt: skip
        output.write_text(json.dumps(report, indent=1) + "\n")


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as JSON, which has no nan."""
    return {key: None if value != value else value for key, value in asdict(result).items()}


def measure(case: Case, peaks: Peaks, rounds: int, with_peer: bool) -> Result:
    """Return a kernel's figures, or why there are none."""
    result = Result(case.name, case.flops, case.size_bytes)
    try:
        run = compiled(case)
    # A kernel that cannot be compiled yet is a row of the table; the others go on.
    except Exception as error:
        result.error = f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
        return result
    peer = onnxruntime_of(case) if with_peer else None
    for _ in range(WARM_RUNS):
        run()
    times = min(MAX_RUNS_IN_TURN, max(1, math.ceil(TURN_SECONDS / timed(run, 1))))
    seconds: list[float] = []
    compute: list[float] = []
    stream: list[float] = []
    peer_seconds: list[float] = []
    for _ in range(rounds):
        compute.append(peaks.gflops())
        stream.append(peaks.gbytes_per_s())
        run()  # brings back what the peaks drove out of the caches
        seconds.append(timed(run, times))
        if peer:
            peer()
            peer_seconds.append(timed(peer, times))
    if peer:
        result.peer_ratio = ratio_of_rounds(peer_seconds, seconds)
    fill(result, seconds, compute, stream)
    return result


def compiled(case: Case) -> Callable[[], object]:
    """Return a call of the kernel on its inputs that allocates nothing."""
    exe = tyrex.compile(case.model, threads=1)
    names = [name for name, _ in exe.signature.inputs]
    inputs = dict(zip(names, case.inputs, strict=True))
    result: Any = exe.run(inputs)
    out = {"y": np.empty_like(result.numpy())}
    return lambda: exe.run(inputs, out=out)


def onnxruntime_of(case: Case) -> Callable[[], object]:
    """Return a call of the kernel in ONNX Runtime, on this thread."""
    # Any: its interface has no types.
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(case.model.SerializeToString(), options)
    names = [value.name for value in session.get_inputs()]
    inputs = dict(zip(names, case.inputs, strict=True))
    return lambda: session.run(None, inputs)


def timed(run: Callable[[], object], times: int) -> float:
    """Return the processor time of one of so many runs in a row."""
    start = time.thread_time()
    for _ in range(times):
        run()
    return max(time.thread_time() - start, 1e-9) / times


def fill(result: Result, seconds: list[float], compute: list[float], stream: list[float]) -> None:
    """Put the figures of rounds into a result.

    Args:
        result: with the work of the kernel.
        seconds: of a run, by round.
        compute: GFLOP/s of the core, by round.
        stream: GB/s of the core, by round.
    """
    result.seconds, result.min_seconds = median(seconds), min(seconds)
    result.gflops = result.flops / result.seconds / 1e9
    result.gbytes_per_s = result.size_bytes / result.seconds / 1e9
    result.peak_gflops, result.stream_gbytes_per_s = median(compute), median(stream)
    arithmetic = [result.flops / 1e9 / peak for peak in compute]
    memory = [result.size_bytes / 1e9 / rate for rate in stream]
    result.bound = "compute" if median(arithmetic) > median(memory) else "memory"
    needed = arithmetic if result.bound == "compute" else memory
    result.share = median(least / taken for least, taken in zip(needed, seconds, strict=True))


def table_of(results: list[Result]) -> Table:
    """Return the results as a table."""
    table = Table(title="one thread, processor time", box=SIMPLE)
    table.add_column("kernel", no_wrap=True)
    for head in ("ms", "min", "GFLOP/s", "peak", "GB/s", "stream", "of the roof", "x"):
        table.add_column(head, justify="right")
    for result in results:
        if result.error:
            table.add_row(result.name, result.error)
            continue
        table.add_row(
            result.name,
            f"{result.seconds * 1e3:.4f}",
            f"{result.min_seconds * 1e3:.4f}",
            f"{result.gflops:.1f}" if result.flops else "",
            f"{result.peak_gflops:.0f}",
            f"{result.gbytes_per_s:.1f}",
            f"{result.stream_gbytes_per_s:.1f}",
            f"{result.share:.0%} {result.bound}",
            "" if math.isnan(result.peer_ratio) else f"{result.peer_ratio:.2f}",
        )
    return table


if __name__ == "__main__":
    main()
