"""Activation functions, composed of arithmetic."""

from __future__ import annotations

from math import pi, sqrt

from ....dialects import relax
from ....symbolic import as_expr
from ..builder import Tensor
from ..node import Node
from ..registry import converter

# Source: Klambauer et al., NeurIPS 2017 (SELU), in the digits of ONNX's defaults.
_SELU_ALPHA = 1.67326319217681884765625
_SELU_GAMMA = 1.05070102214813232421875
_GELU_CUBIC = 0.044715  # Hendrycks and Gimpel, 2016, section 2


def softplus(x: Tensor) -> Tensor:
    """Return ln(1 + e^x), written so that e^x does not overflow."""
    return x.relu() + ((-x.abs()).exp() + 1.0).log()


def expm1(x: Tensor) -> Tensor:
    """Return e^x - 1."""
    return x.exp() - 1.0


def clamp01(x: Tensor) -> Tensor:
    """Return x between 0 and 1."""
    return x.maximum(0.0).minimum(1.0)


@converter("LeakyRelu")
def _(node: Node) -> Tensor:
    x = node.x()
    return (x < 0.0).where(x * node.number("alpha", 0.01), x)


@converter("PRelu")
def _(node: Node) -> Tensor:
    x, slope = node.x(0), node.x(1)
    if node.version < 7 and slope.rank == 1 and x.rank > 2:
        slope = slope.reshape([*slope.shape, *[as_expr(1)] * (x.rank - 2)])
    return (x < 0).where(x * slope, x)


@converter("Elu")
def _(node: Node) -> Tensor:
    x = node.x()
    return (x < 0.0).where(expm1(x) * node.number("alpha", 1.0), x)


@converter("Celu")
def _(node: Node) -> Tensor:
    x, alpha = node.x(), node.number("alpha", 1.0)
    return x.relu() + (expm1(x / alpha) * alpha).minimum(0.0)


@converter("Selu")
def _(node: Node) -> Tensor:
    x = node.x()
    alpha, gamma = node.number("alpha", _SELU_ALPHA), node.number("gamma", _SELU_GAMMA)
    return (x > 0.0).where(x, expm1(x) * alpha) * gamma


@converter("Gelu")
def _(node: Node) -> Tensor:
    x = node.x()
    match node.text("approximate", "none"):
        case "none":
            return x * 0.5 * ((x * sqrt(0.5)).emit(relax.ErfOp) + 1.0)
        case "tanh":
            inner = (x + x * x * x * _GELU_CUBIC) * sqrt(2 / pi)
            return x * 0.5 * (inner.tanh() + 1.0)
        case other:
            raise node.fail(f"approximate is {other!r}, expected 'none' or 'tanh'")


@converter("HardSigmoid")
def _(node: Node) -> Tensor:
    return clamp01(node.x() * node.number("alpha", 0.2) + node.number("beta", 0.5))


@converter("HardSwish")
def _(node: Node) -> Tensor:
    x = node.x()
    return x * clamp01(x * (1 / 6) + 0.5)


@converter("Mish")
def _(node: Node) -> Tensor:
    x = node.x()
    return x * softplus(x).tanh()


@converter("Softplus")
def _(node: Node) -> Tensor:
    return softplus(node.x())


@converter("Softsign")
def _(node: Node) -> Tensor:
    x = node.x()
    return x / (x.abs() + 1.0)


@converter("Swish")
def _(node: Node) -> Tensor:
    x, alpha = node.x(), node.number("alpha", 1.0)
    return x * (x if alpha == 1.0 else x * alpha).sigmoid()


@converter("ThresholdedRelu")
def _(node: Node) -> Tensor:
    x = node.x()
    return (x > node.number("alpha", 1.0)).where(x, 0.0)


@converter("Shrink")
def _(node: Node) -> Tensor:
    x = node.x()
    bias, threshold = node.number("bias", 0.0), node.number("lambd", 0.5)
    if not x.is_float:
        threshold = int(threshold)  # |x| > threshold for integers x
        bias = int(bias)
    above = (x > threshold).where(x - bias, 0)
    return (x < -threshold).where(x + bias, above)
