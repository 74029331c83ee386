"""Exported models, loaded again: `tyrex.load_module("m.so")`, without the compiler.

Loading a library runs its code: load what you trust. The file is looked at before the system maps
it (a file cut short would end the process at its first use), and the library looks at the processor
before it runs.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Mapping, Sequence
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_uint32, c_void_p
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from .bytecode import Param, TensorSpec
from .dtype import DType
from .elf import check_shared_library
from .errors import LoadError, TyrexError
from .native_library import ABI_VERSION
from .native_program import NativeEntry, NativeProgram
from .signature import Signature
from .threads import check_num_threads, default_num_threads

FORMAT = 2
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


class Module:
    """An exported model: call it as the executable that it was.

    With `with`, or `close`, its memory and threads are given back; its code stays mapped until the
    process ends.
    """

    def __init__(self, path: Path, functions: _Functions, description: Mapping[str, Any]) -> None:
        """Take over a library; `load_module` makes modules."""
        self.path = path
        self.name = str(description["name"])
        """What the functions of its C interface begin with."""
        self.metadata: dict[str, str] = dict(description["metadata"])
        """What is known of the model."""
        self.target = str(description["target"])
        """The triple that it was compiled for."""
        self.cpu_features = tuple(map(str, description["cpu_features"]))
        """The instruction sets that it uses."""
        self.signature = Signature(
            "main", _params(description["inputs"]), _params(description["outputs"])
        )
        self._functions = functions
        self._program: NativeProgram | None = NativeProgram(
            self.signature, functions.entry(path.name), default_num_threads()
        )
        self._program.prepare()  # looks at the processor

    @property
    def _open(self) -> NativeProgram:
        if self._program is None:
            raise LoadError(f"{self.path}: the module is closed; load it again")
        return self._program

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
        self, inputs: Mapping[str, Any], out: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> Any:
        """Run with inputs by name, results into the buffers of `out` where given."""
        return self._open.run(inputs, out)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._program is None

    def close(self) -> None:
        """Give back memory and threads; no call may be running. Closing twice is fine."""
        if self._program is not None:
            self._program.forget_contexts()
            self._program = None
            self._functions.shutdown()

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


def load_module(path: str | os.PathLike[str]) -> Module:
    """Return the model in a shared library that `export_library` wrote. This runs its code.

    Raises:
        LoadError: the file is not there, is damaged or no such library, or is for another system.
        UnsupportedError: the processor lacks instructions that the model uses.
    """
    file = Path(path).resolve()
    check_shared_library(file)
    try:
        library = ctypes.CDLL(str(file))
        entry = library.tyrex_module
    except OSError as error:
        raise LoadError(f"{file}: cannot be loaded: {error}") from error
    except AttributeError:
        raise LoadError(
            f"{file}: is no exported model, it has no function tyrex_module; make one with"
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
    if description["abi"] != ABI_VERSION:
        raise LoadError(
            f"{file}: expected ABI version {ABI_VERSION}; found {description['abi']}: export the"
            " model again"
        )
    try:
        return Module(file, functions, description)
    except TyrexError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise LoadError(f"{file}: its description is damaged: {error!r}") from error


def _params(fields: Sequence[Mapping[str, Any]]) -> tuple[Param, ...]:
    return tuple(
        Param(str(f["name"]), TensorSpec(DType(f["dtype"]), tuple(map(int, f["shape"]))))
        for f in fields
    )
