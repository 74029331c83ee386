"""Compare Tyrex with other engines on the zoo's models.

python benchmarks/compare.py
python benchmarks/compare.py --models light_squeezenet,minilm_l6 --peers openvino --threads 1
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.status import Status
from tyrex_bench import machine, models
from tyrex_bench.engines import ENGINES
from tyrex_bench.environments import EngineAbsent, python_of
from tyrex_bench.figures import was_busy
from tyrex_bench.report import make_console, show
from tyrex_bench.rounds import Comparison, Launch, Settings

FORMAT = 1
OWN = "tyrex"
PEERS = "onnxruntime,openvino"


def _names(_: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))
    known = models.zoo().NAMES if parameter.name == "chosen" else tuple(ENGINES)
    if value == "all":
        return tuple(known)
    for name in names:
        if name not in known:
            raise click.BadParameter(f"'{name}' is unknown; known are {', '.join(known)}")
    return names


def _numbers(_: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    words = [word.strip() for word in value.split(",") if word.strip()]
    if not all(word.isdecimal() for word in words):
        raise click.BadParameter(f"'{value}' is not numbers with commas between")
    return tuple(int(word) for word in words)


@click.command()
@click.option(
    "--models", "chosen", default=",".join(models.DEFAULT), metavar="NAME,...|all", callback=_names,
    help="Models of the zoo (tests/models/zoo.py).",
)  # fmt: skip
@click.option(
    "--peers", metavar="ENGINE,...", default=PEERS, callback=_names, help="Engines; also tvm, iree."
)
@click.option("--threads", default="1,2", callback=_numbers, help="Numbers of threads.")
@click.option("--rounds", default=15, show_default=True, type=click.IntRange(2))
@click.option("--cpus", default="", callback=_numbers, help="Processors to pin to.")
@click.option("--timeout", default=600, show_default=True, help="Seconds a model may take to load.")
@click.option("--output", type=click.Path(path_type=Path), help="A JSON file; kept up to date.")
def main(
    chosen: tuple[str, ...],
    peers: tuple[str, ...],
    threads: tuple[int, ...],
    rounds: int,
    cpus: tuple[int, ...],
    timeout: int,
    output: Path | None,
) -> None:
    """Time models on Tyrex and other engines, which take turns, each in a process of its own."""
    console = make_console()
    progress = Console(stderr=True)
    launches, absent = find_engines((OWN, *peers))
    report: dict[str, Any] = {
        "format": FORMAT, "own": OWN, "machine": machine.describe(), "rounds": rounds,
        "absent": absent, "results": [],
    }  # fmt: skip
    with progress.status("") as status:
        for model, folder in models_on_disk(chosen, absent):
            for count in threads:
                pinned = tuple(machine.choose_cpus(count, cpus))
                settings = Settings(
                    count, pinned, rounds, timeout, folder, is_cold=count == threads[0]
                )
                tell = partial(_show_step, status, f"{model.name}, {count} threads")
                report["results"].append(measure(model, launches, settings, tell))
                if output:
                    output.write_text(json.dumps(report, indent=1) + "\n")
    show(report, console)


def _show_step(status: Status, place: str, step: str) -> None:
    status.update(f"{place}: {step}")


def find_engines(names: tuple[str, ...]) -> tuple[dict[str, Launch], dict[str, str]]:
    """Return the engines that are there, and why the others are not."""
    launches: dict[str, Launch] = {}
    absent: dict[str, str] = {}
    for name in names:
        try:
            launches[name] = Launch(ENGINES[name], python_of(name, ENGINES[name]))
        except EngineAbsent as reason:
            absent[name] = str(reason)
    return launches, absent


def models_on_disk(
    names: tuple[str, ...], absent: dict[str, str]
) -> Iterator[tuple[models.Prepared, Path]]:
    """Yield models, and for each an empty folder for caches that lives until the next model.

    Those that cannot be had are noted in `absent`.
    """
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                model = models.prepare(name, Path(folder))
            except models.zoo().ModelUnavailable as error:
                absent[name] = str(error)
                continue
            yield model, Path(folder) / "caches"


def measure(
    model: models.Prepared,
    launches: Mapping[str, Launch],
    settings: Settings,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Return the results of one model at one number of threads, as JSON."""
    before = machine.load_average()
    engines = Comparison(model, launches, settings, tell).run()
    loads = [before, machine.load_average()]
    own, cpus = engines[OWN], os.cpu_count() or 1
    busy = bool(own["wall_s"]) and was_busy(
        own["wall_s"], own["cpu_s"], settings.threads, max(loads), cpus
    )
    return {
        "model": model.name,
        "threads": settings.threads,
        "cpus": settings.cpus,
        "load_average": loads,
        "busy": busy,
        "engines": engines,
    }


if __name__ == "__main__":
    main()
