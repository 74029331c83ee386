"""Reductions, softmaxes, scans, the largest k."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from xdsl.dialects.builtin import f64, i64
from xdsl.ir import SSAValue

from ....dialects import relax
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor, iota
from ..node import Node
from ..registry import converter

Reduction = Callable[[Tensor, list[int], bool], Tensor]

_AXES_ARE_AN_INPUT_SINCE = {"ReduceSum": 13}  # the other reductions: opset 18


def _norm2(x: Tensor, axes: list[int], keepdims: bool) -> Tensor:
    return (x * x).sum(axes, keepdims)


def _sqrt(x: Tensor) -> Tensor:
    return x.sqrt() if x.is_float else x.cast(f64).sqrt().cast(x.dtype)


def _log(x: Tensor) -> Tensor:
    return x.log() if x.is_float else x.cast(f64).log().cast(x.dtype)


def log_sum_exp(x: Tensor, axes: list[int], keepdims: bool) -> Tensor:
    """Return ln(sum of e^x), with the maximum taken out so that nothing overflows."""
    if not x.is_float:
        return log_sum_exp(x.cast(f64), axes, keepdims).cast(x.dtype)
    largest = x.max(axes, True)
    infinite = largest.emit(relax.IsInfOp, detect_positive=True, detect_negative=True)
    shift = infinite.where(0.0, largest)
    total = (x - shift).exp().sum(axes, True).log() + shift
    return total if keepdims else total.squeeze(axes)


_REDUCTIONS: dict[str, Reduction] = {
    "ReduceL1": lambda x, axes, keep: x.abs().sum(axes, keep),
    "ReduceL2": lambda x, axes, keep: _sqrt(_norm2(x, axes, keep)),
    "ReduceLogSum": lambda x, axes, keep: _log(x.sum(axes, keep)),
    "ReduceLogSumExp": log_sum_exp,
    "ReduceMax": lambda x, axes, keep: x.max(axes, keep),
    "ReduceMean": lambda x, axes, keep: x.mean(axes, keep),
    "ReduceMin": lambda x, axes, keep: x.min(axes, keep),
    "ReduceProd": lambda x, axes, keep: x.emit(relax.ProdOp, axes=axes, keepdims=keep),
    "ReduceSum": lambda x, axes, keep: x.sum(axes, keep),
    "ReduceSumSquare": _norm2,
}


@converter(*_REDUCTIONS)
def _(node: Node) -> Tensor:
    x, keepdims = node.x(), bool(node.integer("keepdims", 1))
    if node.version >= _AXES_ARE_AN_INPUT_SINCE.get(node.op_type, 18):
        axes = node.known_ints(1, "axes") if node.has(1) else []
    else:
        axes = node.integers("axes", None) or []
    if not axes and node.integer("noop_with_empty_axes", 0):
        return _REDUCTIONS[node.op_type](x, [], True)
    found = node.axes(axes, x.rank) or list(range(x.rank))
    return _REDUCTIONS[node.op_type](x, found, keepdims)


@converter("ArgMax", "ArgMin")
def _(node: Node) -> Tensor:
    x = node.x()
    op_class = relax.ArgMaxOp if node.op_type == "ArgMax" else relax.ArgMinOp
    return x.emit(
        op_class,
        axis=node.axis(node.integer("axis", 0), x.rank),
        keepdims=bool(node.integer("keepdims", 1)),
        select_last_index=bool(node.integer("select_last_index", 0)),
    )


def _hardmax(x: Tensor, axis: int) -> Tensor:
    best = x.emit(relax.ArgMaxOp, axis=axis, keepdims=True, select_last_index=False)
    positions = iota(x.builder, x.shape[axis], i64)
    shape = [as_expr(1)] * x.rank
    shape[axis] = x.shape[axis]
    return best.equal(positions.reshape(shape)).cast(x.dtype)


_SOFTMAXES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "Hardmax": _hardmax,
    "LogSoftmax": lambda x, axis: x.emit(relax.LogSoftmaxOp, axis=axis),
    "Softmax": lambda x, axis: x.emit(relax.SoftmaxOp, axis=axis),
}


@converter(*_SOFTMAXES, since=13)
def _(node: Node) -> Tensor:
    x = node.x()
    return _SOFTMAXES[node.op_type](x, node.axis(node.integer("axis", -1), x.rank))


@converter(*_SOFTMAXES, since=1)
def _(node: Node) -> Tensor:
    """Before opset 13 all axes from `axis` on are one."""
    x = node.x()
    axis = node.axis(node.integer("axis", 1), x.rank)
    shape = x.shape
    if all(dim == 1 for dim in shape[axis + 1 :]):
        return _SOFTMAXES[node.op_type](x, axis)
    rows = prod(shape[:axis], start=as_expr(1))
    columns = prod(shape[axis:], start=as_expr(1))
    return _SOFTMAXES[node.op_type](x.reshape([rows, columns]), 1).reshape(shape)


@converter("CumSum", "CumProd")
def _(node: Node) -> Tensor:
    x = node.x()
    return x.emit(
        relax.CumSumOp if node.op_type == "CumSum" else relax.CumProdOp,
        axis=node.axis(node.known_int(1, "axis"), x.rank),
        exclusive=bool(node.integer("exclusive", 0)),
        reverse=bool(node.integer("reverse", 0)),
    )


@converter("TopK")
def _(node: Node) -> list[Tensor]:
    x = node.x()
    axis = node.axis(node.integer("axis", -1), x.rank)
    if node.version >= 10 and isinstance(node.get(1), SSAValue):
        return _first(node, _top_k(node, x, x.shape[axis], axis), axis)
    count = node.known_dim(1, "k") if node.version >= 10 else node.integer("k")
    return _top_k(node, x, count, axis)


def _top_k(node: Node, x: Tensor, count: IntExpr | int, axis: int) -> list[Tensor]:
    """Return values and positions."""
    largest = bool(node.integer("largest", 1))
    results = node.builder.emit_all(relax.TopKOp, x, k=count, axis=axis, largest=largest)
    return [node.tensor(result) for result in results]


def _first(node: Node, found: Sequence[Tensor], axis: int) -> list[Tensor]:
    """Return as many of what is sorted along an axis as an input says, which only a run knows."""
    order = [axis, *(d for d in range(found[0].rank) if d != axis)]
    count = node.x(1).cast(i64).reshape([1])
    rows = [x.transpose(order).value for x in found]
    op = relax.PrefixOp(count.value, *rows, new_symbols=[node.importer.symbols.fresh("k")])
    node.builder.insert(op)
    back = [order.index(d) for d in range(len(order))]
    return [node.tensor(part).transpose(back) for part in op.res]
