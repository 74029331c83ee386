"""`tyrex run`: compile a model or load a library, run it, say what came out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, cast

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

if TYPE_CHECKING:
    from ..runtime.executable import Executable
    from ..runtime.module import Module

MAX_ERROR = 1e-3
"""Of the largest absolute value: what two engines that sum in different orders may differ by."""


@click.command()
@click.argument("model")
@run_options
@pass_options
@click.option("--input", multiple=True, callback=named_files, metavar="NAME=FILE.npy")
@at_option
@click.option("--random", is_flag=True, help="Make up the inputs that no --input gives.")
@click.option("--seed", default=0, show_default=True, help="Of --random.")
@click.option("--check", type=click.Choice(["onnxruntime"]), help="Compare the outputs with it.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Run so often; say the median.")
def run(model: str, **options: Any) -> int:
    """Compile MODEL (.onnx or .mlir), run its function `main`, summarize the outputs.

    What was exported (.so, .tyx, .o, .ll, .bc) is loaded: options of the compiler do nothing then.
    """
    from .feeds import make_feeds
    from .peers import PEERS

    check: str | None = options["check"]
    if check and is_exported(model):
        raise click.UsageError(f"--check: {check} runs .onnx files; {model} was exported")
    peer = PEERS[check](model, options["threads"], options["shapes"]) if check else None
    start = time.perf_counter()
    exe = _loaded(model, options)
    compiled_s = time.perf_counter() - start
    signature = exe.signature
    given = options["input"], options["random"], options["seed"], options["sizes"]
    feeds = make_feeds(signature.inputs, *given)
    outputs, times = _run(exe, feeds, options["repeat"])
    _show(dict(zip((param.name for param in signature.outputs), outputs, strict=True)))
    click.echo(_times(compiled_s, times))
    return 0 if check is None or peer is None else _compare(check, peer(feeds), outputs)


def is_exported(model: str) -> bool:
    """Tell whether a file is one that `load_module` reads."""
    return model.endswith((".so", ".tyx", ".o", ".ll", ".bc"))


def _loaded(model: str, options: Mapping[str, Any]) -> Executable | Module:
    """Return a model, compiled or loaded."""
    if is_exported(model):
        from .load_module import load_module

        module = load_module(model)
        if options["threads"] is not None:
            module.threads = options["threads"]
        return module
    from .compile import compile

    with progress_display() as progress, edited(options):
        chosen = {name: options[name] for name in RUN_OPTIONS}
        return compile(model, progress=progress, **chosen)


def _run(
    exe: Executable | Module, feeds: Sequence[Any], repeat: int
) -> tuple[list[Any], list[float]]:
    """Return the outputs of the last run as arrays, and the seconds of every run."""
    import numpy as np

    times: list[float] = []
    found: Any = ()
    for _ in range(repeat):
        start = time.perf_counter()
        found = exe(*feeds)
        times.append(time.perf_counter() - start)
    # cast: isinstance leaves a tuple's elements unknown.
    several = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
    return [np.asarray(output) for output in several], times


def _show(outputs: Mapping[str, Any]) -> None:
    from .summaries import summary

    for name, array in outputs.items():
        for line in summary(name, array):
            click.echo(line)


def _times(compiled_s: float, times: Sequence[float]) -> str:
    line = f"compiled or loaded in {compiled_s:.2f} s, ran in {times[0] * 1e3:.3f} ms"
    if len(times) > 1:
        line += f", median of {len(times)} runs {median(times) * 1e3:.3f} ms"
    return line


def _compare(peer: str, expected: Sequence[Any], found: Sequence[Any]) -> int:
    """Compare outputs with those of another engine; return the exit code."""
    import numpy as np

    from .summaries import difference

    worst = 0.0
    for ours, theirs in zip(found, expected, strict=True):
        theirs = np.asarray(theirs)
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            click.echo(
                f"check: found {ours.dtype}{list(ours.shape)}; {peer} has "
                f"{theirs.dtype}{list(theirs.shape)}"
            )
            return 1
        worst = max(worst, difference(ours, theirs))
    verdict = "agrees with" if worst <= MAX_ERROR else "DIFFERS from"
    click.echo(f"check: {verdict} {peer}: largest difference {worst:.2e} of the largest value")
    return 0 if worst <= MAX_ERROR else 1
