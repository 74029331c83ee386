"""`tyrex bench`: how long a model takes, beside other engines.

Every engine is warmed up; then they take turns, so that what the machine does meanwhile hits all
of them. The figure is the median of the rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median, quantiles
from typing import Any

import click

from .arguments import RUN_OPTIONS, at_option, edited, pass_options, run_options
from .terminal import progress_display, table

WARM_SECONDS = 0.5
UNEDITED = "unedited"
Engines = Mapping[str, Callable[[], object]]


@click.command()
@click.argument("model")
@run_options
@pass_options
@at_option
@click.option(
    "--against",
    default="",
    metavar="ENGINE,...",
    help=f"Others: onnxruntime; {UNEDITED}: Tyrex without your passes.",
)
@click.option("--rounds", type=click.IntRange(3), default=30, show_default=True)
def bench(model: str, against: str, rounds: int, **options: Any) -> None:
    """Time MODEL (.onnx or .mlir) on random inputs."""
    from .compile import compile
    from .feeds import make_feeds
    from .peers import PEERS

    peers = [name.strip() for name in against.split(",") if name.strip()]
    known = (*PEERS, UNEDITED)
    for name in peers:
        if name not in known:
            raise click.UsageError(f"--against: no engine '{name}'; known are {', '.join(known)}")
    chosen = {name: options[name] for name in RUN_OPTIONS}
    with progress_display() as progress, edited(options):
        exe = compile(model, progress=progress, **chosen)
    feeds = make_feeds(exe.signature.inputs, {}, random=True, sizes=options["sizes"])
    engines: dict[str, Callable[[], object]] = {"tyrex": lambda: exe(*feeds)}
    for name in peers:
        if name == UNEDITED:
            plain = compile(model, **chosen)
            engines[name] = partial(plain, *feeds)
            continue
        run = PEERS[name](model, exe.threads, options["shapes"])
        engines[name] = lambda run=run: run(feeds)
    click.echo(f"{model}, {exe.threads} threads, {rounds} rounds")
    click.echo(report(measure(engines, rounds)))


def measure(engines: Engines, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every round of every engine."""
    for run in engines.values():
        end = time.perf_counter() + WARM_SECONDS
        run()
        while time.perf_counter() < end:
            run()
    times: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, run in engines.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return times


def report(times: Mapping[str, list[float]]) -> str:
    """Return a line per engine: median, the middle half, and how the first compares with it."""
    rows: list[tuple[str, ...]] = [("engine", "median ms", "25 %", "75 %", "ratio")]
    first = median(next(iter(times.values())))
    for name, seconds in times.items():
        low, middle, high = quantiles(seconds, n=4)
        ratio = f"{middle / first:.2f}"
        rows.append((name, *(f"{value * 1e3:.3f}" for value in (middle, low, high)), ratio))
    return table(rows)
