"""Kernels to object code: each in a module of its own, looked up before it is made.

A kernel's key is its structure, the target and the options: kernels that differ in names alone are
compiled once, and one that any earlier model had comes out of the cache. An object names its entry
after the key, so that the objects of several models never clash.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp, StringAttr

from ..analysis.structure import Structures
from ..backends.llvm.codegen import Options
from ..backends.llvm.compile import job_of
from ..backends.llvm.pool import CompilePool, run_safely
from ..backends.llvm.worker import Job
from ..dialects import tir
from ..dialects.machine import Target
from ..passes.llvm.lower_to_llvm import lower_kernel
from .cache import Cache
from .cache_keys import compiler_digest, digest
from .options import Progress, silent

KIND = "kernels"
SYMBOL_DIGITS = 24


@dataclass(frozen=True)
class CompiledKernels:
    """What became of a program's kernels."""

    objects: tuple[bytes, ...]
    """One per distinct kernel."""
    symbols: dict[str, str]
    """The name of a kernel in the program -> the name of its entry in an object."""
    num_cached: int = 0
    """How many objects came out of the cache."""


class KernelCompiler:
    """Compiles kernels as they come; `finish` waits for them.

    Args:
        target: what the code is for.
        options: what LLVM does.
        contract: whether a * b + c may round once.
        store: where objects are looked up and kept.
        pool: makes the objects while this process goes on; None makes them here, at once.
    """

    def __init__(
        self,
        target: Target,
        options: Options,
        contract: bool,
        store: Cache,
        pool: CompilePool | None = None,
    ) -> None:
        self._target, self._options, self._contract = target, options, contract
        self._store, self._pool = store, pool
        self._settings = f"{target!r} {options!r} contract={contract}"
        self._structures = Structures()
        self._symbols: dict[str, str] = {}
        self._kernels: dict[str, _Kernel] = {}

    def add(self, kernel: tir.FuncOp) -> None:
        """Begin to compile a kernel. The kernel is not changed."""
        key = digest(self._structures.of(kernel), self._settings, compiler_digest())
        self._symbols[kernel.sym_name.data] = f"k{key[:SYMBOL_DIGITS]}"
        if key not in self._kernels:
            cached = self._store.get(KIND, key)
            self._kernels[key] = (
                self._compile(kernel, key) if cached is None else _Kernel(bytes(cached), True)
            )

    @property
    def symbols(self) -> Mapping[str, str]:
        """The names of kernels so far -> the names of their entries in objects."""
        return self._symbols

    def finish(self, progress: Progress = silent) -> CompiledKernels:
        """Return the objects of all kernels, and keep those that were made.

        Raises:
            CodegenError: LLVM refused a kernel, or died on it.
        """
        objects: list[bytes] = []
        for done, (key, kernel) in enumerate(self._kernels.items()):
            progress("objects", done, len(self._kernels))
            data = finished(kernel.result)
            if not kernel.is_cached:
                self._store.put(KIND, key, data)
            objects.append(data)
        progress("objects", len(self._kernels), len(self._kernels))
        num_cached = sum(kernel.is_cached for kernel in self._kernels.values())
        return CompiledKernels(tuple(objects), self._symbols, num_cached)

    def begin(self, job: Job) -> bytes | Future[bytes]:
        """Begin to compile something beside the kernels; return the object, or its promise."""
        return run_safely(job) if self._pool is None else self._pool.submit(job)

    def _compile(self, kernel: tir.FuncOp, key: str) -> _Kernel:
        module = lowered(kernel, f"k{key[:SYMBOL_DIGITS]}", self._contract)
        return _Kernel(self.begin(job_of(module, self._target, self._options)))


@dataclass(frozen=True)
class _Kernel:
    """An object, or the promise of one."""

    result: bytes | Future[bytes]
    is_cached: bool = False


def finished(made: bytes | Future[bytes]) -> bytes:
    """Return an object once it is there."""
    return made if isinstance(made, bytes) else made.result()


def lowered(kernel: tir.FuncOp, symbol: str, contract: bool) -> ModuleOp:
    """Return a module of the `llvm` dialect with the kernel's code, its entry named `symbol`."""
    module = ModuleOp([])
    name = kernel.sym_name
    kernel.sym_name = StringAttr(symbol)
    try:
        lower_kernel(module, kernel, contract)
    finally:
        kernel.sym_name = name
    return module
