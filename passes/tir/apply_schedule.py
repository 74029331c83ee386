"""apply-schedule: the sequences of `sched` in a module become rewrites of their kernels.

Rewrites   tir.func @k ... ; sched.sequence @s for @k { %b = sched.get_block "b" ... }
into       tir.func @k ..., scheduled

Needs:  kernels as blocks (legalize-ops, fuse-tir, inline-blocks).
Leaves: no sched.sequence; kernels that one names are scheduled, others untouched.
Why here: in the place of schedule-default, which leaves alone what has a schedule.
Source: TVM's Trace.apply_to_schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ...dialects import sched, tir
from ...dialects.diagnostics import CompileError
from .primitives.errors import ScheduleError
from .primitives.handles import BlockRV, Handle, LoopRV
from .primitives.schedule import Schedule


class _Replay:
    """Runs one sequence on a schedule."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.handles: dict[SSAValue, Handle] = {}

    def run(self, op: sched.StepOp) -> None:
        """Run one step.

        Raises:
            CompileError: at the step, with what the primitive says.
        """
        step = _STEPS.get(type(op))
        if step is None:
            raise NotImplementedError(f"apply-schedule: {op.name} has no meaning here")
        try:
            result = step(self, op)
        except ScheduleError as error:
            raise CompileError(op, error.message, hint=error.hint) from error
        found: Sequence[Handle]
        if result is None:
            found = ()
        else:
            found = (result,) if isinstance(result, BlockRV | LoopRV) else result
        if len(found) != len(op.results):
            raise CompileError(op, f"found {len(found)} of them, expected {len(op.results)}")
        self.handles.update(zip(op.results, found, strict=True))

    def block(self, value: SSAValue) -> BlockRV:
        """Return the handle of a block."""
        handle = self.handles[value]
        assert isinstance(handle, BlockRV), "the verifier checks the types of operands"
        return handle

    def loop(self, value: SSAValue) -> LoopRV:
        """Return the handle of a loop."""
        handle = self.handles[value]
        assert isinstance(handle, LoopRV), "the verifier checks the types of operands"
        return handle

    def split(self, op: sched.SplitOp) -> list[LoopRV]:
        """Run sched.split."""
        factors = [None if f == -1 else f for f in op.factors.get_values()]
        return self.schedule.split(self.loop(op.loop), factors)

    def cache(self, op: sched.CacheReadOp | sched.CacheWriteOp) -> BlockRV:
        """Run sched.cache_read or sched.cache_write."""
        s = self.schedule
        run = s.cache_read if isinstance(op, sched.CacheReadOp) else s.cache_write
        return run(self.block(op.block), op.position.value.data, op.scope.data)


Result = Handle | Sequence[Handle] | None

_STEPS: dict[type[sched.StepOp], Callable[[_Replay, Any], Result]] = {  # an op of the key's type
    sched.AddUnitLoopOp: lambda r, op: r.schedule.add_unit_loop(r.handles[op.inside]),
    sched.AnnotateOp: lambda r, op: r.schedule.annotate(
        r.handles[op.target], op.key.data, op.value
    ),
    sched.BlockizeOp: lambda r, op: r.schedule.blockize(r.loop(op.loop)),
    sched.CacheReadOp: _Replay.cache,
    sched.CacheWriteOp: _Replay.cache,
    sched.ComputeAtOp: lambda r, op: r.schedule.compute_at(r.block(op.block), r.loop(op.loop)),
    sched.ComputeInlineOp: lambda r, op: r.schedule.compute_inline(r.block(op.block)),
    sched.DecomposeReductionOp: lambda r, op: r.schedule.decompose_reduction(
        r.block(op.block), r.loop(op.loop)
    ),
    sched.FuseOp: lambda r, op: r.schedule.fuse(*map(r.loop, op.loops)),
    sched.GetBlockOp: lambda r, op: r.schedule.get_block(op.block_name.data),
    sched.GetChildBlocksOp: lambda r, op: r.schedule.get_child_blocks(r.handles[op.parent_handle]),
    sched.GetConsumersOp: lambda r, op: r.schedule.get_consumers(r.block(op.block)),
    sched.GetLoopsOp: lambda r, op: r.schedule.get_loops(r.block(op.block)),
    sched.GetOutputBlocksOp: lambda r, op: r.schedule.get_output_blocks(),
    sched.GetProducersOp: lambda r, op: r.schedule.get_producers(r.block(op.block)),
    sched.PadEinsumOp: lambda r, op: r.schedule.pad_einsum(
        r.block(op.block), op.padding.get_values()
    ),
    sched.ParallelOp: lambda r, op: r.schedule.parallel(r.loop(op.loop)),
    sched.ReorderOp: lambda r, op: r.schedule.reorder(*map(r.loop, op.loops)),
    sched.ReverseComputeAtOp: lambda r, op: r.schedule.reverse_compute_at(
        r.block(op.block), r.loop(op.loop)
    ),
    sched.ReverseComputeInlineOp: lambda r, op: r.schedule.reverse_compute_inline(
        r.block(op.block)
    ),
    sched.RfactorOp: lambda r, op: r.schedule.rfactor(r.loop(op.loop), op.factor_axis.value.data),
    sched.SplitOp: _Replay.split,
    sched.TensorizeOp: lambda r, op: r.schedule.tensorize(r.loop(op.loop), op.intrinsic.data),
    sched.TransformLayoutOp: lambda r, op: r.schedule.transform_layout(
        r.block(op.block), (op.access.data, op.position.value.data), op.index_map.data
    ),
    sched.UnannotateOp: lambda r, op: r.schedule.unannotate(r.handles[op.target], op.key.data),
    sched.UnrollOp: lambda r, op: r.schedule.unroll(r.loop(op.loop)),
    sched.VectorizeOp: lambda r, op: r.schedule.vectorize(r.loop(op.loop)),
}


def apply_sequence(schedule: Schedule, sequence: sched.SequenceOp) -> None:
    """Run the steps of a sequence on a schedule."""
    replay = _Replay(schedule)
    for op in sequence.body.block.ops:
        assert isinstance(op, sched.StepOp), "the verifier checks the operations"
        replay.run(op)


def _kernel(module: ModuleOp, name: str) -> tir.FuncOp:
    return next(
        op for op in module.body.ops if isinstance(op, tir.FuncOp) and op.sym_name.data == name
    )


@dataclass(frozen=True)
class ApplySchedulePass(ModulePass):
    """See the module docstring."""

    name = "apply-schedule"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for sequence in list(op.body.ops):
            if isinstance(sequence, sched.SequenceOp):
                kernel = _kernel(op, sequence.kernel.root_reference.data)
                schedule = Schedule(kernel)
                apply_sequence(schedule, sequence)
                op.body.block.insert_op_before(schedule.take(), kernel)
                for old in (kernel, sequence):
                    old.detach()
                    old.erase()
