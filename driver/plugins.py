"""Passes from files of the user's: `--load my_pass.py` of the command lines.

A file is a module of Python that defines subclasses of `xdsl.passes.ModulePass`. It is run as a
program is: load only what you would run.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

from xdsl.passes import ModulePass

from ..passes import get_all_passes
from .pass_context import PassContext
from .pass_specs import PassTable, UsageError, check_known, parse_passes


def edited_context(options: Mapping[str, Any], **others: Any) -> PassContext:
    """Return the context that the options of a command line ask for.

    Args:
        options: those of `arguments.pass_options`, by name.
        others: more arguments of the context.

    Raises:
        UsageError: an option is not well formed, or names what does not exist.
    """
    table = available_passes(options["load"])
    for name in options["disable"]:
        check_known(name, table, "pass")
    return PassContext(
        disabled_passes=frozenset(options["disable"]),
        insert_before=_insertions("--insert-before", options["insert_before"], table),
        insert_after=_insertions("--insert-after", options["insert_after"], table),
        **others,
    )


def given_pipeline(options: Mapping[str, Any]) -> str | tuple[ModulePass, ...] | None:
    """Return what `--passes` asks for; text, by which models are cached, where it can be."""
    text, files = options["passes"], options["load"]
    return parse_passes(text, available_passes(files)) if text and files else text


def _insertions(
    option: str, texts: Sequence[str], table: PassTable
) -> dict[str, tuple[ModulePass, ...]]:
    found: dict[str, tuple[ModulePass, ...]] = {}
    for text in texts:
        place, colon, passes = text.partition(":")
        if not colon or not passes:
            raise UsageError(f"{option}: expected PASS:PASSES, as fuse-ops:mine; found '{text}'")
        check_known(place, table, "pass")
        found[place] = (*found.get(place, ()), *parse_passes(passes, table))
    return found


def available_passes(files: Sequence[str]) -> PassTable:
    """Return the passes of the house and of files, by name; a file is run once in a process.

    Raises:
        UsageError: a file is not there, fails or defines no pass, or a name is taken.
    """
    table: PassTable = get_all_passes()
    for file in files:
        for found in _passes_in(Path(file)):
            if found.name in table:
                raise UsageError(f"{file}: there is a pass '{found.name}' already; rename this one")
            table[found.name] = lambda found=found: found
    return table


@cache
def _module(path: Path) -> ModuleType:
    # A suffix of the name keeps it apart from modules that the file itself may import.
    spec = spec_from_file_location(f"{path.stem}_passes", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"--load {path}: expected a file of Python, as my_pass.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"--load {path}: {_where(error, path)}{error!r}") from error
    return module


def _where(error: Exception, path: Path) -> str:
    """Return the line of a file that an error passed through last."""
    lines = [f.lineno for f in extract_tb(error.__traceback__) if Path(f.filename) == path]
    return f"line {lines[-1]}: " if lines else ""


def _passes_in(path: Path) -> list[type[ModulePass]]:
    """Return the passes that a file defines; those that it imports are others'."""
    module = _module(path)
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, ModulePass)
        and value.__module__ == module.__name__
        and "name" in vars(value)
    ]
    if not found:
        raise UsageError(
            f"--load {path}: it defines no pass: a subclass of xdsl.passes.ModulePass"
            " with a `name` and `apply`"
        )
    return found
