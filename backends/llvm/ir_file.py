"""LLVM IR out of a file becomes an object: in a child process, which a damaged file may end.

`python -m tyrex.backends.llvm.ir_file` reads a machine (a line of JSON) and the file's bytes from
its standard input and writes the object to its standard output.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from importlib.util import find_spec

from ...runtime.errors import LoadError
from .codegen import CodegenError, Machine, target_machine
from .library import binding

BITCODE_MAGIC = b"BC\xc0\xde"
_OPT_LEVEL = 2
_MAX_SECONDS = 600


def object_of(data: bytes, machine: Machine, place: str) -> bytes:
    """Return the object that LLVM makes of IR, text or bitcode, for a machine.

    Args:
        data: the file.
        machine: what the code is for, whatever the file says.
        place: what it is; begins the message of an error.

    Raises:
        ImportError: llvmlite is not installed.
        LoadError: LLVM refuses the file, or dies of it.
    """
    if find_spec("llvmlite") is None:
        raise ImportError("llvmlite is not installed", name="llvmlite")
    command = [sys.executable, "-m", __name__]
    request = json.dumps(asdict(machine)).encode() + b"\n" + data
    try:
        done = subprocess.run(
            command, input=request, capture_output=True, timeout=_MAX_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LoadError(f"{place}: LLVM was not done with it in {_MAX_SECONDS} s") from error
    if done.returncode == 1:
        raise LoadError(f"{place}: {done.stderr.decode(errors='replace').strip()}")
    if done.returncode:
        raise LoadError(f"{place}: LLVM died of it, with status {done.returncode}")
    return done.stdout


def main() -> int:
    """Make one object; 1 and a message on stderr where LLVM refuses the file."""
    objects = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # LLVM may print; standard output is for the object alone
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    machine = Machine(**json.loads(head))
    try:
        generator = target_machine(machine, _OPT_LEVEL)
        if data.startswith(BITCODE_MAGIC):
            module = binding.parse_bitcode(data)
        else:
            module = binding.parse_assembly(data.decode())
        module.verify()
        module.triple, module.data_layout = machine.triple, str(generator.target_data)
        objects.write(generator.emit_object(module))
    except (RuntimeError, CodegenError, UnicodeDecodeError) as error:
        print(f"is no LLVM IR that LLVM takes: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
