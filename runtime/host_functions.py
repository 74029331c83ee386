"""Functions of the host that programs call by name.

A host function takes tensors (and objects) and returns a tensor, an array, an object, None, or
a tuple of these. The tensors live in the memory of the execution: copy what must outlive the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import ArgumentError

HostFunction = Callable[..., Any]

_REGISTERED: dict[str, HostFunction] = {}


def register_host_function(
    name: str, function: HostFunction | None = None, *, override: bool = False
) -> Any:
    """Register `function` under `name`; without one, return a decorator that does.

    Raises:
        ArgumentError: the name is taken by another function and `override` is false.
    """
    if function is None:

        def decorate(decorated: HostFunction) -> HostFunction:
            return register_host_function(name, decorated, override=override)

        return decorate
    found = _REGISTERED.get(name)
    if found is not None and found is not function and not override:
        raise ArgumentError(
            f"register_host_function: {name!r} is registered; pass override=True to replace it"
        )
    _REGISTERED[name] = function
    return function


def host_function(name: str) -> HostFunction | None:
    """Return the function registered as `name`, or the runtime's own of that name, or None."""
    found = _REGISTERED.get(name)
    if found is None and name.startswith("tyrex."):
        from .sequences import FUNCTIONS as SEQUENCES  # loaded when a program has one
        from .texts import FUNCTIONS as TEXTS

        found = SEQUENCES.get(name) or TEXTS.get(name)
    return found
