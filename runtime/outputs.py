"""The buffers that a caller wants results in, checked before a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .bytecode import TensorSpec
from .errors import ArgumentError, DTypeError, ShapeError, TyrexError
from .signature import Signature, check_several
from .tensor import Tensor, as_tensor


def admit_outputs(
    signature: Signature, out: Mapping[str, Any] | Sequence[Any], inputs: Sequence[Any]
) -> dict[int, Tensor]:
    """Return the buffers for results, by position.

    Raises:
        ArgumentError: a name is unknown; a buffer is read-only, not contiguous, or overlaps an
            input or another buffer.
        DTypeError: a buffer has another data type.
        ShapeError: a buffer has another shape.
    """
    names = [name for name, _ in signature.outputs]
    if not isinstance(out, Mapping):
        check_several(out, f"{signature.name}: out")
        if len(out) != len(names):
            raise ArgumentError(
                f"{signature.name}: out: expected {len(names)} buffers; found {len(out)}"
            )
        out = dict(zip(names, out, strict=True))
    result: dict[int, Tensor] = {}
    taken = [(f"argument {name!r}", value) for (name, _), value in _tensors(signature, inputs)]
    for name, buffer in out.items():
        if name not in names:
            raise ArgumentError(
                f"{signature.name}: out: there is no result {name!r}; expected one of"
                f" {', '.join(names) or 'none'}: {signature}"
            )
        if buffer is None:
            continue
        position = names.index(name)
        place = f"{signature.name}: out[{name!r}]"
        tensor = _admit_output(buffer, signature.outputs[position].spec, place)
        for what, other in taken:
            if _overlap(tensor, other):
                raise ArgumentError(f"{place}: the buffer overlaps {what}: give it its own memory")
        taken.append((f"out[{name!r}]", tensor))
        result[position] = tensor
    return result


def _tensors(signature: Signature, inputs: Sequence[Any]) -> list[tuple[Any, Tensor]]:
    pairs = zip(signature.inputs, inputs, strict=True)
    return [(param, value) for param, value in pairs if isinstance(value, Tensor)]


def _admit_output(buffer: Any, spec: Any, place: str) -> Tensor:
    if not isinstance(spec, TensorSpec):
        raise ArgumentError(f"{place}: the result is no tensor but {spec}; leave it out")
    try:
        tensor = as_tensor(buffer)
    except TyrexError as error:
        raise type(error)(f"{place}: {error}") from None
    if tensor.dtype is not spec.dtype:
        raise DTypeError(f"{place}: expected {spec.dtype}; found {tensor.dtype}")
    if not _fits(tensor.shape, spec):
        expected = spec if spec.static_shape is None else f"shape {spec.static_shape}"
        raise ShapeError(f"{place}: expected {expected}; found {tensor.shape}")
    if tensor.read_only:
        raise ArgumentError(f"{place}: the buffer is read-only")
    if not tensor.is_contiguous or tensor.data % tensor.dtype.size_bytes:
        raise ArgumentError(
            f"{place}: the buffer is not contiguous, or not aligned to its elements: results"
            " cannot be written to it"
        )
    return tensor


def check_output(signature: Signature, index: int, buffer: Tensor, shape: tuple[int, ...]) -> None:
    """Check that a buffer has the shape that a result turned out to have.

    Raises:
        ShapeError: it has another one.
    """
    if buffer.shape != shape:
        raise ShapeError(
            f"{signature.name}: out[{signature.outputs[index].name!r}]: expected shape {shape};"
            f" found {buffer.shape}"
        )


def _fits(shape: tuple[int, ...], spec: TensorSpec) -> bool:
    """Tell whether a shape has the dims of a type that are numbers."""
    if spec.shape is None:
        return True
    return len(shape) == len(spec.shape) and all(
        found == dim or not isinstance(dim, int)
        for found, dim in zip(shape, spec.shape, strict=True)
    )


def _overlap(a: Tensor, b: Tensor) -> bool:
    return a.data < b.data + b.nbytes and b.data < a.data + a.nbytes
