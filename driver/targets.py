"""What `tyrex-opt -t` prints: the module itself, nothing, or what a backend makes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

TARGETS: dict[str, tuple[str, str]] = {
    "mlir": ("xdsl.targets.mlir", "MLIRTarget"),
    "none": ("tyrex.driver.targets", "NoTarget"),
    "llvm-ir": ("tyrex.driver.targets", "LLVMTarget"),
}
"""Name -> (module, class derived from xDSL's `Target`)."""


@dataclass(frozen=True)
class NoTarget(Target):
    """Prints nothing: for timing, and for tests of diagnostics."""

    name = "none"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class LLVMTarget(Target):
    """Prints a module of the `llvm` dialect as LLVM IR."""

    name = "llvm-ir"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Write the text that LLVM's own tools read."""
        from ..backends.llvm.emit import emit_module

        output.write(emit_module(module))


def get_all_targets() -> dict[str, Callable[[], type[Target]]]:
    """Name every target and how to load it; nothing is imported until asked."""
    return {name: _loader(*place) for name, place in TARGETS.items()}


def _loader(module: str, attribute: str) -> Callable[[], type[Target]]:
    return lambda: getattr(import_module(module), attribute)
