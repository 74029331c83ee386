"""Exported models, loaded again, without the compiler: what `tyrex.load_module` returns.

Loading a library runs its code: load what you trust. The file is looked at before the system maps
it (a file cut short would end the process at its first use), and the library looks at the processor
before it runs.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable, Mapping, Sequence
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_uint32, c_void_p
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, cast

from .bytecode import Param, Symbol, TensorSpec
from .dims import SymbolicDim, decode_dim
from .dtype import DType
from .elf import check_shared_library
from .errors import LoadError, UnsupportedError
from .executable import Executable
from .export_options import Exporter, ExportOptions
from .model import Model
from .module_tree import Part, Property
from .native_program import NativeEntry, NativeProgram, Shapes
from .processor import Question, missing_instructions
from .signature import Signature
from .target_check import check_target
from .threads import check_num_threads, default_num_threads

FORMAT = 3
"""Of the table of functions and of the description; exporters/package.py has the other half."""


class _Functions(ctypes.Structure):
    """`struct tyrex_module` of an exported library (exporters/c_interface.py): addresses."""

    _fields_ = (
        ("format", c_uint32),
        ("num_functions", c_uint32),
        ("describe", CFUNCTYPE(c_char_p)),
        ("last_error", c_void_p),
        ("create", c_void_p),
        ("run", c_void_p),
        ("set_num_threads", c_void_p),
        ("destroy", c_void_p),
        ("shutdown", CFUNCTYPE(None)),
        ("run_tensors", c_void_p),
        ("infer", c_void_p),
    )
    format: int
    num_functions: int
    describe: Any  # functions of ctypes have no types
    last_error: int
    create: int
    run: int
    set_num_threads: int
    destroy: int
    shutdown: Any
    run_tensors: int
    infer: int

    def entry(self, place: str) -> NativeEntry:
        """Return the model; its code stays in memory until the process ends."""
        return NativeEntry(
            self.run,
            self,
            place,
            create=self.create,
            set_num_threads=self.set_num_threads,
            destroy=self.destroy,
            last_error=self.last_error,
        )


@dataclass(frozen=True)
class About:
    """What a file says about the model in it."""

    path: Path
    name: str
    """What the functions of its C interface begin with."""
    target: str
    """The triple that it was compiled for."""
    cpu_features: tuple[str, ...]
    """The instruction sets that it uses."""
    version: str
    """The version of Tyrex that wrote it."""
    metadata: Mapping[str, str]
    """What is known of the model."""
    symbols: tuple[Symbol, ...] = ()
    """The dims that inputs tell, of a library; in the order of its C interface."""


class Module(Model):
    """An exported model: call it as the executable that it was.

    With `with`, or `close`, its memory and threads are given back. Results stay what they are.
    """

    def __init__(
        self,
        about: About,
        program: NativeProgram | Executable,
        exporter: Exporter,
        shutdown: Callable[[], object] | None = None,
    ) -> None:
        """Put a loaded model together; `load_module` makes modules.

        Args:
            about: what it is.
            program: runs it.
            exporter: writes it to a file again.
            shutdown: ends threads that are its own.
        """
        self.about = about
        self._program: NativeProgram | Executable | None = program
        self._exporter, self._shutdown = exporter, shutdown
        self.signature = program.signature
        """The names, data types and shapes of the inputs and outputs of "main"."""
        self.functions = (
            {f.name: Signature.of(f) for f in program.program.functions}
            if isinstance(program, Executable)
            else {self.signature.name: self.signature}
        )
        """The signature of every function."""

    @property
    def path(self) -> Path:
        """The file."""
        return self.about.path

    @property
    def name(self) -> str:
        """What the functions of its C interface begin with."""
        return self.about.name

    @property
    def metadata(self) -> Mapping[str, str]:
        """What is known of the model."""
        return self.about.metadata

    @property
    def target(self) -> str:
        """The triple that it was compiled for."""
        return self.about.target

    @property
    def cpu_features(self) -> tuple[str, ...]:
        """The instruction sets that it uses."""
        return self.about.cpu_features

    @property
    def version(self) -> str:
        """The version of Tyrex that wrote the file."""
        return self.about.version

    @property
    def _open(self) -> NativeProgram | Executable:
        if self._program is None:
            raise LoadError(f"{self.path}: the module is closed; load it again")
        return self._program

    @property
    def executable(self) -> Executable:
        """The model with its bytecode: for virtual machines, and to run functions by name.

        Raises:
            LoadError: the module is closed.
            UnsupportedError: it was loaded from a shared library, which has no bytecode.
        """
        found = self._open
        if not isinstance(found, Executable):
            raise UnsupportedError(
                f"{self.path}: a shared library has no bytecode; a bundle (.tyx) of the model has"
            )
        return found

    @property
    def specializations(self) -> NoReturn:
        """Refuse: builds for single shapes need the compiler.

        Raises:
            UnsupportedError: always.
        """
        raise UnsupportedError(
            f"{self.path}: a loaded model has no compiler with it, and makes no builds for single"
            " shapes: compile the model with specialize=N in the process that runs it"
        )

    def export_library(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Write the model to a file again, as `Executable.export_library` does.

        Raises:
            LoadError: the module is closed, or its file is damaged.
            UnsupportedError: the file that it was loaded from lacks what the format needs.
            ArgumentError, RuntimeFailure: see `Executable.export_library`.
        """
        _ = self._open
        return self._exporter.export(Path(path), ExportOptions(**options))

    def inspect_source(self, fmt: str = "") -> str:
        """Refuse: the text of a model is not kept; see `Executable.inspect_source`.

        Raises:
            ArgumentError: there is no such format, or it is no text.
            LoadError: the module is closed.
            UnsupportedError: always else.
        """
        _ = self._open
        return self._exporter.inspect(fmt)

    def get_write_formats(self) -> list[str]:
        """Return the formats that `export_library` writes, suffixes without their dots."""
        return self._exporter.formats()

    @property
    def parts(self) -> Part:
        """The model as a tree of parts with their properties."""
        found = self._open
        if isinstance(found, Executable):
            return found.parts
        return Part("library", Property.RUNNABLE, tuple(self.functions), self.path.stat().st_size)

    @property
    def threads(self) -> int:
        """Threads of a run, the caller's included; results do not depend on it."""
        return self._open.threads

    @threads.setter
    def threads(self, value: int) -> None:
        self._open.threads = check_num_threads(value, "Module: threads")

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the model; arguments in order or by name.

        Raises:
            TyrexError: an argument does not fit, the model failed, or the module is closed.
        """
        return self._open(*args, **named)

    def run(
        self,
        inputs: Mapping[str, Any] | Sequence[Any],
        out: Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> Any:
        """Run with inputs by name or in order, results into the buffers of `out` where given."""
        return self._open.run(inputs, out)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._program is None

    def close(self) -> None:
        """Give back memory and threads; no call may be running. Closing twice is fine."""
        program, self._program = self._program, None
        if isinstance(program, NativeProgram):
            program.forget_contexts()
        if program is not None and self._shutdown is not None:
            self._shutdown()

    def __enter__(self) -> Module:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Module({str(self.path)!r}, {self.signature})"


def load_library(file: Path, exporter: Callable[[About, Signature], Exporter]) -> Module:
    """Return the model in a shared library that `export_library` wrote. This runs its code.

    Args:
        file: its whole path.
        exporter: makes what writes it to a file again.

    Raises:
        LoadError: the file is not there, is damaged or no such library, or is for another system.
        UnsupportedError: the processor lacks instructions that the model uses.
    """
    _check_description(file)
    try:
        library = ctypes.CDLL(str(file))
    except OSError as error:
        raise LoadError(f"{file}: cannot be loaded: {error}") from error
    return linked_module(library, "tyrex_module", file, exporter)


def linked_module(
    library: ctypes.CDLL,
    function: str,
    file: Path,
    exporter: Callable[[About, Signature], Exporter],
) -> Module:
    """Return the model in a library that is open.

    Args:
        library: stays open until the process ends.
        function: returns the table of the model's functions.
        file: begins the messages of errors.
        exporter: makes what writes it to a file again.

    Raises:
        LoadError: the library has no such function, or is of another version.
        UnsupportedError: the processor lacks instructions that the model uses.
    """
    try:
        entry = library[function]
    except AttributeError:
        raise LoadError(
            f"{file}: is no exported model, it has no function {function}; make one with"
            " export_library"
        ) from None
    entry.restype, entry.argtypes = POINTER(_Functions), ()
    functions = entry().contents
    expected = (FORMAT, len(_Functions._fields_) - 2)
    if (functions.format, functions.num_functions) != expected:
        raise LoadError(
            f"{file}: expected format {FORMAT}; found {functions.format}: export the model again"
        )
    description = cast(dict[str, Any], json.loads(functions.describe()))
    entry = functions.entry(file.name)
    return described_module(file, description, entry, exporter, functions.shutdown)


def described_module(
    file: Path,
    description: Mapping[str, Any],
    entry: NativeEntry,
    exporter: Callable[[About, Signature], Exporter],
    shutdown: Callable[[], object] | None = None,
) -> Module:
    """Return a model that is in memory.

    Args:
        file: where it comes from.
        description: what it says of itself (exporters/package.py).
        entry: its code.
        exporter: makes what writes it to a file again.
        shutdown: ends threads that are its own.

    Raises:
        LoadError: the description is damaged.
        UnsupportedError: the processor lacks instructions that the model uses.
    """
    try:
        about = About(
            file,
            str(description["name"]),
            str(description["target"]),
            tuple(map(str, description["cpu_features"])),
            str(description["tyrex"]),
            dict(description["metadata"]),
            tuple(Symbol(str(name), low, high) for name, low, high in description["symbols"]),
        )
        inputs, outputs = _params(description["inputs"]), _params(description["outputs"])
        signature = Signature("main", inputs, outputs)
    except (KeyError, TypeError, ValueError) as error:
        raise LoadError(f"{file}: its description is damaged: {error!r}") from error
    shapes = Shapes.of_signature(signature, about.symbols) if about.symbols else None
    program = NativeProgram(signature, entry, default_num_threads(), shapes=shapes)
    program.prepare()  # looks at the processor
    return Module(about, program, exporter(about, signature), shutdown)


def _check_description(file: Path) -> None:
    """Check what a library says about itself before any of its code runs.

    Raises:
        LoadError: the file is damaged, no such library, or for another system.
        UnsupportedError: the processor lacks instructions that the model uses.
    """
    text = check_shared_library(file)
    if text is None:
        return  # some tools drop sections; the library itself asks the processor, too
    try:
        description = cast(dict[str, Any], json.loads(text.partition(b"\0")[0]))
        target = str(description["target"])
        questions = [Question(*row) for row in description.get("cpu_questions", ())]
    except (KeyError, TypeError, ValueError) as error:
        raise LoadError(f"{file}: its description is damaged: {error!r}") from error
    check_target(target, str(file))
    missing = missing_instructions(questions)
    if missing is not None:
        raise UnsupportedError(
            f"{file}: this processor lacks {missing}, which the model was compiled for"
        )


def _params(fields: Sequence[Mapping[str, Any]]) -> tuple[Param, ...]:
    return tuple(
        Param(str(f["name"]), TensorSpec(DType(f["dtype"]), tuple(map(_dim, f["shape"]))))
        for f in fields
    )


def _dim(dim: int | str | None) -> int | SymbolicDim | None:
    if dim is None:
        return None  # data decide it
    return decode_dim(dim) if isinstance(dim, str) else int(dim)
