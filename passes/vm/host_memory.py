"""Memory in the native code of one function.

What the function's own symbols size lies at fixed places of its frame, behind what its callees work
in. What is sized by a symbol that it tells on its way lies in a block of the context, which one of
the function's *slots* holds (runtime/native/blocks.c): the slots of one place of the program are as
many as there may be values at once that it made, so that a loop takes turns. The blocks are given
back where the function is left, but for those of results that only a run can size: they are handed
over to the caller, who adopts them into slots of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i32, i64
from xdsl.ir import BlockArgument, Operation, SSAValue

from ...analysis.instances import Instances
from ...dialects import vm
from ...dialects.llvm.types import PTR
from ...symbolic import IntExpr, ceildiv
from .host_builder import ERROR_MEMORY, WORD_BYTES, HostBuilder
from .host_symbols import Callee, open_results

CONTEXT_ALLOCATE = 24
"""Offset of `allocate` in struct tyrex_context (runtime/native/tyrex.h)."""

CONTEXT_BLOCKS = 56
"""Offset of `blocks` there."""

# Offsets in struct tyrex_blocks.
TAKE, ADOPT, HAND_OVER, GIVE_BACK, ENTER, LEAVE = range(0, 48, 8)

ALIGN_BYTES = 64
_SLOT_WORDS = 2
_FRAME = -1


@dataclass(frozen=True)
class _Site:
    """A place of the program that takes blocks."""

    first: int
    """Of its slots."""
    rivals: Sequence[BlockArgument]
    """What may lie in a block of its slots when it is come by."""

    @property
    def count(self) -> int:
        """How many slots it has."""
        return len(self.rivals) + 1


class HostMemory:
    """The memory of one function."""

    frame: SSAValue
    """Set when the function begins."""

    def __init__(
        self,
        f: HostBuilder,
        callees: Mapping[str, Callee],
        frames: Mapping[vm.InvokeOp, IntExpr | None],
        callees_bytes: IntExpr,
    ) -> None:
        """Find the places that take blocks.

        Args:
            f: appends to the function.
            callees: the functions that it calls.
            frames: what each call works in, None where the way decides how much that is.
            callees_bytes: one callee works at a time: all begin at the frame's start.
        """
        self._f = f
        self.frame_bytes = callees_bytes
        self._instances = Instances(f.func)
        self._sites: dict[tuple[Operation, int], _Site] = {}
        self._num_slots = 0
        opened = open_results(f.func)
        for op in f.func.walk():
            match op:
                case vm.AllocStorageOp():
                    self._consider(op, op.result, op.size)
                case vm.AllocOutputOp(index=None) | vm.ShapeOfOp():
                    self._consider(op, op.result, f.bytes_of(op, op.result.type))
                case vm.AllocOutputOp() if op.index is not None and op.index.value.data in opened:
                    self._consider(op, op.result, None)
                case vm.InvokeOp():
                    found = callees[op.callee_name].open_results
                    for i, r in enumerate(op.res):
                        self._consider(op, r, None if i in found else f.bytes_of(op, r.type), i)
                    if frames[op] is None:
                        self._add(op, _FRAME, ())
                case _:
                    pass

    def _consider(
        self, op: Operation, result: SSAValue, size: IntExpr | None, index: int = 0
    ) -> None:
        """Have an operation take blocks for a result, unless there is one, of a known size."""
        rivals = self._instances.rivals(result)
        if size is None or rivals or not self._f.own.issuperset(size.free_vars()):
            self._add(op, index, rivals)

    def _add(self, op: Operation, index: int, rivals: Sequence[BlockArgument]) -> None:
        site = self._sites[op, index] = _Site(self._num_slots, rivals)
        self._num_slots += site.count

    # -- code ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Append the slots, which hold nothing yet."""
        most = max((len(site.rivals) for site in self._sites.values()), default=0)
        self._slots = self._zeros(_SLOT_WORDS * self._num_slots)
        self._live = self._zeros(most)

    def _zeros(self, count: int) -> SSAValue:
        b = self._f.b
        if not count:
            return b.zero(PTR)
        words = b.alloca(i64, count, WORD_BYTES)
        b.memset(words, b.integer(0, i8), b.integer(WORD_BYTES * count))
        return words

    def allocate(self, op: Operation, size: IntExpr, index: int = 0) -> SSAValue:
        """Return memory for a result that holds nothing that is still needed."""
        f, site = self._f, self._sites.get((op, index))
        if site is not None:
            return self._take(op, site, size)
        offset = self.frame_bytes
        whole = size if size.is_multiple_of(ALIGN_BYTES) else _rounded(size)
        self.frame_bytes = offset + whole
        return f.at(op, self.frame, offset)

    def allocate_frame(self, op: Operation, size: IntExpr) -> SSAValue:
        """Return memory for the frame of a call, for as long as that lasts."""
        return self._take(op, self._sites[op, _FRAME], size)

    def adopt(self, op: Operation, index: int, block: SSAValue) -> None:
        """Append taking over the block in which a callee returned a result."""
        site = self._sites[op, index]
        args = (*self._choice(op, site), block)
        self._f.b.call(self._function(ADOPT), (self._f.context, *args), None)

    def hand_over(self, op: Operation, data: SSAValue, size: IntExpr) -> SSAValue:
        """Return a block that outlives the function, with what lies at an address."""
        f, b = self._f, self._f.b
        args = (f.context, self._slots, b.integer(self._num_slots), data, f.number(op, size))
        return self._present(b.call(self._function(HAND_OVER), args, PTR))

    def end(self) -> None:
        """Append giving back what the slots hold."""
        f, b = self._f, self._f.b
        if self._num_slots:
            args = (f.context, self._slots, b.integer(self._num_slots))
            b.call(self._function(GIVE_BACK), args, None)

    def _take(self, op: Operation, site: _Site, size: IntExpr) -> SSAValue:
        f = self._f
        args = (f.context, *self._choice(op, site), f.number(op, size))
        return self._present(f.b.call(self._function(TAKE), args, PTR))

    def _choice(self, op: Operation, site: _Site) -> tuple[SSAValue, SSAValue, SSAValue, SSAValue]:
        """Append what the choice of a slot needs; return the arguments that say it."""
        f, b = self._f, self._f.b
        for i, value in enumerate(site.rivals):
            b.store(f.pointer(op, value), b.gep(self._live, i64, i), WORD_BYTES)
        slots = b.gep(self._slots, i64, _SLOT_WORDS * site.first)
        return slots, b.integer(site.count), self._live, b.integer(len(site.rivals))

    def _present(self, found: SSAValue | None) -> SSAValue:
        f, b = self._f, self._f.b
        assert found is not None, "the call has a result"
        f.fail_if(b.icmp("eq", found, b.zero(PTR)), b.integer(ERROR_MEMORY, i32))
        return found

    def _function(self, offset: int) -> SSAValue:
        b = self._f.b
        return b.load(b.gep(self._f.context_function(CONTEXT_BLOCKS), i8, offset), PTR, WORD_BYTES)


def _rounded(size: IntExpr) -> IntExpr:
    return ceildiv(size, ALIGN_BYTES) * ALIGN_BYTES
