"""What a terminal sees while a compile runs. `rich` is imported only where there is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from .options import Progress, silent


@contextmanager
def progress_display() -> Generator[Progress]:
    """Yield a `progress` for a compile; it draws on stderr, if that is a terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task("compile", total=None)

        def show(stage: str, done: int, total: int) -> None:
            counted = f"{stage} {done}/{total}" if total else stage
            display.update(task, description=counted, completed=done, total=total or None)

        yield show


def table(rows: list[tuple[str, ...]]) -> str:
    """Return rows of texts in columns; the last column is not padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
