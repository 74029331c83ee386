"""Operators of `relax` that compute each element from the elements at one position.

Operands broadcast as in NumPy: shapes are aligned at their last axis, a dim of 1 is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import IntegerAttr, i1
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .. import dtypes
from .base import RelaxOp
from .operand_checks import (
    DtypeTest,
    broadcast_shapes,
    check_dtype,
    check_same_dtype,
    is_any,
    is_bits,
    is_number,
    tensor_type,
)
from .types import TensorType


class UnaryOp(RelaxOp):
    """Base: `y[i] = f(x[i])`, y of x's shape and element type.

    (C1) the element type is one that f accepts (each class says which).
    """

    x = operand_def(TensorType)
    result = result_def(TensorType)
    traits = traits_def(Pure())
    ACCEPTS: ClassVar[DtypeTest] = dtypes.is_float

    def infer_types(self) -> Sequence[Attribute]:
        x = tensor_type(self.x)
        check_dtype(self, x, type(self).ACCEPTS, "(C1)")
        return [TensorType.of(x.shape, self.result_dtype(x.dtype))]

    def result_dtype(self, dtype: Attribute) -> Attribute:
        """Return the element type of the result for operands of `dtype`."""
        return dtype


class PredicateOp(UnaryOp):
    """Base: `y[i] = p(x[i])`, y bool."""

    def result_dtype(self, dtype: Attribute) -> Attribute:
        return i1


class BinaryOp(RelaxOp):
    """Base: `y[i] = f(a[i], b[i])` after broadcasting; y has the operands' element type.

    (C1) both operands have one element type.
    (C2) the element type is one that f accepts (each class says which).
    (C3) the shapes broadcast.
    """

    a = operand_def(TensorType)
    b = operand_def(TensorType)
    result = result_def(TensorType)
    traits = traits_def(Pure())
    ACCEPTS: ClassVar[DtypeTest] = is_number

    def infer_types(self) -> Sequence[Attribute]:
        dtype = check_same_dtype(self, "(C1)")
        a, b = tensor_type(self.a), tensor_type(self.b)
        check_dtype(self, a, type(self).ACCEPTS, "(C2)")
        shape = broadcast_shapes(self, (a.shape, b.shape), "(C3)")
        return [TensorType.of(shape, self.result_dtype(dtype))]

    def result_dtype(self, dtype: Attribute) -> Attribute:
        """Return the element type of the result for operands of `dtype`."""
        return dtype


class CompareOp(BinaryOp):
    """Base: `y[i] = a[i] ? b[i]`, y bool; a comparison with NaN is false (not_equal: true)."""

    def result_dtype(self, dtype: Attribute) -> Attribute:
        return i1


# -- unary, of numbers --------------------------------------------------------------------------


@irdl_op_definition
class AbsOp(UnaryOp):
    """`y = |x|`, of a number; the smallest integer wraps to itself."""

    name = "relax.abs"
    ACCEPTS = is_number


@irdl_op_definition
class NegOp(UnaryOp):
    """`y = -x`, of a number; integers wrap."""

    name = "relax.neg"
    ACCEPTS = is_number


@irdl_op_definition
class ReluOp(UnaryOp):
    """`y = max(x, 0)`, of a number; NaN stays NaN."""

    name = "relax.relu"
    ACCEPTS = is_number


@irdl_op_definition
class SignOp(UnaryOp):
    """`y = -1, 0 or 1`, of a number; NaN stays NaN."""

    name = "relax.sign"
    ACCEPTS = is_number


# -- unary, of floats ---------------------------------------------------------------------------


@irdl_op_definition
class ExpOp(UnaryOp):
    """`y = e^x`, of a float."""

    name = "relax.exp"


@irdl_op_definition
class LogOp(UnaryOp):
    """`y = ln x`, of a float."""

    name = "relax.log"


@irdl_op_definition
class SqrtOp(UnaryOp):
    """`y = sqrt(x)`, of a float."""

    name = "relax.sqrt"


@irdl_op_definition
class RsqrtOp(UnaryOp):
    """`y = 1 / sqrt(x)`, of a float."""

    name = "relax.rsqrt"


@irdl_op_definition
class SinOp(UnaryOp):
    """`y = sin x`, of a float, in radians."""

    name = "relax.sin"


@irdl_op_definition
class CosOp(UnaryOp):
    """`y = cos x`, of a float, in radians."""

    name = "relax.cos"


@irdl_op_definition
class TanOp(UnaryOp):
    """`y = tan x`, of a float, in radians."""

    name = "relax.tan"


@irdl_op_definition
class AsinOp(UnaryOp):
    """`y = arcsin x`, of a float."""

    name = "relax.asin"


@irdl_op_definition
class AcosOp(UnaryOp):
    """`y = arccos x`, of a float."""

    name = "relax.acos"


@irdl_op_definition
class AtanOp(UnaryOp):
    """`y = arctan x`, of a float."""

    name = "relax.atan"


@irdl_op_definition
class SinhOp(UnaryOp):
    """`y = sinh x`, of a float."""

    name = "relax.sinh"


@irdl_op_definition
class CoshOp(UnaryOp):
    """`y = cosh x`, of a float."""

    name = "relax.cosh"


@irdl_op_definition
class TanhOp(UnaryOp):
    """`y = tanh x`, of a float."""

    name = "relax.tanh"


@irdl_op_definition
class AsinhOp(UnaryOp):
    """`y = arsinh x`, of a float."""

    name = "relax.asinh"


@irdl_op_definition
class AcoshOp(UnaryOp):
    """`y = arcosh x`, of a float."""

    name = "relax.acosh"


@irdl_op_definition
class AtanhOp(UnaryOp):
    """`y = artanh x`, of a float."""

    name = "relax.atanh"


@irdl_op_definition
class ErfOp(UnaryOp):
    """`y = erf x`, of a float."""

    name = "relax.erf"


@irdl_op_definition
class FloorOp(UnaryOp):
    """`y = floor(x)`, of a float."""

    name = "relax.floor"


@irdl_op_definition
class CeilOp(UnaryOp):
    """`y = ceil(x)`, of a float."""

    name = "relax.ceil"


@irdl_op_definition
class RoundOp(UnaryOp):
    """`y` = the nearest integer, of a float; a half goes to the even one."""

    name = "relax.round"


@irdl_op_definition
class SigmoidOp(UnaryOp):
    """`y = 1 / (1 + e^-x)`, of a float."""

    name = "relax.sigmoid"


# -- unary, of bits and bools -------------------------------------------------------------------


@irdl_op_definition
class LogicalNotOp(UnaryOp):
    """`y = not x`, of a bool."""

    name = "relax.logical_not"
    ACCEPTS = dtypes.is_bool


@irdl_op_definition
class BitwiseNotOp(UnaryOp):
    """`y = ~x`, of an integer or bool."""

    name = "relax.bitwise_not"
    ACCEPTS = is_bits


@irdl_op_definition
class IsNanOp(PredicateOp):
    """`y` = whether x is NaN, of a float."""

    name = "relax.is_nan"


@irdl_op_definition
class IsInfOp(PredicateOp):
    """`y` = whether x is infinite, of a sign that is asked for, of a float."""

    name = "relax.is_inf"
    detect_positive = prop_def(IntegerAttr)
    detect_negative = prop_def(IntegerAttr)


# -- binary, of numbers -------------------------------------------------------------------------


@irdl_op_definition
class AddOp(BinaryOp):
    """`y = a + b`, of numbers; integers wrap."""

    name = "relax.add"


@irdl_op_definition
class SubtractOp(BinaryOp):
    """`y = a - b`, of numbers; integers wrap."""

    name = "relax.subtract"


@irdl_op_definition
class MultiplyOp(BinaryOp):
    """`y = a b`, of numbers; integers wrap."""

    name = "relax.multiply"


@irdl_op_definition
class DivideOp(BinaryOp):
    """`y = a / b`, of numbers; of integers truncated toward zero, 0 where b is 0."""

    name = "relax.divide"


@irdl_op_definition
class FloorModOp(BinaryOp):
    """`y = a - floor(a / b) b`, of numbers: the sign is b's; of integers 0 where b is 0."""

    name = "relax.floor_mod"


@irdl_op_definition
class FmodOp(BinaryOp):
    """`y = a - trunc(a / b) b`, of numbers: the sign is a's; of integers 0 where b is 0."""

    name = "relax.fmod"


@irdl_op_definition
class PowerOp(BinaryOp):
    """`y = a^b`, of numbers; of integers wrapping, and truncated where b is negative."""

    name = "relax.power"


@irdl_op_definition
class MaximumOp(BinaryOp):
    """`y = max(a, b)`, of numbers; NaN where one is NaN."""

    name = "relax.maximum"


@irdl_op_definition
class MinimumOp(BinaryOp):
    """`y = min(a, b)`, of numbers; NaN where one is NaN."""

    name = "relax.minimum"


# -- comparisons --------------------------------------------------------------------------------


@irdl_op_definition
class EqualOp(CompareOp):
    """`y = (a == b)`, of any element type."""

    name = "relax.equal"
    ACCEPTS = is_any


@irdl_op_definition
class NotEqualOp(CompareOp):
    """`y = (a != b)`, of any element type."""

    name = "relax.not_equal"
    ACCEPTS = is_any


@irdl_op_definition
class LessOp(CompareOp):
    """`y = (a < b)`, of numbers."""

    name = "relax.less"


@irdl_op_definition
class LessEqualOp(CompareOp):
    """`y = (a <= b)`, of numbers."""

    name = "relax.less_equal"


@irdl_op_definition
class GreaterOp(CompareOp):
    """`y = (a > b)`, of numbers."""

    name = "relax.greater"


@irdl_op_definition
class GreaterEqualOp(CompareOp):
    """`y = (a >= b)`, of numbers."""

    name = "relax.greater_equal"


# -- binary, of bits and bools ------------------------------------------------------------------


@irdl_op_definition
class LogicalAndOp(BinaryOp):
    """`y = a and b`, of bools."""

    name = "relax.logical_and"
    ACCEPTS = dtypes.is_bool


@irdl_op_definition
class LogicalOrOp(BinaryOp):
    """`y = a or b`, of bools."""

    name = "relax.logical_or"
    ACCEPTS = dtypes.is_bool


@irdl_op_definition
class LogicalXorOp(BinaryOp):
    """`y = a != b`, of bools."""

    name = "relax.logical_xor"
    ACCEPTS = dtypes.is_bool


@irdl_op_definition
class BitwiseAndOp(BinaryOp):
    """`y = a & b`, of integers or bools."""

    name = "relax.bitwise_and"
    ACCEPTS = is_bits


@irdl_op_definition
class BitwiseOrOp(BinaryOp):
    """`y = a | b`, of integers or bools."""

    name = "relax.bitwise_or"
    ACCEPTS = is_bits


@irdl_op_definition
class BitwiseXorOp(BinaryOp):
    """`y = a ^ b`, of integers or bools."""

    name = "relax.bitwise_xor"
    ACCEPTS = is_bits


@irdl_op_definition
class LeftShiftOp(BinaryOp):
    """`y = a << b`, of integers; 0 where b is outside 0 .. width - 1."""

    name = "relax.left_shift"
    ACCEPTS = dtypes.is_integer


@irdl_op_definition
class RightShiftOp(BinaryOp):
    """`y = a >> b`, of integers; only the sign is left where b is outside 0 .. width - 1."""

    name = "relax.right_shift"
    ACCEPTS = dtypes.is_integer


# -- others -------------------------------------------------------------------------------------


@irdl_op_definition
class WhereOp(RelaxOp):
    """`y[i] = a[i] if cond[i] else b[i]`, all three broadcast.

    (C1) cond is bool.
    (C2) a and b have one element type.
    (C3) the shapes broadcast.
    """

    name = "relax.where"
    cond = operand_def(TensorType)
    a = operand_def(TensorType)
    b = operand_def(TensorType)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        cond, a, b = map(tensor_type, self.operands)
        check_dtype(self, cond, dtypes.is_bool, "(C1)")
        if a.dtype != b.dtype:
            raise VerifyException(
                f"{self.name}: (C2) element types {a.dtype} and {b.dtype} differ; cast one operand"
            )
        shape = broadcast_shapes(self, (cond.shape, a.shape, b.shape), "(C3)")
        return [TensorType.of(shape, a.dtype)]


@irdl_op_definition
class CastOp(RelaxOp):
    """`y[i] = x[i]` as another element type.

    To bool: whether it is not 0. Float to integer: toward zero, saturating; NaN becomes 0.
    Integer to a narrower integer: wraps. To a float: rounded to the nearest, ties to even.
    """

    name = "relax.cast"
    x = operand_def(TensorType)
    dtype = prop_def()
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        return [TensorType.of(tensor_type(self.x).shape, self.dtype)]


ELEMENTWISE: tuple[type[RelaxOp], ...] = (
    AbsOp,
    AcosOp,
    AcoshOp,
    AddOp,
    AsinOp,
    AsinhOp,
    AtanOp,
    AtanhOp,
    BitwiseAndOp,
    BitwiseNotOp,
    BitwiseOrOp,
    BitwiseXorOp,
    CastOp,
    CeilOp,
    CosOp,
    CoshOp,
    DivideOp,
    EqualOp,
    ErfOp,
    ExpOp,
    FloorModOp,
    FloorOp,
    FmodOp,
    GreaterEqualOp,
    GreaterOp,
    IsInfOp,
    IsNanOp,
    LeftShiftOp,
    LessEqualOp,
    LessOp,
    LogOp,
    LogicalAndOp,
    LogicalNotOp,
    LogicalOrOp,
    LogicalXorOp,
    MaximumOp,
    MinimumOp,
    MultiplyOp,
    NegOp,
    NotEqualOp,
    PowerOp,
    ReluOp,
    RightShiftOp,
    RoundOp,
    RsqrtOp,
    SigmoidOp,
    SignOp,
    SinOp,
    SinhOp,
    SqrtOp,
    SubtractOp,
    TanOp,
    TanhOp,
    WhereOp,
)
