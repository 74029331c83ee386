"""Poolings."""

from __future__ import annotations

from math import prod

import numpy as np
from xdsl.dialects.builtin import i64

from ....dialects import dtypes, relax
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor
from ..node import Node
from ..registry import converter
from ..values import settle
from .windows import Window, ceil_extra, read_window


def _window(node: Node, x: Tensor) -> tuple[Window, list[int]]:
    sizes = x.shape[2:]
    window = read_window(node, node.integers("kernel_shape"), sizes)
    return window, ceil_extra(node, window, sizes)


@converter("MaxPool")
def _(node: Node) -> Tensor | list[Tensor]:
    x = node.x()
    window, extra = _window(node, x)
    op_class = relax.MaxPoolWithIndicesOp if node.wants(1) else relax.MaxPoolOp
    results = node.builder.emit_all(
        op_class,
        x,
        kernel=window.kernel,
        strides=window.strides,
        padding=window.padding,
        dilations=window.dilations,
        ceil_extra=extra if any(extra) else None,
        **({"num_results": 2} if node.wants(1) else {}),
    )
    values, *indices = (node.tensor(result) for result in results)
    if not indices:
        return values
    if node.integer("storage_order", 0):
        return [values, _column_major(x, indices[0])]
    return [values, indices[0]]


def _column_major(x: Tensor, indices: Tensor) -> Tensor:
    """Return row-major flat indices into `x` as ones that count the first spatial axis fastest."""
    spatial = [indices.like(_scalar(x, dim)) for dim in x.shape[2:]]
    size = indices.like(_scalar(x, prod(x.shape[2:], start=as_expr(1))))
    rest = indices.emit(relax.FloorModOp, size)
    start = indices - rest
    digits: list[Tensor] = []
    for dim in reversed(spatial):
        digits.insert(0, rest.emit(relax.FloorModOp, dim))
        rest = rest / dim
    result, scale = start, indices.like(np.array(1, np.int64))
    for digit, dim in zip(digits, spatial, strict=True):
        result = result + digit * scale
        scale = scale * dim
    return result


def _scalar(x: Tensor, dim: IntExpr) -> Tensor:
    array = np.empty((), object)
    array[()] = dim
    return x.builder.tensor(settle(array, i64))


@converter("AveragePool")
def _(node: Node) -> Tensor:
    x = node.x()
    window, extra = _window(node, x)
    return x.emit(
        relax.AvgPoolOp,
        kernel=window.kernel,
        strides=window.strides,
        padding=window.padding,
        dilations=window.dilations,
        ceil_extra=extra if any(extra) else None,
        count_include_pad=bool(node.integer("count_include_pad", 0)),
    )


@converter("LpPool", since=2)
def _(node: Node) -> Tensor:
    """The p-norm of each window: averages of |x|^p over a tensor padded with 0, times the count."""
    x, p = node.x(), node.integer("p", 2)
    window, extra = _window(node, x)
    after = [a + b for a, b in zip(window.after, extra, strict=True)]
    powers = _power(x.abs(), p)
    if any(window.before) or any(after):
        zero = node.constant(0, dtypes.to_numpy(x.dtype))
        pads = [0, 0, *window.before, 0, 0, *after]
        powers = powers.emit(relax.PadOp, zero, padding=pads, mode="constant")
    rank = len(window.kernel)
    means = powers.emit(
        relax.AvgPoolOp,
        kernel=window.kernel,
        strides=window.strides,
        padding=[0] * (2 * rank),
        dilations=window.dilations,
        count_include_pad=False,
    )
    return _root(means * prod(window.kernel), p)


def _power(x: Tensor, p: int) -> Tensor:
    return x if p == 1 else x * x if p == 2 else x ** float(p)


def _root(x: Tensor, p: int) -> Tensor:
    return x if p == 1 else x.sqrt() if p == 2 else x ** (1.0 / p)


@converter("GlobalAveragePool")
def _(node: Node) -> Tensor:
    x = node.x()
    return x.mean(range(2, x.rank))


@converter("GlobalMaxPool")
def _(node: Node) -> Tensor:
    x = node.x()
    return x.max(range(2, x.rank))


@converter("GlobalLpPool", since=2)
def _(node: Node) -> Tensor:
    x, p = node.x(), node.integer("p", 2)
    return _root(_power(x.abs(), p).sum(range(2, x.rank)), p)


@converter("MaxUnpool")
def _(node: Node) -> Tensor:
    x, indices = node.x(0), node.x(1)
    kernel = node.integers("kernel_shape")
    strides = node.integers("strides", None) or [1] * len(kernel)
    pads = node.integers("pads", None) or [0] * (2 * len(kernel))
    dims = [
        (size - 1) * stride - before - after + extent
        for size, stride, extent, before, after in zip(
            x.shape[2:], strides, kernel, pads[: len(kernel)], pads[len(kernel) :], strict=True
        )
    ]
    natural = [*x.shape[:2], *dims]
    if not node.has(2):
        return x.emit(relax.MaxUnpoolOp, indices, shape=relax.DimsAttr.of(natural))
    wanted = node.dims(2, "output_shape")
    if wanted[-len(kernel) :] == tuple(dims):
        return x.emit(relax.MaxUnpoolOp, indices, shape=relax.DimsAttr.of(wanted))
    # Indices count positions of the natural shape; the rest of a larger result is 0.
    y = x.emit(relax.MaxUnpoolOp, indices, shape=relax.DimsAttr.of(natural))
    extra = [want - have for want, have in zip(wanted, natural, strict=True)]
    if not all(e.is_constant and e.constant_value >= 0 for e in extra):
        raise node.unsupported(f"output_shape {list(map(str, wanted))}")
    pads = [0] * x.rank + [e.constant_value for e in extra]
    zero = node.constant(0, dtypes.to_numpy(x.dtype))
    return y.emit(relax.PadOp, zero, padding=pads, mode="constant")
