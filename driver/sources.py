"""What a user hands to a compile, told apart without loading what reads it.

A path, the bytes of a model, MLIR text, or an object of `onnx` or xDSL: those two are recognized by
their type's module, so that a model found compiled in the cache loads neither.
"""

from __future__ import annotations

import mmap
import os
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..runtime.errors import DTypeError, LoadError

if TYPE_CHECKING:
    from xdsl.ir import Operation

_LOCATION = b"location"
"""The key under which an ONNX file names a file of weights beside it."""


class OnnxModel(Protocol):
    """An onnx.ModelProto, as far as it is looked at here."""

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes:
        """Return the bytes of a file."""
        ...


class Kind(Enum):
    """The languages that models come in."""

    ONNX = "ONNX"
    MLIR = "MLIR"
    IR = "IR"
    """An operation of xDSL: a module or a kernel."""


@dataclass(frozen=True)
class Source:
    """A model, not yet read."""

    kind: Kind
    label: str
    """For messages: the path, or what it is."""
    path: Path | None = None
    data: Any = None  # bytes or a ModelProto of ONNX, text of MLIR, an operation of xDSL

    @staticmethod
    def of(model: object) -> Source:
        """Return the source that `model` is.

        Raises:
            LoadError: a path that cannot be read.
            DTypeError: something that is no model.
        """
        match model:
            case "":
                raise DTypeError(_WRONG.format("empty text"))
            case str() if _is_text(model):
                return Source(Kind.MLIR, "<text>", data=model)
            case str() | os.PathLike():
                return _of_path(Path(os.fspath(model)))
            case bytes() | bytearray() | memoryview():
                return Source(Kind.ONNX, "<bytes>", data=bytes(cast(bytes, model)))
            case _:
                return _of_object(model)

    @property
    def name(self) -> str:
        """What a file that is given away says of it: no folder of this machine's."""
        return self.label if self.path is None else self.path.name

    def text(self) -> str:
        """Return MLIR text, read from its file where it is one.

        Raises:
            LoadError: the file is no text.
        """
        if self.path is None:
            return self.data
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LoadError(f"{self.label}: cannot be read as MLIR text: {error}") from error

    def bytes(self) -> bytes:
        """Return what the model consists of, where it is no file and no operation."""
        match self.data:
            case str() as text:
                return text.encode()
            case bytes() as data:
                return data
            case proto:
                return proto.SerializeToString(deterministic=True)

    def external_files(self) -> list[str]:
        """Return the files in which an ONNX file keeps weights, as it names them."""
        if self.kind is not Kind.ONNX or self.path is None or not _mentions(self.path, _LOCATION):
            return []
        from ..frontends.onnx.external import external_files

        return external_files(self.path)


def _mentions(path: Path, word: bytes) -> bool:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(word) >= 0


def _is_text(model: str) -> bool:
    return "\n" in model or "{" in model


def _of_path(path: Path) -> Source:
    label = str(path)
    if not path.exists():
        raise LoadError(
            f"{label}: there is no such file; expected an ONNX model (.onnx) or MLIR text (.mlir)"
        )
    if path.is_dir():
        raise LoadError(f"{label}: found a folder, expected a file; name the .onnx or .mlir file")
    return Source(Kind.MLIR if path.suffix == ".mlir" else Kind.ONNX, label, path)


def _of_object(model: object) -> Source:
    onnx = sys.modules.get("onnx")
    if onnx is not None and isinstance(model, onnx.ModelProto):
        return Source(Kind.ONNX, "<model>", data=model)
    if (operation := _as_operation(model)) is not None:
        return Source(Kind.IR, f"<{operation.name}>", data=operation)
    raise DTypeError(_WRONG.format(f"{type(model).__module__}.{type(model).__qualname__}"))


_WRONG = (
    "compile: expected a path (.onnx, .mlir), the bytes of an ONNX model, an onnx.ModelProto, a "
    "module or a kernel of xDSL, or MLIR text; found {}"
)


def _as_operation(model: object) -> Operation | None:
    xdsl = sys.modules.get("xdsl.ir")
    if xdsl is None or not isinstance(model, xdsl.Operation):
        return None
    return cast("Operation", model)
