"""Other engines, to compare results and times with. None is needed to use Tyrex."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from ..runtime.errors import ArgumentError, UnsupportedError

Run = Callable[[Sequence[Any]], Sequence[Any]]
"""Inputs in the model's order to outputs in the model's order, as arrays."""

_ERRORS_ONLY = 4


def load_onnxruntime(path: str, threads: int | None, shapes: Mapping[str, Any]) -> Run:
    """Return the model at `path` in ONNX Runtime.

    Raises:
        UnsupportedError: the package is not installed.
        ArgumentError: it is no ONNX model.
    """
    del shapes  # it takes what comes
    if not path.endswith(".onnx"):
        raise ArgumentError(f"{path}: ONNX Runtime runs .onnx files")
    runtime = _import("onnxruntime", "onnxruntime", "bench")
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]

    def run(inputs: Sequence[Any]) -> Sequence[Any]:
        return session.run(None, dict(zip(names, inputs, strict=True)))

    return run


PEERS: dict[str, Callable[[str, int | None, Mapping[str, Any]], Run]] = {
    "onnxruntime": load_onnxruntime,
}
"""Engine -> how it loads the model at a path for a number of threads."""


def _import(module: str, package: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise UnsupportedError(
            f"package {package} is not installed; pip install 'tyrex[{extra}]' brings it"
        ) from error
