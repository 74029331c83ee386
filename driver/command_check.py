"""`tyrex check`: which pass, if any, changes what a model computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import click

from .arguments import COMPILE_OPTIONS, READ_OPTIONS, at_option, model_options, named_files
from .terminal import progress_display

_LEVELS = ("graph", "kernels", "scheduled", "host", "native")


@click.command()
@click.argument("model")
@model_options
@click.option("--input", multiple=True, callback=named_files, metavar="NAME=FILE.npy")
@at_option
@click.option("--seed", default=0, show_default=True, help="Of the inputs that are made up.")
@click.option(
    "--until",
    type=click.Choice(_LEVELS),
    default="native",
    show_default=True,
    help="The last level to check.",
)
def check(model: str, until: str, **options: Any) -> int:
    """Run MODEL (.onnx or .mlir) after every pass, on the same inputs.

    The interpreters run each level; the first pass after which a result differs is named, and the
    exit code is 1. Interpreters are slow: give large models small inputs, or --until.
    """
    from ..dialects.target import set_target
    from .checking import check_passes
    from .compile import compile, read_model
    from .feeds import make_feeds

    chosen = {name: options[name] for name in COMPILE_OPTIONS}
    module = read_model(model, **{name: options[name] for name in READ_OPTIONS})
    with progress_display() as progress:
        exe = compile(model, progress=progress, cache=options["cache"], **chosen)
    given = options["input"], True, options["seed"], options["sizes"]
    feeds = make_feeds(exe.signature.inputs, *given)
    set_target(module, _target(options["target"]))
    last = "host" if until == "native" else until
    checked = 0
    for found in check_passes(module, feeds, options["opt_level"], last):
        checked += found.changed
        verdict = _verdict(found.error) if found.changed else "nothing to do"
        verdict = "DIFFERS" if found.differs else verdict
        click.echo(f"{found.level:10} {found.pass_name:24} {verdict}")
        if found.differs:
            click.echo(f"check: {found.pass_name} changes what {model} computes")
            return 1
    if until == "native" and _native_differs(exe, module, feeds):
        click.echo(f"check: the machine code computes something else than level host of {model}")
        return 1
    click.echo(f"check: {checked} passes changed {model}, none what it computes")
    return 0


def _target(name: str) -> Any:
    from ..backends.llvm.targets import parse_target

    return parse_target(name)


def _verdict(error: float) -> str:
    return "equal" if error == 0 else f"equal to {error:.1e} of the largest value"


def _native_differs(exe: Any, module: Any, feeds: Sequence[Any]) -> bool:
    """Run the machine code beside the last level's interpreter; tell whether results differ."""
    import numpy as np

    from .checking import TOLERANCE, interpret
    from .summaries import difference

    found = exe(*feeds)
    # cast: isinstance leaves a tuple's elements unknown.
    several = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
    expected = interpret(module, feeds)
    pairs = zip(map(np.asarray, several), expected, strict=True)
    error = max((difference(a, b) for a, b in pairs), default=0.0)
    click.echo(f"{'native':10} {'':24} {_verdict(error)}")
    return error > TOLERANCE
