"""What can run a case: tyrex, and ONNX Runtime to check the harness itself."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import onnxruntime
from onnx import ModelProto, ValueInfoProto

import tyrex

from .suite import Value

Shapes = dict[str, tuple[int, ...]]
UNSUPPORTED = re.compile(r"not (yet )?(supported|implemented)|unsupported|NOT_IMPLEMENTED", re.I)
# Of tyrex.frontends.onnx.errors: by name, so that another engine's run does not import a compiler.
UNSUPPORTED_ERRORS = ("UnsupportedOperatorsError", "UnknownValueError")
ERRORS_ONLY = 4


@dataclass(frozen=True)
class Prepared:
    """A model that is ready to run."""

    run: Callable[[Sequence[Value]], list[object]]
    uses_host: Callable[[], bool] = lambda: False
    """Whether it calls back into Python for a part of the work."""


class Engine(Protocol):
    """Make a model ready; `shapes` holds the inputs that the model leaves open."""

    def __call__(self, model: ModelProto, shapes: Shapes) -> Prepared: ...


class Executable(Protocol):
    """The part of tyrex.Executable that is used here."""

    def __call__(self, *inputs: object) -> object: ...
    def stats(self) -> Mapping[str, int]: ...


def with_tyrex(model: ModelProto, shapes: Shapes) -> Prepared:
    """Compile with tyrex."""
    # cast: the package's attributes are lazy.
    compile_model = cast(Callable[..., Executable], getattr(tyrex, "compile", _no_compile))
    exe = compile_model(model, shapes=shapes)

    def run(inputs: Sequence[Value]) -> list[object]:
        outputs = exe(*inputs)
        several = cast(tuple[object, ...], outputs) if isinstance(outputs, tuple) else (outputs,)
        return list(several)

    return Prepared(run, lambda: exe.stats()["host_callbacks"] > 0)


def _no_compile(model: ModelProto, shapes: Shapes) -> Executable:
    raise NotImplementedError("tyrex has no attribute compile")


def with_onnxruntime(model: ModelProto, shapes: Shapes) -> Prepared:
    """Run with ONNX Runtime."""
    del shapes
    options = cast(Any, onnxruntime.SessionOptions())  # pyright: ignore[reportUnknownMemberType]
    options.log_severity_level = ERRORS_ONLY
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in data_inputs(model)]

    def run(inputs: Sequence[Value]) -> list[object]:
        feeds = dict(zip(names, inputs, strict=False))
        return cast(list[object], session.run(None, feeds))  # pyright: ignore[reportUnknownMemberType]

    return Prepared(run)


ENGINES: dict[str, Engine] = {"tyrex": with_tyrex, "onnxruntime": with_onnxruntime}


def is_unsupported(error: Exception) -> bool:
    """Whether the error says "not this one" and not "this one went wrong"."""
    return (
        isinstance(error, NotImplementedError)
        or type(error).__name__ in UNSUPPORTED_ERRORS
        or bool(UNSUPPORTED.search(str(error)))
    )


def explain(error: Exception) -> str:
    """Why the engine gave up, without the place: a compiler's message, or all its reasons."""
    found = cast(Iterable[Any], getattr(error, "found", ()))
    if reasons := "; ".join(f"{item.op_type}: {item.reason}" for item in found):
        return f"cannot import {reasons}"
    return f"{type(error).__name__}: {getattr(error, 'message', None) or error}"


def data_inputs(model: ModelProto) -> list[ValueInfoProto]:
    """The graph's inputs without those that are initializers."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def open_shapes(model: ModelProto, inputs: Sequence[Value]) -> Shapes:
    """The data's shapes for the tensors whose shape the model leaves open."""
    return {
        info.name: value.shape
        for info, value in zip(data_inputs(model), inputs, strict=False)
        if isinstance(value, np.ndarray) and _is_open(info)
    }


def _is_open(info: ValueInfoProto) -> bool:
    tensor = info.type.tensor_type
    return info.type.HasField("tensor_type") and (
        not tensor.HasField("shape")
        or any(not d.HasField("dim_value") or d.dim_value < 0 for d in tensor.shape.dim)
    )
