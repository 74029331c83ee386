"""From a file, its bytes or a ModelProto to a model whose outline is sound."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import cast

import onnx
from google.protobuf.message import DecodeError

from .errors import ModelError, file_location
from .graph import check_names, check_text
from .wire import outline

_OTHER_FORMATS = {
    ".mlir": "it is MLIR text: hand it to tyrex.compile as it is",
    ".pt": "it is a PyTorch file: export it with torch.onnx.export",
    ".pth": "it is a PyTorch file: export it with torch.onnx.export",
    ".safetensors": "it holds weights alone, without a graph: export the model to ONNX",
    ".tflite": "it is a TensorFlow Lite file: convert it with tf2onnx",
    ".h5": "it is a Keras file: convert it with tf2onnx",
    ".keras": "it is a Keras file: convert it with tf2onnx",
    ".gguf": "it is a GGUF file: export the model to ONNX",
    ".npz": "it holds arrays alone, without a graph: export the model to ONNX",
}


@dataclass(frozen=True)
class LoadedModel:
    """A model, where it came from, and the opset version of each domain ("" is ai.onnx).

    Large weights of a file are left in it (see `wire`).
    """

    proto: onnx.ModelProto
    label: str
    path: Path | None
    opsets: dict[str, int]


def load(model: str | Path | bytes | onnx.ModelProto) -> LoadedModel:
    """Return the model, read from a file where `model` is a path.

    Raises:
        ModelError: no such file, no ONNX file, a graph is missing, an unknown opset.
    """
    label, path = "<model>", None
    if isinstance(model, onnx.ModelProto):
        proto = model
    elif isinstance(model, bytes | bytearray | memoryview):
        label = "<bytes>"
        proto = _parse(bytes(model), label, "")
    else:
        path = _path_of(model)
        label = str(path)
        proto = _parse(_read(path), label, path.suffix)
    if not proto.HasField("graph"):
        raise ModelError(
            file_location(label),
            "the model has no graph; found a protobuf message without one",
            hint="is this an ONNX model? onnx.checker.check_model tells what is wrong with it",
        )
    check_names(proto.graph, file_location(label))
    for function in proto.functions:
        check_text(function.node, file_location(label))
    return LoadedModel(proto, label, path, opset_versions(proto, label))


def _path_of(model: object) -> Path:
    if isinstance(model, str | PathLike):
        return Path(cast(str, model))
    raise ModelError(
        None,
        f"from_onnx: found {type(model).__module__}.{type(model).__qualname__}",
        hint="expected a path, the bytes of a model or an onnx.ModelProto",
    )


def _read(path: Path) -> bytes:
    place = file_location(str(path))
    known = _OTHER_FORMATS.get(path.suffix.lower())
    if known is not None:
        raise ModelError(place, f"expected an ONNX model, found a {path.suffix} file", hint=known)
    if path.is_dir():
        raise ModelError(place, "expected an ONNX file, found a folder", hint="name the .onnx file")
    try:
        return outline(path) or path.read_bytes()
    except OSError as error:
        raise ModelError(
            place, f"cannot read the model: {error.strerror}", hint="check the path"
        ) from error


def _parse(data: bytes, label: str, suffix: str) -> onnx.ModelProto:
    try:
        return onnx.ModelProto.FromString(data)
    except DecodeError as error:
        named = "" if suffix in (".onnx", "") else f" (it is named {suffix})"
        raise ModelError(
            file_location(label),
            f"not a complete ONNX model: {len(data)} bytes that do not decode{named}",
            hint="the file is cut off, or of another format; fetch or export it again",
        ) from error


def opset_versions(proto: onnx.ModelProto | onnx.FunctionProto, label: str) -> dict[str, int]:
    """Return the opset version that a model or function imports of each domain.

    Raises:
        ModelError: no opset, one domain at two versions, an opset this package onnx predates.
    """
    versions: dict[str, int] = {}
    for entry in proto.opset_import:
        domain = normal_domain(entry.domain)
        if versions.setdefault(domain, entry.version) != entry.version:
            raise ModelError(
                file_location(label),
                f"imports opset {versions[domain]} and opset {entry.version} of domain "
                f"{domain or 'ai.onnx'!r}",
                hint="name each domain once in opset_import",
            )
    newest = onnx.defs.onnx_opset_version()
    if versions.get("", newest) > newest:
        raise ModelError(
            file_location(label),
            f"the model uses opset {versions['']}; package onnx {onnx.__version__} knows up to "
            f"{newest}",
            hint="upgrade package onnx, or export the model with an older opset",
        )
    if not versions:
        if isinstance(proto, onnx.ModelProto) and proto.ir_version >= 3:
            raise ModelError(
                file_location(label),
                "the model imports no opset, so its operators have no meaning",
                hint="set opset_import (onnx.helper.make_opsetid)",
            )
        versions[""] = 1
    return versions


def normal_domain(domain: str) -> str:
    """Return `domain` with the two names of ONNX's own written as one."""
    return "" if domain == "ai.onnx" else domain
