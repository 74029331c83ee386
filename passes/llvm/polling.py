"""Where a kernel asks whether the run goes on: in loops that take long, every few milliseconds.

The pool asks between pieces of parallel loops (runtime/native/pool.c). What is left are long loops
that no threads share, and single iterations of parallel loops that take long. Work is counted in
operations of the kernel, a vector's as one: a machine does some billions of them in a second.
"""

from __future__ import annotations

from collections.abc import Hashable

from xdsl.ir import Block, BlockArgument, Operation

from ...analysis.nominal import NOMINAL_SIZE, nominal_extent
from ...dialects import tir
from ...symbolic import IntExpr
from .expressions import Range

LONG_WORK = 2**27
"""Some tens of milliseconds: nobody waits for the end of less."""

PIECE_WORK = 2**24
"""Some milliseconds, between two questions that take some nanoseconds each."""

_LANES = 16


class Polling:
    """Which loops of one function ask, and how often."""

    def __init__(self, *, is_shared: bool) -> None:
        """Begin.

        Args:
            is_shared: the function is the body of a parallel loop, between whose iterations the
                pool asks: what only a run knows is taken to be of nominal size there.
        """
        self._is_shared = is_shared
        self._work: dict[Block, tuple[int, bool]] = {}
        self._asked = False  # a loop around asks, and its body is no long one

    def is_long(self, block: Block) -> bool:
        """Tell whether a block takes long enough to be asked within."""
        return self._measure(block)[0] >= LONG_WORK

    def piece(self, loop: tir.ForOp, extent: IntExpr, bounds: dict[Hashable, Range]) -> int | None:
        """Return after how many iterations a loop asks; None where it does not."""
        if self._asked:
            return None
        body, _ = self._measure(loop.body.block)
        if body >= PIECE_WORK:
            return None  # a loop inside does
        count = max(PIECE_WORK // max(body, 1), 1)
        if not self._is_open(extent):
            most = extent.bounds(bounds)[1]
            most = _count(extent) if most is None else most
            if most * body < LONG_WORK or most <= count:
                return None
        return count

    def enter(self, loop: tir.ForOp) -> bool:
        """Say that a loop asks; return what `leave` takes."""
        before = self._asked
        self._asked = not self._measure(loop.body.block)[1]
        return before

    def leave(self, before: bool) -> None:
        """Say that the loop ends."""
        self._asked = before

    def _measure(self, block: Block) -> tuple[int, bool]:
        """Return the work of a block, and whether only a run knows it."""
        found = self._work.get(block)
        if found is None:
            work, is_open = 0, False
            for op in block.ops:
                part, is_part_open = self._operation(op)
                work, is_open = work + part, is_open or is_part_open
            found = self._work[block] = work, is_open
        return found

    def _operation(self, op: Operation) -> tuple[int, bool]:
        if isinstance(op, tir.ForOp):
            work, is_open = self._measure(op.body.block)
            extent = op.extent_expr()
            count = _count(extent)
            if op.kind.data is tir.ForKind.VECTORIZED:
                count = -(-count // _LANES)
            return count * work, is_open or self._is_open(extent)
        regions = [self._measure(region.block) for region in op.regions]
        return 1 + sum(work for work, _ in regions), any(is_open for _, is_open in regions)

    def _is_open(self, extent: IntExpr) -> bool:
        """Tell whether only a run knows how often a loop runs: symbols or data decide."""
        if self._is_shared:
            return False
        return not all(isinstance(key, BlockArgument) for key in extent.free_vars())


def _count(extent: IntExpr) -> int:
    """Return what an extent is taken to be."""
    try:
        return nominal_extent(extent)
    except ZeroDivisionError:  # what divides is not zero in a run; with these values it is
        return NOMINAL_SIZE
