"""A compile, checked: the module is run after every pass, and has to compute the same.

The interpreters run every level, so the first pass that changes a result is named, not guessed.
Source of the idea: translation validation, Pnueli, Siegel, Singerman, TACAS 1998, by testing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ..dialects import vm
from ..dialects.verify import verify_module
from ..interpreters import relax as relax_interpreter
from ..interpreters import vm as vm_interpreter
from .error_report import is_user_error
from .levels import passes_between
from .pass_context import PassContext, compiler_context
from .pass_specs import Passes, passes_of
from .summaries import difference

Array = NDArray[Any]

TOLERANCE = 1e-4
"""Of the largest absolute value: what sums in another order may differ by."""


@dataclass(frozen=True)
class Wrong:
    """What a wrong pass did."""

    before: ModuleOp
    after: ModuleOp
    expected: Sequence[Array]
    """The results before the first pass."""
    found: Sequence[Array] = ()
    """Those after this one; none where it failed."""
    failure: str = ""
    """What happened in place of results."""


@dataclass(frozen=True)
class Checked:
    """A pass, and what the module computed after it."""

    level: str
    pass_name: str
    changed: bool
    """Whether the pass changed the module at all; one that did not is not run again."""
    error: float
    """The largest difference from the first result, relative to its largest value."""
    wrong: Wrong | None = field(default=None, compare=False)
    """More about it, where it changed what is computed."""

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
    module: ModuleOp,
    inputs: Sequence[Array],
    opt_level: int,
    until: str = "host",
    pipeline: Passes | None = None,
    sanitizer: str = "",
) -> Iterator[Checked]:
    """Yield every pass of a level of optimization with the error it made; end at the first one.

    A pass that leaves what cannot be verified or run, or that raises what is no diagnostic, has an
    infinite error.

    Args:
        module: of level graph, with its target; it is lowered.
        inputs: of @main.
        opt_level: which passes.
        until: the last level that is checked.
        pipeline: takes the place of the graph's passes.
        sanitizer: what gives kernels checks, "" for nothing.

    Raises:
        CompileError, NotImplementedError: a pass says that about the model.
    """
    expected = interpret(module, inputs)
    levels = passes_between("graph", until, opt_level, sanitizer)
    if pipeline is not None:
        levels = [("graph", passes_of(pipeline)), *levels[1:]]
    edits = PassContext.current().edits
    edits.check_places(p.name for _, passes in levels for p in passes)
    for level, passes in levels:
        for module_pass in edits.applied(passes):
            checked = _check(module, module_pass, level, inputs, expected)
            yield checked
            if checked.differs:
                return


def _check(
    module: ModuleOp,
    module_pass: ModulePass,
    level: str,
    inputs: Sequence[Array],
    expected: Sequence[Array],
) -> Checked:
    before, text = module.clone(), str(module)
    name, infinite = module_pass.name, float("inf")
    failure = _apply(module, module_pass)
    if failure:
        return Checked(level, name, True, infinite, Wrong(before, module, expected, (), failure))
    if str(module) == text:
        return Checked(level, name, False, 0.0)
    try:
        found = interpret(module, inputs)
    except Exception as error:  # a wrong program may do anything
        failure = f"what it leaves cannot be run: {_said(error)}"
        return Checked(level, name, True, infinite, Wrong(before, module, expected, (), failure))
    pairs = zip(found, expected, strict=True)
    error = max((difference(a, b) for a, b in pairs), default=0.0)
    wrong = Wrong(before, module, expected, found) if error > TOLERANCE else None
    return Checked(level, name, True, error, wrong)


def _apply(module: ModuleOp, module_pass: ModulePass) -> str:
    """Run a pass; return what is wrong with it, or "".

    Raises:
        Exception: what it says about the model.
    """
    try:
        module_pass.apply(compiler_context(), module)
    except Exception as error:
        if is_user_error(error):
            error.add_note(f"while running pass '{module_pass.spec()}'")
            raise
        return f"it raised {_said(error)}"
    try:
        verify_module(module)
    except Exception as error:  # a verifier may trip over what it is to find
        return f"what it leaves is not valid: {_said(error)}"
    return ""


def _said(error: Exception) -> str:
    """Return an error's kind and its first line."""
    first = str(error).partition("\n")[0]
    return first if is_user_error(error) else f"{type(error).__name__}: {first}"
