"""What a name of an ONNX graph stands for while it is imported.

Three kinds: an SSA value; an array known at compile time; a *symbolic* array, whose elements are
integer expressions over the dims of the inputs (what `Shape` returns and shape arithmetic makes
of it). A sequence of ONNX is a Python tuple of these, or `Stacked` or `Listed` where a run decides
how long it is; an absent optional is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute, SSAValue

from ...dialects import dtypes, relax
from ...dialects.relax.types import Dim
from ...symbolic import IntExpr, as_expr

Array: TypeAlias = npt.NDArray[Any]  # any element type: ONNX has a dozen


@dataclass(frozen=True, eq=False)
class Symbolic:
    """An array of dims: `array` has dtype object and holds `int`, `IntExpr` or `Ratio`.

    `dtype` is the element type that it has in the model, which is also what it is materialized
    in where an operator needs a tensor.
    """

    array: Array
    dtype: Attribute = i64

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.array.shape

    def dims(self) -> tuple[IntExpr, ...]:
        """Return the elements in row-major order.

        Raises:
            TypeError: an element is a fraction, which is no dim.
        """
        return tuple(as_expr(item) for item in self.array.reshape(-1))


@dataclass(frozen=True)
class Ratio:
    """An expression divided by a number: what shape arithmetic in floats goes through."""

    numerator: IntExpr
    denominator: int

    def scaled(self, factor: Fraction) -> Ratio:
        """Return the ratio times `factor`."""
        exact = Fraction(factor.numerator, factor.denominator * self.denominator)
        return Ratio(self.numerator * exact.numerator, exact.denominator)


@dataclass(frozen=True, eq=False)
class Stacked:
    """A sequence whose length a run decides: its tensors, all of one shape, along a first axis."""

    items: SSAValue


@dataclass(frozen=True, eq=False)
class Listed:
    """A sequence whose length and shapes a run decides: an object of the host (see `lists`)."""

    items: SSAValue
    item: relax.TensorType
    """What is known of each of its tensors."""


@dataclass(frozen=True, eq=False)
class Texts:
    """A tensor of strings: an array of the host (see `texts`)."""

    items: SSAValue
    shape: tuple[Dim, ...] | None
    """What is known of its dims; None where not even their number is."""


Known: TypeAlias = Array | Symbolic
Item: TypeAlias = "SSAValue | Array | Symbolic"
Value: TypeAlias = "Item | Stacked | Listed | Texts | tuple[Value, ...] | None"


def is_known(value: object) -> bool:
    """Tell whether `value` is known at compile time, at least as expressions."""
    return isinstance(value, np.ndarray | Symbolic)


def symbolic(dims: Iterable[IntExpr | int], dtype: Attribute = i64) -> Known:
    """Return the vector of `dims`: an array of numbers where all of them are."""
    items = [as_expr(dim) for dim in dims]
    if all(item.is_constant for item in items):
        return np.array([item.constant_value for item in items], dtypes.to_numpy(dtype))
    array = np.empty(len(items), object)
    array[:] = items
    return Symbolic(array, dtype)


def settle(array: Array, dtype: Attribute) -> Known:
    """Return an object array as numbers where it holds nothing else, else as Symbolic."""
    flat = array.reshape(-1)
    values: list[int] = []
    for item in flat:
        if isinstance(item, IntExpr) and item.is_constant:
            values.append(item.constant_value)
        elif isinstance(item, int):
            values.append(item)
        else:
            return Symbolic(array, dtype)
    return np.array(values, dtypes.to_numpy(dtype)).reshape(array.shape)


def tensor_type(value: Item) -> relax.TensorType:
    """Return the type of a value as a tensor."""
    if isinstance(value, np.ndarray):
        return relax.TensorType.of(value.shape, dtypes.from_numpy(value.dtype))
    if isinstance(value, Symbolic):
        return relax.TensorType.of(value.shape, value.dtype)
    return cast(relax.TensorType, value.type)  # only tensors are bound to names of the graph


def as_dims(value: Known) -> tuple[IntExpr, ...]:
    """Return a known vector (or scalar) of integers as expressions."""
    if isinstance(value, Symbolic):
        return value.dims()
    flat: Sequence[int] = [int(item) for item in value.reshape(-1)]
    return tuple(as_expr(item) for item in flat)
