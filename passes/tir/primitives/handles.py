"""Handles to blocks and loops, and the record of what was done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.ir import Attribute, Block, Region, SSAValue

from ....dialects import sched


@dataclass(frozen=True, eq=False)
class BlockRV:
    """A block of the kernel that a schedule works on."""

    name: str
    what = "block"

    def __str__(self) -> str:
        return f'the handle of block "{self.name}"'


@dataclass(frozen=True, eq=False)
class LoopRV:
    """A loop of the kernel that a schedule works on."""

    name: str
    what = "loop"

    def __str__(self) -> str:
        return f"the handle of loop %{self.name}"


Handle = BlockRV | LoopRV


@dataclass(frozen=True, eq=False)
class _Step:
    """One operation of the trace."""

    kind: type[sched.StepOp]
    handles: tuple[Handle, ...]
    properties: Mapping[str, Attribute]
    results: tuple[Handle, ...]


@dataclass(eq=False)
class Trace:
    """The steps so far."""

    steps: list[_Step] = field(default_factory=list[_Step])

    def append(
        self,
        kind: type[sched.StepOp],
        handles: Sequence[Handle],
        properties: Mapping[str, Attribute],
        results: Sequence[Handle],
    ) -> None:
        """Record a step."""
        self.steps.append(_Step(kind, tuple(handles), properties, tuple(results)))

    def copy(self) -> Trace:
        """Return a copy."""
        return Trace(list(self.steps))

    def sequence(self, name: str, kernel: str) -> sched.SequenceOp:
        """Return the steps as operations."""
        block = Block()
        values: dict[Handle, SSAValue] = {}
        for step in self.steps:
            op = step.kind.create(
                operands=[values[handle] for handle in step.handles],
                result_types=[
                    sched.BLOCK if isinstance(h, BlockRV) else sched.LOOP for h in step.results
                ],
                properties=dict(step.properties),
            )
            for handle, value in zip(step.results, op.results, strict=True):
                value.name_hint = handle.name if SSAValue.is_valid_name(handle.name) else None
                values[handle] = value
            block.add_op(op)
        return sched.SequenceOp(name, kernel, Region(block))
