"""Operators of each element by itself: arithmetic, comparison, logic, bits, casts."""

from __future__ import annotations

from functools import reduce

import numpy as np
from xdsl.dialects.builtin import f32, f64

from ....dialects import dtypes, relax
from ....symbolic import as_expr
from ..builder import Tensor
from ..node import Node
from ..registry import converter
from ..values import Value

_UNARY: dict[str, type[relax.RelaxOp]] = {
    "Abs": relax.AbsOp,
    "Acos": relax.AcosOp,
    "Acosh": relax.AcoshOp,
    "Asin": relax.AsinOp,
    "Asinh": relax.AsinhOp,
    "Atan": relax.AtanOp,
    "Atanh": relax.AtanhOp,
    "BitwiseNot": relax.BitwiseNotOp,
    "Ceil": relax.CeilOp,
    "Cos": relax.CosOp,
    "Cosh": relax.CoshOp,
    "Erf": relax.ErfOp,
    "Exp": relax.ExpOp,
    "Floor": relax.FloorOp,
    "IsNaN": relax.IsNanOp,
    "Log": relax.LogOp,
    "Neg": relax.NegOp,
    "Not": relax.LogicalNotOp,
    "Relu": relax.ReluOp,
    "Round": relax.RoundOp,
    "Sigmoid": relax.SigmoidOp,
    "Sign": relax.SignOp,
    "Sin": relax.SinOp,
    "Sinh": relax.SinhOp,
    "Sqrt": relax.SqrtOp,
    "Tan": relax.TanOp,
    "Tanh": relax.TanhOp,
}

_BINARY: dict[str, type[relax.RelaxOp]] = {
    "Add": relax.AddOp,
    "And": relax.LogicalAndOp,
    "BitwiseAnd": relax.BitwiseAndOp,
    "BitwiseOr": relax.BitwiseOrOp,
    "BitwiseXor": relax.BitwiseXorOp,
    "Div": relax.DivideOp,
    "Equal": relax.EqualOp,
    "Greater": relax.GreaterOp,
    "GreaterOrEqual": relax.GreaterEqualOp,
    "Less": relax.LessOp,
    "LessOrEqual": relax.LessEqualOp,
    "Mul": relax.MultiplyOp,
    "Or": relax.LogicalOrOp,
    "Sub": relax.SubtractOp,
    "Xor": relax.LogicalXorOp,
}

_FOLDED: dict[str, type[relax.RelaxOp]] = {
    "Max": relax.MaximumOp,
    "Min": relax.MinimumOp,
    "Sum": relax.AddOp,
}


@converter(*_UNARY)
def _(node: Node) -> Tensor:
    return node.x().emit(_UNARY[node.op_type])


@converter(*_BINARY, since=7)
def _(node: Node) -> Tensor:
    return node.x(0).emit(_BINARY[node.op_type], node.x(1))


@converter(*_BINARY, since=1)
def _(node: Node) -> Tensor:
    return node.x(0).emit(_BINARY[node.op_type], aligned(node, node.x(0), node.x(1)))


def aligned(node: Node, a: Tensor, b: Tensor) -> Tensor:
    """Return `b` reshaped as operators before opset 7 align it: at the attribute `axis` of `a`."""
    axis = node.integer("axis", None)
    if not node.integer("broadcast", 0) or axis is None:
        return b
    behind = a.rank - axis - b.rank
    return b.reshape([*b.shape, *[as_expr(1)] * behind])


@converter(*_FOLDED)
def _(node: Node) -> Tensor:
    return reduce(lambda a, b: a.emit(_FOLDED[node.op_type], b), node.xs())


@converter("Mean")
def _(node: Node) -> Tensor:
    xs = node.xs()
    return reduce(lambda a, b: a + b, xs) / len(xs)


@converter("Pow")
def _(node: Node) -> Tensor:
    base, exponent = node.x(0), node.x(1)
    if node.version < 7:
        exponent = aligned(node, base, exponent)
    if base.is_float or not exponent.is_float:
        return base ** exponent.cast(base.dtype)
    return (base.cast(f64) ** exponent.cast(f64)).cast(base.dtype)


@converter("Mod")
def _(node: Node) -> Tensor:
    op_class = relax.FmodOp if node.integer("fmod", 0) else relax.FloorModOp
    return node.x(0).emit(op_class, node.x(1))


@converter("BitShift")
def _(node: Node) -> Tensor:
    direction = node.text("direction")
    if direction not in ("LEFT", "RIGHT"):
        raise node.fail(f"direction is {direction!r}, expected 'LEFT' or 'RIGHT'")
    op_class = relax.LeftShiftOp if direction == "LEFT" else relax.RightShiftOp
    return node.x(0).emit(op_class, node.x(1))


@converter("IsInf")
def _(node: Node) -> Tensor:
    return node.x().emit(
        relax.IsInfOp,
        detect_positive=bool(node.integer("detect_positive", 1)),
        detect_negative=bool(node.integer("detect_negative", 1)),
    )


@converter("Where")
def _(node: Node) -> Tensor:
    return node.builder.emit(relax.WhereOp, *node.xs())


@converter("Reciprocal")
def _(node: Node) -> Tensor:
    return 1 / node.x()


@converter("Clip", since=11)
def _(node: Node) -> Tensor:
    x = node.x()
    for position, op_class in ((1, relax.MaximumOp), (2, relax.MinimumOp)):
        bound = node.opt(position)
        if bound is not None:
            x = x.emit(op_class, bound)
    return x


@converter("Clip", since=1)
def _(node: Node) -> Tensor:
    x = node.x()
    low, high = node.number("min", None), node.number("max", None)
    if low is not None and low > np.finfo(np.float32).min:
        x = x.maximum(low)
    if high is not None and high < np.finfo(np.float32).max:
        x = x.minimum(high)
    return x


@converter("Cast", since=6)
def _(node: Node) -> Tensor:
    return node.x().cast(node.dtype("to"))


@converter("CastLike")
def _(node: Node) -> Tensor:
    return node.x(0).cast(node.x(1).dtype)


@converter("Identity")
def _(node: Node) -> list[Value]:
    return [node.get(0)]


@converter("Dropout", since=12)
def _(node: Node) -> list[Tensor]:
    training = bool(node.array(2, "training_mode").any()) if node.has(2) else False
    ratio = float(node.array(1, "ratio").item()) if node.has(1) and training else 0.5
    if training and ratio != 0:
        raise node.unsupported("dropout in training mode")
    return _kept(node)


@converter("Dropout", since=1)
def _(node: Node) -> list[Tensor]:
    if node.version < 7 and not node.integer("is_test", 0):
        raise node.unsupported("dropout in training mode (is_test = 0)")
    return _kept(node)


def _kept(node: Node) -> list[Tensor]:
    x = node.x()
    if not node.wants(1):
        return [x]
    dtype = np.dtype(bool) if node.version >= 10 else dtypes.to_numpy(x.dtype)
    one = node.constant(1, dtype)
    shape = x.type.static_shape()
    if shape is None:
        return [x, node.builder.emit(relax.FullOp, one, shape=relax.DimsAttr.of(x.shape))]
    return [x, node.tensor(np.broadcast_to(np.ones((), dtype), shape))]


@converter("Binarizer", domain="ai.onnx.ml")
def _(node: Node) -> Tensor:
    x = node.x()
    return (x > node.number("threshold", 0.0)).cast(x.dtype)


def in_float(x: Tensor) -> Tensor:
    """Return `x` in f32 where it is narrower: what ONNX computes statistics in."""
    return x if x.dtype == f64 else x.cast(f32)
