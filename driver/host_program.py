"""The host program of a model as LLVM IR: made with the bytecode, turned into code when asked for.

Its text is small and quick to make; LLVM is run on it only for `exec_mode="compiled"` and exports.
A program that native code cannot express keeps the reason instead.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..backends.llvm.worker import Job
from .cache import Cache
from .cache_keys import compiler_digest, digest

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from ..dialects.machine import Target

PREFIX = "tyrex_model"
"""Begins the names of the program's functions and constants, and stands nowhere else in its text:
an export puts its own in this place."""

ENTRY = "main"
_KIND = "kernels"  # of entries of the cache: objects, as theirs
_OPT_LEVEL = 1  # straight calls: LLVM finds little to improve


@dataclass(frozen=True)
class HostProgram:
    """LLVM IR, or why there is none."""

    job: Job | None
    """What LLVM is to compile; names begin with `PREFIX`."""
    refusal: str = ""
    """What the program has that native code lacks."""

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
        from ..passes.vm.lower_vm_to_llvm import lower_program

        native = ModuleOp([])
        try:
            lower_program(module, native, PREFIX, kernels)
        except NotImplementedError as error:
            return HostProgram(None, str(error))
        return HostProgram(job_of(native, target, Options(opt_level=_OPT_LEVEL)))

    def job_named(self, prefix: str) -> Job:
        """Return the job of compiling the program with names that begin with `prefix`.

        Raises:
            NotImplementedError: native code cannot express the program.
        """
        if self.job is None:
            raise NotImplementedError(self.refusal)
        text = self.job.text.replace(f"{PREFIX}_", f"{prefix}_")
        return Job(text, self.job.machine, self.job.options)

    def object_named(self, prefix: str, store: Cache) -> bytes:
        """Return the program as an object, out of `store` where it is there.

        Raises:
            NotImplementedError: native code cannot express the program.
        """
        job = self.job_named(prefix)
        key = digest("host program", job.header(), job.text, compiler_digest())
        cached = store.get(_KIND, key)
        if cached is not None:
            return bytes(cached)
        from ..backends.llvm.pool import run_safely

        image = run_safely(job)
        store.put(_KIND, key, image)
        return image

    def pack(self) -> bytes:
        """Return the program as bytes."""
        job = self.job
        fields = [self.refusal] if job is None else [self.refusal, job.header(), job.text]
        return zlib.compress(json.dumps(fields).encode(), level=1)

    @staticmethod
    def unpack(data: bytes) -> HostProgram:
        """Return the program that `pack` made bytes of.

        Raises:
            ValueError: these are other bytes.
        """
        try:
            refusal, *job = json.loads(zlib.decompress(data))
            return HostProgram(Job.of(*job) if job else None, refusal)
        except zlib.error as error:
            raise ValueError(str(error)) from error


def entry_symbol(prefix: str = PREFIX) -> str:
    """Return the symbol of the function that runs a model."""
    return f"{prefix}_{ENTRY}_run"


def constant_symbol(number: int, prefix: str = PREFIX) -> str:
    """Return the symbol of a constant."""
    return f"{prefix}_constant{number}"
