"""A compile, checked: the module is run after every pass, and has to compute the same.

The interpreters run every level, so the first pass that changes a result is named, not guessed.
Source of the idea: translation validation, Pnueli, Siegel, Singerman, TACAS 1998, by testing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from ..dialects import vm
from ..dialects.verify import verify_module
from ..interpreters import relax as relax_interpreter
from ..interpreters import vm as vm_interpreter
from .levels import passes_between
from .pass_context import compiler_context
from .summaries import difference

Array = NDArray[Any]

TOLERANCE = 1e-4
"""Of the largest absolute value: what sums in another order may differ by."""


@dataclass(frozen=True)
class Checked:
    """A pass, and what the module computed after it."""

    level: str
    pass_name: str
    changed: bool
    """Whether the pass changed the module at all; one that did not is not run again."""
    error: float
    """The largest difference from the first result, relative to its largest value."""

    @property
    def differs(self) -> bool:
        """Whether the pass changed what is computed."""
        return self.error > TOLERANCE


def interpret(module: ModuleOp, inputs: Sequence[Array]) -> list[Array]:
    """Run @main of a module of any level above `llvm`."""
    is_host = any(isinstance(func, vm.FuncOp) for func in module.body.ops)
    run = vm_interpreter.run if is_host else relax_interpreter.run
    return run(module, "main", inputs)


def check_passes(
    module: ModuleOp, inputs: Sequence[Array], opt_level: int, until: str = "host"
) -> Iterator[Checked]:
    """Yield every pass of a level of optimization with the error it made; end at the first one.

    Args:
        module: of level graph, with its target; it is lowered.
        inputs: of @main.
        opt_level: which passes.
        until: the last level that is checked.

    Raises:
        CompileError: about the module; a pass that makes it invalid raises too.
    """
    expected = interpret(module, inputs)
    context = compiler_context()
    for level, passes in passes_between("graph", until, opt_level):
        for module_pass in passes:
            before = str(module)
            module_pass.apply(context, module)
            verify_module(module)
            changed = str(module) != before
            error = 0.0
            if changed:
                found = interpret(module, inputs)
                pairs = zip(found, expected, strict=True)
                error = max((difference(a, b) for a, b in pairs), default=0.0)
            checked = Checked(level, module_pass.name, changed, error)
            yield checked
            if checked.differs:
                return
