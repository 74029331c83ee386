"""`Executable`: a compiled model, ready to be called.

    y = exe(x)                              # arrays or tensors in, tensors out
    y = exe(input=x)                        # by name
    y = exe.run({"x": x}, out={"y": buffer})

What comes in is never cast: see `signature.py`. One result is returned as it is, more as a tuple.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .bytecode import Program
from .errors import ArgumentError, UnsupportedError
from .export_options import Exporter, ExportOptions, Place
from .host_functions import HostFunction
from .image import Image
from .kernel_library import KernelLibrary
from .memory import MemoryStats
from .model import Model
from .module_tree import Part, tree_of
from .native_program import NativeEntry, NativeHost, NativeProgram, Shapes
from .signature import Signature
from .threads import check_num_threads, default_num_threads
from .vm import Callee, VirtualMachine

if TYPE_CHECKING:
    from .specialization import Specializations

ENTRY = "main"


class Executable(Model):
    """A program with its kernels."""

    def __init__(
        self,
        program: Program,
        kernels: KernelLibrary | None = None,
        metadata: Mapping[str, str] | None = None,
        stats: Mapping[str, Any] | None = None,
        *,
        threads: int | None = None,
        host_functions: Mapping[str, HostFunction] | None = None,
        host: NativeHost | None = None,
        exporter: Exporter | None = None,
        elsewhere: str = "",
    ) -> None:
        """Put a program and its kernels together.

        Args:
            program: with a function "main", unless its functions are called by name.
            kernels: the machine code; it stays loaded as long as the executable lives.
            metadata: what is known of the model; added to the program's own.
            stats: figures of the compilation, such as code_bytes; added to the program's own.
            threads: of a run; `TYREX_NUM_THREADS`, else the number of cores when None.
            host_functions: that the program calls, where they are not registered.
            host: "main" as native code; without it the virtual machine runs the bytecode.
            exporter: writes the model to files.
            elsewhere: why this process cannot run it; then it has no kernels, and is there to
                be exported.

        Raises:
            LoadError: a kernel or a host function is missing, or the program is malformed.
        """
        self._elsewhere = elsewhere
        self._program = program
        self._image = None if elsewhere else Image(program, kernels, host_functions)
        self.metadata: dict[str, str] = {**program.metadata, **(metadata or {})}
        self._stats = dict(stats or {})
        count = default_num_threads() if threads is None else threads
        self._threads = check_num_threads(count, "Executable: threads")
        self._host = host
        self._exporter = exporter
        self._native = None if host is None else self._link(host)

    def _link(self, host: NativeHost) -> NativeProgram:
        position = self.image.positions.get(ENTRY)
        if position is None:
            raise ArgumentError(f"Executable: native code runs '{ENTRY}'; the program has none")
        signature = Signature.of(self.program.functions[position])
        address = host.link([constant.data for constant in self.image.constants])
        entry = NativeEntry(address, host, ENTRY)
        layout = self.image.layouts[position]
        shapes = Shapes.of_layout(layout) if layout.function.symbols else None
        return NativeProgram(signature, entry, self._threads, shapes=shapes)

    @property
    def image(self) -> Image:
        """The program with its kernels in memory.

        Raises:
            UnsupportedError: it is for another machine.
        """
        if self._image is None:
            raise UnsupportedError(self._elsewhere)
        return self._image

    @property
    def exec_mode(self) -> str:
        """What runs "main": "bytecode", the virtual machine, or "compiled", native code."""
        return "bytecode" if self._native is None else "compiled"

    @property
    def program(self) -> Program:
        """The bytecode."""
        return self._program if self._image is None else self._image.program

    @cached_property
    def machine(self) -> VirtualMachine:
        """The machine that calls of the executable run on, with pooled memory."""
        return VirtualMachine(self)

    @cached_property
    def _main(self) -> Callee | NativeProgram:
        if self._native is not None:
            return self._native
        if ENTRY not in self.image.positions:
            known = ", ".join(self.image.positions) or "none"
            raise ArgumentError(
                f"Executable: there is no function '{ENTRY}' to call; call one by name, as in"
                f" exe['f'](x): {known}"
            )
        return self.machine.function(ENTRY)

    @property
    def signature(self) -> Signature:
        """The names, data types and shapes of the inputs and outputs of "main"."""
        if self._image is None:
            return next(Signature.of(f) for f in self._program.functions if f.name == ENTRY)
        return self._main.signature

    @property
    def threads(self) -> int:
        """Threads of a run, the caller's included; results do not depend on it."""
        return self._threads

    @threads.setter
    def threads(self, value: int) -> None:
        self._threads = check_num_threads(value, "Executable: threads")
        if self._image is None:
            return
        self.machine.threads = self._threads
        if self._native is not None:
            self._native.threads = self._threads

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run "main"; arguments in order or by name.

        Raises:
            TyrexError: an argument does not fit, or a kernel failed.
        """
        return self._main(*args, **named)

    def run(
        self,
        inputs: Mapping[str, Any] | Sequence[Any],
        out: Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> Any:
        """Run "main" with inputs by name, which need not be Python identifiers.

        Args:
            inputs: by name, or all in order.
            out: buffers that results are written to, by name or all in order; a result without
                one gets new memory.

        Raises:
            TyrexError: an argument or a buffer does not fit, or a kernel failed.
        """
        return self._main.run(inputs, out)

    @property
    def specializations(self) -> Specializations[Executable]:
        """The builds for single shapes, of an executable that has some made.

        Raises:
            UnsupportedError: it makes none.
        """
        raise UnsupportedError(
            "this executable makes no builds for single shapes; what tyrex.compile(model,"
            " specialize=N) returns does: a model that was loaded has no compiler with it"
        )

    def __getitem__(self, name: str) -> Callee:
        """Return the function `name`, to be called."""
        return self.machine.function(name)

    def export_library(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        cc: str | None = None,
        phase: str | None = None,
        weights: str | None = None,
        linker: str | None = None,
        addons: Sequence[Place] | None = None,
        fcompile: Callable[..., object] | None = None,
        options: Sequence[str] | None = None,
        workspace_dir: Place | None = None,
    ) -> Path:
        """Write the model to a file that its suffix describes; return the file's path.

        Args:
            path: ".so" (".dylib", ".dll", ".wasm" for other systems), a shared library, which
                `tyrex.load_module` reads too, ".a", an archive, ".o", an object, or ".c", source
                in C11; the header of their C functions is put beside them. Also ".ll", ".bc" and
                ".s": LLVM IR, bitcode and assembly; ".mlir": the module. An unknown suffix is an
                error that lists the known ones.
            name: what the functions and the header are named after; the file when None.
            cc: the command of the C compiler for the target, which links, too; when None the
                variable CC, else cc, gcc, clang or package ziglang (exporters/toolchain.py).
            phase: the level of a ".mlir": import (as the model was read; when None), graph,
                kernels, scheduled, host or llvm (the kernels alone).
            weights: "inside" (when None), or "beside", in a file `name`.weights: of ".c", ".so",
                ".a" and ".o".
            linker: the same as `cc`; goes before it.
            addons: objects (.o), C sources (.c) and archives (.a) to be linked into a library.
            fcompile: called in place of the C compiler, `fcompile(path, files, options=words)`:
                makes the file `path` of objects and C sources.
            options: further words for the C compiler, as "-g".
            workspace_dir: a folder for what is made on the way, which stays there.

        Raises:
            ArgumentError: an unknown suffix, a missing folder, a name that is none in C, or an
                option that the format does not take.
            NotImplementedError: the model needs functions of Python.
            UnsupportedError: there is no C compiler, or no native code at hand to be written.
            RuntimeFailure: the C compiler failed.
        """
        return self._require_exporter().export(
            Path(path),
            ExportOptions(
                name, cc, phase, weights, linker, addons, fcompile, options, workspace_dir
            ),
        )

    def inspect_source(self, fmt: str = "") -> str:
        """Return the model as text.

        Args:
            fmt: ll (when ""), c, s or mlir.

        Raises:
            ArgumentError: there is no such format, or it is no text.
            LoadError: the model's file changed since it was compiled.
            NotImplementedError: the model needs functions of Python.
            UnsupportedError: the model is not at hand any more.
        """
        return self._require_exporter().inspect(fmt)

    @property
    def parts(self) -> Part:
        """The executable as a tree of parts with their properties."""
        code_bytes = int(self.stats()["code_bytes"])
        return tree_of(self.program, code_bytes, runs_here=not self._elsewhere)

    def get_write_formats(self) -> list[str]:
        """Return the formats that `export_library` writes, suffixes without their dots."""
        return [] if self._exporter is None else self._exporter.formats()

    def _require_exporter(self) -> Exporter:
        if self._exporter is None:
            raise UnsupportedError(
                "export_library: this executable was put together from a program and kernels; only"
                " what tyrex.compile returns can be exported"
            )
        return self._exporter

    def stats(self) -> dict[str, Any]:
        """Return figures: kernels, host_callbacks, arena_bytes, constant_bytes, code_bytes, ...

        "bytecode_because" is there when native code was wanted and cannot express the program.
        """
        return {"code_bytes": 0, **self.program.stats(), **self._stats}

    def memory_stats(self) -> MemoryStats:
        """Return what runs of "main" took so far: results, and all that lives within a run.

        Raises:
            UnsupportedError: it is for another machine.
        """
        _ = self.image
        if self._native is not None:
            return self._native.memory_stats()
        return self.machine.allocator.stats()

    def __repr__(self) -> str:
        functions = ", ".join(str(Signature.of(f)) for f in self.program.functions)
        return f"Executable({functions})"
