"""`Schedule`: rewrites a kernel step by step, each step checked, each recorded.

    s = tyrex.Schedule(module)
    block = s.get_block("matmul")
    i, j, k = s.get_loops(block)
    j0, j1 = s.split(j, [None, 16])
    s.vectorize(j1)
    print(s.trace)                      # the same as `sched` operations

Blocks and loops are named by handles, which stay valid as long as what they name exists. A
primitive that would change what the kernel computes raises a ScheduleError and changes nothing.
Source: TVM's tir.Schedule; names are TVM's where the meaning is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from xdsl.dialects.builtin import (
    BoolAttr,
    DenseArrayBase,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    i64,
)
from xdsl.ir import Attribute, Operation

from ....analysis import regions
from ....dialects import sched, tir
from ....symbolic import IntExpr, as_expr, pos
from . import blockize, cache, inline, kinds, layout, location, loops, reduction, rfactor, tensorize
from .errors import ScheduleError, describe
from .handles import BlockRV, Handle, LoopRV, Trace
from .legality import Checks

Place = Sequence[IntExpr | int]
IndexMap = (
    Callable[[IntExpr], Place]
    | Callable[[IntExpr, IntExpr], Place]
    | Callable[[IntExpr, IntExpr, IntExpr], Place]
    | Callable[[IntExpr, IntExpr, IntExpr, IntExpr], Place]
    | Sequence[IntExpr]
)
"""A function of the axes' indices, or expressions over `$0`, `$1`, ..."""


class Schedule:
    """A kernel being scheduled: a copy of the one given.

    Args:
        module: the module that holds the kernel, or the kernel itself.
        kernel: the kernel's name; needed where the module holds several.
    """

    def __init__(self, module: ModuleOp | tir.FuncOp, kernel: str | None = None) -> None:
        self._mod = ModuleOp([module.clone()]) if isinstance(module, tir.FuncOp) else module.clone()
        self._func = _kernel_of(self._mod, kernel)
        self._ops: dict[Handle, Operation] = {}
        self._trace = Trace()

    # -- the state ---------------------------------------------------------------------------

    @property
    def mod(self) -> ModuleOp:
        """The module, as scheduled so far."""
        return self._mod

    @property
    def func(self) -> tir.FuncOp:
        """The kernel, as scheduled so far."""
        return self._func

    @property
    def trace(self) -> sched.SequenceOp:
        """What was done so far, as an operation that apply-schedule runs."""
        name = self._func.sym_name.data
        return self._trace.sequence(f"{name}_schedule", name)

    def take(self) -> tir.FuncOp:
        """Return the kernel, out of the module: the schedule is over."""
        self._func.detach()
        return self._func

    def show(self) -> None:
        """Print the kernel."""
        print(self._func)

    def copy(self) -> Schedule:
        """Return a copy; handles of this schedule are valid in both."""
        new = object.__new__(Schedule)
        new._mod = self._mod.clone()
        new._func = _kernel_of(new._mod, self._func.sym_name.data)
        places = dict(zip(self._func.walk(), new._func.walk(), strict=True))
        new._ops = {handle: places[op] for handle, op in self._ops.items() if op in places}
        new._trace = self._trace.copy()
        return new

    # -- handles -----------------------------------------------------------------------------

    def get(self, handle: Handle) -> tir.BlockOp | tir.ForOp:
        """Return the loop or block that a handle names now.

        Raises:
            ScheduleError: it is gone.
        """
        op = self._ops.get(handle)
        if op is None or not isinstance(op, tir.BlockOp | tir.ForOp) or not self._contains(op):
            what = "a handle of another schedule" if op is None else "gone"
            raise ScheduleError(
                "get",
                None,
                f"{handle} is {what}: expected a {handle.what} of @{self._func.sym_name.data}",
                "use the handles that the primitive which replaced it returned",
            )
        return op

    def _contains(self, op: Operation) -> bool:
        parent: Operation | None = op
        while parent is not None and parent is not self._func:
            parent = parent.parent_op()
        return parent is self._func

    def _block(self, handle: BlockRV) -> tir.BlockOp:
        op = self.get(handle)
        if not isinstance(op, tir.BlockOp):
            raise ScheduleError("get", op, f"{handle} is {describe(op)}, expected a block")
        return op

    def _loop(self, handle: LoopRV) -> tir.ForOp:
        op = self.get(handle)
        if not isinstance(op, tir.ForOp):
            raise ScheduleError("get", op, f"{handle} is {describe(op)}, expected a loop")
        return op

    def _loops(self, handles: Sequence[LoopRV]) -> list[tir.ForOp]:
        return [self._loop(handle) for handle in handles]

    def _record(
        self,
        step: type[sched.StepOp],
        handles: Sequence[Handle],
        properties: dict[str, Attribute] | None = None,
        results: Sequence[Operation] = (),
    ) -> list[Handle]:
        """Append a step to the trace; return handles to what came out."""
        new: list[Handle] = []
        for op in results:
            handle = BlockRV(op.block_name.data) if isinstance(op, tir.BlockOp) else _loop_rv(op)
            self._ops[handle] = op
            new.append(handle)
        self._trace.append(step, handles, properties or {}, new)
        return new

    def _blocks_out(
        self,
        step: type[sched.StepOp],
        handles: Sequence[Handle],
        properties: dict[str, Attribute] | None,
        results: Sequence[Operation],
    ) -> list[BlockRV]:
        found = self._record(step, handles, properties, results)
        return [handle for handle in found if isinstance(handle, BlockRV)]

    def _loops_out(
        self,
        step: type[sched.StepOp],
        handles: Sequence[Handle],
        properties: dict[str, Attribute] | None,
        results: Sequence[Operation],
    ) -> list[LoopRV]:
        found = self._record(step, handles, properties, results)
        return [handle for handle in found if isinstance(handle, LoopRV)]

    # -- queries -----------------------------------------------------------------------------

    def get_block(self, name: str) -> BlockRV:
        """Return the block of that name."""
        blocks = [op for op in self._func.walk() if isinstance(op, tir.BlockOp)]
        found = [block for block in blocks if block.block_name.data == name]
        if len(found) != 1:
            names = ", ".join(dict.fromkeys(b.block_name.data for b in blocks)) or "none"
            raise ScheduleError(
                "get_block",
                found[1] if found else self._func,
                f'found {len(found)} blocks named "{name}", expected one; the blocks are: {names}',
            )
        properties: dict[str, Attribute] = {"block_name": StringAttr(name)}
        return self._blocks_out(sched.GetBlockOp, [], properties, found)[0]

    def get_loops(self, block: BlockRV) -> list[LoopRV]:
        """Return the loops around a block in its scope, outermost first."""
        found = regions.enclosing_loops(self._block(block))
        return self._loops_out(sched.GetLoopsOp, [block], None, found)

    def get_child_blocks(self, parent: Handle) -> list[BlockRV]:
        """Return the blocks inside a loop or block, without those inside such a block."""
        found = regions.child_blocks(self.get(parent))
        return self._blocks_out(sched.GetChildBlocksOp, [parent], None, found)

    def get_producers(self, block: BlockRV) -> list[BlockRV]:
        """Return the blocks that write what a block reads."""
        op = self._block(block)
        buffers = set(regions.read(op))
        found = [b for b in self._others(op) if buffers & set(regions.written(b))]
        return self._blocks_out(sched.GetProducersOp, [block], None, found)

    def get_consumers(self, block: BlockRV) -> list[BlockRV]:
        """Return the blocks that read what a block writes."""
        op = self._block(block)
        buffers = set(regions.written(op))
        found = [b for b in self._others(op) if buffers & set(regions.read(b))]
        return self._blocks_out(sched.GetConsumersOp, [block], None, found)

    def get_output_blocks(self) -> list[BlockRV]:
        """Return the blocks that write outputs of the kernel."""
        outputs = set(self._func.outputs)
        blocks = regions.child_blocks(self._func)
        found = [b for b in blocks if outputs & set(regions.written(b))]
        return self._blocks_out(sched.GetOutputBlocksOp, [], None, found)

    def _others(self, block: tir.BlockOp) -> list[tir.BlockOp]:
        """Return the other blocks in a block's scope."""
        scope = block.parent_op()
        while not isinstance(scope, tir.BlockOp | tir.FuncOp):
            assert scope is not None
            scope = scope.parent_op()
        return [b for b in regions.child_blocks(scope) if b is not block]

    # -- loops -------------------------------------------------------------------------------

    def split(self, loop: LoopRV, factors: Sequence[int | None]) -> list[LoopRV]:
        """Replace a loop by nested ones of the given extents; None takes what the others leave.

        Where the factors do not divide the extent, the blocks inside bear a condition.
        """
        new = loops.split(self._loop(loop), factors)
        numbers = [-1 if f is None else f for f in factors]
        properties: dict[str, Attribute] = {"factors": DenseArrayBase.from_list(i64, numbers)}
        return self._loops_out(sched.SplitOp, [loop], properties, new)

    def fuse(self, *to_fuse: LoopRV) -> LoopRV:
        """Replace loops, each the only child of the one before, by one."""
        new = loops.fuse(self._loops(to_fuse))
        return self._loops_out(sched.FuseOp, to_fuse, None, [new])[0]

    def reorder(self, *ordered: LoopRV) -> None:
        """Let loops of one nest stand in the order given."""
        loops.reorder(self._loops(ordered))
        self._record(sched.ReorderOp, ordered)

    def add_unit_loop(self, inside: Handle) -> LoopRV:
        """Put a loop of one iteration around a block or loop."""
        new = loops.add_unit_loop(self.get(inside))
        return self._loops_out(sched.AddUnitLoopOp, [inside], None, [new])[0]

    def parallel(self, loop: LoopRV) -> None:
        """Let a loop's iterations run on several threads; it is bound to spatial variables only."""
        kinds.parallel(self._loop(loop))
        self._record(sched.ParallelOp, [loop])

    def vectorize(self, loop: LoopRV) -> None:
        """Let the iterations of a loop of constant extent be the lanes of vectors."""
        kinds.vectorize(self._loop(loop))
        self._record(sched.VectorizeOp, [loop])

    def unroll(self, loop: LoopRV) -> None:
        """Let a loop's iterations stand one after the other in the code."""
        kinds.unroll(self._loop(loop))
        self._record(sched.UnrollOp, [loop])

    def annotate(self, target: Handle, key: str, value: Attribute | bool | int | str) -> None:
        """Note something on a loop or block, as an attribute of the operation."""
        attribute = _attribute(value)
        kinds.annotate(self.get(target), key, attribute)
        self._record(sched.AnnotateOp, [target], {"key": StringAttr(key), "value": attribute})

    def unannotate(self, target: Handle, key: str) -> None:
        """Take a note back."""
        kinds.unannotate(self.get(target), key)
        self._record(sched.UnannotateOp, [target], {"key": StringAttr(key)})

    # -- blocks ------------------------------------------------------------------------------

    def compute_inline(self, block: BlockRV) -> None:
        """Compute a block's elements where they are read; the block disappears."""
        inline.compute_inline(self._block(block))
        self._record(sched.ComputeInlineOp, [block])

    def reverse_compute_inline(self, block: BlockRV) -> None:
        """Compute a block's elements where the only block that it reads writes; it disappears."""
        inline.reverse_compute_inline(self._block(block))
        self._record(sched.ReverseComputeInlineOp, [block])

    def compute_at(self, block: BlockRV, loop: LoopRV) -> None:
        """Move a producer under a loop, where it computes what one iteration reads."""
        location.compute_at(self._block(block), self._loop(loop))
        self._record(sched.ComputeAtOp, [block, loop])

    def reverse_compute_at(self, block: BlockRV, loop: LoopRV) -> None:
        """Move a consumer under a loop, where it takes what one iteration has written."""
        location.reverse_compute_at(self._block(block), self._loop(loop))
        self._record(sched.ReverseComputeAtOp, [block, loop])

    def cache_read(self, block: BlockRV, read_buffer_index: int, storage_scope: str) -> BlockRV:
        """Let all readers of a buffer that a block reads use a copy; return the copying block."""
        new = cache.cache_read(self._block(block), read_buffer_index, storage_scope)
        return self._cached(sched.CacheReadOp, block, read_buffer_index, storage_scope, new)

    def cache_write(self, block: BlockRV, write_buffer_index: int, storage_scope: str) -> BlockRV:
        """Let a block write a buffer of its own, then copied; return the copying block."""
        new = cache.cache_write(self._block(block), write_buffer_index, storage_scope)
        return self._cached(sched.CacheWriteOp, block, write_buffer_index, storage_scope, new)

    def _cached(
        self,
        step: type[sched.StepOp],
        block: BlockRV,
        position: int,
        scope: str,
        new: tir.BlockOp,
    ) -> BlockRV:
        properties: dict[str, Attribute] = {
            "position": IntegerAttr(position, i64),
            "scope": StringAttr(scope),
        }
        return self._blocks_out(step, [block], properties, [new])[0]

    # -- reductions --------------------------------------------------------------------------

    def decompose_reduction(self, block: BlockRV, loop: LoopRV) -> BlockRV:
        """Make a reduction's init a block of its own before a loop; return it."""
        new = reduction.decompose_reduction(self._block(block), self._loop(loop))
        return self._blocks_out(sched.DecomposeReductionOp, [block, loop], None, [new])[0]

    def rfactor(self, loop: LoopRV, factor_axis: int) -> BlockRV:
        """Reduce along all loops but one into a buffer with an axis more, then along that one.

        Returns:
            The block of the partial results; the other keeps its name, with new loops.
        """
        op = self._loop(loop)
        inside = regions.child_blocks(op)
        handles = [h for h, block in self._ops.items() if block in inside]
        new, final = rfactor.rfactor(op, factor_axis)
        self._ops.update(dict.fromkeys(handles, final))
        properties: dict[str, Attribute] = {"factor_axis": IntegerAttr(factor_axis, i64)}
        return self._blocks_out(sched.RfactorOp, [loop], properties, [new])[0]

    # -- layouts, tiles as blocks ------------------------------------------------------------

    def transform_layout(
        self, block: BlockRV, buffer: tuple[str, int], index_map: IndexMap
    ) -> None:
        """Lay out anew a temporary that a block uses: ("read" or "write", number), by a map.

        The map is a function from the axes' indices to the new ones, or expressions over `$0`, ...
        """
        op = self._block(block)
        access, position = buffer
        found = layout.buffer_at(Checks("transform_layout"), op, access, position)
        rank = len(regions.shape_of(found))
        exprs = evaluate_map(index_map, rank)
        layout.transform_layout(op, access, position, exprs)
        properties: dict[str, Attribute] = {
            "access": StringAttr(access),
            "position": IntegerAttr(position, i64),
            "rank": IntegerAttr(rank, i64),
            "index_map": tir.ExprsAttr(exprs),
        }
        self._record(sched.TransformLayoutOp, [block], properties)

    def pad_einsum(self, block: BlockRV, padding: Sequence[int]) -> None:
        """Let a sum of products run over multiples of `padding`, one number per variable."""
        layout.pad_einsum(self._block(block), padding)
        properties: dict[str, Attribute] = {"padding": DenseArrayBase.from_list(i64, [*padding])}
        self._record(sched.PadEinsumOp, [block], properties)

    def blockize(self, loop: LoopRV) -> BlockRV:
        """Make what is inside a loop, itself included, one block."""
        new = blockize.blockize(self._loop(loop))
        return self._blocks_out(sched.BlockizeOp, [loop], None, [new])[0]

    def tensorize(self, loop: LoopRV, intrinsic: str) -> BlockRV:
        """Replace what is inside a loop, itself included, by the code of an intrinsic."""
        new = tensorize.tensorize(self._loop(loop), intrinsic)
        properties: dict[str, Attribute] = {"intrinsic": StringAttr(intrinsic)}
        return self._blocks_out(sched.TensorizeOp, [loop], properties, [new])[0]


def _kernel_of(module: ModuleOp, name: str | None) -> tir.FuncOp:
    kernels = [op for op in module.body.ops if isinstance(op, tir.FuncOp)]
    found = [k for k in kernels if name is None or k.sym_name.data == name]
    if len(found) != 1:
        names = ", ".join("@" + k.sym_name.data for k in kernels) or "none"
        wanted = "one kernel" if name is None else f"one named @{name}"
        raise ScheduleError(
            "Schedule", None, f"expected {wanted}, found: {names}", "say Schedule(module, name)"
        )
    return found[0]


def _loop_rv(op: Operation) -> LoopRV:
    assert isinstance(op, tir.ForOp)
    return LoopRV(op.induction_var.name_hint or "i")


def _attribute(value: Attribute | bool | int | str) -> Attribute:
    match value:
        case bool():
            return BoolAttr.from_bool(value)
        case int():
            return IntegerAttr(value, i64)
        case str():
            return StringAttr(value)
        case _:
            return value


def evaluate_map(index_map: IndexMap, rank: int) -> tuple[IntExpr, ...]:
    """Return an index map as expressions over the axes `$0`, `$1`, ..."""
    if callable(index_map):
        place = cast(Callable[..., Place], index_map)  # of as many indices as the buffer has axes
        return tuple(as_expr(e) for e in place(*(pos(axis) for axis in range(rank))))
    return tuple(index_map)


__all__ = ["BlockRV", "LoopRV", "Schedule", "ScheduleError"]
