"""Functions of the user's in machine code: which calls reach them, and under which names.

A module says in `tyrex.external` which functions of `relax.call_dps_packed` are code that goes
along with the model; all others are functions of Python. A call of such a function is the call of
a kernel, one for each list of types that it is called with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute

MODULE_ATTRIBUTE = "tyrex.external"
_DIGITS = 12


def set_external(module: ModuleOp, functions: Iterable[str]) -> None:
    """Write on a module which functions are external code."""
    module.attributes[MODULE_ATTRIBUTE] = ArrayAttr(map(StringAttr, sorted(functions)))


def external_functions(module: ModuleOp) -> frozenset[str]:
    """Return which functions are external code.

    Raises:
        TypeError: the attribute is no list of texts.
    """
    attribute = module.attributes.get(MODULE_ATTRIBUTE)
    if attribute is None:
        return frozenset()
    if not isinstance(attribute, ArrayAttr):
        raise TypeError(f"{MODULE_ATTRIBUTE} is {attribute}; expected a list of texts")
    items = cast(ArrayAttr[Attribute], attribute)
    names = [item.data for item in items if isinstance(item, StringAttr)]
    if len(names) != len(items):
        raise TypeError(f"{MODULE_ATTRIBUTE} is {attribute}; expected a list of texts")
    return frozenset(names)


def external_kernel(
    function: str, inputs: Sequence[Attribute], outputs: Sequence[Attribute]
) -> str:
    """Return the name of the kernel that calls `function` with tensors of these types."""
    types = f"{list(map(str, inputs))} -> {list(map(str, outputs))}"
    return f"{function}.{hashlib.sha256(types.encode()).hexdigest()[:_DIGITS]}"


def external_function(kernel: str, functions: Iterable[str]) -> str | None:
    """Return the function that a kernel calls, None where it is no such kernel."""
    name, _, digits = kernel.rpartition(".")
    return name if len(digits) == _DIGITS and name in functions else None
