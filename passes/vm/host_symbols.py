"""What native code of a host program is made of: its names, and what callers know of functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...dialects import relax, vm
from ...symbolic import IntExpr


@dataclass(frozen=True)
class Names:
    """The symbols of a host program."""

    prefix: str
    kernels: Mapping[str, str]

    def entry(self, function: str) -> str:
        """Return the symbol of a function's entry."""
        return f"{self.prefix}_{function}_run"

    def body(self, function: str) -> str:
        """Return the symbol of a function's code."""
        return f"{self.prefix}_{function}.body"

    def call(self, function: str) -> str:
        """Return the symbol of what calls a function that calls itself, in memory of its own."""
        return f"{self.prefix}_{function}.call"

    def constant(self, number: int) -> str:
        """Return the symbol of a constant."""
        return f"{self.prefix}_constant{number}"

    def kernel(self, name: str) -> str:
        """Return the symbol of a kernel."""
        return self.kernels.get(name, name)


@dataclass(frozen=True)
class Callee:
    """A function that was built: what its callers need."""

    func: vm.FuncOp
    frame_bytes: IntExpr
    """The memory that it works in, over its symbols."""
    is_recursive: bool = False
    """Each call takes that memory itself."""

    @property
    def open_results(self) -> frozenset[int]:
        """The positions of results whose size its symbols do not tell."""
        return open_results(self.func)


def open_results(func: vm.FuncOp) -> frozenset[int]:
    """Return the positions of the results whose size a function's symbols do not tell."""
    declared = set(func.symbol_names)
    return frozenset(
        index
        for index, type_ in enumerate(func.function_type.outputs)
        if isinstance(type_, relax.TensorType)
        and any(
            d is None or not declared.issuperset(d.free_vars())
            for d in ((None,) if type_.shape is None else type_.shape)
        )
    )
