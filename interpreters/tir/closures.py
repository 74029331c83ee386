"""A kernel as a tree of Python functions, built once and run many times.

Loops whose iterations are independent (`lockstep.py`) run all of them at once: the loop's variable
is an array that counts along an axis of its own, and what depends on it becomes an array by
NumPy's broadcasting. Conditions that differ from lane to lane become a mask. All other loops run
one iteration after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, Region

from ...dialects import tir
from .errors import InterpreterError
from .expressions import Expression, Index, Registers, compile_expr, conditions_hold
from .memory import Memory, poisoned, read, write
from .scalars import MEANINGS, Evaluate, Mask, numpy_type

MAX_LANES = 1 << 23
"""Loops run one iteration after the other where more lanes than this would run at once."""

Order = Callable[[int], Iterable[int]]


@dataclass(slots=True)
class Frame:
    """A kernel being run.

    Attributes:
        regs: a value for each SSA value and symbol.
        mask: the lanes that run; None: all.
        lanes: the number of lanes of the loops entered so far.
        order: the order in which a parallel loop of n iterations runs them.
    """

    regs: Registers
    order: Order
    mask: Mask = None
    lanes: int = 1


Step = Callable[[Frame], None]


@dataclass(frozen=True, eq=False)
class CompiledKernel:
    """A kernel ready to run: where arguments and symbols go, and what runs then."""

    steps: tuple[Step, ...]
    num_slots: int
    arg_slots: tuple[int, ...]
    symbol_slots: dict[str, int]


class KernelCompiler:
    """Builds the functions of one kernel."""

    def __init__(self, lockstep: Container[Operation]) -> None:
        """Start; `lockstep` are the loops that may run all iterations at once."""
        self.lockstep = lockstep
        self.slots: dict[Hashable, int] = {}
        self.axes: list[int] = []  # registers of the enclosing lockstep loops' variables
        self.rank = 0  # the greatest number of axes below the outermost lockstep loop

    def slot(self, key: Hashable) -> int:
        """Return the register of an SSA value or symbol."""
        return self.slots.setdefault(key, len(self.slots))

    def compile(self, func: tir.FuncOp) -> CompiledKernel:
        """Return the kernel's functions."""
        block = func.body.block
        arg_slots = tuple(self.slot(arg) for arg in block.args)
        symbol_slots = {name: self.slot(name) for name in func.symbol_names}
        steps = self.block_steps(block)
        return CompiledKernel(steps, len(self.slots), arg_slots, symbol_slots)

    def exprs(self, op: tir.IndexedOp, attr: tir.ExprsAttr) -> list[Expression]:
        """Return the functions of an operation's expressions."""
        return [compile_expr(expr, self.slots) for expr in op.exprs_over_values(attr)]

    def block_steps(self, block: Block) -> tuple[Step, ...]:
        """Return the functions of a block's operations."""
        return tuple(_located(op, self.step(op)) for op in block.ops)

    def body(self, region: Region) -> Step:
        """Return a function that runs a region's operations."""
        steps = self.block_steps(region.block)
        if len(steps) == 1:
            return steps[0]

        def run(frame: Frame) -> None:
            for step in steps:
                step(frame)

        return run

    def step(self, op: Operation) -> Step:
        """Return the function of one operation."""
        build = _BUILDERS.get(type(op), KernelCompiler.scalar)
        return build(self, op)

    # -- memory ------------------------------------------------------------------------------

    def alloc(self, op: tir.AllocOp) -> Step:
        """Memory for each lane that runs."""
        buffer_type, out = op.buffer_type, self.slot(op.buffer)
        dims = [compile_expr(dim, self.slots) for dim in buffer_type.shape]
        axes = tuple(self.axes)

        def run(frame: Frame) -> None:
            regs = frame.regs
            lanes = tuple(regs[axis] for axis in axes if not isinstance(regs[axis], int))
            shape = tuple(_as_int(dim(regs)) for dim in dims)
            sizes = (lane.size for lane in lanes)
            regs[out] = Memory(poisoned((*sizes, *shape), buffer_type), shape, lanes)

        return run

    def load(self, op: tir.LoadOp) -> Step:
        """An element of every lane."""
        buffer, out, places = self.slot(op.buffer), self.slot(op.result), self.places(op)

        def run(frame: Frame) -> None:
            regs = frame.regs
            regs[out] = read(op, regs[buffer], [place(regs) for place in places], frame.mask)

        return run

    def predicated_load(self, op: tir.PredicatedLoadOp) -> Step:
        """An element where the conditions hold, else the default."""
        buffer, default, out = map(self.slot, (op.buffer, op.default, op.result))
        places, conditions = self.places(op), self.exprs(op, op.conditions)

        def run(frame: Frame) -> None:
            regs = frame.regs
            holds = conditions_hold(conditions, regs)
            mask = _narrowed(frame.mask, holds)
            if mask is False:
                regs[out] = regs[default]
                return
            found = read(op, regs[buffer], [place(regs) for place in places], mask)
            regs[out] = found if holds is True else np.where(holds, found, regs[default])

        return run

    def store(self, op: tir.StoreOp) -> Step:
        """Set an element of every lane."""
        buffer, value, places = self.slot(op.buffer), self.slot(op.value), self.places(op)

        def run(frame: Frame) -> None:
            regs = frame.regs
            indices = [place(regs) for place in places]
            write(op, regs[buffer], indices, regs[value], frame.mask)

        return run

    def prefetch(self, op: tir.PrefetchOp) -> Step:
        """Nothing: it changes no value."""
        return lambda frame: None

    def transpose(self, op: tir.TransposeOp) -> Step:
        """A tile with rows and columns exchanged, of every lane."""
        buffer = self.slot(op.buffer)

        def run(frame: Frame) -> None:
            if frame.mask is not None:
                raise InterpreterError(op, "differs from lane to lane of a vectorized loop")
            array = frame.regs[buffer].array
            array[...] = np.swapaxes(array, -1, -2).copy()

        return run

    def predicated_store(self, op: tir.PredicatedStoreOp) -> Step:
        """Set an element where the conditions hold."""
        buffer, value, places = self.slot(op.buffer), self.slot(op.value), self.places(op)
        conditions = self.exprs(op, op.conditions)

        def run(frame: Frame) -> None:
            regs = frame.regs
            mask = _narrowed(frame.mask, conditions_hold(conditions, regs))
            if mask is not False:
                indices = [place(regs) for place in places]
                write(op, regs[buffer], indices, regs[value], mask)

        return run

    def check_index(self, op: tir.CheckIndexOp) -> Step:
        """Fail where a lane's index is outside; that of lanes that do not run may be anywhere."""
        (index,), (extent,) = self.exprs(op, op.index), self.exprs(op, op.extent)
        conditions, place = self.exprs(op, op.conditions), op.place.data

        def run(frame: Frame) -> None:
            mask = _narrowed(frame.mask, conditions_hold(conditions, frame.regs))
            if mask is False:
                return
            found, limit = np.broadcast_arrays(index(frame.regs), extent(frame.regs))
            outside = (found < 0) | (found >= limit)
            if mask is not None:
                outside, found, limit = np.broadcast_arrays(outside & mask, found, limit)
            if outside.any():
                lane = int(outside.reshape(-1).argmax())
                values = (int(array.reshape(-1)[lane]) for array in (found, limit))
                raise InterpreterError(op, tir.index_text(place, *values))

        return run

    def places(
        self, op: tir.LoadOp | tir.PredicatedLoadOp | tir.StoreOp | tir.PredicatedStoreOp
    ) -> list[Expression]:
        """Return the functions of an access's indices."""
        return self.exprs(op, op.indices)

    # -- values ------------------------------------------------------------------------------

    def predicate(self, op: tir.PredicateOp) -> Step:
        """Whether all conditions hold."""
        out, conditions = self.slot(op.result), self.exprs(op, op.conditions)

        def run(frame: Frame) -> None:
            holds = conditions_hold(conditions, frame.regs)
            frame.regs[out] = np.bool_(holds) if isinstance(holds, bool) else holds

        return run

    def index_value(self, op: tir.IndexValueOp) -> Step:
        """An expression as a value; an index stays one."""
        (expr,) = self.exprs(op, op.expr)
        out = self.slot(op.result)
        if isinstance(op.result.type, IndexType):

            def run_index(frame: Frame) -> None:
                frame.regs[out] = expr(frame.regs)

            return run_index
        target = numpy_type(op.result.type)

        def run(frame: Frame) -> None:
            frame.regs[out] = np.asarray(expr(frame.regs)).astype(target)

        return run

    def scalar(self, op: Operation) -> Step:
        """An operation of `arith` or `math`."""
        meaning = MEANINGS.get(type(op))
        if meaning is None:
            raise NotImplementedError(f"the interpreter of kernels has no meaning of {op.name}")
        evaluate = _with_indices(op, meaning(op))
        operands = [self.slot(operand) for operand in op.operands]
        (out,) = (self.slot(result) for result in op.results)

        def run(frame: Frame) -> None:
            regs = frame.regs
            regs[out] = evaluate(frame.mask, [regs[slot] for slot in operands])

        return run

    # -- control -----------------------------------------------------------------------------

    def loop(self, op: tir.ForOp) -> Step:
        """All iterations at once where they are independent, else in order."""
        (extent,) = self.exprs(op, op.extent)
        variable = self.slot(op.induction_var)
        in_lockstep = op in self.lockstep
        outermost = in_lockstep and not self.axes
        if outermost:
            self.rank = _depth(op, self.lockstep)
        axis = len(self.axes)
        lane_shape = tuple(-1 if i == axis else 1 for i in range(self.rank))
        if in_lockstep:
            self.axes.append(variable)
        body = self.body(op.body)
        if in_lockstep:
            self.axes.pop()
        parallel = op.kind.data is tir.ForKind.PARALLEL

        def run(frame: Frame) -> None:
            regs = frame.regs
            count, top = _trip_count(extent(regs), frame.mask)
            if top <= 0:
                return
            if in_lockstep and frame.lanes * top <= MAX_LANES:
                lane = regs[variable] = np.arange(top).reshape(lane_shape)
                frame.lanes *= top
                _run_where(frame, True if count is None else lane < count, body)
                frame.lanes //= top
                return
            for i in frame.order(top) if parallel else range(top):
                regs[variable] = i
                if count is None:
                    body(frame)
                else:
                    _run_where(frame, i < count, body)

        return run

    def block(self, op: tir.BlockOp) -> Step:
        """Bind the iteration variables, then init and body where the conditions hold."""
        bindings = self.exprs(op, op.bindings)
        conditions = self.exprs(op, op.conditions)
        domains = self.exprs(op, op.domains)
        reductions = [i for i, k in enumerate(op.kinds.data) if k is tir.IterKind.REDUCE]
        slots = [self.slot(arg) for arg in op.iter_vars]
        body = self.body(op.body)
        init, init_slots = self.init(op)

        def run_inside(frame: Frame) -> None:
            regs = frame.regs
            values = [regs[slot] for slot in slots]
            for i, (value, domain) in enumerate(zip(values, domains, strict=True)):
                _check_domain(op, i, value, domain(regs), frame.mask)
            if init is not None:
                for slot, value in zip(init_slots, values, strict=True):
                    regs[slot] = value
                first: Any = True
                for i in reductions:
                    first = first & (values[i] == 0)
                _run_where(frame, first, init)
            body(frame)

        def run(frame: Frame) -> None:
            regs = frame.regs
            holds = conditions_hold(conditions, regs)
            if holds is not False:
                values = [binding(regs) for binding in bindings]
                for slot, value in zip(slots, values, strict=True):
                    regs[slot] = value
                _run_where(frame, holds, run_inside)

        return run

    def init(self, op: tir.BlockOp) -> tuple[Step | None, Sequence[int]]:
        """Return the function of a block's init, and the registers of its variables."""
        if op.init is None:
            return None, ()
        slots = [self.slot(arg) for arg in op.init.block.args]
        return self.body(op.init), slots

    def conditional(self, op: tir.IfOp) -> Step:
        """One region, or each on its own lanes."""
        cond, then = self.slot(op.cond), self.body(op.then_region)
        otherwise = None if op.else_region is None else self.body(op.else_region)

        def run(frame: Frame) -> None:
            holds = frame.regs[cond]
            _run_where(frame, holds, then)
            if otherwise is not None:
                _run_where(frame, ~holds, otherwise)

        return run


_BUILDERS: dict[type[Operation], Callable[[KernelCompiler, Any], Step]] = {
    tir.AllocOp: KernelCompiler.alloc,
    tir.BlockOp: KernelCompiler.block,
    tir.CheckIndexOp: KernelCompiler.check_index,
    tir.ForOp: KernelCompiler.loop,
    tir.IfOp: KernelCompiler.conditional,
    tir.IndexValueOp: KernelCompiler.index_value,
    tir.LoadOp: KernelCompiler.load,
    tir.PredicateOp: KernelCompiler.predicate,
    tir.PredicatedLoadOp: KernelCompiler.predicated_load,
    tir.PredicatedStoreOp: KernelCompiler.predicated_store,
    tir.PrefetchOp: KernelCompiler.prefetch,
    tir.StoreOp: KernelCompiler.store,
    tir.TransposeOp: KernelCompiler.transpose,
}


def compile_kernel(func: tir.FuncOp, lockstep: Container[Operation]) -> CompiledKernel:
    """Return the functions of a kernel; loops in `lockstep` run all iterations at once."""
    return KernelCompiler(lockstep).compile(func)


def _located(op: Operation, step: Step) -> Step:
    """Turn a division by zero in an expression into an error that names the operation."""
    if not isinstance(op, tir.IndexedOp):
        return step

    def run(frame: Frame) -> None:
        try:
            step(frame)
        except ZeroDivisionError as error:
            raise InterpreterError(op, str(error)) from error

    return run


def _depth(op: Operation, lockstep: Container[Operation]) -> int:
    """Return the greatest number of lockstep loops inside one another, `op` included."""
    inner = [
        _depth(child, lockstep)
        for region in op.regions
        for block in region.blocks
        for child in block.ops
        if child.regions
    ]
    return max(inner, default=0) + (op in lockstep)


def _trip_count(count: Index, mask: Mask) -> tuple[Index | None, int]:
    """Return how often each lane runs, None where all do so equally; and the greatest of them."""
    if isinstance(count, int):
        return None, count
    if mask is not None:
        count = np.where(mask, count, 0)
    return count, int(count.max(initial=0))


def _narrowed(mask: Mask, holds: Any) -> Any:
    """Return the lanes of `mask` where `holds`; None: all lanes, False: none."""
    if holds is True or holds is False:
        return mask if holds else False
    if np.ndim(holds) == 0:
        return mask if holds else False
    if holds.all():
        return mask
    both = holds if mask is None else mask & holds
    return both if both.any() else False


def _run_where(frame: Frame, holds: Any, body: Step) -> None:
    """Run `body` on the lanes where `holds`, if there are any."""
    if holds is True:
        body(frame)
        return
    outer = frame.mask
    mask = _narrowed(outer, holds)
    if mask is False:
        return
    frame.mask = mask
    body(frame)
    frame.mask = outer


def _check_domain(op: Operation, i: int, value: Index, domain: Index, mask: Mask) -> None:
    """Raise where a running lane's iteration variable is outside its domain."""
    if type(value) is int and type(domain) is int and 0 <= value < domain:
        return
    outside = (value < 0) | (value >= domain)
    if np.any(outside) and (mask is None or np.any(mask & outside)):
        found = value if isinstance(value, int) else f"{value.min()}..{value.max()}"
        raise InterpreterError(op, f"iteration variable {i} is {found}, its domain is {domain}")


def _as_int(value: Index) -> int:
    assert isinstance(value, int), "the shape of a buffer is the same in every lane"
    return value


def _with_indices(op: Operation, evaluate: Evaluate) -> Evaluate:
    """Adapt an operation that takes or returns indices, which are Python's ints."""
    takes = any(isinstance(operand.type, IndexType) for operand in op.operands)
    gives = isinstance(op.results[0].type, IndexType)
    if not takes and not gives:
        return evaluate

    def adapted(mask: Mask, args: Sequence[Any]) -> Any:
        arrays = [np.asarray(arg)[()] if isinstance(arg, int) else arg for arg in args]
        result = evaluate(mask, arrays)
        if not gives:
            return result
        return int(result) if np.ndim(result) == 0 else result

    return adapted
