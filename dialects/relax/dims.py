"""Arithmetic on the dims of types, where a dim may be unknown, and constraints on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from xdsl.dialects.builtin import DenseArrayBase
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from ...symbolic import as_expr
from .run_checks import EQUAL, note
from .types import Dim, TensorType

Shape = tuple[Dim, ...]


def require(holds: bool, op: Operation, message: str) -> None:
    """Raise unless a constraint of `op` holds.

    Raises:
        VerifyException: with the operator's name before `message`.
    """
    if not holds:
        raise VerifyException(f"{op.name}: {message}")


def floats(attr: DenseArrayBase[Any]) -> tuple[float, ...]:
    """Return the elements of an array of floats."""
    return tuple(float(value) for value in attr.iter_values())


def show(dims: Iterable[Dim] | None) -> str:
    """Return dims as they print in a type."""
    if dims is None:
        return "*"
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in dims) + "]"


def may_be_equal(a: Dim, b: Dim) -> bool:
    """Tell whether two dims can be equal at run time, as far as is known."""
    if a is None or b is None or a is b:
        return True
    difference = a - b
    return not difference.is_constant or difference.constant_value == 0


def sum_of(dims: Iterable[Dim]) -> Dim:
    """Return the sum, None where a dim is unknown."""
    total = as_expr(0)
    for dim in dims:
        if dim is None:
            return None
        total = total + dim
    return total


def num_elements(tensor: TensorType) -> Dim:
    """Return the number of elements, None where it is not known."""
    if tensor.shape is None:
        return None
    total = as_expr(1)
    for dim in tensor.shape:
        if dim is None:
            return None
        total = total * dim
    return total


def replace(shape: Sequence[Dim], axis: int, *dims: Dim) -> Shape:
    """Return `shape` with the dim at `axis` replaced by `dims`."""
    return (*shape[:axis], *dims, *shape[axis + 1 :])


def check_dims(op: Operation, what: str, found: TensorType, expected: Sequence[Dim] | None) -> None:
    """Check that a tensor can have the expected shape (None: any shape, a None dim: any dim)."""
    if found.shape is None or expected is None:
        return
    fits = len(found.shape) == len(expected) and all(map(may_be_equal, found.shape, expected))
    require(fits, op, f"{what}: {found}, expected shape {show(expected)}")
    for axis, (dim, wanted) in enumerate(zip(found.shape, expected, strict=True)):
        note(EQUAL, dim, wanted, f"{what}, axis {axis}")
