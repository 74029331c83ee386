"""From a module of the `llvm` dialect, or its text, to object code for a target.

Code for the machine at hand is made in this process. Code for another triple is made in a child:
LLVM ends the process when a backend meets what it cannot do, which happens with the less
travelled ones. When the child dies, its input and command line are kept.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from ...dialects.target import Target, target_of
from .codegen import DEFAULT_OPTIONS, CodegenError, Job, Machine, Options, Output, generate
from .emit import emit_module
from .library import binding

_CHILD_SECONDS = 600
_ABI = {"riscv64": "lp64d", "riscv32": "ilp32d"}  # hard-float systems; LLVM has to be told


def machine_of(target: Target) -> Machine:
    """Return the part of a target that LLVM needs."""
    return Machine(target.triple, target.cpu, target.feature_text, _ABI.get(target.arch, ""))


def is_host(target: Target) -> bool:
    """Tell whether a target has the triple of this process."""
    return target.triple == binding.get_process_triple()


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
    if isinstance(source, ModuleOp):
        target = target or target_of(source)
        source = emit_module(source)
    if target is None:
        raise ValueError("the module names no target: set tyrex.target, or give one")
    machine = machine_of(target)
    if is_host(target):
        return generate(source, machine, options, output)
    return _in_child(source, machine, options, output)


def _in_child(source: str, machine: Machine, options: Options, output: Output) -> bytes:
    """Compile in a child process; keep its files when it dies."""
    folder = Path(tempfile.mkdtemp(prefix="tyrex-llvm-"))
    source_path, result_path, job_path = (
        folder / name for name in ("module.ll", "result", "job.json")
    )
    source_path.write_text(source, encoding="utf-8")
    Job(str(source_path), str(result_path), machine, options, output).write(job_path)
    command = [sys.executable, "-m", "tyrex.backends.llvm.codegen", str(job_path)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_CHILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failure(f"ran longer than {_CHILD_SECONDS} s", folder, command, "") from error
    if done.returncode == 0:
        result = result_path.read_bytes()
        _remove(folder)
        return result
    if done.returncode == 1:  # refused in good order: nothing to reproduce
        _remove(folder)
        raise CodegenError(done.stderr.strip())
    raise _failure(f"died with status {done.returncode}", folder, command, done.stderr)


def _failure(what: str, folder: Path, command: list[str], log: str) -> CodegenError:
    (folder / "log.txt").write_text(log, encoding="utf-8")
    line = shlex.join(command)
    (folder / "command.txt").write_text(f"{line}\n", encoding="utf-8")
    tail = "\n".join(log.strip().splitlines()[-5:])
    return CodegenError(
        f"LLVM {what}; to reproduce: {line}\n(its input is {folder / 'module.ll'})\n{tail}".rstrip()
    )


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
