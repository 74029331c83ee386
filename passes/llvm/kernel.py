"""One kernel's code: the walk from `tir` to `llvm`.

Inside a vectorized loop the loop's variable is a vector of lane numbers; an operation becomes a
vector operation when one of its operands is a vector, and stays scalar otherwise. An access is
contiguous, a gather or one element, by how its address moves from lane to lane.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i1, i8, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...analysis.addresses import MAX_STRIDE, flat_address, step_of
from ...analysis.nominal import least_size
from ...analysis.sliding import slides_over_tile
from ...dialects import dtypes, llvm, tir
from ...dialects.diagnostics import CompileError
from ...dialects.llvm.attributes import LoopAnnotationAttr, LoopHints
from ...dialects.llvm.build import LLVMBuilder
from ...dialects.llvm.types import PTR, element_of, lanes, like, vector
from ...symbolic import IntExpr
from .expressions import Expressions, Range
from .polling import Polling
from .scalars import handlers, llvm_type

CONTEXT_PARALLEL_FOR = (
    8  # offset of `parallel_for` in struct tyrex_context (runtime/native/tyrex.h)
)
CONTEXT_FAIL_INDEX = 40  # offset of `fail_index` there
CONTEXT_POLL = 64  # offset of `poll` there
STACK_ALIGN_BYTES = 64
_ROLLED = LoopAnnotationAttr(LoopHints(unroll="disable"))
_UNROLL = LoopAnnotationAttr(LoopHints(unroll="full"))

_READ, _SECOND_LEVEL, _DATA = 0, 2, 1  # arguments of llvm.prefetch: rw, locality, cache type

Load = tir.LoadOp | tir.PredicatedLoadOp
Store = tir.StoreOp | tir.PredicatedStoreOp


@dataclass(frozen=True, eq=False)
class Outlined:
    """A parallel loop's body, to become a function of its own.

    Attributes:
        name: of the function.
        loop: the loop.
        captures: what the body uses from outside.
        bounds: of the variables around the loop.
        shares: whether parallel loops inside are shared by threads, too: the loop may turn out to
            be of one iteration, which the thread runs that was to hand out many.
        checks: whether indices are checked inside: the context is told of a wrong one.
        polls: whether an iteration takes long: the context is asked whether to go on.
    """

    name: str
    loop: tir.ForOp
    captures: tuple[SSAValue, ...]
    bounds: dict[Hashable, Range]
    shares: bool
    checks: bool
    polls: bool

    @property
    def takes_context(self) -> bool:
        """Whether the context is the first of the body's words."""
        return self.shares or self.checks or self.polls


class KernelLowering:
    """Lowers the statements of one function."""

    def __init__(
        self,
        b: LLVMBuilder,
        name: str,
        symbols: Sequence[str] = (),
        *,
        contract: bool,
        is_shared: bool = False,
    ) -> None:
        self.b = b
        self.handlers = handlers(contract)
        self.name = name
        self.symbols = symbols  # a parallel body takes all of the kernel's
        self.exprs = Expressions(b)
        self.values: dict[SSAValue, SSAValue] = {}
        self.context: SSAValue | None = None  # None where parallel loops run serially
        self.errors: SSAValue | None = None  # the context that is told of wrong indices, and asked
        self.polling = Polling(is_shared=is_shared)
        self.texts: dict[str, str] = {}  # text -> the symbol of its bytes
        self.outlined: list[Outlined] = []
        self.lane: tuple[SSAValue, int] | None = None  # the vectorized variable and its extent

    def bind(self, source: SSAValue, target: SSAValue) -> None:
        """Say what a value of the kernel is in the llvm function."""
        self.values[source] = target
        if source.type == tir.INDEX:
            self.exprs.values[source] = target

    # -- statements --------------------------------------------------------------------------

    def lower(self, block: Block) -> None:
        """Append a block's operations."""
        for op in block.ops:
            self.b.location = op.location
            match op:
                case tir.LoadOp() | tir.PredicatedLoadOp():
                    self.bind(op.result, self.load(op))
                case tir.StoreOp() | tir.PredicatedStoreOp():
                    self.store(op)
                case tir.PrefetchOp() | tir.TransposeOp() | tir.CheckIndexOp():
                    self.beside_values(op)
                case tir.ForOp():
                    self.loop(op)
                case tir.IfOp():
                    self.conditional(op)
                case tir.AllocOp():
                    self.values[op.buffer] = self.stack_buffer(op)
                case tir.PredicateOp():
                    conditions = self.simplified(op.exprs_over_values(op.conditions))
                    self.values[op.result] = self.exprs.holds(conditions)
                case tir.IndexValueOp():
                    self.bind(op.result, self.index_value(op))
                case _:
                    self.scalar(op)

    def beside_values(self, op: tir.PrefetchOp | tir.TransposeOp | tir.CheckIndexOp) -> None:
        """Append what is neither a statement of the kernel's values nor control flow."""
        match op:
            case tir.PrefetchOp():
                self.prefetch(op)
            case tir.TransposeOp():
                self.transpose(op)
            case tir.CheckIndexOp():
                self.check_index(op)

    def scalar(self, op: Operation) -> None:
        """Append an operation on values."""
        handler = self.handlers.get(type(op))
        if handler is None:
            raise CompileError(op, "has no lowering to llvm in a kernel")
        args = [self.values[operand] for operand in op.operands]
        counts = [n for arg in args if (n := lanes(arg.type)) is not None]
        if counts and len(counts) < len(args):
            args = [a if lanes(a.type) else self.b.broadcast(a, counts[0]) for a in args]
        self.bind(op.results[0], handler(self.b, op, args))

    def index_value(self, op: tir.IndexValueOp) -> SSAValue:
        """Append an expression's value as the integer type asked for."""
        (expr,) = self.simplified(op.exprs_over_values(op.expr))
        value = self.exprs.value(expr)
        target = llvm_type(op.result.type)
        if target == i64:
            return value
        return self.b.cast(llvm.TruncOp, value, like(value.type, target))

    def simplified(self, exprs: Sequence[IntExpr]) -> tuple[IntExpr, ...]:
        """Simplify by the bounds of the loops what is more than linear."""
        bounds, memo = self.exprs.bounds, self.exprs.simplified
        return tuple(
            e.simplify(bounds, memo) if any(m.composite for m, _ in e.terms) else e for e in exprs
        )

    def stack_buffer(self, op: tir.AllocOp) -> SSAValue:
        """Append stack memory for a buffer."""
        shape = op.buffer_type.static_shape()
        if op.buffer_type.scope != tir.STACK or shape is None:
            raise CompileError(op, "is no stack buffer of static shape; run lower-blocks first")
        count = 1
        for dim in shape:
            count *= dim
        element = memory_type(op.buffer_type.dtype)
        return self.b.alloca(element, max(count, 1), STACK_ALIGN_BYTES)

    # -- control -----------------------------------------------------------------------------

    def loop(self, op: tir.ForOp) -> None:
        """Append a loop of any kind."""
        (extent,) = self.simplified([op.extent_expr()])
        self.exprs.bounds[op.induction_var] = (0, extent - 1)
        match op.kind.data:
            case tir.ForKind.VECTORIZED:
                self.vector_loop(op, extent.constant_value)
            case tir.ForKind.PARALLEL if self.context is not None and self.lane is None:
                self.parallel_loop(op, extent)
            case tir.ForKind.UNROLLED:
                self.counted_loop(op, extent, _UNROLL)
            case _:
                self.counted_loop(op, extent, _ROLLED if slides_over_tile(op) else None)

    def counted_loop(
        self, op: tir.ForOp, extent: IntExpr, hints: LoopAnnotationAttr | None
    ) -> None:
        """Append a loop of one iteration after the other."""
        if extent == 1:
            self.bind(op.induction_var, self.b.integer(0))
            self.scoped(op.body.block)
            return
        piece = None
        if hints is None and self.errors is not None and self.lane is None:
            piece = self.polling.piece(op, extent, self.exprs.bounds)
        if piece is not None:
            self.asking_loop(op, extent, piece)
            return
        runs = extent.is_constant and extent.constant_value > 0
        with self.b.loop(self.exprs.value(extent), hints, runs=runs) as i:
            self.bind(op.induction_var, i)
            self.scoped(op.body.block)
            self.b.location = op.location

    def asking_loop(self, op: tir.ForOp, extent: IntExpr, piece: int) -> None:
        """Append a loop in pieces of so many iterations; before each the context is asked."""
        b, count = self.b, self.exprs.value(extent)
        size, one = b.integer(piece), b.integer(1)
        last = b.sub(b.add(count, size, "nsw"), one, "nsw")
        pieces = b.binary(llvm.SDivOp, last, size)
        before = self.polling.enter(op)
        with b.loop(pieces) as number:
            self.ask()
            begin = b.mul(number, size, "nsw")
            left = b.sub(count, begin, "nsw")
            length = b.select(b.icmp("slt", left, size), left, size)
            with b.loop(length, runs=True) as i:
                self.bind(op.induction_var, b.add(begin, i, "nsw"))
                self.scoped(op.body.block)
                b.location = op.location
        self.polling.leave(before)

    def ask(self) -> None:
        """Append the question whether to go on; where the run is to end, leave the function."""
        b = self.b
        assert self.errors is not None, "checked by who asks"
        function = b.load(b.gep(self.errors, i8, CONTEXT_POLL), PTR, 8)
        code = b.call(function, (self.errors,), i32)
        assert code is not None, "the call has a result"
        ended, on = b.new_block(), b.new_block()
        b.cond_br(b.icmp("ne", code, b.integer(0, i32)), ended, on)
        b.start(ended)
        b.ret(code)
        b.start(on)

    def scoped(self, block: Block) -> None:
        """Append a block's operations; expressions built there are forgotten afterwards."""
        self.exprs.push()
        self.lower(block)
        self.exprs.pop()

    def vector_loop(self, op: tir.ForOp, count: int) -> None:
        """Append the body once, for all lanes."""
        if self.lane is not None:
            raise CompileError(op, "is a vectorized loop inside another")
        if count == 1:
            self.bind(op.induction_var, self.b.integer(0))
            self.scoped(op.body.block)
            return
        self.lane = op.induction_var, count
        self.bind(op.induction_var, self.exprs.lane_numbers(count))
        self.scoped(op.body.block)
        self.lane = None

    def conditional(self, op: tir.IfOp) -> None:
        """Append a choice between two regions."""
        cond = self.values[op.cond]
        if lanes(cond.type) is not None:
            raise CompileError(op, "differs from lane to lane of a vectorized loop")
        b = self.b
        then, done = b.new_block(), b.new_block()
        other = done if op.else_region is None else b.new_block()
        b.cond_br(cond, then, other)
        b.start(then)
        self.scoped(op.then_region.block)
        b.br(done)
        if op.else_region is not None:
            b.start(other)
            self.scoped(op.else_region.block)
            b.br(done)
        b.start(done)

    def parallel_loop(self, op: tir.ForOp, extent: IntExpr) -> None:
        """Append a call of the context's parallel_for on the loop's outlined body."""
        b = self.b
        captures = free_values(op)
        name = f"{self.name}.parallel{len(self.outlined)}"
        shares = not extent.is_constant and least_size(extent) == 1 and _has_parallel(op)
        checks = any(isinstance(inner, tir.CheckIndexOp) for inner in op.walk())
        polls = self.polling.is_long(op.body.block)
        part = Outlined(name, op, captures, dict(self.exprs.bounds), shares, checks, polls)
        self.outlined.append(part)
        assert self.context is not None
        words = [self.context] if part.takes_context else []
        words += [self.values[value] for value in captures]
        words += [self.exprs.values[symbol] for symbol in self.symbols]
        closure = b.alloca(i64, max(len(words), 1), 8)
        for i, word in enumerate(words):
            b.store(word, b.gep(closure, i64, i), 8)
        entry = b.load(b.gep(self.context, i8, CONTEXT_PARALLEL_FOR), PTR, 8)
        args = (self.context, b.address_of(name), closure, self.exprs.value(extent))
        code = b.call(entry, args, i32)
        assert code is not None, "parallel_for has a result"
        failed, done = b.new_block(), b.new_block()
        b.cond_br(b.icmp("ne", code, b.integer(0, i32)), failed, done)
        b.start(failed)
        b.ret(code)
        b.start(done)

    def check_index(self, op: tir.CheckIndexOp) -> None:
        """Append the test of an index; where it fails, in any lane, the context is told why."""
        b, assigned = self.b, (*op.exprs_over_values(op.index), *op.exprs_over_values(op.extent))
        index, extent = map(self.exprs.value, self.simplified(assigned))
        if lanes(extent.type) is not None:
            raise CompileError(op, "has an extent that differs from lane to lane")
        x, n = self.exprs.matched(index, extent)
        zero = b.zero(x.type) if lanes(x.type) else b.integer(0)
        outside = b.binary(llvm.OrOp, b.icmp("slt", x, zero), b.icmp("sge", x, n))
        if op.conditions.data:
            mask = self.exprs.holds(self.simplified(op.exprs_over_values(op.conditions)))
            outside = b.binary(llvm.AndOp, *self.exprs.matched(outside, mask))
        fails = b.reduce("or", outside) if lanes(outside.type) else outside
        failed, done = b.new_block(), b.new_block()
        b.cond_br(fails, failed, done)
        b.start(failed)
        if lanes(index.type) is not None:
            least = b.broadcast(b.integer(-(2**63)), self.lane_count())
            index = b.reduce("smax", b.select(outside, index, least))
        assert self.errors is not None, "kernels and their parallel loops have the context"
        function = b.load(b.gep(self.errors, i8, CONTEXT_FAIL_INDEX), PTR, 8)
        code = b.call(function, (self.text(op.place.data), index, extent), i32)
        assert code is not None, "the call has a result"
        b.ret(code)
        b.start(done)

    def text(self, text: str) -> SSAValue:
        """Append the address of a text, which ends in a zero."""
        symbol = self.texts.get(text)
        if symbol is None:
            symbol = self.texts[text] = f"{self.name}.text{len(self.texts)}"
            self.b.constant_text(symbol, text)
        return self.b.address_of(symbol)

    # -- memory ------------------------------------------------------------------------------

    def place(self, op: Load | Store) -> tuple[SSAValue, Attribute, IntExpr, int | None]:
        """Return pointer, type in memory, address, and the step from lane to lane (0: none)."""
        buffer_type = op.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        address = flat_address(buffer_type, op.exprs_over_values(op.indices))
        (address,) = self.simplified([address])
        step = 0 if self.lane is None else step_of(address, self.lane[0])
        if step is not None and self.lane is not None and self.has_vector(address):
            step = None  # another variable of the address is a vector: a loaded index
        return self.values[op.buffer], memory_type(buffer_type.dtype), address, step

    def has_vector(self, address: IntExpr) -> bool:
        """Tell whether a variable other than the lane's own differs from lane to lane."""
        assert self.lane is not None
        return any(
            key is not self.lane[0] and lanes(self.exprs.values[key].type) is not None
            for key in address.free_vars()
        )

    def mask(self, op: Load | Store) -> SSAValue | None:
        """Return the condition of an access, None where it has none."""
        if isinstance(op, tir.LoadOp | tir.StoreOp):
            return None
        return self.exprs.holds(self.simplified(op.exprs_over_values(op.conditions)))

    def start_of(self, address: IntExpr) -> IntExpr:
        """Return the address of lane 0."""
        return address if self.lane is None else address.substitute({self.lane[0]: 0})

    def load(self, op: Load) -> SSAValue:
        """Append a load; the result is a scalar, or a vector of all lanes."""
        base, element, address, step = self.place(op)
        mask = self.mask(op)
        if step == 0 and not self.varies(op, mask):
            pointer = self.b.gep(base, element, self.exprs.value(address))
            return self.from_memory(op, self.scalar_load(op, pointer, element, mask))
        return self.from_memory(op, self.vector_load(op, base, element, address, step, mask))

    def varies(self, op: Load, mask: SSAValue | None) -> bool:
        """Tell whether a load of one address still differs from lane to lane."""
        others = [] if mask is None else [mask]
        if isinstance(op, tir.PredicatedLoadOp):
            others.append(self.values[op.default])
        return any(lanes(value.type) is not None for value in others)

    def scalar_load(
        self, op: Load, pointer: SSAValue, element: Attribute, mask: SSAValue | None
    ) -> SSAValue:
        """Append a load of one element, behind a branch where it is conditional."""
        b, size = self.b, element_bytes(element)
        if mask is None or not isinstance(op, tir.PredicatedLoadOp):
            return b.load(pointer, element, size)
        default = self.to_memory(self.values[op.default], element)
        then, done = b.new_block(), b.new_block(default.type)
        b.cond_br(mask, then, done, (), (default,))
        b.start(then)
        b.br(done, b.load(pointer, element, size))
        b.start(done)
        return done.args[0]

    def vector_load(
        self,
        op: Load,
        base: SSAValue,
        element: Attribute,
        address: IntExpr,
        step: int | None,
        mask: SSAValue | None,
    ) -> SSAValue:
        """Append a load of all lanes: contiguous, or a gather."""
        b, size, count = self.b, element_bytes(element), self.lane_count()
        type_ = vector(element, count)
        if mask is not None and lanes(mask.type) is None:
            mask = b.broadcast(mask, count)
        default = b.poison(type_)
        if isinstance(op, tir.PredicatedLoadOp):
            default = self.to_memory(self.spread(self.values[op.default]), element)
        if step == 1:
            start = self.exprs.value(self.start_of(address))
            pointer = b.gep(base, element, start, flags=_in_bounds(mask))
            if mask is None:
                return b.load(pointer, type_, size)
            return b.masked_load(pointer, mask, default, size)
        if mask is None and step is not None and 1 <= abs(step) <= MAX_STRIDE:
            return self.strided_load(base, element, address, step)
        pointers = b.gep(
            base, element, self.spread(self.exprs.value(address)), flags=_in_bounds(mask)
        )
        every = mask if mask is not None else b.splat(1, vector(i1, count))
        return b.gather(pointers, every, default, size)

    def strided_load(
        self, base: SSAValue, element: Attribute, address: IntExpr, step: int
    ) -> SSAValue:
        """Append loads of all that lies between the lanes, and pick the lanes out of them.

        As many vectors as the stride, the last of which ends with the last lane that is read: a
        gather takes a load per lane. A step of -1 is one vector in reverse.
        """
        assert self.lane is not None, "only vectorized loops make vectors"
        b, count, stride = self.b, self.lane_count(), abs(step)
        first = address.substitute({self.lane[0]: 0 if step > 0 else count - 1})  # lowest
        start, type_ = self.exprs.value(first), vector(element, count)
        starts = [k * count for k in range(stride - 1)] + [(stride - 1) * (count - 1)]
        offsets = [lane * stride for lane in range(count)][:: 1 if step > 0 else -1]
        found: SSAValue | None = None
        for k, at in enumerate(starts):
            place = start if at == 0 else b.add(start, b.integer(at), "nsw")
            piece = b.load(b.gep(base, element, place), type_, element_bytes(element))
            limit = starts[k + 1] if k + 1 < stride else at + count
            picked = [
                offset - at + count if at <= offset < limit else (-1 if found is None else lane)
                for lane, offset in enumerate(offsets)
            ]
            found = b.shuffle(piece if found is None else found, piece, picked)
        assert found is not None, "a stride is at least 1"
        return found

    def store(self, op: Store) -> None:
        """Append a store of one element or of all lanes."""
        b = self.b
        base, element, address, step = self.place(op)
        mask = self.mask(op)
        value = self.to_memory(self.values[op.value], element)
        size = element_bytes(element)
        if step == 0:
            if lanes(value.type) is not None or (mask is not None and lanes(mask.type)):
                raise CompileError(op, "writes one element from every lane of a vectorized loop")
            pointer = b.gep(base, element, self.exprs.value(address))
            if mask is None:
                b.store(value, pointer, size)
                return
            with b.when(mask):
                b.store(value, pointer, size)
            return
        value = self.spread(value)
        if mask is not None and lanes(mask.type) is None:
            mask = b.broadcast(mask, self.lane_count())
        if step == 1:
            start = self.exprs.value(self.start_of(address))
            pointer = b.gep(base, element, start, flags=_in_bounds(mask))
            if mask is None:
                b.store(value, pointer, size)
            else:
                b.masked_store(value, pointer, mask, size)
            return
        pointers = b.gep(
            base, element, self.spread(self.exprs.value(address)), flags=_in_bounds(mask)
        )
        every = mask if mask is not None else b.splat(1, vector(i1, self.lane_count()))
        b.scatter(value, pointers, every, size)

    def prefetch(self, op: tir.PrefetchOp) -> None:
        """Append a prefetch for reading into the second-level cache."""
        buffer_type = op.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        address = flat_address(buffer_type, op.exprs_over_values(op.indices))
        (address,) = self.simplified([self.start_of(address)])
        element = memory_type(buffer_type.dtype)
        # Not inbounds: it may be beyond the end of the buffer.
        pointer = self.b.gep(self.values[op.buffer], element, self.exprs.value(address), flags="")
        numbers = (self.b.integer(n, i32) for n in (_READ, _SECOND_LEVEL, _DATA))
        self.b.intrinsic("llvm.prefetch", (pointer, *numbers), None, (PTR,))

    def transpose(self, op: tir.TransposeOp) -> None:
        """Append the exchange of a tile's rows and columns, one bit of their numbers at a time.

        Source: Eklundh, "A fast computer method for matrix transposing", IEEE TC 1972.
        """
        if self.lane is not None:
            raise CompileError(op, "is in a vectorized loop")
        b, n = self.b, op.side
        assert isinstance(op.buffer.type, tir.BufferType)
        element = memory_type(op.buffer.type.dtype)
        base, type_, size = self.values[op.buffer], vector(element, n), element_bytes(element)
        places = [b.gep(base, element, i * n) for i in range(n)]
        rows = [b.load(place, type_, size) for place in places]
        bit = 1
        while bit < n:
            low = [lane if not lane & bit else n + (lane ^ bit) for lane in range(n)]
            high = [lane | bit if not lane & bit else n + lane for lane in range(n)]
            for i in (i for i in range(n) if not i & bit):
                first, second = rows[i], rows[i | bit]
                rows[i] = b.shuffle(first, second, low)
                rows[i | bit] = b.shuffle(first, second, high)
            bit *= 2
        for row, place in zip(rows, places, strict=True):
            b.store(row, place, size)

    def lane_count(self) -> int:
        """Return the number of lanes of the enclosing vectorized loop."""
        assert self.lane is not None, "only vectorized loops make vectors"
        return self.lane[1]

    def spread(self, value: SSAValue) -> SSAValue:
        """Return a value as a vector of all lanes."""
        if lanes(value.type) is not None:
            return value
        return self.b.broadcast(value, self.lane_count())

    def from_memory(self, op: Load, value: SSAValue) -> SSAValue:
        """Return what was loaded as a value: a byte that holds a bool becomes i1."""
        if op.result.type != i1:
            return value
        zero = self.b.zero(value.type) if lanes(value.type) else self.b.integer(0, i8)
        return self.b.icmp("ne", value, zero)

    def to_memory(self, value: SSAValue, element: Attribute) -> SSAValue:
        """Return a value as memory holds it: a bool is one byte."""
        if element_of(value.type) == i1 and element != i1:
            return self.b.cast(llvm.ZExtOp, value, like(value.type, element))
        return value


def _has_parallel(loop: tir.ForOp) -> bool:
    """Tell whether there are parallel loops in a loop."""
    return any(
        isinstance(op, tir.ForOp) and op.kind.data is tir.ForKind.PARALLEL
        for op in loop.walk()
        if op is not loop
    )


def _in_bounds(mask: SSAValue | None) -> str:
    """Return the flags of an address: that of lanes which do not count may be anywhere."""
    return "inbounds" if mask is None else ""


def memory_type(dtype: Attribute) -> Attribute:
    """Return the llvm type of an element in memory."""
    return i8 if dtypes.is_bool(dtype) else dtypes.value_type(dtype)


def element_bytes(element: Attribute) -> int:
    """Return the size of an element in memory."""
    return dtypes.size_bytes(element)


def free_values(op: Operation) -> tuple[SSAValue, ...]:
    """Return the values that an operation's regions use from outside, in order of use."""
    inside: set[SSAValue] = set()
    found: dict[SSAValue, None] = {}
    for inner in op.walk():
        inside.update(inner.results)
        for region in inner.regions:
            for block in region.blocks:
                inside.update(block.args)
        if inner is not op:
            found.update((operand, None) for operand in inner.operands if operand not in inside)
    return tuple(found)
