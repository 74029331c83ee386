"""The shape of a kernel: its top-level loop nests, each around one block.

Schedules and fusion ask the same questions: which loops enclose the block, what it reads and
writes, whether it only moves or maps elements. Nothing here changes IR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import Operation, SSAValue

from ..dialects import tir
from ..symbolic import IntExpr, as_expr, var

Access = tir.LoadOp | tir.PredicatedLoadOp
Write = tir.StoreOp | tir.PredicatedStoreOp


@dataclass(frozen=True, eq=False)
class Nest:
    """Loops from the outermost in, around one block and nothing else."""

    loops: tuple[tir.ForOp, ...]
    block: tir.BlockOp

    @property
    def root(self) -> Operation:
        """The statement of the kernel that the nest is."""
        return self.loops[0] if self.loops else self.block

    @cached_property
    def is_plain(self) -> bool:
        """Whether each iteration variable is bound to a loop of its own, in order, untouched.

        Compute definitions are plain; scheduled nests are not.
        """
        block = self.block
        bindings = block.exprs_over_values(block.bindings)
        if len(bindings) != len(self.loops) or block.conditions.data:
            return False
        return all(
            loop.kind.data is tir.ForKind.SERIAL
            and not loop.attributes
            and binding is var(loop.induction_var)
            for loop, binding in zip(self.loops, bindings, strict=True)
        )

    @cached_property
    def extents(self) -> tuple[IntExpr, ...]:
        """The extents of the loops."""
        return tuple(loop.extent_expr() for loop in self.loops)

    @cached_property
    def loads(self) -> tuple[Access, ...]:
        """Every load in the block's body."""
        return tuple(op for op in self.block.body.walk() if isinstance(op, Access))

    @cached_property
    def stores(self) -> tuple[Write, ...]:
        """Every store in the block's body and init."""
        regions = [self.block.body, *([self.block.init] if self.block.init is not None else [])]
        return tuple(op for region in regions for op in region.walk() if isinstance(op, Write))

    @cached_property
    def is_flat(self) -> bool:
        """Whether the body is straight-line code that ends with its only store."""
        ops = list(self.block.body.block.ops)
        return (
            bool(ops)
            and isinstance(ops[-1], tir.StoreOp)
            and not any(op.regions or isinstance(op, Write) for op in ops[:-1])
        )

    @cached_property
    def is_straight(self) -> bool:
        """Whether the body is straight-line code whose stores touch nothing that it loads."""
        ops = list(self.block.body.block.ops)
        if any(op.regions for op in ops):
            return False
        written = {op.buffer for op in ops if isinstance(op, Write)}
        return bool(written) and all(load.buffer not in written for load in self.loads)

    @property
    def spatial(self) -> tuple[int, ...]:
        """The positions of the spatial iteration variables."""
        return self._of_kind(tir.IterKind.SPATIAL)

    @property
    def reduce(self) -> tuple[int, ...]:
        """The positions of the reduce iteration variables."""
        return self._of_kind(tir.IterKind.REDUCE)

    def _of_kind(self, kind: tir.IterKind) -> tuple[int, ...]:
        return tuple(i for i, k in enumerate(self.block.kinds.data) if k is kind)

    def writes_identity(self) -> bool:
        """Tell whether the body's only store is at exactly the spatial variables, in order."""
        if not self.is_flat:
            return False
        store = self.block.body.block.last_op
        assert isinstance(store, tir.StoreOp)
        return same_indices(store, [self.block.iter_vars[i] for i in self.spatial])


def same_indices(op: Access | Write, iter_vars: Sequence[SSAValue]) -> bool:
    """Tell whether an access is at `[v0, v1, ...]` for the given variables, in order.

    An axis of extent 1 may be accessed at 0 instead.
    """
    indices = op.exprs_over_values(op.indices)
    buffer_type = op.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    one, zero = as_expr(1), as_expr(0)
    return len(indices) == len(iter_vars) and all(
        index is var(v) or (dim is one and index is zero)
        for index, v, dim in zip(indices, iter_vars, buffer_type.shape, strict=True)
    )


def statement_beside(op: Operation, beside: Operation) -> Operation | None:
    """Return the statement of the block of `beside` that holds `op`, None where none does."""
    current: Operation | None = op
    while current is not None and current.parent is not beside.parent:
        current = current.parent_op()
    return current


def nest_of(root: Operation) -> Nest | None:
    """Return the nest that a statement is, or None where it is no perfect nest."""
    loops: list[tir.ForOp] = []
    op: Operation | None = root
    while isinstance(op, tir.ForOp):
        loops.append(op)
        ops = op.body.block.ops
        op = ops.first if ops.first is ops.last else None
    return Nest(tuple(loops), op) if isinstance(op, tir.BlockOp) else None


def statements(func: tir.FuncOp) -> Iterator[Operation | Nest]:
    """Yield the kernel's statements in order, perfect nests as such."""
    for op in func.body.block.ops:
        yield nest_of(op) or op
