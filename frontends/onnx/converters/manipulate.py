"""Operators that move whole tensors about: shapes, transposes, joins, repetitions, triangles."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from xdsl.dialects.builtin import i64

from ....dialects import relax
from ....symbolic import IntExpr, as_expr, max_, min_
from ..builder import Tensor, concat
from ..node import Node
from ..registry import converter
from ..shapes import shape_value
from ..values import Value, settle


@converter("Shape")
def _(node: Node) -> Value:
    return shape_value(node.x().shape[slice(node.integer("start", 0), node.integer("end", None))])


@converter("Size")
def _(node: Node) -> Value:
    array = np.empty((), object)
    array[()] = prod(node.x().shape, start=as_expr(1))
    return settle(array, i64)


@converter("Reshape", since=5)
def _(node: Node) -> Tensor:
    x = node.x()
    target = node.dims(1, "shape")
    return x.reshape(reshaped(node, x.shape, target, bool(node.integer("allowzero", 0))))


@converter("Reshape", since=1)
def _(node: Node) -> Tensor:
    x = node.x()
    return x.reshape(reshaped(node, x.shape, list(map(as_expr, node.integers("shape"))), False))


def reshaped(
    node: Node, shape: Sequence[IntExpr], target: Sequence[IntExpr], allow_zero: bool
) -> list[IntExpr]:
    """Return the shape that a Reshape to `target` gives: 0 copies a dim, -1 is what is left.

    Raises:
        ModelError: two dims of -1, or a 0 where `shape` has no dim.
    """
    dims: list[IntExpr] = []
    open_axis: int | None = None
    for i, dim in enumerate(target):
        if dim == 0 and not allow_zero:
            if i >= len(shape):
                raise node.fail(f"dim {i} of the new shape is 0, but the input has rank {i}")
            dim = shape[i]
        elif dim == -1:
            if open_axis is not None:
                raise node.fail("two dims of the new shape are -1", "at most one may be open")
            open_axis = i
            dim = as_expr(1)
        dims.append(dim)
    if open_axis is not None:
        dims[open_axis] = _left_over(node, shape, dims)
    return dims


def _left_over(node: Node, shape: Sequence[IntExpr], dims: Sequence[IntExpr]) -> IntExpr:
    """Return the number of elements of `shape` for each of those of `dims`."""
    have, want = list(shape), list(dims)
    for dim in shape:  # equal symbols cancel even where a dim may be 0
        if not dim.is_constant and dim in want:
            want.remove(dim)
            have.remove(dim)
    total, known = prod(have, start=as_expr(1)), prod(want, start=as_expr(1))
    if known == 0:
        raise node.fail("a dim of -1 beside a dim of 0 has no meaning")
    if total.is_constant and known.is_constant and total.constant_value % known.constant_value:
        raise node.fail(
            f"{total} elements cannot be reshaped: {known} do not divide them",
            "check the shapes of the inputs",
        )
    return total // known


@converter("Flatten")
def _(node: Node) -> Tensor:
    x = node.x()
    axis = node.integer("axis", 1)
    axis = axis + x.rank if axis < 0 else axis
    if not 0 <= axis <= x.rank:
        raise node.fail(f"axis {axis} is out of range for rank {x.rank}")
    one = as_expr(1)
    return x.reshape([prod(x.shape[:axis], start=one), prod(x.shape[axis:], start=one)])


def _axes(node: Node) -> list[int] | None:
    if node.version >= 13:
        return node.known_ints(1, "axes") if node.has(1) else None
    return node.integers("axes", None)


@converter("Squeeze")
def _(node: Node) -> Tensor:
    x, axes = node.x(), _axes(node)
    if axes is None:
        return x.squeeze([i for i, dim in enumerate(x.shape) if dim == 1])
    found = node.axes(axes, x.rank)
    for axis in found:
        dim = x.shape[axis]
        if dim.is_constant and dim != 1:
            raise node.fail(f"cannot squeeze axis {axis}: its dim is {dim}, not 1")
        node.require(relax.EQUAL, dim, as_expr(1), f"axis {axis}, which is dropped")
    return x.squeeze(found)


@converter("Unsqueeze")
def _(node: Node) -> Tensor:
    x, axes = node.x(), _axes(node)
    if axes is None:
        raise node.fail("axes are missing")
    return x.unsqueeze(node.axes(axes, x.rank + len(axes)))


@converter("Transpose")
def _(node: Node) -> Tensor:
    x = node.x()
    perm = node.integers("perm", None)
    if perm is None:
        perm = list(reversed(range(x.rank)))
    if sorted(perm) != list(range(x.rank)):
        raise node.fail(f"perm {perm} is no permutation of the {x.rank} axes")
    return x.transpose(perm)


@converter("Concat")
def _(node: Node) -> Tensor:
    xs = node.xs()
    axis = node.integer("axis", 1) if node.version < 4 else node.integer("axis")
    return concat(xs, node.axis(axis, xs[0].rank))


@converter("Expand")
def _(node: Node) -> Tensor:
    x, target = node.x(), node.dims(1, "shape")
    rank = max(x.rank, len(target))
    shape = [as_expr(1)] * (rank - x.rank) + list(x.shape)
    goal = [as_expr(1)] * (rank - len(target)) + list(target)
    for axis, (a, b) in enumerate(zip(shape, goal, strict=True)):
        node.require(relax.BROADCAST, a, b, f"axis {axis} of what is expanded")
    return x.broadcast_to([expanded(a, b) for a, b in zip(shape, goal, strict=True)])


def expanded(dim: IntExpr, goal: IntExpr) -> IntExpr:
    """Return the dim that broadcasting `dim` to `goal` gives, both ways: the one that is not 1."""
    if dim == goal or goal == 1 or (dim.is_constant and dim != 1):
        return dim
    if dim == 1 or goal.is_constant:
        return goal
    return max_(dim, goal) * min_(dim, goal, 1)


@converter("Tile", since=6)
def _(node: Node) -> Tensor:
    x, repeats = node.x(), node.dims(1, "repeats")
    if len(repeats) != x.rank:
        raise node.fail(f"{len(repeats)} repeats for a tensor of rank {x.rank}")
    return x.emit(relax.TileOp, repeats=relax.DimsAttr.of(repeats))


def _image(node: Node, x: Tensor) -> tuple[IntExpr, ...]:
    if x.rank != 4:
        raise node.fail(f"the input has rank {x.rank}, expected 4: [N, C, H, W]")
    return x.shape


@converter("DepthToSpace")
def _(node: Node) -> Tensor:
    x, block = node.x(), node.integer("blocksize")
    n, c, h, w = _image(node, x)
    depth = c // (block * block)
    match node.text("mode", "DCR"):
        case "DCR":
            y = x.reshape([n, block, block, depth, h, w]).transpose([0, 3, 4, 1, 5, 2])
        case "CRD":
            y = x.reshape([n, depth, block, block, h, w]).transpose([0, 1, 4, 2, 5, 3])
        case other:
            raise node.fail(f"mode is {other!r}, expected 'DCR' or 'CRD'")
    return y.reshape([n, depth, h * block, w * block])


@converter("SpaceToDepth")
def _(node: Node) -> Tensor:
    x, block = node.x(), node.integer("blocksize")
    n, c, h, w = _image(node, x)
    y = x.reshape([n, c, h // block, block, w // block, block])
    crd = node.text("mode", "DCR") == "CRD"
    y = y.transpose([0, 1, 3, 5, 2, 4] if crd else [0, 3, 5, 1, 2, 4])
    return y.reshape([n, c * (block * block), h // block, w // block])


@converter("Trilu")
def _(node: Node) -> Tensor:
    k = node.known_int(1, "k") if node.has(1) else 0
    return node.x().emit(relax.TriluOp, k=k, upper=bool(node.integer("upper", 1)))
