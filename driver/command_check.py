"""`tyrex check`: which pass, if any, changes what a model computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from .arguments import (
    COMPILE_OPTIONS,
    READ_OPTIONS,
    at_option,
    edited,
    model_options,
    named_files,
    pass_options,
)
from .terminal import progress_display

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from ..dialects import relax
    from .checking import Checked

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
@click.option("-p", "--passes", metavar="PASSES", help="Take the place of the graph's passes.")
@pass_options
@click.option(
    "--dump-ir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the module before and after a wrong pass into a folder.",
)
def check(model: str, until: str, dump_ir: Path | None, **options: Any) -> int:
    """Run MODEL (.onnx or .mlir) after every pass, on the same inputs.

    The interpreters run each level; the first pass after which a result differs is named, with
    what differs where and what it changed, and the exit code is 1. Interpreters are slow: give
    large models small inputs, or --until.
    """
    from .plugins import given_pipeline

    with edited(options):
        return _check(model, until, dump_ir, {**options, "passes": given_pipeline(options)})


def _check(model: str, until: str, dump_ir: Path | None, options: dict[str, Any]) -> int:
    from ..dialects.target import set_target
    from .checking import check_passes
    from .compile import read_model
    from .feeds import make_feeds

    module = read_model(model, **{name: options[name] for name in READ_OPTIONS})
    main = _main(module)
    given = options["input"], True, options["seed"], options["sizes"]
    feeds = make_feeds(_inputs(main), *given)
    set_target(module, _target(options["target"]))
    last = "host" if until == "native" else until
    chosen = options["opt_level"], last, options["passes"], options["sanitize"] or ""
    names = [param.name for param in _outputs(main)]
    checked = 0
    for found in check_passes(module, feeds, *chosen):
        checked += found.changed
        click.echo(f"{found.level:10} {found.pass_name:24} {_verdict(found)}")
        if found.differs:
            _tell(found, model, feeds, names, dump_ir, options["load"])
            return 1
    if until == "native" and _native_differs(model, options, module, feeds):
        click.echo(f"check: the machine code computes something else than level host of {model}")
        return 1
    click.echo(f"check: {checked} passes changed {model}, none what it computes")
    return 0


def _main(module: ModuleOp) -> relax.FuncOp:
    """Return the function that is run.

    Raises:
        CompileError: there is none.
    """
    from ..dialects import relax
    from ..dialects.diagnostics import CompileError

    for func in module.body.ops:
        if isinstance(func, relax.FuncOp) and func.sym_name.data == "main":
            return func
    raise CompileError(module, "has no relax.func @main: passes are checked from level graph on")


def _inputs(main: relax.FuncOp) -> Any:
    from ..backends.vm.emit import params_of

    hints = [argument.name_hint for argument in main.body.block.args]
    return params_of(main.input_names, main.function_type.inputs.data, hints)


def _outputs(main: relax.FuncOp) -> Any:
    from ..backends.vm.emit import params_of

    return params_of(main.output_names, main.function_type.outputs.data, None)


def _target(name: str) -> Any:
    from ..backends.llvm.targets import parse_target

    return parse_target(name)


def _verdict(found: Checked) -> str:
    if not found.changed:
        return "nothing to do"
    if found.differs:
        return "FAILS" if found.wrong is not None and found.wrong.failure else "DIFFERS"
    return _equal(found.error)


def _equal(error: float) -> str:
    return "equal" if error == 0 else f"equal to {error:.1e} of the largest value"


def _tell(
    found: Checked,
    model: str,
    feeds: Sequence[Any],
    names: Sequence[str],
    folder: Path | None,
    files: Sequence[str],
) -> None:
    """Say what is known of a wrong pass; write the module before and after it."""
    from .check_report import dump, report

    click.echo(report(found, model, feeds, names))
    if folder is None:
        click.echo("  --dump-ir DIR writes the module before and after it")
        return
    before, after = dump(found, folder)
    load = "".join(f" --load {file}" for file in files)
    click.echo(f"  before: {before}\n  after:  {after}")
    click.echo(f"  alone:  tyrex-opt {before} -p {found.pass_name}{load}")


def _native_differs(
    model: str, options: dict[str, Any], module: ModuleOp, feeds: Sequence[Any]
) -> bool:
    """Run the machine code beside the last level's interpreter; tell whether results differ."""
    import numpy as np

    from .checking import TOLERANCE, interpret
    from .compile import compile
    from .summaries import difference

    chosen = {name: options[name] for name in COMPILE_OPTIONS} | {"pipeline": options["passes"]}
    with progress_display() as progress:
        exe = compile(model, progress=progress, cache=options["cache"], **chosen)
    found = exe(*feeds)
    # cast: isinstance leaves a tuple's elements unknown.
    several = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
    expected = interpret(module, feeds)
    pairs = zip(map(np.asarray, several), expected, strict=True)
    error = max((difference(a, b) for a, b in pairs), default=0.0)
    click.echo(f"{'native':10} {'':24} {'DIFFERS' if error > TOLERANCE else _equal(error)}")
    return error > TOLERANCE
