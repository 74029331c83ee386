"""Merge sort in kernels: lists of indices, ordered by what they lead to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, log2

from xdsl.dialects.builtin import i64

from ....dialects.tir.attributes import STACK
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, as_expr, min_

Precedes = Callable[[Value, Value], Value]
"""(an index, one that stands before it) -> whether the first one belongs before the other."""

MAX_LEVELS = 40
"""Of a list whose length a run decides: more than memory holds."""


@dataclass(frozen=True)
class Merge:
    """Merges two runs of a list, which follow each other; of equal ones the left run's is first.

    The merge keeps its two positions in `heads`, i64 [2].
    """

    k: KernelBuilder
    heads: Buffer
    source: Buffer
    target: Buffer
    precedes: Precedes
    row: Sequence[IntExpr] = ()
    """Where the list lies in its buffers."""

    def run(self, low: IntExpr, middle: IntExpr, high: IntExpr) -> None:
        """Append: source[low : middle] and source[middle : high] become target[low : high]."""
        k = self.k
        k.store(self.heads, (0,), k.index_value(low))
        k.store(self.heads, (1,), k.index_value(middle))
        k.for_(high - low, lambda t: self._step(low + t, middle, high))

    def _step(self, at: IntExpr, middle: IntExpr, high: IntExpr) -> None:
        """Append: the better of the two runs' first elements goes to its place."""
        k = self.k
        left, right = k.load(self.heads, 0), k.load(self.heads, 1)
        # A run that is used up is not read: its last element stands for it.
        candidates = [
            k.load(self.source, *self.row, k.as_index(k.min(head, k.index_value(end - 1))))
            for head, end in ((left, middle), (right, high))
        ]
        left_ended = left >= k.index_value(middle)
        right_left = right < k.index_value(high)
        take_right = left_ended | (right_left & self.precedes(candidates[1], candidates[0]))
        k.store(self.target, (*self.row, at), k.select(take_right, candidates[1], candidates[0]))
        one, zero = k.const(1, i64), k.const(0, i64)
        k.store(self.heads, (0,), left + k.select(take_right, zero, one))
        k.store(self.heads, (1,), right + k.select(take_right, one, zero))


def sort(
    k: KernelBuilder,
    order: Buffer,
    spare: Buffer,
    length: IntExpr,
    precedes: Precedes,
    row: Sequence[IntExpr] = (),
) -> None:
    """Append: the first `length` elements of `order` are sorted, equal ones in their order.

    Args:
        k: the kernel.
        order: i64, lists along the last axis.
        spare: as large as `order`; overwritten.
        length: how many there are, also where only a run knows.
        precedes: the order.
        row: which of the lists is sorted.
    """
    heads, widths = k.temp((2,), i64, STACK), k.temp((1,), i64, STACK)
    k.store(widths, (0,), k.const(1, i64))

    def level(_: IntExpr) -> None:
        width = k.load(widths, 0)
        k.if_(width < k.index_value(length), lambda: merge_all(k.as_index(width)))

    def merge_all(width: IntExpr) -> None:
        merge = Merge(k, heads, order, spare, precedes, row)

        def runs(r: IntExpr) -> None:
            low = r * width * 2
            merge.run(low, min_(low + width, length), min_(low + width * 2, length))

        k.for_((length + width * 2 - 1) // (width * 2), runs)
        k.for_(length, lambda j: k.store(order, (*row, j), k.load(spare, *row, j)))
        k.store(widths, (0,), k.index_value(width * 2))

    k.for_(_levels(order.shape[-1]), level)


def _levels(most: Index) -> int:
    """Return how often runs become twice as long until one is left."""
    most = as_expr(most)
    if not most.is_constant:
        return MAX_LEVELS
    return ceil(log2(most.constant_value)) if most.constant_value > 1 else 0
