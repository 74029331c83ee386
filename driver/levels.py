"""The levels of a compile by name: which one a module is at, and how to get to another.

    graph -> kernels -> scheduled -> host -> llvm -> asm, obj

The first four are one module, lowered step by step; `llvm`, `asm` and `obj` are made of all its
kernels together. Names are those of `tyrex compile --to`.
"""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.llvm import FuncOp as LLVMFuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from ..backends.llvm.codegen import Options, Output
from ..backends.llvm.compile import compile_to as compile_llvm_to
from ..dialects import relax, tir, vm
from ..dialects.diagnostics import CompileError
from ..dialects.target import set_target, target_of
from ..dialects.verify import verify_module
from ..passes import pipelines
from ..passes.llvm.lower_to_llvm import LowerToLlvmPass
from ..passes.relax.legalize import RULES
from ..runtime.errors import ArgumentError
from .c_model import c_text
from .instruments import write_module
from .interpreter_settings import compiling
from .options import CompileOptions
from .pass_context import run_pipeline
from .pass_specs import Passes, passes_of
from .reading import read
from .sources import Source

IR_LEVELS = ("graph", "kernels", "scheduled", "host", "llvm")
"""The levels that are dialects, in order."""

NATIVE_LEVELS: dict[str, Output] = {"asm": "assembly", "obj": "object", "llvm-ir": "llvm"}
"""What LLVM makes of the level `llvm`, by our names."""

CHECKS = "checks"
"""What `passes_between` calls the step that gives scheduled kernels their checks."""

IMPORT = "import"
"""The level of a model as it was read: no pass has run."""

LEVELS = (IMPORT, *IR_LEVELS, *NATIVE_LEVELS, "c")

LLVM_LEVELS = (0, 2, 3, 3)
"""For -O0 to -O3: how much LLVM does."""


def level_of(module: ModuleOp) -> str:
    """Return the level that a module is at, by the operations in it.

    Raises:
        CompileError: it has no function of any level.
    """
    functions = list(module.body.ops)
    if any(isinstance(func, vm.FuncOp) for func in functions):
        return "host"
    graphs = [func for func in functions if isinstance(func, relax.FuncOp)]
    kernels = [func for func in functions if isinstance(func, tir.FuncOp)]
    if any(_contains(func, _is_operator) for func in graphs) or (graphs and not kernels):
        return "graph"
    if kernels:
        return "kernels" if any(_contains(k, _is_block) for k in kernels) else "scheduled"
    if any(isinstance(func, LLVMFuncOp) for func in functions):
        return "llvm"
    raise CompileError(
        module,
        "has nothing to compile",
        hint="a module holds relax.func (a graph), tir.func (kernels), or vm.func (a program)",
    )


def _contains(op: Operation, wanted: Callable[[Operation], bool]) -> bool:
    return any(wanted(inner) for inner in op.walk())


def _is_operator(op: Operation) -> bool:
    return type(op) in RULES


def _is_block(op: Operation) -> bool:
    return isinstance(op, tir.BlockOp)


def passes_between(
    start: str, stop: str, opt_level: int, sanitizer: str = ""
) -> list[tuple[str, Sequence[ModulePass]]]:
    """Return the passes from a module of level `start` to one of level `stop`, level by level.

    A graph is optimised before it leaves its level; a module of another level has been. Kernels
    that are scheduled already still get their checks.
    """
    first, last = IR_LEVELS.index(start), IR_LEVELS.index(stop)
    if first > last:
        raise ArgumentError(f"the module is at level {start}; it cannot go back to {stop}")
    first += start != "graph"
    table = pipelines.with_checks(pipelines.OPT_LEVELS[opt_level], sanitizer)
    found: list[tuple[str, Sequence[ModulePass]]] = []
    if sanitizer and start in ("scheduled", "host"):
        found.append((CHECKS, pipelines.SANITIZERS[sanitizer]))
    return found + [(level, table.get(level, ())) for level in IR_LEVELS[first : last + 1]]


def lower(module: ModuleOp, stop: str, opt_level: int, sanitizer: str = "") -> ModuleOp:
    """Lower `module`, in place, to level `stop` and verify what is there."""
    for _, passes in passes_between(level_of(module), stop, opt_level, sanitizer):
        run_pipeline(module, passes)
    verify_module(module)
    return module


def compile_to(
    source: Source,
    options: CompileOptions,
    level: str,
    pipeline: Passes | None = None,
    constants: Path | None = None,
) -> str | bytes:
    """Return what is to be seen at a level: MLIR, LLVM IR or assembly as text, or an object.

    Args:
        source: the model.
        options: how it is compiled.
        level: one of `LEVELS`.
        pipeline: takes the place of the graph level's passes.
        constants: a folder that gets the arrays that the text names by digest.

    Raises:
        ArgumentError: there is no such level, or the model is past it.
    """
    check_level(level)
    with compiling():
        if level == "c":
            return c_text(module_at(source, options, "host", pipeline))
        if level in (IMPORT, *IR_LEVELS) and level != "llvm":
            module = module_at(source, options, level, pipeline)
            if constants is not None:
                relax.save_constants(module, constants)
            return text_of(module)
        opt_level = options.opt_level
        module = module_at(source, options, None, pipeline)
        native = _native_part(module, opt_level, options.sanitize)
        if level == "llvm":
            return text_of(native)
        output = NATIVE_LEVELS[level]
        code = compile_llvm_to(output, native, target_of(module), llvm_options(opt_level))
        return code if output == "object" else code.decode()


def module_at(
    source: Source, options: CompileOptions, level: str | None, pipeline: Passes | None = None
) -> ModuleOp:
    """Return the module that a model is at a level of dialects; see `compile_to`.

    Args:
        source: the model.
        options: how it is lowered.
        level: `IMPORT` or one of `IR_LEVELS` but "llvm"; None runs `pipeline` alone.
        pipeline: takes the place of the graph level's passes.
    """
    module = read(source, options)
    if level == IMPORT:
        return module
    set_target(module, options.target)
    if pipeline is not None:
        run_pipeline(module, passes_of(pipeline))
    if level is None:
        return module
    return lower(module, level, options.opt_level, options.sanitize)


def check_level(level: str) -> None:
    """Raise `ArgumentError` when there is no level of that name."""
    if level not in LEVELS:
        raise ArgumentError(f"there is no level {level!r}; use one of {', '.join(LEVELS)}")


def llvm_options(opt_level: int) -> Options:
    """Return what LLVM does at a level of -O."""
    return Options(opt_level=LLVM_LEVELS[opt_level])


def may_contract(opt_level: int) -> bool:
    """Tell whether a * b + c may round once at a level of -O."""
    passes = pipelines.OPT_LEVELS[opt_level]["llvm"]
    return all(p.contract for p in passes if isinstance(p, LowerToLlvmPass))


def _native_part(module: ModuleOp, opt_level: int, sanitizer: str) -> ModuleOp:
    """Leave a module with its kernels alone, in the `llvm` dialect."""
    level = level_of(module)
    if level == "llvm":
        return module
    lower(module, "host" if level == "host" else "scheduled", opt_level, sanitizer)
    for func in list(module.body.ops):
        if not isinstance(func, tir.FuncOp):
            func.detach()
            func.erase(safe_erase=False)
    run_pipeline(module, pipelines.OPT_LEVELS[opt_level]["llvm"])
    verify_module(module)
    return module


def text_of(module: ModuleOp) -> str:
    """Return a module as MLIR text."""
    stream = io.StringIO()
    write_module(module, stream)
    return stream.getvalue()


# -- what a pipeline consists of -----------------------------------------------------------------


def print_pipeline(opt_level: int, sanitizer: str = "") -> str:
    """Return the passes of a level of -O, each with why it stands there."""
    reasons: dict[str, str] = {}
    for name, reason in _LINE.findall(inspect.getsource(pipelines)):
        reasons.setdefault(name, reason)
    lines = [f"-O{opt_level}: {_ABOUT[opt_level]}"]
    for level, passes in pipelines.with_checks(pipelines.OPT_LEVELS[opt_level], sanitizer).items():
        lines.append(f"{level}:" if passes else f"{level}: no passes")
        for module_pass in passes:
            because = reasons.get(type(module_pass).__name__, "")
            lines.append(f"  {module_pass.spec()!s:28} {because}".rstrip())
    lines.append(f"obj: LLVM at -O{LLVM_LEVELS[opt_level]}, one module per kernel")
    return "\n".join(lines)


_LINE = re.compile(r"^ +(\w+Pass)\(.*\),  # (.+)$", re.MULTILINE)

_ABOUT = (
    "one kernel per operator, no fusion, exact math",
    "fusion, exact math: every operation rounds as in the model",
    "fusion, layouts and schedules; a * b + c may round once (the default)",
    "as -O2: sums may be reordered, but no pass makes use of that yet",
)
