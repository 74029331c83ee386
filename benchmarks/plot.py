"""Draw how many times longer the peers take, from the results of compare.py.

python benchmarks/plot.py benchmarks/results/2026-11-22-one-thread.json docs/benchmarks.svg
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from tyrex_bench.report import bars_of, versions

BAR_SHARE = 0.8
"""Of a model's place on the axis, all its bars together."""
INCHES_PER_MODEL = 0.95
FORMATS = ("svg", "png")


@click.command()
@click.argument("results", type=click.Path(exists=True, path_type=Path))
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--threads", default=1, show_default=True)
@click.option(
    "--time", "series", type=click.Choice(["cpu", "wall", "auto"]), default="auto",
    show_default=True, help="auto: the clock's, if no result was taken on a busy machine.",
)  # fmt: skip
def main(results: Path, picture: Path, threads: int, series: str) -> None:
    """Draw RESULTS, a JSON file of compare.py, to PICTURE, .svg or .png."""
    report = json.loads(results.read_text())
    chosen = [result for result in report["results"] if result["threads"] == threads]
    if not chosen:
        raise click.UsageError(f"{results}: nothing was measured with {threads} threads")
    if series == "auto":
        series = choose_series(chosen)
    bars = bars_of(chosen, report["own"], f"{series}_s")
    draw(bars, report, picture, f"{'processor' if series == 'cpu' else 'elapsed'} time", threads)


def choose_series(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the time to draw: wall time, which a busy machine spoils."""
    return "cpu" if any(result["busy"] for result in results) else "wall"


def draw(
    bars: Mapping[str, Mapping[str, float]],
    report: Mapping[str, Any],
    picture: Path,
    time: str,
    threads: int,
) -> None:
    """Write the picture: a group of bars per model, a bar per peer, a line where both are equal."""
    if picture.suffix.lstrip(".") not in FORMATS:
        raise click.UsageError(f"{picture}: {' or '.join(FORMATS)} can be drawn")
    try:
        # Any: a plot needs little of matplotlib's large interface.
        matplotlib: Any = import_module("matplotlib")
    except ImportError as error:
        raise click.ClickException(
            "matplotlib is not installed; pip install 'tyrex[bench]' brings it"
        ) from error
    matplotlib.use("agg")
    matplotlib.rcParams["svg.hashsalt"] = "tyrex"  # the same figures give the same file
    plt: Any = import_module("matplotlib.pyplot")
    models = list(dict.fromkeys(model for ratios in bars.values() for model in ratios))
    figure, axes = plt.subplots(figsize=(INCHES_PER_MODEL * len(models) + 1, 4.2))
    width = BAR_SHARE / max(1, len(bars))
    for number, (peer, ratios_of_peer) in enumerate(bars.items()):
        heights = [ratios_of_peer.get(model, math.nan) for model in models]
        places = [i + (number + 0.5) * width - BAR_SHARE / 2 for i in range(len(models))]
        drawn = axes.bar(places, heights, width, label=peer)
        axes.bar_label(drawn, [f"{h:.2f}" if h == h else "" for h in heights], fontsize=7)
    axes.axhline(1, color="black", linewidth=1)
    axes.set_xticks(range(len(models)), models, rotation=30, ha="right", fontsize=8)
    axes.set_ylabel(f"{time}, peer / {report['own']}")
    title = f"above 1: {report['own']} is faster ({threads} thread{'s' * (threads > 1)})"
    axes.set_title(f"{title}\n{versions(report)}; {report['machine']['date'][:10]}", fontsize=9)
    axes.legend(fontsize=8)
    figure.tight_layout()
    metadata = {"Date": None} if picture.suffix == ".svg" else None
    figure.savefig(picture, dpi=150, metadata=metadata)


if __name__ == "__main__":
    main()
