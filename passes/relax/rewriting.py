"""One walk over the operators of a function with a table of rules, and a queue of what changed.

A rule takes the rewriter and an operator and returns the values that stand for its results, or
None where it does not apply. It makes operators with `Rewriter.add`, before the one at hand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import LocationAttr, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.traits import Pure

from ...dialects import dtypes, relax
from ...dialects.location import fuse_locations
from ...dialects.relax import Array

Found = SSAValue | Sequence[SSAValue] | None
Rule = Callable[["Rewriter", Any], Found]  # Any: each rule names the operator that it is for
Rules = Mapping[type[Operation], Sequence[Rule]]


class Rewriter:
    """Applies rules until none applies."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._queue: deque[Operation] = deque()
        self._queued: set[Operation] = set()
        self._at: Operation | None = None
        self._extra_locations: list[LocationAttr] = []

    def run(self, module: ModuleOp) -> None:
        """Rewrite every relax.func of a module."""
        for func in list(module.body.ops):
            if isinstance(func, relax.FuncOp):
                self._enqueue(func.body.walk())
                self._drain()

    # -- for rules ---------------------------------------------------------------------------

    def add(self, op: Operation) -> SSAValue:
        """Insert a new operator before the one at hand; return its first result."""
        at = self._at
        assert at is not None, "rules run one at a time"
        block = at.parent
        assert block is not None
        op.location = self._location(at)
        block.insert_op_before(op, at)
        self._enqueue((op,))
        return op.results[0]

    def constant(self, array: Array, like: SSAValue) -> SSAValue:
        """Insert a constant of the element type of `like`."""
        return self.add(constant_like(like, array))

    def absorb(self, op: Operation) -> None:
        """Say that what is added next also comes from `op`."""
        self._extra_locations.append(op.location)

    # -- the walk ----------------------------------------------------------------------------

    def _location(self, at: Operation) -> LocationAttr:
        if not self._extra_locations:
            return at.location
        return fuse_locations((*self._extra_locations, at.location))

    def _enqueue(self, ops: Iterable[Operation]) -> None:
        for op in ops:
            if type(op) in self.rules and op not in self._queued:
                self._queued.add(op)
                self._queue.append(op)

    def _drain(self) -> None:
        while self._queue:
            op = self._queue.popleft()
            self._queued.discard(op)
            if op.parent is None:
                continue
            for rule in self.rules[type(op)]:
                self._at, self._extra_locations = op, []
                found = rule(self, op)
                if found is not None:
                    self._replace(op, (found,) if isinstance(found, SSAValue) else found)
                    break

    def _replace(self, op: Operation, values: Sequence[SSAValue]) -> None:
        for old, new in zip(op.results, values, strict=True):
            if new.name_hint is None:
                new.name_hint = old.name_hint
            self._enqueue(use.operation for use in old.uses)
            old.replace_all_uses_with(new)
        self._erase(op)

    def _erase(self, op: Operation) -> None:
        """Erase an operation without uses, and the pure ones that it alone used."""
        dead = [op]
        while dead:
            op = dead.pop()
            owners = dict.fromkeys(value.owner for value in op.operands)
            op.detach()
            op.erase()
            for owner in owners:
                if not isinstance(owner, Operation) or any(r.first_use for r in owner.results):
                    if isinstance(owner, Operation):
                        # A rule may ask for an operator of one use.
                        self._enqueue(use.operation for r in owner.results for use in r.uses)
                elif owner.has_trait(Pure) and owner.parent is not None:
                    dead.append(owner)


def constant_like(value: SSAValue, array: Array) -> relax.ConstantOp:
    """Return a constant of the element type of `value` that holds `array` and bears its name.

    The array may be of another NumPy dtype only where it was computed in a wider float.
    """
    assert isinstance(value.type, relax.TensorType)
    expected = dtypes.to_numpy(value.type.dtype)
    compact = _contiguous(array).astype(expected, order="C", copy=False)
    op = relax.ConstantOp(relax.ConstantAttr.of(compact, value.type.dtype))
    op.result.name_hint = value.name_hint
    return op


COPIED_AT_ONCE = 1 << 20  # bytes; less fits into a cache
TILE = 64  # columns copied at a time: their lines stay in a cache (7 times faster than one copy)


def _contiguous(array: Array) -> Array:
    """Return the array in row-major order; a large transpose is copied tile by tile."""
    strides = array.strides
    if array.nbytes < COPIED_AT_ONCE or array.ndim < 2 or strides[-1] <= strides[-2]:
        return array
    result = np.empty(array.shape, array.dtype)
    for start in range(0, array.shape[-1], TILE):
        result[..., start : start + TILE] = array[..., start : start + TILE]
    return result


def constant_of(value: SSAValue) -> Array | None:
    """Return the elements of a constant, None where the value is none."""
    owner = value.owner
    return owner.value.array if isinstance(owner, relax.ConstantOp) else None


def with_constant(op: relax.BinaryOp) -> tuple[SSAValue, SSAValue, Array] | None:
    """Return (operand, constant, its elements) of a commutative operator with one constant."""
    for x, c in ((op.a, op.b), (op.b, op.a)):
        array = constant_of(c)
        if array is not None and constant_of(x) is None:
            return x, c, array
    return None


def like_with_weight(op: Operation, weight: SSAValue) -> Operation:
    """Return a copy of a linear operator with another weight."""
    copy = op.create(
        operands=[op.operands[0], weight],
        result_types=[result.type for result in op.results],
        properties=op.properties,
        attributes=op.attributes,
    )
    copy.results[0].name_hint = op.results[0].name_hint
    return copy
