"""One step of an optimizer (ai.onnx.preview.training), which is arithmetic as any other."""

from __future__ import annotations

from collections.abc import Callable

from ..builder import Tensor
from ..node import Node
from ..registry import converter

_DOMAIN = "ai.onnx.preview.training"


def _groups(node: Node, count: int) -> list[tuple[Tensor, ...]]:
    """Return for each tensor that is trained itself and the `count - 1` that go with it."""
    tensors = [node.x(i) for i in range(2, len(node.inputs))]
    if len(tensors) % count:
        raise node.fail(f"{len(tensors)} tensors, expected a multiple of {count}")
    size = len(tensors) // count
    return [tuple(tensors[i + k * size] for k in range(count)) for i in range(size)]


def _each(node: Node, count: int, step: Callable[..., tuple[Tensor, ...]]) -> list[Tensor]:
    """Return the results of all groups: the first of each, then the second of each, .."""
    rows = [step(*group) for group in _groups(node, count)]
    return [value for column in zip(*rows, strict=True) for value in column]


@converter("Momentum", domain=_DOMAIN)
def _(node: Node) -> list[Tensor]:
    rate, count = node.x(0), node.x(1)
    alpha, beta = node.number("alpha"), node.number("beta")
    norm, nesterov = node.number("norm_coefficient"), node.text("mode") == "nesterov"

    def step(x: Tensor, gradient: Tensor, velocity: Tensor) -> tuple[Tensor, ...]:
        regular = x * norm + gradient
        weight = (count > 0).where(x.like(beta), x.like(1.0))
        moved = velocity * alpha + weight * regular
        direction = regular + moved * alpha if nesterov else moved
        return x - rate * direction, moved

    return _each(node, 3, step)


@converter("Adagrad", domain=_DOMAIN)
def _(node: Node) -> list[Tensor]:
    rate, count = node.x(0), node.x(1)
    norm = node.number("norm_coefficient", 0.0)
    decay, epsilon = node.number("decay_factor", 0.0), node.number("epsilon", 1e-6)
    slower = rate / (count.cast(rate.dtype) * decay + 1.0)

    def step(x: Tensor, gradient: Tensor, squares: Tensor) -> tuple[Tensor, ...]:
        regular = x * norm + gradient
        total = squares + regular * regular
        return x - slower * regular / (total.sqrt() + epsilon), total

    return _each(node, 3, step)


@converter("Adam", domain=_DOMAIN)
def _(node: Node) -> list[Tensor]:
    """Source: Kingma and Ba, ICLR 2015, algorithm 1."""
    rate, count = node.x(0), node.x(1)
    alpha, beta = node.number("alpha", 0.9), node.number("beta", 0.999)
    norm, post = node.number("norm_coefficient", 0.0), node.number("norm_coefficient_post", 0.0)
    epsilon = node.number("epsilon", 1e-6)
    t = count.cast(rate.dtype)
    corrected = rate * (1.0 - t.like(beta) ** t).sqrt() / (1.0 - t.like(alpha) ** t)
    used = (count > 0).where(corrected, rate)

    def step(x: Tensor, gradient: Tensor, mean: Tensor, square: Tensor) -> tuple[Tensor, ...]:
        regular = x * norm + gradient
        mean = mean * alpha + regular * (1.0 - alpha)
        square = square * beta + regular * regular * (1.0 - beta)
        moved = x - used * mean / (square.sqrt() + epsilon)
        return moved * (1.0 - post), mean, square

    return _each(node, 4, step)
