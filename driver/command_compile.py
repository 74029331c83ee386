"""`tyrex compile`: see a model at any level, print what is done to it, write a file."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .arguments import COMPILE_OPTIONS, model_options, pass_options
from .terminal import progress_display

if TYPE_CHECKING:
    from ..runtime.export_options import ExportOptions
    from .instruments import Instrument

_LEVELS = (
    "import, graph, kernels, scheduled, host, llvm (MLIR); llvm-ir, asm, obj (of the kernels);"
    " c (all of it)"
)


@click.command("compile")
@click.argument("model", required=False)
@model_options
@click.option("--to", "level", metavar="LEVEL", help=f"Stop at a level and print it: {_LEVELS}.")
@click.option("-o", "--output", metavar="FILE", help="Write a file, not to the terminal.")
@click.option("--name", metavar="NAME", help="What the functions in the file begin with.")
@click.option("--cc", metavar="COMMAND", help="The C compiler that links a library.")
@click.option("--linker", metavar="COMMAND", help="The same; for other machines: `zig`, or theirs.")
@click.option("--weights", metavar="inside|beside", help="Where the constants of a .c go.")
@click.option("-p", "--passes", metavar="PASSES", help="Take the place of the graph's passes.")
@pass_options
@click.option("--timing", is_flag=True, help="Print on stderr how long each step took.")
@click.option("--print-after", multiple=True, metavar="PASS", help="IR on stderr; or `all`.")
@click.option("--verify-each", is_flag=True, help="Verify the module after every pass.")
@click.option("--dump-ir", metavar="DIR", help="Write the IR after every pass into a folder.")
@click.option("--print-pipeline", is_flag=True, help="Print the passes and why; compile nothing.")
def compile_command(model: str | None, print_pipeline: bool, **options: Any) -> None:
    """Compile MODEL (.onnx or .mlir).

    Without --to and -o, the result goes into the cache, where the next run finds it. With -o, the
    suffix says what the whole model is written as: .so, .a, .o and .c have a C interface, .tyx is a
    bundle; `tyrex run m.so` and `tyrex run m.tyx` run it. Other systems have .dylib, .dll and
    .wasm in place of .so: `tyrex targets` lists what --target knows. .ll, .bc and
    .s are LLVM's, .mlir is the module.
    """
    if print_pipeline:
        from .levels import print_pipeline as text_of_pipeline

        click.echo(text_of_pipeline(options["opt_level"], options["sanitize"] or ""))
        return
    if model is None:
        raise click.UsageError("name a model: tyrex compile MODEL")
    _compile(model, options.pop("level"), options)


def _compile(model: str, level: str | None, options: dict[str, Any]) -> None:
    from ..runtime.export_options import ExportOptions
    from .plugins import edited_context, given_pipeline

    chosen = {name: options[name] for name in COMPILE_OPTIONS}
    chosen["pipeline"] = given_pipeline(options)
    chosen_export = {name: options[name] for name in ("name", "cc", "linker", "weights")}
    export = ExportOptions(**chosen_export)
    with edited_context(
        options,
        instruments=_instruments(options),
        dump_ir=options["dump_ir"],
        verify_each=options["verify_each"],
    ):
        if level is not None:
            _lower(model, level, options["output"], chosen)
        else:
            _build(model, options, chosen, export)


def _lower(model: str, level: str, output: str | None, chosen: dict[str, Any]) -> None:
    """Print a level of a model, or write it to a file of any name."""
    from ..dialects.side_files import constants_folder
    from .compile import compile_to

    folder = None if output in (None, "-") else constants_folder(Path(output))
    _write(compile_to(model, level, constants=folder, **chosen), output)


def _build(
    model: str, options: dict[str, Any], chosen: dict[str, Any], export: ExportOptions
) -> None:
    """Compile a model as a whole, write the file that is asked for."""
    from .compile import compile, export_source

    output: str | None = options["output"]
    if output is not None and not _is_native(Path(output)):
        written = export_source(model, output, export_options=export, **chosen)
        click.echo(f"written: {written}")
        return
    start = time.perf_counter()
    with progress_display() as progress:
        exe = compile(model, cache=options["cache"], progress=progress, **chosen)
    seconds = time.perf_counter() - start
    stats = exe.stats()
    click.echo(f"{model}: {stats['kernels']} kernels in {seconds:.2f} s")
    if "accesses" in stats:
        click.echo(_checks(stats["accesses"], stats["checked_accesses"]))
    if output is not None:
        click.echo(f"written: {exe.export_library(output, **export.given())}")


def _checks(accesses: int, checked: int) -> str:
    """Return how many accesses to memory a compile left to be checked."""
    verb = "is" if checked == 1 else "are"
    return (
        f"bounds: {accesses - checked} of {accesses} accesses are proven to be inside, "
        f"{checked} {verb} checked"
    )


def _is_native(path: Path) -> bool:
    """Tell whether a file of this suffix is made of objects."""
    from ..exporters.formats import format_of

    return format_of(path).is_native


def _instruments(options: dict[str, Any]) -> list[Instrument]:
    from .instruments import Print, Timing
    from .pass_specs import check_known
    from .plugins import available_passes

    after = options["print_after"]
    for name in after:
        check_known(name, (*available_passes(options["load"]), "all"), "pass")
    found: list[Instrument] = []
    if after:
        found.append(Print(after=None if "all" in after else after))
    if options["timing"]:
        found.append(Timing())
    return found


def _write(data: str | bytes, output: str | None) -> None:
    if output not in (None, "-"):
        path = Path(output)
        path.write_bytes(data) if isinstance(data, bytes) else path.write_text(data, "utf-8")
    elif isinstance(data, str):
        click.echo(data, nl=False)
    elif sys.stdout.isatty():
        raise click.UsageError("an object is no text; name a file with -o")
    else:
        sys.stdout.buffer.write(data)
