"""Compute definitions of what is as large as it can get: one pass that keeps what it finds.

What is found goes to the next free place: a store in every step, a count that grows where it
counts. No branch depends on data, so that it costs the same whatever is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute

from ....dialects import dtypes, relax
from ....dialects.tir.attributes import STACK, IterKind
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, as_expr
from .manipulate import Buffers
from .merging import sort
from .rules import rule
from .scalars import compute_dtype, wide_load


def _loops(k: KernelBuilder, extents: Sequence[Index], body: Callable[..., None]) -> None:
    """Append loops over all indices, row-major."""

    def nested(outer: tuple[IntExpr, ...]) -> None:
        if len(outer) == len(extents):
            body(*outer)
        else:
            k.for_(extents[len(outer)], lambda i: nested((*outer, i)))

    nested(())


def _linear(shape: Sequence[IntExpr], indices: Sequence[IntExpr]) -> IntExpr:
    """Return the number of an element."""
    position = as_expr(0)
    for dim, i in zip(shape, indices, strict=True):
        position = position * dim + i
    return position


@rule(relax.PositionsOp)
def _positions(k: KernelBuilder, op: relax.PositionsOp, ins: Buffers, outs: Buffers) -> None:
    (x,), (positions, count) = ins, outs

    def visit(*i: IntExpr) -> None:
        found, free = wide_load(k, x, *i).compare("ne", 0), k.load(count, 0)
        k.store(positions, (k.as_index(free),), k.index_value(_linear(x.shape, i)))
        k.store(count, (0,), free + k.cast(found, i64))

    def body() -> None:
        k.store(count, (0,), k.const(0, i64))
        _loops(k, x.shape, visit)

    k.opaque("positions", body)


@rule(relax.UnravelOp)
def _unravel(k: KernelBuilder, op: relax.UnravelOp, ins: Buffers, outs: Buffers) -> None:
    (positions, x), (out,) = ins, outs
    if not x.shape:
        return

    def body(j: IntExpr) -> None:
        left = k.load(positions, j)
        for axis in reversed(range(1, len(x.shape))):
            extent = k.index_value(x.shape[axis])
            k.store(out, (axis, j), left % extent)
            left = left / extent
        k.store(out, (0, j), left)

    k.nest("unravel", [(IterKind.SPATIAL, positions.shape[0])], body)


@rule(relax.GroupsOp)
def _groups(k: KernelBuilder, op: relax.GroupsOp, ins: Buffers, outs: Buffers) -> None:
    axis, is_sorted = op.axis.value.data, relax.flag(op.sorted)
    lists = [k.temp((ins[0].shape[axis],), i64) for _ in range(2 if is_sorted else 3)]
    k.opaque("groups", _Groups(k, axis, is_sorted, ins[0], outs, lists).run)


@dataclass(frozen=True)
class _Groups:
    """Slices are sorted; equal ones, neighbours then, are a group."""

    k: KernelBuilder
    axis: int
    sorted: bool
    x: Buffer
    outs: Buffers
    lists: Sequence[Buffer]
    """Of as many elements as there are slices."""

    @property
    def length(self) -> IntExpr:
        """How many slices there are."""
        return self.x.shape[self.axis]

    def run(self) -> None:
        """Append it all."""
        k, (order, spare, *more) = self.k, self.lists
        relation = k.temp((1,), i64, STACK)
        k.for_(self.length, lambda j: k.store(order, (j,), k.index_value(j)))
        sort(k, order, spare, self.length, lambda a, b: self._relation(relation, a, b) < 0)
        k.store(self.outs[3], (0,), k.const(0, i64))
        k.for_(self.length, lambda j: self._visit(relation, order, j))
        if not self.sorted:
            self._by_first(order, spare, *more)

    def _relation(self, cell: Buffer, a: Value, b: Value) -> Value:
        """Return -1 where slice a is before slice b, 0 where they are equal, else 1."""
        k = self.k
        others = [dim for d, dim in enumerate(self.x.shape) if d != self.axis]

        def compare(*i: IntExpr) -> None:
            def element(index: Value) -> Value:
                place = (*i[: self.axis], k.as_index(index), *i[self.axis :])
                value = wide_load(k, self.x, *place)
                return k.cast(value, i64) if dtypes.is_bool(value.dtype) else value

            x, y = element(a), element(b)
            after, before = k.cast(_less(y, x), i64), k.cast(_less(x, y), i64)
            k.store(cell, (0,), after - before)

        if not others:
            compare()
        else:
            k.store(cell, (0,), k.const(0, i64))

            def unless_decided(*i: IntExpr) -> None:
                k.if_(k.load(cell, 0).compare("eq", 0), lambda: compare(*i))

            _loops(k, others, unless_decided)
        return k.load(cell, 0)

    def _visit(self, relation: Buffer, order: Buffer, j: IntExpr) -> None:
        """Append: the j-th slice in order joins the last group, or begins a new one."""
        k, (first, counts, inverse, count) = self.k, self.outs
        slice_ = k.load(order, j)
        previous = k.load(order, k.as_index(k.max(k.index_value(j - 1), k.const(0, i64))))
        differs = self._relation(relation, previous, slice_).compare("ne", 0)

        def begin() -> None:
            free = k.load(count, 0)
            k.store(first, (k.as_index(free),), slice_)
            k.store(counts, (k.as_index(free),), k.const(0, i64))
            k.store(count, (0,), free + 1)

        k.if_(differs | k.predicate(-j), begin)
        group = k.load(count, 0) - 1
        at = k.as_index(group)
        k.store(counts, (at,), k.load(counts, at) + 1)
        k.store(inverse, (k.as_index(slice_),), group)

    def _by_first(self, groups: Buffer, ranks: Buffer, sizes: Buffer) -> None:
        """Append: groups are numbered again, by where they are first."""
        k, (first, counts, inverse, count) = self.k, self.outs
        free = k.temp((1,), i64, STACK)
        k.for_(self.length, lambda i: k.store(groups, (i,), k.const(-1, i64)))
        number = k.as_index(k.load(count, 0))
        k.for_(number, lambda g: k.store(groups, (k.as_index(k.load(first, g)),), k.index_value(g)))
        k.store(free, (0,), k.const(0, i64))

        def visit(i: IntExpr) -> None:
            group = k.load(groups, i)
            k.if_(group >= 0, lambda: renumber(i, k.as_index(group)))

        def renumber(i: IntExpr, group: IntExpr) -> None:
            rank = k.load(free, 0)
            at = k.as_index(rank)
            k.store(ranks, (group,), rank)
            k.store(first, (at,), k.index_value(i))
            k.store(sizes, (at,), k.load(counts, group))
            k.store(free, (0,), rank + 1)

        k.for_(self.length, visit)
        k.for_(number, lambda g: k.store(counts, (g,), k.load(sizes, g)))
        k.for_(
            self.length,
            lambda i: k.store(inverse, (i,), k.load(ranks, k.as_index(k.load(inverse, i)))),
        )


def _less(x: Value, y: Value) -> Value:
    """Return x < y; NaN is the largest."""
    if not dtypes.is_float(x.dtype):
        return x < y
    return (x < y) | (x.compare("eq", x) & y.compare("ne", y))


@rule(relax.BestBoxesOp)
def _best_boxes(k: KernelBuilder, op: relax.BestBoxesOp, ins: Buffers, outs: Buffers) -> None:
    lists = [k.temp((ins[1].shape[2],), i64) for _ in range(2)]
    k.opaque("best_boxes", _BestBoxes(k, op, ins, outs, lists).run)


@dataclass(frozen=True)
class _BestBoxes:
    """Boxes of a class by falling score; each stays unless one that stays overlaps it.

    Source: the greedy algorithm of Neubeck, Van Gool, Efficient non-maximum suppression (2006).
    """

    k: KernelBuilder
    op: relax.BestBoxesOp
    ins: Buffers
    outs: Buffers
    lists: Sequence[Buffer]
    """Two of as many elements as there are boxes."""

    @property
    def dtype(self) -> Attribute:
        """The type that coordinates are computed in."""
        return compute_dtype(self.ins[0].dtype)

    def run(self) -> None:
        """Append the loops over batches and classes."""
        k, (batch, classes, _) = self.k, self.ins[1].shape
        cells = [k.temp((1,), i64, STACK) for _ in range(2)]
        k.store(self.outs[1], (0,), k.const(0, i64))

        def visit(b: IntExpr, c: IntExpr) -> None:
            self._class(b, c, cells)

        _loops(k, (batch, classes), visit)

    def _class(self, b: IntExpr, c: IntExpr, cells: Sequence[Buffer]) -> None:
        """Append: what stays of one class of one batch."""
        k, (order, spare), (size, covered) = self.k, self.lists, cells
        begin = k.load(self.outs[1], 0)

        def score(index: Value) -> Value:
            return wide_load(k, self.ins[1], b, c, k.as_index(index))

        def admit(i: IntExpr) -> None:
            free = k.load(size, 0)
            k.store(order, (k.as_index(free),), k.index_value(i))
            k.store(size, (0,), free + self._is_admitted(score(k.index_value(i))))

        k.store(size, (0,), k.const(0, i64))
        k.for_(self.ins[1].shape[2], admit)
        length = k.as_index(k.load(size, 0))
        sort(k, order, spare, length, lambda x, y: _less(-score(x), -score(y)))
        k.for_(length, lambda j: self._candidate((b, c), k.load(order, j), begin, covered))

    def _is_admitted(self, score: Value) -> Value:
        least = self.op.score_threshold
        if least is None:
            return self.k.const(1, i64)
        return self.k.cast(score > least.value.data, i64)

    def _candidate(
        self, place: tuple[IntExpr, IntExpr], box: Value, begin: Value, covered: Buffer
    ) -> None:
        """Append: a box stays unless there are enough, or one of those that stayed covers it."""
        k, (rows, count) = self.k, self.outs
        end = k.load(count, 0)
        limit = max(self.op.max_output_boxes_per_class.value.data, 0)
        area = self._corners(place[0], box)

        def check(t: IntExpr) -> None:
            other = k.load(rows, k.as_index(begin) + t, 2)
            overlap = self._overlap(area, self._corners(place[0], other))
            too_much = overlap > self.op.iou_threshold.value.data
            k.store(covered, (0,), k.load(covered, 0) | k.cast(too_much, i64))

        def keep() -> None:
            at = k.as_index(end)
            values = (k.index_value(place[0]), k.index_value(place[1]), box)
            for column, value in enumerate(values):
                k.store(rows, (at, column), value)
            k.store(count, (0,), end + 1)

        def decide() -> None:
            k.store(covered, (0,), k.const(0, i64))
            k.for_(k.as_index(end) - k.as_index(begin), check)
            k.if_(k.load(covered, 0).compare("eq", 0), keep)

        k.if_(end - begin < limit, decide)

    def _corners(self, batch: IntExpr, box: Value) -> list[Value]:
        """Return low y, low x, high y, high x."""
        k, at = self.k, self.k.as_index(box)
        a, b, c, d = (wide_load(k, self.ins[0], batch, at, axis) for axis in range(4))
        if relax.flag(self.op.center_point_box):
            return [b - d / 2.0, a - c / 2.0, b + d / 2.0, a + c / 2.0]
        return [k.min(a, c), k.min(b, d), k.max(a, c), k.max(b, d)]

    def _overlap(self, a: Sequence[Value], b: Sequence[Value]) -> Value:
        """Return intersection over union; 0 where a box is empty."""
        k, zero = self.k, self.k.const(0.0, self.dtype)
        height = k.min(a[2], b[2]) - k.max(a[0], b[0])
        width = k.min(a[3], b[3]) - k.max(a[1], b[1])
        areas = [(x[2] - x[0]) * (x[3] - x[1]) for x in (a, b)]
        both = height * width
        union = areas[0] + areas[1] - both
        meets = (height > 0.0) & (width > 0.0) & (areas[0] > 0.0) & (areas[1] > 0.0)
        return k.select(meets, both / k.select(meets, union, k.const(1.0, self.dtype)), zero)
