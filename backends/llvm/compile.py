"""From a module of the `llvm` dialect, or its text, to object code for a target.

Code for the machine at hand is made in this process. Code for another triple is made in a child:
LLVM ends the process when a backend meets what it cannot do, which happens with the less
travelled ones. When the child dies, its input and command line are kept.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from ...dialects.target import Target, target_of
from .codegen import DEFAULT_OPTIONS, Machine, Options, Output
from .emit import emit_module
from .pool import run_safely
from .worker import Job

_ABI = {"riscv64": "lp64d", "riscv32": "ilp32d"}  # hard-float systems; LLVM has to be told


def machine_of(target: Target) -> Machine:
    """Return the part of a target that LLVM needs."""
    return Machine(target.triple, target.cpu, target.feature_text, _ABI.get(target.arch, ""))


def compile_to_object(
    source: ModuleOp | str,
    target: Target | None = None,
    options: Options = DEFAULT_OPTIONS,
) -> bytes:
    """Return the object code of a module.

    Args:
        source: A module of the `llvm` dialect, or the text of LLVM IR.
        target: What the code is for; None takes the module's own `tyrex.target`.
        options: How much LLVM does.

    Raises:
        CodegenError: LLVM refuses the module, has no such target, or died.
        NotImplementedError: something in the module has no text in LLVM IR.
    """
    return compile_to("object", source, target, options)


def compile_to(
    output: Output,
    source: ModuleOp | str,
    target: Target | None = None,
    options: Options = DEFAULT_OPTIONS,
) -> bytes:
    """Return object code, assembly, optimised LLVM IR or bitcode; see `compile_to_object`."""
    return run_safely(job_of(source, target, options, output))


def job_of(
    source: ModuleOp | str,
    target: Target | None = None,
    options: Options = DEFAULT_OPTIONS,
    output: Output = "object",
) -> Job:
    """Return the job of compiling a module, for a `CompilePool`; see `compile_to_object`."""
    if isinstance(source, ModuleOp):
        target = target or target_of(source)
        source = emit_module(source)
    if target is None:
        raise ValueError("the module names no target: set tyrex.target, or give one")
    return Job(source, machine_of(target), options, output)
