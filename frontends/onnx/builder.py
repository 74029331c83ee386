"""Operations at the end of a block, and arithmetic on tensors that writes them.

A converter composes operators as NumPy code would: `(x - mean) / (var + epsilon).sqrt()`. Each
step becomes one operation with the location of the node that is converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.dialects.builtin import UNKNOWN_LOC, LocationAttr, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...dialects import dtypes, relax
from ...symbolic import IntExpr, as_expr
from .errors import UnsupportedNodeError
from .values import Array, Item, Ratio, Symbolic, tensor_type

Number: TypeAlias = "int | float | bool"
Operand: TypeAlias = "Tensor | Item | Number"
Dim: TypeAlias = "IntExpr | int"

_SHARED_SIZE = 64  # constants up to so many elements are shared by value, larger ones by identity


class Builder:
    """Appends operations to a block; constants are made once per block and shared."""

    def __init__(self, block: Block, outer: Builder | None = None) -> None:
        self.block = block
        self.location: LocationAttr = UNKNOWN_LOC if outer is None else outer.location
        self._outer = outer
        self._constants: dict[object, tuple[Array, SSAValue]] = {}

    def insert(self, op: Operation) -> None:
        """Append `op`, with the location of the node that is converted."""
        op.location = self.location
        self.block.add_op(op)

    def emit(self, op_class: type[relax.RelaxOp], *operands: Operand, **properties: Any) -> Tensor:
        """Append an operator of one result and return it.

        Properties are Any: an operator may take more than a PropertyValue (a list of floats).
        """
        return Tensor(self.emit_all(op_class, *operands, **properties)[0], self)

    def emit_all(
        self, op_class: type[relax.RelaxOp], *operands: Operand, **properties: Any
    ) -> Sequence[SSAValue]:
        """Append an operator and return all its results."""
        values = [self.value(operand) for operand in operands]
        op = op_class(*values, location=self.location, **properties)
        self.block.add_op(op)
        return op.results

    def value(self, operand: Operand) -> SSAValue:
        """Return `operand` as an SSA value, a constant operation where it is an array."""
        if isinstance(operand, Tensor):
            operand = operand.item
        if isinstance(operand, SSAValue):
            return operand
        if isinstance(operand, Symbolic):
            return self._materialize(operand).value
        return self._constant(np.asarray(operand))

    def tensor(self, operand: Operand) -> Tensor:
        """Return `operand` as a tensor to calculate with."""
        if isinstance(operand, Tensor):
            return operand
        if isinstance(operand, bool | int | float):
            raise TypeError(f"the number {operand} has no element type here; use Tensor.like")
        return Tensor(operand, self)

    def _constant(self, array: Array) -> SSAValue:
        key: object = id(array)
        if array.size <= _SHARED_SIZE:
            key = (array.dtype.name, array.shape, array.tobytes())
        known = self._find(key)
        if known is not None:
            return known
        op = relax.ConstantOp(relax.ConstantAttr.of(array))
        self.insert(op)
        self._constants[key] = (array, op.result)  # the array stays alive as long as its id counts
        return op.result

    def _find(self, key: object) -> SSAValue | None:
        builder: Builder | None = self
        while builder is not None:
            found = builder._constants.get(key)
            if found is not None:
                return found[1]
            builder = builder._outer
        return None

    def _materialize(self, dims: Symbolic) -> Tensor:
        """Return a tensor that holds the values which expressions have at run time."""
        pieces = [self._element(item, dims.dtype) for item in dims.array.reshape(-1)]
        flat = pieces[0] if len(pieces) == 1 else self.emit(relax.ConcatOp, *pieces, axis=0)
        return flat.reshape(dims.shape)

    def _element(self, item: IntExpr | int | Ratio, dtype: Attribute) -> Tensor:
        if isinstance(item, Ratio):
            return self._element(item.numerator, dtype) / item.denominator
        expr = as_expr(item)
        bounds = {key: (0, None) for key in expr.free_vars()}
        if expr.provably_ge0(bounds):
            return self._index(expr, dtype)
        negative = as_expr(0)
        for monomial, coefficient in expr.terms:
            if coefficient < 0:
                negative = negative + _product(monomial.atoms, -coefficient)
        negative = negative + max(0, -expr.constant)
        return self._index(expr + negative, dtype) - self._index(negative, dtype)

    def _index(self, expr: IntExpr, dtype: Attribute) -> Tensor:
        """Return `[expr]` for an expression that is not negative: the last of 0 .. expr."""
        if expr.is_constant:
            return Tensor(np.array([expr.constant_value], dtypes.to_numpy(dtype)), self)
        iota = self.emit(relax.IotaOp, shape=relax.DimsAttr.of([expr + 1]), axis=0, dtype=i64)
        last = self.emit(
            relax.StridedSliceOp,
            iota,
            starts=relax.DimsAttr.of([expr]),
            sizes=relax.DimsAttr.of([1]),
            steps=[1],
        )
        return last.cast(dtype)


def _product(atoms: Iterable[object], coefficient: int) -> IntExpr:
    from ...symbolic.expr import Atom, make_expr, make_monomial

    return make_expr(((make_monomial(cast(tuple[Atom, ...], tuple(atoms))), coefficient),), 0)


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of the graph with arithmetic; every operation broadcasts as in NumPy.

    A Python number next to a tensor takes the tensor's element type.
    """

    item: Item
    builder: Builder

    @property
    def value(self) -> SSAValue:
        """The SSA value; an array becomes a constant operation."""
        return self.builder.value(self.item)

    @property
    def type(self) -> relax.TensorType:
        """The tensor's type."""
        return tensor_type(self.item)

    @property
    def dtype(self) -> Attribute:
        """The element type."""
        return self.type.dtype

    @property
    def is_float(self) -> bool:
        """Whether the elements are floating-point numbers."""
        return dtypes.is_float(self.dtype)

    @property
    def rank(self) -> int:
        """The number of axes.

        Raises:
            UnsupportedNodeError: it is not known.
        """
        rank = self.type.rank
        if rank is None:
            raise UnsupportedNodeError(
                self.builder.location,
                "the rank of an operand is not known",
                hint="fix the inputs' shapes with from_onnx(..., shapes=)",
            )
        return rank

    @property
    def shape(self) -> tuple[IntExpr, ...]:
        """The dims.

        Raises:
            UnsupportedNodeError: one of them is not known, not even as an expression.
        """
        shape = self.type.known_shape()
        if shape is None:
            raise UnsupportedNodeError(
                self.builder.location,
                f"the shape of an operand is not known: {self.type}",
                hint="fix the inputs' shapes with from_onnx(..., shapes=)",
            )
        return shape

    def emit(self, op_class: type[relax.RelaxOp], *others: Operand, **properties: Any) -> Tensor:
        """Append an operator whose first operand is this tensor."""
        return self.builder.emit(op_class, self, *map(self.like, others), **properties)

    def like(self, operand: Operand) -> Tensor:
        """Return `operand` as a tensor; a Python number gets this tensor's element type."""
        if isinstance(operand, bool | int | float):
            operand = np.array(operand, dtypes.to_numpy(self.dtype))
        return self.builder.tensor(operand)

    # Arithmetic

    def __add__(self, other: Operand) -> Tensor:
        return self.emit(relax.AddOp, other)

    def __radd__(self, other: Operand) -> Tensor:
        return self.like(other) + self

    def __sub__(self, other: Operand) -> Tensor:
        return self.emit(relax.SubtractOp, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return self.like(other) - self

    def __mul__(self, other: Operand) -> Tensor:
        return self.emit(relax.MultiplyOp, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return self.like(other) * self

    def __truediv__(self, other: Operand) -> Tensor:
        return self.emit(relax.DivideOp, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return self.like(other) / self

    def __neg__(self) -> Tensor:
        return self.emit(relax.NegOp)

    def __pow__(self, other: Operand) -> Tensor:
        return self.emit(relax.PowerOp, other)

    def __lt__(self, other: Operand) -> Tensor:
        return self.emit(relax.LessOp, other)

    def __le__(self, other: Operand) -> Tensor:
        return self.emit(relax.LessEqualOp, other)

    def __gt__(self, other: Operand) -> Tensor:
        return self.emit(relax.GreaterOp, other)

    def __ge__(self, other: Operand) -> Tensor:
        return self.emit(relax.GreaterEqualOp, other)

    def __and__(self, other: Operand) -> Tensor:
        return self.emit(relax.LogicalAndOp, other)

    def __or__(self, other: Operand) -> Tensor:
        return self.emit(relax.LogicalOrOp, other)

    def __invert__(self) -> Tensor:
        return self.emit(relax.LogicalNotOp)

    def equal(self, other: Operand) -> Tensor:
        """Return where the elements are equal."""
        return self.emit(relax.EqualOp, other)

    def maximum(self, other: Operand) -> Tensor:
        """Return the larger elements."""
        return self.emit(relax.MaximumOp, other)

    def minimum(self, other: Operand) -> Tensor:
        """Return the smaller elements."""
        return self.emit(relax.MinimumOp, other)

    def where(self, then: Operand, otherwise: Operand) -> Tensor:
        """Return `then` where this bool tensor is true, `otherwise` elsewhere.

        At least one of the two must be a tensor, whose element type the other takes.
        """
        known = then if isinstance(then, Tensor) else otherwise
        assert isinstance(known, Tensor), "Tensor.where needs a tensor to know the element type"
        return self.builder.emit(relax.WhereOp, self, known.like(then), known.like(otherwise))

    # Functions of each element

    def exp(self) -> Tensor:
        """Return e to the power of the elements."""
        return self.emit(relax.ExpOp)

    def log(self) -> Tensor:
        """Return the natural logarithms."""
        return self.emit(relax.LogOp)

    def sqrt(self) -> Tensor:
        """Return the square roots."""
        return self.emit(relax.SqrtOp)

    def abs(self) -> Tensor:
        """Return the absolute values."""
        return self.emit(relax.AbsOp)

    def tanh(self) -> Tensor:
        """Return the hyperbolic tangents."""
        return self.emit(relax.TanhOp)

    def sigmoid(self) -> Tensor:
        """Return 1 / (1 + exp(-x))."""
        return self.emit(relax.SigmoidOp)

    def relu(self) -> Tensor:
        """Return max(x, 0)."""
        return self.emit(relax.ReluOp)

    def round(self) -> Tensor:
        """Return the nearest integers, halves to even."""
        return self.emit(relax.RoundOp)

    def cast(self, dtype: Attribute) -> Tensor:
        """Return the elements as `dtype`; nothing is written where they are that already."""
        return self if self.dtype == dtype else self.emit(relax.CastOp, dtype=dtype)

    # Along axes

    def sum(self, axes: Sequence[int], keepdims: bool = True) -> Tensor:
        """Return the sums over `axes`."""
        return self.emit(relax.SumOp, axes=list(axes), keepdims=keepdims)

    def mean(self, axes: Sequence[int], keepdims: bool = True) -> Tensor:
        """Return the means over `axes`."""
        return self.emit(relax.MeanOp, axes=list(axes), keepdims=keepdims)

    def max(self, axes: Sequence[int], keepdims: bool = True) -> Tensor:
        """Return the maxima over `axes`."""
        return self.emit(relax.MaxOp, axes=list(axes), keepdims=keepdims)

    def min(self, axes: Sequence[int], keepdims: bool = True) -> Tensor:
        """Return the minima over `axes`."""
        return self.emit(relax.MinOp, axes=list(axes), keepdims=keepdims)

    def matmul(
        self, other: Operand, transpose_a: bool = False, transpose_b: bool = False
    ) -> Tensor:
        """Return the matrix product over the last two axes."""
        return self.emit(relax.MatmulOp, other, transpose_a=transpose_a, transpose_b=transpose_b)

    # Movement of elements

    def reshape(self, dims: Iterable[Dim]) -> Tensor:
        """Return the elements in another shape; nothing is written where it is theirs."""
        target = relax.DimsAttr.of(dims)
        if self.type.shape == target.data:
            return self
        if isinstance(self.item, np.ndarray) and all(dim.is_constant for dim in target.data):
            shape = [dim.constant_value for dim in target.data]
            return Tensor(self.item.reshape(shape), self.builder)
        return self.emit(relax.ReshapeOp, shape=target)

    def transpose(self, axes: Sequence[int]) -> Tensor:
        """Return the tensor with axis d taken from axis axes[d]."""
        if list(axes) == list(range(len(axes))):
            return self
        return self.emit(relax.PermuteDimsOp, axes=list(axes))

    def broadcast_to(self, dims: Iterable[Dim]) -> Tensor:
        """Return the tensor repeated to a shape."""
        target = relax.DimsAttr.of(dims)
        if self.type.shape == target.data:
            return self
        return self.emit(relax.BroadcastToOp, shape=target)

    def unsqueeze(self, axes: Iterable[int]) -> Tensor:
        """Return the tensor with dims of 1 at `axes` (of the result, not negative)."""
        dims: list[Dim] = list(self.shape)
        for axis in sorted(axes):
            dims.insert(axis, 1)
        return self.reshape(dims)

    def squeeze(self, axes: Iterable[int]) -> Tensor:
        """Return the tensor without `axes`, whose dims are 1."""
        gone = set(axes)
        return self.reshape(dim for i, dim in enumerate(self.shape) if i not in gone)

    def slice(self, axis: int, start: Dim, size: Dim, step: int = 1) -> Tensor:
        """Return `size` elements along `axis`: start, start + step, ..."""
        starts: list[Dim] = [0] * self.rank
        sizes: list[Dim] = list(self.shape)
        steps = [1] * self.rank
        starts[axis], sizes[axis], steps[axis] = start, size, step
        return self.strided_slice(starts, sizes, steps)

    def strided_slice(
        self, starts: Sequence[Dim], sizes: Sequence[Dim], steps: Sequence[int]
    ) -> Tensor:
        """Return x[start + i * step] for each axis; nothing is written where that is all."""
        from_first = all(start == 0 for start in starts) and all(step == 1 for step in steps)
        if from_first and tuple(sizes) == self.type.shape:
            return self
        return self.emit(
            relax.StridedSliceOp,
            starts=relax.DimsAttr.of(starts),
            sizes=relax.DimsAttr.of(sizes),
            steps=list(steps),
        )

    def split(self, axis: int, sections: Sequence[Dim]) -> list[Tensor]:
        """Return consecutive pieces along `axis`."""
        pieces = self.builder.emit_all(
            relax.SplitOp, self, axis=axis, sections=relax.DimsAttr.of(sections)
        )
        return [Tensor(piece, self.builder) for piece in pieces]

    def gather(self, indices: Operand, axis: int) -> Tensor:
        """Return the slices of `axis` that `indices` name."""
        return self.emit(relax.GatherOp, indices, axis=axis)


def concat(tensors: Sequence[Tensor], axis: int) -> Tensor:
    """Return the tensors one after the other along `axis`."""
    if len(tensors) == 1:
        return tensors[0]
    return tensors[0].builder.emit(relax.ConcatOp, *tensors, axis=axis)


def iota(builder: Builder, size: Dim, dtype: Attribute) -> Tensor:
    """Return `[0, 1, ..., size - 1]`."""
    return builder.emit(relax.IotaOp, shape=relax.DimsAttr.of([size]), axis=0, dtype=dtype)


def full(builder: Builder, dims: Iterable[Dim], value: Array) -> Tensor:
    """Return a tensor of `dims` whose elements are all `value`."""
    target = relax.DimsAttr.of(dims)
    if all(dim.is_constant for dim in target.data):
        shape = [dim.constant_value for dim in target.data]
        return Tensor(np.broadcast_to(value.reshape(()), shape), builder)
    return builder.emit(relax.FullOp, value.reshape(()), shape=target)
