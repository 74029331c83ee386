"""The host program of a model as native code: LLVM IR made with the bytecode.

It is compiled beside the kernels. A program that native code cannot express keeps the reason
instead, and runs as bytecode.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..backends.llvm.worker import Job

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from ..dialects.machine import Target

PREFIX = "tyrex_model"
"""Begins the names of the program's functions and constants; exports keep them to themselves."""

ENTRY = "main"
_OPT_LEVEL = 1  # straight calls: LLVM finds little to improve
_SIZE_BYTES = 8


@dataclass(frozen=True)
class HostProgram:
    """Native code, or why there is none."""

    job: Job | None
    """What LLVM is to compile; names begin with `PREFIX`."""
    refusal: str = ""
    """What the program has that native code lacks."""
    image: bytes = b""
    """The object that LLVM made of `job`; empty while there is none."""

    @staticmethod
    def of(module: ModuleOp, kernels: Mapping[str, str], target: Target) -> HostProgram:
        """Return the host program of a module of level `host`.

        Args:
            module: is not changed.
            kernels: the symbols of kernels, by their names in the program.
            target: what the code is for.
        """
        from xdsl.dialects.builtin import ModuleOp

        from ..backends.llvm.codegen import Options
        from ..backends.llvm.compile import job_of
        from ..dialects import vm
        from ..passes.vm.lower_vm_to_llvm import lower_program

        native = ModuleOp([])
        try:
            if not any(isinstance(f, vm.FuncOp) and f.sym_name.data == ENTRY for f in module.ops):
                raise NotImplementedError(f"native code runs '{ENTRY}'; the program has none")
            lower_program(module, native, PREFIX, kernels)
        except NotImplementedError as error:
            return HostProgram(None, str(error))
        return HostProgram(job_of(native, target, Options(opt_level=_OPT_LEVEL)))

    def require(self) -> Job:
        """Return the job of compiling the program.

        Raises:
            NotImplementedError: native code cannot express the program.
        """
        if self.job is None:
            raise NotImplementedError(self.refusal)
        return self.job

    def pack(self) -> bytes:
        """Return the program as bytes."""
        job = self.job
        fields = [self.refusal] if job is None else [self.refusal, job.header(), job.text]
        text = zlib.compress(json.dumps(fields).encode(), level=1)
        return b"".join((len(text).to_bytes(_SIZE_BYTES, "little"), text, self.image))

    @staticmethod
    def unpack(data: bytes) -> HostProgram:
        """Return the program that `pack` made bytes of.

        Raises:
            ValueError: these are other bytes.
        """
        end = _SIZE_BYTES + int.from_bytes(data[:_SIZE_BYTES], "little")
        try:
            refusal, *job = json.loads(zlib.decompress(data[_SIZE_BYTES:end]))
            return HostProgram(Job.of(*job) if job else None, refusal, data[end:])
        except zlib.error as error:
            raise ValueError(str(error)) from error


def entry_symbol() -> str:
    """Return the symbol of the function that runs a model."""
    return f"{PREFIX}_{ENTRY}_run"


def constant_symbol(number: int) -> str:
    """Return the symbol of a constant."""
    return f"{PREFIX}_constant{number}"
