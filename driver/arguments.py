"""Options that several commands of `tyrex` take, and how their texts are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import click
from typing_extensions import TypeVar

from .options import EXEC_MODES, SANITIZERS, DimSize

Command = TypeVar("Command", bound=Callable[..., Any])


READ_OPTIONS = ("target", "dims", "shapes", "values", "opt_level")
"""The arguments of `compile` that `read_model` has, too."""

COMPILE_OPTIONS = (*READ_OPTIONS, "sanitize")
"""The arguments of `compile` that every command has."""


def named_number(text: str, option: str) -> tuple[str, int]:
    """Return the name and the number of `n=1`.

    Raises:
        UsageError: the text is something else.
    """
    name, equals, number = text.partition("=")
    if not name or not equals or not number.strip().isdecimal():
        raise click.UsageError(f"{option}: expected NAME=SIZE, as batch=1; found '{text}'")
    return name.strip(), int(number)


def named_size(text: str, option: str) -> tuple[str, DimSize]:
    """Return the name and the size of `n=1`, or the least and the largest of `n=1..64`.

    Raises:
        UsageError: the text is something else.
    """
    name, equals, sizes = text.partition("=")
    ends = [end.strip() for end in sizes.split("..")]
    if not name or not equals or len(ends) > len(("least", "largest")):
        ends = [""]
    if not all(end.isdecimal() for end in ends):
        raise click.UsageError(
            f"{option}: expected NAME=SIZE, as batch=1, or NAME=LEAST..LARGEST, as batch=1..64, "
            f"for a dim that stays symbolic; found '{text}'"
        )
    numbers = [int(end) for end in ends]
    return name.strip(), numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def named_shape(text: str, option: str) -> tuple[str, tuple[int, ...]]:
    """Return the name and the shape of `x=1,3,224,224`; `x=` is a scalar.

    Raises:
        UsageError: the text is something else.
    """
    name, equals, numbers = text.partition("=")
    parts = [part.strip() for part in numbers.replace("x", ",").split(",") if part.strip()]
    if not name or not equals or not all(part.isdecimal() for part in parts):
        raise click.UsageError(
            f"{option}: expected NAME=SIZE,SIZE,..., as x=1,3,224,224; found '{text}'"
        )
    return name.strip(), tuple(int(part) for part in parts)


def _dims(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> dict[str, DimSize]:
    return dict(named_size(part, "--dims") for text in texts for part in text.split(","))


def _sizes(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> dict[str, int]:
    return dict(named_number(part, "--at") for text in texts for part in text.split(","))


def _shapes(
    ctx: click.Context, param: click.Parameter, texts: Sequence[str]
) -> dict[str, tuple[int, ...]]:
    return dict(named_shape(text, "--shapes") for text in texts)


def named_files(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Return the paths of `NAME=FILE.npy`, by name.

    Raises:
        UsageError: a text is something else.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not name or not equals or not path:
            raise click.UsageError(f"--{param.name}: expected NAME=FILE.npy; found '{text}'")
        found[name] = path
    return found


def _values(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> dict[str, object]:
    from .feeds import read_array

    return {name: read_array(path) for name, path in named_files(ctx, param, texts).items()}


def model_options(command: Command) -> Command:
    """Add what says how a model is compiled: dims, shapes, values, target, level of -O, cache."""
    for decorate in reversed(_MODEL_OPTIONS):
        command = decorate(command)
    return command


_MODEL_OPTIONS: Sequence[Callable[[Any], Any]] = (
    click.option(
        "--dims",
        multiple=True,
        callback=_dims,
        metavar="NAME=SIZE,...",
        help="Sizes of named dims of an ONNX model; n=1..64 keeps n symbolic, within these sizes.",
    ),
    click.option(
        "--shapes",
        multiple=True,
        callback=_shapes,
        metavar="INPUT=SIZE,...",
        help="The whole shape of an input of an ONNX model; once per input.",
    ),
    click.option(
        "--value",
        "values",
        multiple=True,
        callback=_values,
        metavar="INPUT=FILE.npy",
        help="Fix an input of an ONNX model: one that decides shapes.",
    ),
    click.option("--target", default="native", show_default=True, help="See `tyrex targets`."),
    click.option(
        "-O",
        "opt_level",
        type=click.IntRange(0, 3),
        default=2,
        show_default=True,
        help="0: one kernel per operator ... 3: tuned, sums reordered.",
    ),
    click.option(
        "--sanitize",
        type=click.Choice(SANITIZERS),
        help="bounds: kernels check indices that are not proven; a wrong one is an error.",
    ),
    click.option("--cache/--no-cache", default=True, help="Look up and keep compiled results."),
)


_PASS_OPTIONS: Sequence[Callable[[Any], Any]] = (
    click.option(
        "--load",
        multiple=True,
        metavar="FILE.py",
        help="A file of Python with passes of yours; it is run.",
    ),
    click.option(
        "--insert-before",
        multiple=True,
        metavar="PASS:PASSES",
        help="Run passes before one of the pipeline: fuse-ops:'mine{n=1},relax-dce'.",
    ),
    click.option(
        "--insert-after", multiple=True, metavar="PASS:PASSES", help="The same, after one."
    ),
    click.option("--disable", multiple=True, metavar="PASS", help="Leave a pass out."),
)


def pass_options(command: Command) -> Command:
    """Add what says how the pipelines are changed; see `edited`."""
    for decorate in reversed(_PASS_OPTIONS):
        command = decorate(command)
    return command


def edited(options: Mapping[str, Any]) -> AbstractContextManager[object]:
    """Return what is in force around a compile with these options of `pass_options`."""
    if not any(options[name] for name in ("load", "insert_before", "insert_after", "disable")):
        return nullcontext()  # a model that is in the cache needs no compiler
    from .plugins import edited_context

    return edited_context(options)


at_option: Callable[[Any], Any] = click.option(
    "--at",
    "sizes",
    multiple=True,
    callback=_sizes,
    metavar="NAME=SIZE,...",
    help="Sizes of symbolic dims in this run, for inputs that are made up.",
)

RUN_OPTIONS = (*COMPILE_OPTIONS, "cache", "threads", "exec_mode")
"""The arguments of `compile` that commands have which run what they compile."""


def run_options(command: Command) -> Command:
    """Add what says how a model is compiled, and how it runs in this process."""
    command = click.option(
        "--exec-mode",
        type=click.Choice(EXEC_MODES),
        default=EXEC_MODES[0],
        show_default=True,
        help="What runs the program around the kernels.",
    )(command)
    command = click.option(
        "--threads", type=click.IntRange(1, 256), help="Threads of a run (default: the cores)."
    )(command)
    return model_options(command)
