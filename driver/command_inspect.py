"""`tyrex inspect`: what a model consists of, without compiling it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from .arguments import READ_OPTIONS, model_options
from .terminal import table

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from ..dialects import relax


@click.command("inspect")
@click.argument("file")
@model_options
def inspect_command(file: str, **options: Any) -> None:
    """Show signature, operators, parameters and work of FILE (.onnx or .mlir).

    Of a file that was exported (.tyx, .so, .a, .o, .c, .ll, .s), what it says of its model is
    shown; its code is not run.
    """
    from .inspecting import describe_exported, is_described

    if is_described(file):
        click.echo("\n".join(describe_exported(file)))
        return
    from .compile import read_model

    module = read_model(file, **{name: options[name] for name in READ_OPTIONS})
    click.echo("\n".join(describe(module)))


def describe(module: ModuleOp) -> Iterator[str]:
    """Yield the lines that `tyrex inspect` prints of a module."""
    from ..analysis.work import flops_of
    from ..dialects import relax
    from .levels import level_of

    yield f"level: {level_of(module)}"
    for func in module.body.ops:
        if isinstance(func, relax.FuncOp):
            yield f"function: {func.sym_name.data}"
            yield from _signature(func)
    counts = Counter(op.name for op in module.walk() if op.name != "builtin.module")
    yield table([("operator", "count"), *((name, str(n)) for name, n in counts.most_common())])
    constants = [op.value for op in module.walk() if isinstance(op, relax.ConstantOp)]
    elements = sum(value.array.size for value in constants)
    size_bytes = sum(value.array.nbytes for value in constants)
    yield f"parameters: {elements:,} in {len(constants)} constants, {size_bytes / 1e6:.1f} MB"
    flops = sum(filter(None, map(flops_of, module.walk())))
    if flops:
        yield f"work: {flops / 1e9:.3f} GFLOP in matrix products and convolutions"


def _signature(func: relax.FuncOp) -> Iterator[str]:
    types = func.function_type
    sides = (
        ("input", func.input_names, types.inputs),
        ("output", func.output_names, types.outputs),
    )
    for side, names, values in sides:
        for i, type_ in enumerate(values.data):
            name = f"#{i}" if names is None else names.data[i].data
            yield f"  {side} {name}: {type_}"
