"""Passes and pipelines by name: reading `a,b{option=1},pipeline`, and listing what there is."""

import difflib
import re
import sys
from collections.abc import Callable, Iterable
from typing import cast

from xdsl.passes import ModulePass, get_pass_option_infos
from xdsl.utils.arg_spec import ArgSpec, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError

from ..passes import get_all_passes, get_all_pipelines
from ..runtime.errors import DTypeError

PassTable = dict[str, Callable[[], type[ModulePass]]]
"""Pass names, and how to load each."""

Passes = str | ModulePass | Iterable[ModulePass]
"""Text as tyrex-opt takes it, a pass, or several."""


class UsageError(Exception):
    """What was asked for does not exist; the message says what does."""


def parse_passes(spec: str, available: PassTable) -> tuple[ModulePass, ...]:
    """Return the passes that `spec` names: `a,b{option=1},pipeline`; blanks between are ignored.

    Raises:
        UsageError: the text cannot be read, or a pass or an option does not exist.
    """
    dense = re.sub(r'(\{(?:"[^"]*"|[^}"])*\})|\s+', lambda m: m[1] or "", spec)
    try:
        specs = list(parse_pipeline(dense.strip(",")))
    except ArgSpecParseError as error:
        raise UsageError(str(error)) from error
    return tuple(p for arg_spec in specs for p in _passes_named(arg_spec, available))


def passes_of(given: object, what: str = "compile: pipeline") -> tuple[ModulePass, ...]:
    """Return the passes that are given, in whatever form.

    Args:
        given: see `Passes`.
        what: the argument, for messages.

    Raises:
        DTypeError: it is something else.
        UsageError: a text names what does not exist.
    """
    if isinstance(given, str):
        return parse_passes(given, get_all_passes())
    if isinstance(given, ModulePass):
        return (given,)
    if isinstance(given, Iterable):
        several = tuple(cast(Iterable[object], given))
        if all(isinstance(one, ModulePass) for one in several):
            return cast(tuple[ModulePass, ...], several)
    raise DTypeError(
        f"{what}: expected passes, or text such as 'fold-constants,relax-dce'; found {given!r}"
    )


def _passes_named(spec: ArgSpec, available: PassTable) -> Iterable[ModulePass]:
    if spec.name in available:
        pass_type = available[spec.name]()
        try:
            return (pass_type.from_spec(spec),)
        except ValueError as error:
            raise UsageError(f"pass '{spec.name}': {error}\n{describe(pass_type)}") from error
    pipelines = get_all_pipelines()
    check_known(spec.name, (*available, *pipelines), "pass or pipeline")
    if spec.parameters:
        raise UsageError(f"'{spec.name}' is a pipeline; it takes no options")
    return pipelines[spec.name]


def check_known(name: str, known: Iterable[str], what: str) -> None:
    """Raise `UsageError` with a suggestion when `name` is not among `known`."""
    known = list(known)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "--list-passes shows all"
        raise UsageError(f"no {what} '{name}'; {hint}")


def describe(pass_type: type[ModulePass]) -> str:
    """Return the pass's name, the first line of its documentation and its options."""
    module = sys.modules[pass_type.__module__]
    own = (pass_type.__doc__ or "").strip().partition("\n")[0]
    line = (module.__doc__ or own).strip().partition("\n")[0]
    text = line if line.startswith(f"{pass_type.name}:") else f"{pass_type.name}: {line or own}"
    options = [
        f"    {field.replace('_', '-')}: {kind}" for field, kind in _options_of(pass_type).items()
    ]
    return "\n".join([text, *options])


def _options_of(pass_type: type[ModulePass]) -> dict[str, str]:
    return {
        info.name: info.expected_type
        + (f" = {info.default_value}" if info.default_value is not None else "")
        for info in get_pass_option_infos(pass_type)
        if info.name != "name"
    }


def list_passes() -> str:
    """Return every pass with its options, then every named pipeline with its passes."""
    passes = [describe(load()) for _, load in sorted(get_all_passes().items())]
    pipelines = [
        f"{name}: pipeline of {','.join(str(p.spec()) for p in passes) or 'no passes'}"
        for name, passes in sorted(get_all_pipelines().items())
    ]
    return "\n".join([*passes, *pipelines])
