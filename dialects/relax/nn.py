"""Operators of `relax` for linear algebra and normalization; see `windows.py` for convolutions."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import FloatAttr, IntegerAttr, StringAttr
from xdsl.ir import Attribute
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .. import dtypes
from .base import RelaxOp
from .einsum import EinsumSpec, parse_equation
from .operand_checks import (
    broadcast_dim,
    broadcast_shapes,
    check_axis,
    check_dtype,
    check_equal,
    check_rank,
    check_same_dtype,
    flag,
    is_number,
    tensor_type,
)
from .types import Dim, TensorType
from .windows import WINDOWS


@irdl_op_definition
class MatmulOp(RelaxOp):
    """`y[..., i, j] = sum over k of a[..., i, k] b[..., k, j]`; transposed a[..., k, i].

    The axes before the last two broadcast. Sums are made in the element type (f16, bf16: in f32).

    (C1) both operands hold numbers of one element type.
    (C2) both ranks are at least 2.
    (C3) the summed dims are equal.
    (C4) the batch dims broadcast.
    """

    name = "relax.matmul"
    a = operand_def(TensorType)
    b = operand_def(TensorType)
    transpose_a = prop_def(IntegerAttr)
    transpose_b = prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        dtype = check_same_dtype(self, "(C1)")
        a, b = tensor_type(self.a), tensor_type(self.b)
        check_dtype(self, a, is_number, "(C1)")
        for operand in (a, b):
            if operand.rank is not None and operand.rank < 2:
                raise VerifyException(
                    f"{self.name}: (C2) {operand} has rank {operand.rank}, expected at least 2; "
                    "reshape it"
                )
        if a.shape is None or b.shape is None:
            return [TensorType.of(None, dtype)]
        m, k = reversed(a.shape[-2:]) if flag(self.transpose_a) else a.shape[-2:]
        other_k, n = reversed(b.shape[-2:]) if flag(self.transpose_b) else b.shape[-2:]
        check_equal(self, k, other_k, "(C3)", "summed dims")
        batch = broadcast_shapes(self, (a.shape[:-2], b.shape[:-2]), "(C4)")
        assert batch is not None
        return [TensorType.of((*batch, m, n), dtype)]


@irdl_op_definition
class EinsumOp(RelaxOp):
    """`y[output labels] = sum over the other labels of the product of xs[their labels]`.

    `equation` is NumPy's, implicit or explicit, with `...`: `"bij,bjk->bik"`.

    (C1) the operands hold numbers of one element type.
    (C2) the ranks are known and fit the equation.
    (C3) dims of one label broadcast.
    """

    name = "relax.einsum"
    xs = var_operand_def(TensorType)
    equation = prop_def(StringAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def spec(self) -> EinsumSpec:
        """Return the labels of the operands' and the result's axes."""
        ranks = [rank for x in self.xs if (rank := tensor_type(x).rank) is not None]
        if len(ranks) != len(self.xs) or not ranks:
            raise VerifyException(f"{self.name}: (C2) needs operands of known rank")
        try:
            return parse_equation(self.equation.data, ranks)
        except ValueError as error:
            raise VerifyException(f"{self.name}: (C2) {error}") from error

    def infer_types(self) -> Sequence[Attribute]:
        spec = self.spec()
        dtype = check_same_dtype(self, "(C1)")
        check_dtype(self, tensor_type(self.xs[0]), is_number, "(C1)")
        extents: dict[str, Dim] = {}
        for x, labels in zip(self.xs, spec.inputs, strict=True):
            for dim, label in zip(tensor_type(x).shape or (), labels, strict=True):
                known = extents.get(label, dim)
                extents[label] = broadcast_dim(self, known, dim, "(C3)")
        return [TensorType.of((extents[label] for label in spec.output), dtype)]


class NormOp(RelaxOp):
    """Base of the normalizations: y has the type of x, the first operand, a float.

    The operators declare their operands themselves: xDSL puts a subclass's before its base's.
    """

    epsilon = prop_def(FloatAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def check_x(self) -> TensorType:
        """Check the operands' element types; return the type of x."""
        check_same_dtype(self, "(C1)")
        x = tensor_type(self.operands[0])
        check_dtype(self, x, dtypes.is_float, "(C1)")
        return x

    def check_channels(self, x: TensorType) -> None:
        """Check that every other operand has one element per channel, axis 1 of x."""
        if x.rank is not None and x.rank < 2:
            raise VerifyException(f"{self.name}: (C2) {x} has rank {x.rank}, expected at least 2")
        for operand in self.operands[1:]:
            other = tensor_type(operand)
            check_rank(self, other, 1, "(C2)")
            if x.shape is not None and other.shape is not None:
                check_equal(self, x.shape[1], other.shape[0], "(C2)", "channels")


@irdl_op_definition
class BatchNormOp(NormOp):
    """`y[n, c, ...] = (x[n, c, ...] - mean[c]) / sqrt(var[c] + epsilon) scale[c] + bias[c]`.

    (C1) all operands hold floats of one element type.
    (C2) x has at least rank 2, the others are vectors of its channels.
    """

    name = "relax.batch_norm"
    x = operand_def(TensorType)
    scale = operand_def(TensorType)
    bias = operand_def(TensorType)
    mean = operand_def(TensorType)
    var = operand_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        x = self.check_x()
        self.check_channels(x)
        return [x]


@irdl_op_definition
class InstanceNormOp(NormOp):
    """`y[n, c, s] = (x[n, c, s] - m[n, c]) / sqrt(v[n, c] + epsilon) scale[c] + bias[c]`.

    m and v are mean and variance of x over the axes s after the second.

    (C1) all operands hold floats of one element type.
    (C2) x has at least rank 2, the others are vectors of its channels.
    """

    name = "relax.instance_norm"
    x = operand_def(TensorType)
    scale = operand_def(TensorType)
    bias = operand_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        x = self.check_x()
        self.check_channels(x)
        return [x]


@irdl_op_definition
class LayerNormOp(NormOp):
    """`y[o, i] = (x[o, i] - m[o]) / sqrt(v[o] + epsilon) scale[i] + bias[i]`.

    i are the axes of x from `axis` on, m and v are mean and variance over them.

    (C1) all operands hold floats of one element type.
    (C2) the axis is in 0 .. rank - 1.
    (C3) scale and bias have the shape of x from `axis` on.
    """

    name = "relax.layer_norm"
    x = operand_def(TensorType)
    scale = operand_def(TensorType)
    bias = operand_def(TensorType)
    axis = prop_def(IntegerAttr)

    def infer_types(self) -> Sequence[Attribute]:
        x = self.check_x()
        axis = self.axis.value.data
        check_axis(self, axis, x.rank, "(C2)")
        for operand in (self.scale, self.bias):
            other = tensor_type(operand)
            if x.shape is None or other.shape is None:
                continue
            check_rank(self, other, len(x.shape) - axis, "(C3)")
            for a, b in zip(x.shape[axis:], other.shape, strict=True):
                check_equal(self, a, b, "(C3)", "scale or bias")
        return [x]


@irdl_op_definition
class LrnOp(RelaxOp):
    """`y[n, c, ...] = x[n, c, ...] (bias + alpha / size s)^-beta`: response normalization.

    s is the sum of x[n, j, ...]^2 for j from c - (size - 1) // 2 to c + size // 2, in range.
    Source: Krizhevsky et al., NeurIPS 2012, section 3.3.

    (C1) x holds floats.
    (C2) x has at least rank 2.
    """

    name = "relax.lrn"
    x = operand_def(TensorType)
    size = prop_def(IntegerAttr)
    alpha = prop_def(FloatAttr)
    beta = prop_def(FloatAttr)
    bias = prop_def(FloatAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        x = tensor_type(self.x)
        check_dtype(self, x, dtypes.is_float, "(C1)")
        if x.rank is not None and x.rank < 2:
            raise VerifyException(f"{self.name}: (C2) {x} has rank {x.rank}, expected at least 2")
        return [x]


NN: tuple[type[RelaxOp], ...] = (
    BatchNormOp,
    EinsumOp,
    InstanceNormOp,
    LayerNormOp,
    LrnOp,
    MatmulOp,
    *WINDOWS,
)
