"""How the accesses of a nest move through memory, loop by loop: what schedules decide by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.dialects import arith
from xdsl.ir import Operation

from ..dialects import dtypes, tir
from ..symbolic import IntExpr, as_expr
from .addresses import flat_address
from .nests import Access, Nest, Write
from .nominal import nominal_extent


@dataclass(frozen=True, eq=False)
class Movement:
    """One access: its step in elements when each iteration variable grows by one.

    A step is None where it varies (a loaded index, a division), or where symbols decide it; a
    stride is None in the first case only.
    """

    op: Access | Write
    steps: tuple[int | None, ...]
    conditional: frozenset[int]  # the variables that decide whether the access happens
    strides: tuple[IntExpr | None, ...]


class NestSteps:
    """The movements of a plain nest.

    Attributes:
        nest: the nest.
        extents: of its loops, to decide by: nominal where symbols tell them.
        sizes: the extents as they are.
        least: the extents, 1 where symbols decide them.
    """

    def __init__(self, nest: Nest, extents: Sequence[int]) -> None:
        self.nest = nest
        self.extents = tuple(extents)
        self.sizes = nest.extents
        self.least = tuple(e.constant_value if e.is_constant else 1 for e in nest.extents)
        body = nest.block.body.block
        self.loads = tuple(movement(nest, op) for op in nest.loads)
        self.stores = tuple(movement(nest, op) for op in body.ops if isinstance(op, Write))

    @cached_property
    def movements(self) -> tuple[Movement, ...]:
        """Every access of the body."""
        return (*self.loads, *self.stores)

    @cached_property
    def free_uses(self) -> frozenset[int]:
        """The variables that the body uses other than in addresses: as values, in conditions."""
        position = {v: i for i, v in enumerate(self.nest.block.iter_vars)}
        found: set[int] = set()
        for op in self.nest.block.body.walk():
            if isinstance(op, tir.IndexedOp) and not isinstance(op, Access | Write):
                found.update(position[v] for v in op.index_operands if v in position)
            elif not isinstance(op, tir.IndexedOp):
                found.update(position[v] for v in op.operands if v in position)
        for m in self.movements:
            found.update(m.conditional)
        return frozenset(found)

    def fusable(self, outer: int, inner: int) -> bool:
        """Tell whether two neighbouring loops are one loop to every address of the body."""
        if {outer, inner} & self.free_uses:
            return False
        return all(
            (far := m.strides[outer]) is not None
            and (near := m.strides[inner]) is not None
            and far is near * self.sizes[inner]
            for m in self.movements
        )

    def groups(self, axes: Sequence[int]) -> list[list[int]]:
        """Return neighbouring axes in groups that can be one loop each; extents of 1 are gone."""
        result: list[list[int]] = []
        for axis in axes:
            if self.extents[axis] == 1:
                continue
            if result and self.fusable(result[-1][-1], axis):
                result[-1].append(axis)
            else:
                result.append([axis])
        return result

    def extent_of(self, group: Sequence[int]) -> int:
        """Return the number of iterations of a group's one loop, to decide by."""
        return prod(self.extents[axis] for axis in group)

    def size_of(self, group: Sequence[int]) -> IntExpr:
        """Return the number of iterations of a group's one loop."""
        return prod((self.sizes[axis] for axis in group), start=as_expr(1))

    def is_constant(self, axes: Iterable[int]) -> bool:
        """Tell whether no symbol decides the extents of some axes."""
        return all(self.sizes[axis].is_constant for axis in axes)

    @cached_property
    def widest_bytes(self) -> int:
        """The size of the largest element that the body touches."""
        sizes = [1]
        for m in self.movements:
            buffer_type = m.op.buffer.type
            assert isinstance(buffer_type, tir.BufferType)
            sizes.append(dtypes.size_bytes(buffer_type.dtype))
        return max(sizes)

    def work(self, lanes: int = 1) -> int:
        """Return what a run of the nest costs, roughly in nanoseconds x 8.

        An element costs its accesses, and its arithmetic divided by the lanes that share it.
        """
        ops = sum(not isinstance(op, arith.ConstantOp) for op in self.nest.block.body.block.ops)
        accesses = len(self.movements)
        return prod(self.extents) * max(1, accesses + (ops - accesses) // lanes)


def movement(nest: Nest, op: Access | Write) -> Movement:
    """Return how one access of a block moves with the block's iteration variables."""
    buffer_type = op.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    address = flat_address(buffer_type, op.exprs_over_values(op.indices))
    iter_vars = nest.block.iter_vars
    conditional: set[int] = set()
    if isinstance(op, tir.PredicatedLoadOp | tir.PredicatedStoreOp):
        used = {key for e in op.exprs_over_values(op.conditions) for key in e.free_vars()}
        conditional = {i for i, v in enumerate(iter_vars) if v in used}
    splits = [address.coefficient(v) for v in iter_vars]
    strides = tuple(None if split is None else split[0] for split in splits)
    steps = tuple(s.constant_value if s is not None and s.is_constant else None for s in strides)
    return Movement(op, steps, frozenset(conditional), strides)


def nominal_extents(nest: Nest) -> tuple[int, ...]:
    """Return the extents to decide by; see analysis/nominal.py."""
    return tuple(map(nominal_extent, nest.extents))


def constant_extents(nest: Nest) -> tuple[int, ...] | None:
    """Return the extents as integers, None where one is symbolic."""
    if not all(extent.is_constant for extent in nest.extents):
        return None
    return tuple(extent.constant_value for extent in nest.extents)


def has_any(nest: Nest, kinds: tuple[type[Operation], ...]) -> bool:
    """Tell whether the block's body holds an operation of one of the kinds."""
    return any(isinstance(op, kinds) for op in nest.block.body.walk())
