"""Compute definitions of TopK: a short sorted list by insertion, a long one by merging.

Insertion costs one comparison for nearly every element and k for the few that enter the list;
merging sorts a whole row in n log n. Where a run decides the length of the row, merging takes a
long list from it; and every list of which a run decides how long it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, log2

from xdsl.dialects.builtin import i64

from ....dialects import dtypes, relax
from ....dialects.tir.attributes import STACK, IterKind
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, min_
from .extremes import top_one
from .manipulate import Buffers
from .merging import Merge, sort
from .rules import rule
from .scalars import compute_dtype

NOMINAL_ROW = 4  # what a row of unknown length is taken to be, in results
MERGE_COST = 8  # what a step of merging costs in steps of insertion (measured)


@rule(relax.TopKOp)
def _top_k(k: KernelBuilder, op: relax.TopKOp, ins: Buffers, outs: Buffers) -> None:
    x, axis, count = ins[0], op.axis.value.data, op.count
    if count == 0:
        return
    if count == 1 and x.shape[axis].is_constant and x.shape[axis] != 0:
        top_one(k, op, x, outs)
        return
    others = [dim for d, dim in enumerate(x.shape) if d != axis]
    merges = _merging_is_faster(x.shape[axis], count)
    orders = [k.temp((*others, x.shape[axis]), i64) for _ in range(2 if merges else 0)]

    def row(*i: IntExpr) -> None:
        if merges:
            _Merging(k, op, x, outs, i, orders).run()
        else:
            _Insertion(k, op, x, outs, i).run()

    k.nest("top_k", [(IterKind.SPATIAL, dim) for dim in others], row)


def _merging_is_faster(extent: IntExpr, k: IntExpr) -> bool:
    """Compare steps: of n random elements about k + k ln(n / k) enter a list of k, k steps each."""
    if not k.is_constant:
        return True  # few or many: n log n is never far off
    count = k.constant_value
    length = extent.constant_value if extent.is_constant else NOMINAL_ROW * count
    if length < max(count, 2):
        return False
    insertion = count * count * (1 + log(length / count))
    return insertion > MERGE_COST * length * log2(length)


@dataclass(frozen=True)
class _Insertion:
    """Insertion into the sorted results of one row; elements below the last cost one comparison."""

    k: KernelBuilder
    op: relax.TopKOp
    x: Buffer
    outs: Buffers
    row: Sequence[IntExpr]

    @property
    def count(self) -> IntExpr:
        """How many elements are kept: a constant, at least 1."""
        return self.op.count

    def run(self) -> None:
        """Append the row's statements."""
        self.k.for_(self.count, self.start)
        self.k.for_(self.x.shape[self.op.axis.value.data], self.visit)

    def at(self, position: Index) -> list[Index]:
        """Return the indices of a position in this row."""
        axis = self.op.axis.value.data
        return [*self.row[:axis], position, *self.row[axis:]]

    def start(self, p: IntExpr) -> None:
        """Append: nothing is at p yet (index -1), so that every element is better."""
        values, indices = self.outs
        self.k.store(values, self.at(p), self.k.const(0, values.dtype))
        self.k.store(indices, self.at(p), self.k.const(-1, i64))

    def visit(self, j: IntExpr) -> None:
        """Append: insert element j where it is better than the last one kept."""
        k, new = self.k, self.k.load(self.x, *self.at(j))

        def insert() -> None:
            index = k.index_value(j)
            k.for_(self.count - 1, lambda q: self.shift(new, index, self.count - 1 - q))
            k.if_(self.better(new, 0), lambda: self.put(new, index, 0))

        k.if_(self.better(new, self.count - 1), insert)

    def shift(self, new: Value, index: Value, p: IntExpr) -> None:
        """Append: p takes what is left of it, or the new element where its place is here."""
        k, (values, indices), left = self.k, self.outs, self.at(p - 1)
        k.if_(
            self.better(new, p - 1),
            lambda: self.put(k.load(values, *left), k.load(indices, *left), p),
            lambda: k.if_(self.better(new, p), lambda: self.put(new, index, p)),
        )

    def better(self, new: Value, p: Index) -> Value:
        """Return whether a new element comes before the one kept at p."""
        old, index = (self.k.load(out, *self.at(p)) for out in self.outs)
        return (index < 0) | _precedes(self.k, self.op, new, old)

    def put(self, value: Value, index: Value, p: Index) -> None:
        """Append: p becomes an element and its index."""
        self.k.store(self.outs[0], self.at(p), value)
        self.k.store(self.outs[1], self.at(p), index)


def _precedes(k: KernelBuilder, op: relax.TopKOp, new: Value, old: Value) -> Value:
    """Return whether `new` comes before `old`, which has a lower index; NaN comes last."""
    a, b = (k.cast(v, compute_dtype(v.dtype)) for v in (new, old))
    before = a > b if op.is_largest else a < b
    if not dtypes.is_float(a.dtype):
        return before
    return before | (a.compare("eq", a) & b.compare("ne", b))


@dataclass(frozen=True)
class _Merging:
    """Merge sort of the indices of one row, which go from one of two buffers to the other.

    Runs of twice the length are made until one is left. A run's merge keeps its two positions in
    `heads`; of equal elements the left run's comes first. Results that a run asks for and the row
    has not are 0, of index -1, as insertion leaves them.
    """

    k: KernelBuilder
    op: relax.TopKOp
    x: Buffer
    outs: Buffers
    row: Sequence[IntExpr]
    orders: Sequence[Buffer]

    @property
    def length(self) -> IntExpr:
        """How many elements the row has."""
        return self.x.shape[self.op.axis.value.data]

    def run(self) -> None:
        """Append the row's statements."""
        k, (source, target) = self.k, self.orders
        k.for_(self.length, lambda j: k.store(source, (*self.row, j), k.index_value(j)))
        if self.length.is_constant:
            source = self.merge_all(source, target)
        else:
            sort(k, source, target, self.length, self.precedes, self.row)
        k.for_(self.op.count, lambda p: self.put(source, p))

    def merge_all(self, source: Buffer, target: Buffer) -> Buffer:
        """Append: the row is sorted, in one of two buffers; return which."""
        heads = self.k.temp((2,), i64, STACK)
        width = 1
        while width < self.length.constant_value:
            self.merge_runs(heads, source, target, width)
            source, target = target, source
            width *= 2
        return source

    def element(self, index: IntExpr, where: Sequence[IntExpr] = ()) -> Value:
        """Return an element of the row; 0 where it is not there."""
        axis = self.op.axis.value.data
        return self.k.load(self.x, *self.row[:axis], index, *self.row[axis:], where=where)

    def put(self, order: Buffer, p: IntExpr) -> None:
        """Append: result p is the p-th element in order."""
        k, axis = self.k, self.op.axis.value.data
        place = [*self.row[:axis], p, *self.row[axis:]]
        known = self.length.is_constant and self.op.count.is_constant
        where = () if known else (self.length - 1 - p,)
        index = k.load(order, *self.row, p, where=where, default=-1)
        k.store(self.outs[0], place, self.element(k.as_index(index), where))
        k.store(self.outs[1], place, index)

    def precedes(self, new: Value, old: Value) -> Value:
        """Return whether the element of index `new` comes before that of `old`."""
        k = self.k
        return _precedes(k, self.op, *(self.element(k.as_index(i)) for i in (new, old)))

    def merge_runs(self, heads: Buffer, source: Buffer, target: Buffer, width: int) -> None:
        """Append: runs of `width` in `source` become runs of twice the width in `target`."""
        k, length = self.k, self.length
        merge = Merge(k, heads, source, target, self.precedes, self.row)

        def run(r: IntExpr) -> None:
            low = r * (2 * width)
            merge.run(low, min_(low + width, length), min_(low + 2 * width, length))

        k.for_(-(-self.length // (2 * width)), run)
