"""`tyrex profile`: what every call of a model takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .arguments import (
    RUN_OPTIONS,
    at_option,
    edited,
    named_files,
    pass_options,
    run_options,
)
from .terminal import progress_display


@click.command()
@click.argument("model")
@run_options
@pass_options
@click.option("--input", multiple=True, callback=named_files, metavar="NAME=FILE.npy")
@at_option
@click.option("--seed", default=0, show_default=True, help="Of the inputs that are made up.")
@click.option("--each", is_flag=True, help="Every call in a row of its own.")
@click.option(
    "-o",
    "--output",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write it: .csv, .json, or .trace for chrome://tracing and ui.perfetto.dev.",
)
def profile(model: str, each: bool, output: tuple[Path, ...], **options: Any) -> None:
    """Run MODEL (.onnx or .mlir) call by call, and show what each takes.

    Inputs that no --input gives are made up. The bytecode is what runs, with the same kernels.
    """
    from .compile import compile
    from .feeds import make_feeds

    for path in output:
        if path.suffix not in _FORMS:
            raise click.UsageError(
                f"-o {path}: expected a file that ends in {', '.join(_FORMS)}; found"
                f" '{path.suffix}'"
            )
    with progress_display() as progress, edited(options):
        chosen = {name: options[name] for name in RUN_OPTIONS}
        exe = compile(model, progress=progress, **chosen)
    given = options["input"], True, options["seed"], options["sizes"]
    feeds = make_feeds(exe.signature.inputs, *given)
    report = exe.machine.profile(exe.signature.name, *feeds)
    click.echo(report.table(aggregate=not each, sort=not each))
    for path in output:
        path.write_text(getattr(report, _FORMS[path.suffix])())


_FORMS = {".csv": "csv", ".json": "json", ".trace": "trace"}
"""Suffix -> method of a report."""
