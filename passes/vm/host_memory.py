"""Memory in the native code of one function.

Storages, and memory that a function allocates and does not return, lie at fixed places of the
function's frame, behind what its callees work in; where a loop may come by an allocation twice,
each time gets memory of its own from the context, as does what a symbol sizes that the function
tells on its way.
"""

from __future__ import annotations

from xdsl.dialects.builtin import i32
from xdsl.ir import Operation, SSAValue

from ...analysis.repetition import repeated_blocks
from ...dialects.llvm.types import PTR
from ...symbolic import IntExpr, ceildiv
from .host_builder import ERROR_MEMORY, HostBuilder

CONTEXT_ALLOCATE = 24
"""Offset of `allocate` in struct tyrex_context (runtime/native/tyrex.h)."""

ALIGN_BYTES = 64


class HostMemory:
    """The memory of one function."""

    frame: SSAValue
    """What the function's own symbols size; set when it begins."""

    def __init__(self, f: HostBuilder, callees_bytes: IntExpr) -> None:
        self._f = f
        self.frame_bytes = callees_bytes
        """One callee works at a time: all begin at the frame's start."""
        self._repeated = repeated_blocks(f.func.body)

    def allocate(self, op: Operation, size: IntExpr) -> SSAValue:
        """Return memory that nobody else uses until the run ends."""
        f = self._f
        if op.parent in self._repeated or not f.own.issuperset(size.free_vars()):
            return self.take(op, size)
        offset = self.frame_bytes
        whole = size if size.is_multiple_of(ALIGN_BYTES) else _rounded(size)
        self.frame_bytes = offset + whole
        return f.at(op, self.frame, offset)

    def take(self, op: Operation, size: IntExpr) -> SSAValue:
        """Return memory of the context: it is there until the context's next run."""
        f, b = self._f, self._f.b
        found = b.call(f.context_function(CONTEXT_ALLOCATE), (f.context, f.number(op, size)), PTR)
        assert found is not None, "the call has a result"
        f.fail_if(b.icmp("eq", found, b.zero(PTR)), b.integer(ERROR_MEMORY, i32))
        return found


def _rounded(size: IntExpr) -> IntExpr:
    return ceildiv(size, ALIGN_BYTES) * ALIGN_BYTES
