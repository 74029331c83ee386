"""Compute definitions: a kernel written once, as what it computes.

    k = KernelBuilder("matmul", location)
    a, b = k.input((m, p), f32), k.input((p, n), f32)
    c = k.output((m, n), f32)
    k.reduce("matmul", c, (p,), init=0.0,
             update=lambda acc, i, j, q: acc + k.load(a, i, q) * k.load(b, q, j))
    kernel = k.build()

Iteration variables are integer expressions, so `k.load(x, i * 2 + r)` is one attribute. How the
kernel runs fast is decided later, by schedules.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import UNKNOWN_LOC, LocationAttr, i1, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ...symbolic import IntExpr, as_expr, var
from .access import (
    AllocOp,
    IndexValueOp,
    LoadOp,
    PredicatedLoadOp,
    PredicatedStoreOp,
    PredicateOp,
    StoreOp,
)
from .attributes import GLOBAL, BufferType, ForKind, IterKind
from .base import INDEX, free_symbols
from .control import BlockOp, ForOp, IfOp
from .func import FuncOp
from .values import Emitter, Number, Value

Index = IntExpr | int


@dataclass(frozen=True, eq=False)
class Buffer:
    """A buffer of a kernel under construction."""

    ssa: SSAValue
    type: BufferType

    @property
    def shape(self) -> tuple[IntExpr, ...]:
        """The extents."""
        return self.type.shape

    @property
    def dtype(self) -> Attribute:
        """The element type."""
        return self.type.dtype


class KernelBuilder(Emitter):
    """Builds one `tir.func`."""

    def __init__(self, name: str, location: LocationAttr = UNKNOWN_LOC) -> None:
        """Start a kernel; its operations bear `location`."""
        self.name = name
        self.location = location
        self.attributes: dict[str, Attribute] = {}  # discardable ones of the kernel
        self._entry = Block()
        self.block = self._entry
        self._inputs: list[Attribute] = []
        self._outputs: list[Attribute] = []

    def append(self, op: Operation) -> None:
        """Append `op` to the current block, located."""
        op.location = self.location
        self.block.add_op(op)

    # -- arguments ---------------------------------------------------------------------------

    def input(self, shape: Iterable[Index], dtype: Attribute) -> Buffer:
        """Add an input buffer. All inputs come before the first output."""
        assert not self._outputs, "inputs are declared before outputs"
        buffer_type = BufferType.of(shape, dtype)
        self._inputs.append(buffer_type)
        return Buffer(self._entry.insert_arg(buffer_type, len(self._entry.args)), buffer_type)

    def output(self, shape: Iterable[Index], dtype: Attribute) -> Buffer:
        """Add an output buffer."""
        buffer_type = BufferType.of(shape, dtype)
        self._outputs.append(buffer_type)
        return Buffer(self._entry.insert_arg(buffer_type, len(self._entry.args)), buffer_type)

    def temp(self, shape: Iterable[Index], dtype: Attribute, scope: str = GLOBAL) -> Buffer:
        """Add an intermediate buffer, alive in the enclosing region."""
        op = AllocOp(BufferType.of(shape, dtype, scope))
        self.append(op)
        return Buffer(op.buffer, op.buffer_type)

    # -- values ------------------------------------------------------------------------------

    def load(
        self,
        buffer: Buffer,
        *indices: Index,
        where: Sequence[IntExpr] = (),
        default: Value | Number = 0,
    ) -> Value:
        """Return an element; with `where`, `default` unless every expression is >= 0."""
        if not where:
            op: Operation = LoadOp(buffer.ssa, indices)
        else:
            other = default if isinstance(default, Value) else self.const(default, buffer.dtype)
            op = PredicatedLoadOp(buffer.ssa, indices, where, other.ssa)
        return self._value(op, buffer.dtype)

    def store(
        self,
        buffer: Buffer,
        indices: Sequence[Index],
        value: Value,
        where: Sequence[IntExpr] = (),
    ) -> None:
        """Write an element; with `where`, if every expression is >= 0."""
        if where:
            self.append(PredicatedStoreOp(value.ssa, buffer.ssa, indices, where))
        else:
            self.append(StoreOp(value.ssa, buffer.ssa, indices))

    def index_value(self, expr: Index, dtype: Attribute = i64) -> Value:
        """Return an index expression as a value of an integer or float type."""
        value = self._value(IndexValueOp(expr, i64), i64)
        return self.cast(value, dtype)

    def as_index(self, value: Value) -> IntExpr:
        """Return an integer value as an index expression: a data-dependent index."""
        wide = self.cast(value, i64)
        op = arith.IndexCastOp(wide.ssa, INDEX)
        self.append(op)
        return var(op.result)

    def predicate(self, *conditions: IntExpr) -> Value:
        """Return the bool "every expression is >= 0"."""
        return self._value(PredicateOp(conditions), i1)

    # -- control -----------------------------------------------------------------------------

    @contextmanager
    def inside(self, block: Block) -> Generator[None]:
        """Append to `block` for the length of a with statement."""
        outer, self.block = self.block, block
        try:
            yield
        finally:
            self.block = outer

    def for_(
        self, extent: Index, body: Callable[[IntExpr], None], kind: ForKind = ForKind.SERIAL
    ) -> None:
        """Append a loop over 0 .. extent - 1."""
        block = Block(arg_types=[INDEX])
        with self.inside(block):
            body(var(block.args[0]))
        self.append(ForOp(extent, Region(block), kind))

    def if_(
        self,
        cond: Value,
        then: Callable[[], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """Append a conditional."""
        self.append(
            IfOp(
                cond.ssa,
                self._region(then),
                None if otherwise is None else self._region(otherwise),
            )
        )

    def _region(self, body: Callable[[], None]) -> Region:
        block = Block()
        with self.inside(block):
            body()
        return Region(block)

    # -- blocks ------------------------------------------------------------------------------

    def nest(
        self,
        name: str,
        iters: Sequence[tuple[IterKind, Index]],
        body: Callable[..., None],
        init: Callable[..., None] | None = None,
    ) -> None:
        """Append one loop per iteration variable around one block.

        `body` and `init` take the iteration variables as expressions and append statements.
        """
        extents = [as_expr(extent) for _, extent in iters]
        loops = [Block(arg_types=[INDEX]) for _ in extents]
        rows = [
            (kind, extent, var(loop.args[0]))
            for (kind, _), extent, loop in zip(iters, extents, loops, strict=True)
        ]
        region = self._block_region(len(iters), body)
        start = None if init is None else self._block_region(len(iters), init)
        with self.inside(loops[-1] if loops else self.block):
            self.append(BlockOp(name, rows, region, start))
        for depth in reversed(range(len(loops))):
            with self.inside(loops[depth - 1] if depth else self.block):
                self.append(ForOp(extents[depth], Region(loops[depth])))

    def _block_region(self, count: int, fn: Callable[..., None]) -> Region:
        block = Block(arg_types=[INDEX] * count)
        with self.inside(block):
            fn(*(var(arg) for arg in block.args))
        return Region(block)

    def compute(self, name: str, out: Buffer, fn: Callable[..., Value]) -> None:
        """Append `out[i, j, ...] = fn(i, j, ...)`, data-parallel over all of `out`."""
        self.nest(
            name,
            [(IterKind.SPATIAL, dim) for dim in out.shape],
            lambda *i: self.store(out, i, fn(*i)),
        )

    def reduce(
        self,
        name: str,
        out: Buffer,
        extents: Sequence[Index],
        init: Number,
        update: Callable[..., Value],
    ) -> None:
        """Append `out[i...] = init`, then `out[i...] = update(out[i...], i..., r...)`.

        The reduction runs over `extents` in any order: `update` must be commutative and
        associative in its first argument, up to rounding.
        """
        if 0 in extents:  # a block that never runs would not run its init either
            self.compute(name, out, lambda *_: self.const(init, out.dtype))
            return
        rank = len(out.shape)

        def body(*iters: IntExpr) -> None:
            where = iters[:rank]
            self.store(out, where, update(self.load(out, *where), *iters))

        def start(*iters: IntExpr) -> None:
            self.store(out, iters[:rank], self.const(init, out.dtype))

        spatial = [(IterKind.SPATIAL, dim) for dim in out.shape]
        self.nest(name, [*spatial, *((IterKind.REDUCE, e) for e in extents)], body, start)

    def opaque(self, name: str, body: Callable[[], None]) -> None:
        """Append a block without iteration variables whose statements run in order."""
        self.nest(name, [], body)

    # -- the result --------------------------------------------------------------------------

    def build(self, symbols: Iterable[str] | None = None) -> FuncOp:
        """Return the kernel; symbols are declared in order of use in the arguments' types."""
        if symbols is None:
            types = [*self._inputs, *self._outputs]
            shapes = (t.shape for t in types if isinstance(t, BufferType))
            symbols = free_symbols(dim for shape in shapes for dim in shape)
        func = FuncOp(
            self.name,
            Region(self._entry),
            len(self._inputs),
            len(self._outputs),
            symbols,
            attributes=self.attributes,
        )
        func.location = self.location
        return func
