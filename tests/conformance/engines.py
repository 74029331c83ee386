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
    """Compile with tyrex; inputs that must be known to compile are fixed at the first run."""
    # cast: the package's attributes are lazy.
    compile_model = cast(Callable[..., Executable], getattr(tyrex, "compile", _no_compile))
    if not _holds_optionals(model):
        try:
            return _prepared(model, compile_model(model, shapes=shapes), None)
        except ValueError as error:
            if not getattr(error, "inputs", ()):  # UnknownValueError names the inputs
                raise
    fixed: list[Prepared] = []

    def run(inputs: Sequence[Value]) -> list[object]:
        fixed[:] = [_compiled_for(compile_model, model, shapes, inputs)]
        return fixed[0].run(inputs)

    return Prepared(run, lambda: fixed[0].uses_host())


def _prepared(model: ModelProto, exe: Executable, kept: Sequence[int] | None) -> Prepared:
    """Run `exe` with all inputs, or with those at the positions `kept`."""

    def run(inputs: Sequence[Value]) -> list[object]:
        outputs = exe(*(inputs if kept is None else [inputs[i] for i in kept]))
        if len(model.graph.output) == 1:
            return [_sequence(outputs)]
        return [_sequence(output) for output in cast(tuple[object, ...], outputs)]

    return Prepared(run, lambda: exe.stats()["host_callbacks"] > 0)


def _sequence(output: object) -> object:
    """Return a result; a tuple of tensors, which is a sequence of ONNX, as a list."""
    return list(cast(tuple[object, ...], output)) if isinstance(output, tuple) else output


def _compiled_for(
    compile_model: Callable[..., Executable],
    model: ModelProto,
    shapes: Shapes,
    inputs: Sequence[Value],
) -> Prepared:
    """Compile with the values of inputs that are sequences, or that shapes are computed from."""
    from tyrex.frontends.onnx import UnknownValueError, from_onnx

    given = dict(zip([info.name for info in data_inputs(model)], inputs, strict=False))
    values = {name: v for name, v in given.items() if v is None or isinstance(v, list)}
    while True:
        open_ = {name: shape for name, shape in shapes.items() if name not in values}
        try:
            module = from_onnx(model, shapes=open_, values=values)
            break
        except UnknownValueError as error:
            wanted = {name: given[name] for name in error.inputs if name not in values}
            if not wanted:
                raise
            values |= wanted
    kept = [i for i, name in enumerate(given) if name not in values]
    return _prepared(model, compile_model(module), kept)


def _holds_optionals(model: ModelProto) -> bool:
    """Tell whether an input is one whose presence is part of the program: an optional."""
    return any(info.type.HasField("optional_type") for info in data_inputs(model))


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
