"""The dialects: what can be said at each level of the compiler."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.context import Context
    from xdsl.ir import Dialect

OWN_DIALECTS: dict[str, tuple[str, str]] = {
    "relax": ("tyrex.dialects.relax", "Relax"),  # graphs of tensor operators
    "tir": ("tyrex.dialects.tir", "TIR"),  # loops over buffers
    "sched": ("tyrex.dialects.sched", "Sched"),  # schedules of kernels
    "vm": ("tyrex.dialects.vm", "VM"),  # the host program
    "tyrex": ("tyrex.dialects.target", "Tyrex"),  # the target attribute
}
"""The dialects that only Tyrex has: name -> (module, the Dialect object's name in it)."""

OTHER_DIALECTS: dict[str, tuple[str, str]] = {
    "llvm": ("tyrex.dialects.llvm", "LLVM"),  # xDSL's, with the operations it lacks
    "arith": ("xdsl.dialects.arith", "Arith"),
    "builtin": ("xdsl.dialects.builtin", "Builtin"),
    "cf": ("xdsl.dialects.cf", "Cf"),
    "func": ("xdsl.dialects.func", "Func"),
    "math": ("xdsl.dialects.math", "Math"),
    "scf": ("xdsl.dialects.scf", "Scf"),
    "test": ("xdsl.dialects.test", "Test"),
}
"""The dialects that xDSL has under the same name (`llvm` is a superset of xDSL's)."""


def get_all_dialects() -> dict[str, Callable[[], Dialect]]:
    """Name every dialect and how to load it; nothing is imported until asked."""
    return _loaders(OWN_DIALECTS | OTHER_DIALECTS)


def get_own_dialects() -> dict[str, Callable[[], Dialect]]:
    """Name the dialects that xDSL does not have, and how to load them."""
    return _loaders(OWN_DIALECTS)


def register_all_dialects(ctx: Context) -> Context:
    """Register every dialect in `ctx`, to be loaded when its first operation is met; return it."""
    for name, load in get_all_dialects().items():
        ctx.register_dialect(name, load)
    ctx.load_registered_dialect("builtin")
    return ctx


def _loaders(table: dict[str, tuple[str, str]]) -> dict[str, Callable[[], Dialect]]:
    return {name: _loader(*place) for name, place in table.items()}


def _loader(module: str, attribute: str) -> Callable[[], Dialect]:
    return lambda: getattr(import_module(module), attribute)
