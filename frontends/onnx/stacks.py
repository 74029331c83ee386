"""Sequences whose tensors have one shape, as one tensor: `values.Stacked`.

Operators are kernels, so native code has them. A position that a run decides, or the length that
it refers to, is checked in the run: the error names the node, the position and how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import i64

from ...dialects import dtypes, relax
from ...dialects.location import show
from ...symbolic import IntExpr, as_expr, max_
from .builder import Builder, Tensor, concat, full, iota
from .node import Node
from .values import Stacked, Value


def stacked(
    node: Node,
    items: Sequence[Value],
    item_type: relax.TensorType,
    builder: Builder | None = None,
) -> Stacked:
    """Return a sequence as one whose length a run decides; operations go to `builder`, if given.

    Raises:
        ModelError: an item has another type.
    """
    builder = builder or node.builder
    tensors = [Tensor(node.item(item).item, builder) for item in items]
    for tensor in tensors:
        if tensor.type != item_type:
            raise node.unsupported(
                f"a sequence of {tensor.type} and {item_type}, whose length a run decides,"
            )
    if tensors:
        return Stacked(concat([tensor.unsqueeze([0]) for tensor in tensors], 0).value)
    zero = np.zeros((), dtypes.to_numpy(item_type.dtype))
    return Stacked(full(builder, [0, *(item_type.known_shape() or ())], zero).value)


def may_stack(types: Sequence[relax.TensorType]) -> bool:
    """Tell whether tensors have one shape, which is known."""
    return len(set(types)) == 1 and types[0].known_shape() is not None


def at(node: Node, items: Tensor, position: Tensor) -> Tensor:
    """Return the tensor at a position."""
    return items.gather(_checked(node, items, position), 0)


def insert(node: Node, items: Tensor, new: Tensor, position: Tensor | None) -> Tensor:
    """Return a sequence with one more tensor, at a position or at its end."""
    both = concat([items, new.unsqueeze([0])], 0)
    if position is None:
        return both
    place = _checked(node, items, position, past_end=True)
    i = iota(node.builder, items.shape[0] + 1, i64)
    # The new one is the last of both.
    return both.gather((i < place).where(i, i.equal(place).where(-1, i - 1)), 0)


def erase(node: Node, items: Tensor, position: Tensor) -> Tensor:
    """Return a sequence without the tensor at a position."""
    place = _checked(node, items, position)
    i = iota(node.builder, _one_less(items.shape[0]), i64)
    return items.gather(i + (i >= place).cast(i64), 0)


def _checked(node: Node, items: Tensor, position: Tensor, *, past_end: bool = False) -> Tensor:
    """Return a position counted from the front."""
    place = f"{show(node.location)}: position in a sequence, from its front"
    return position.builder.emit(
        relax.CheckPositionOp, position.reshape([]), items, past_end=past_end, place=place
    )


def _one_less(length: IntExpr) -> IntExpr:
    """Return the length without one, which nothing has less of than none."""
    less = length - 1
    if less.provably_ge0({key: (0, None) for key in less.free_vars()}):
        return less
    return max_(less, as_expr(0))
