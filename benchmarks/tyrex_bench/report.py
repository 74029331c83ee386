"""Results as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from .figures import figure_of, geometric_mean, ratio_of_rounds

MIB = 1 << 20
WIDTH = 160
"""Columns of output that goes to no terminal."""
Json = Mapping[str, Any]


def ratios(result: Json, own: str, series: str) -> dict[str, float]:
    """Return how many times longer than `own` each peer took in one result.

    Args:
        result: of a model: "engines" -> name -> an `EngineResult` as JSON.
        own: the engine that the others are compared with.
        series: "wall_s" or "cpu_s".
    """
    engines: Json = result["engines"]
    rounds: Sequence[float] = engines[own][series] if own in engines else ()
    if not rounds:
        return {}
    return {
        name: ratio_of_rounds(engine[series], rounds)
        for name, engine in engines.items()
        if name != own and engine[series]
    }


def mean_ratios(results: Sequence[Json], own: str, series: str) -> dict[str, float]:
    """Return each peer's geometric mean over the models that both engines ran."""
    found: dict[str, list[float]] = {}
    for result in results:
        for name, ratio in ratios(result, own, series).items():
            found.setdefault(name, []).append(ratio)
    return {name: geometric_mean(values) for name, values in found.items()}


def bars_of(results: Sequence[Json], own: str, series: str) -> dict[str, dict[str, float]]:
    """Return peer -> model -> ratio; the last model is the geometric mean of the others."""
    found: dict[str, dict[str, float]] = {}
    for result in results:
        for peer, ratio in ratios(result, own, series).items():
            found.setdefault(peer, {})[result["model"]] = ratio
    for peer, mean in mean_ratios(results, own, series).items():
        found[peer]["geometric mean"] = mean
    return found


def make_console() -> Console:
    """Return the standard output, wide enough for the tables where it is a file."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def show(report: Json, console: Console) -> None:
    """Print the tables of a report, and what is to be known before they are believed."""
    machine = report["machine"]
    console.print(
        f"{machine['cpu']}, {machine['cpus']} processors, {' '.join(machine['features'])}"
    )
    commit = machine["commit"][:12] + (" (modified)" if machine["modified"] else "")
    console.print(f"{machine['date']}, commit {commit}; {versions(report)}")
    for name, reason in report["absent"].items():
        console.print(f"absent: {name}: {reason}")
    for threads in sorted({result["threads"] for result in report["results"]}):
        results = [result for result in report["results"] if result["threads"] == threads]
        console.print(time_table(results, report["own"], threads))
        if any(result["busy"] for result in results):
            console.print(
                "*: the machine had other work (load in the last column): believe the processor's"
                " time (cpu) of one thread, and no time of the clock.",
            )
        if threads > 1 and any(result["busy"] for result in results):
            console.print(
                f"With {threads} threads the ratios above say how engines bear a crowded machine,"
                " not how fast they are. cores: processor time by elapsed time; where it is 1, the"
                " threads took turns on one core."
            )
    console.print(cost_table(report["results"]))
    for result in report["results"]:
        for name, engine in result["engines"].items():
            if engine["error"]:
                console.print(f"{result['model']}: {name}: {engine['error']}", markup=False)


def versions(report: Json) -> str:
    """Return the engines' versions as text."""
    found = {
        name: engine["version"]
        for result in report["results"]
        for name, engine in result["engines"].items()
        if engine["version"]
    }
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _engines(results: Sequence[Json]) -> list[str]:
    return list(dict.fromkeys(name for result in results for name in result["engines"]))


def time_table(results: Sequence[Json], own: str, threads: int) -> Table:
    """Return the table of times and ratios at one number of threads."""
    peers = [name for name in _engines(results) if name != own]
    table = Table(
        title=f"{threads} thread{'s' * (threads > 1)}: ms of the clock; x = peer / {own}",
        box=SIMPLE,
    )
    table.add_column("model", no_wrap=True)
    for name in (own, *peers):
        table.add_column(f"{name}\nmedian (min)", justify="right")
        if name == own:
            table.add_column("cpu ms", justify="right")
            table.add_column("cores", justify="right")
            table.add_column("error", justify="right")
        else:
            table.add_column("x", justify="right")
            table.add_column("x cpu", justify="right")
    table.add_column("load", justify="right")
    for result in results:
        table.add_row(*_time_row(result, own, peers))
    wall, cpu = (mean_ratios(results, own, series) for series in ("wall_s", "cpu_s"))
    last = [cell for name in peers for cell in ("", _ratio(wall, name), _ratio(cpu, name))]
    table.add_section()
    table.add_row("geometric mean", "", "", "", "", *last, "")
    return table


def _time_row(result: Json, own: str, peers: Sequence[str]) -> list[str]:
    engines: Json = result["engines"]
    wall, cpu = ratios(result, own, "wall_s"), ratios(result, own, "cpu_s")
    row = [result["model"] + ("*" if result["busy"] else "")]
    mine = engines.get(own)
    row += [_milliseconds(mine), _cpu_milliseconds(mine), _cores(mine), _error(mine)]
    for name in peers:
        row += [_milliseconds(engines.get(name)), _ratio(wall, name), _ratio(cpu, name)]
    return [*row, f"{max(result['load_average']):.1f}"]


def _milliseconds(engine: Json | None) -> str:
    if engine is None or not engine["wall_s"]:
        return "-"
    figure = figure_of(engine["wall_s"])
    return f"{figure.median * 1e3:.2f} ({figure.minimum * 1e3:.2f})"


def _cpu_milliseconds(engine: Json | None) -> str:
    if engine is None or not engine["cpu_s"]:
        return "-"
    return f"{figure_of(engine['cpu_s']).median * 1e3:.2f}"


def _cores(engine: Json | None) -> str:
    if engine is None or not engine["cpu_s"]:
        return "-"
    return f"{ratio_of_rounds(engine['cpu_s'], engine['wall_s']):.2f}"


def _ratio(found: Mapping[str, float], name: str) -> str:
    return f"{found[name]:.2f}" if name in found else "-"


def _error(engine: Json | None) -> str:
    if engine is None or engine["max_error"] is None:
        return ""
    return f"{engine['max_error']:.0e}"


def cost_table(results: Sequence[Json]) -> Table:
    """Return the table of compile times and peak memory."""
    names = _engines(results)
    table = Table(
        title="compile: s with an empty cache / from the cache; peak memory: MiB", box=SIMPLE
    )
    table.add_column("model", no_wrap=True)
    for name in names:
        table.add_column(f"{name}\ncompile", justify="right")
        table.add_column("memory", justify="right")
    for result in results:
        if result["threads"] != min(other["threads"] for other in results):
            continue
        cells = [_cost(result["engines"].get(name)) for name in names]
        table.add_row(result["model"], *(cell for pair in cells for cell in pair))
    return table


def _cost(engine: Json | None) -> tuple[str, str]:
    if engine is None or engine["load_s"] is None:
        return "-", "-"
    cached = engine["cached_load_s"]
    compile_text = f"{engine['load_s']:.2f}" + ("" if cached is None else f" / {cached:.2f}")
    peak = engine["peak_bytes"]
    return compile_text, "-" if peak is None else f"{peak / MIB:.0f}"
