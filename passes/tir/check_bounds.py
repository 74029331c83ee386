"""check-bounds: an access that may be outside of its buffer is checked before it happens.

Rewrites   %v = tir.load %A[%i + 1] : !tir.buffer<[8], f32>           (%i in 0 .. 7)
into       tir.check_index %i + 1 in 8 "@k: load of input 0 'A', axis 0"
           %v = tir.load %A[%i + 1] : !tir.buffer<[8], f32>

An index that loops, conditions and earlier checks prove to be inside stays as it is: kernels that
the compiler made have few checks left. A predicated access is checked where its conditions hold.
Prefetches touch nothing; a transposed tile is all of its buffer. A kernel that has checks keeps
those it has.

Needs:  kernels without blocks (lower-blocks).
Leaves: no access to memory that may be outside unchecked.
Why here: the last pass over kernels: what any pass before it got wrong is caught.
Source of the idea: Gupta, "A fresh look at optimizing array bound checking", PLDI 1990.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass

from ...dialects import tir
from ...symbolic import FloorDiv, IntExpr, Mod, Monomial, Var, as_expr, const

Range = tuple[IntExpr | int | None, IntExpr | int | None]
Access = tir.LoadOp | tir.PredicatedLoadOp | tir.StoreOp | tir.PredicatedStoreOp

_ACCESSES = (tir.LoadOp, tir.PredicatedLoadOp, tir.StoreOp, tir.PredicatedStoreOp)


class _Kernel:
    """Adds checks to one kernel."""

    def __init__(self, kernel: tir.FuncOp) -> None:
        self.name = kernel.sym_name.data
        self.bounds: dict[Hashable, Range] = dict.fromkeys(kernel.symbol_names, (0, None))
        self.exprs: dict[Hashable, IntExpr | int] = {}  # what index values are, where it is known
        self.facts: list[IntExpr] = []  # expressions that are >= 0 where the walk is

    def block(self, block: Block) -> None:
        """Check the accesses of a block's operations."""
        for op in block.ops:
            match op:
                case (
                    tir.LoadOp() | tir.PredicatedLoadOp() | tir.StoreOp() | tir.PredicatedStoreOp()
                ):
                    self.access(op)
                case tir.ForOp():
                    (extent,) = self.known(op.exprs_over_values(op.extent))
                    self.bounds[op.induction_var] = (0, extent - 1)
                    with self.inside([extent - 1]):
                        self.block(op.body.block)
                case tir.IfOp():
                    self.conditional(op)
                case tir.IndexValueOp() if op.result.type == tir.INDEX:
                    (self.exprs[op.result],) = self.known(op.exprs_over_values(op.expr))
                case _:
                    pass

    @contextmanager
    def inside(self, facts: Sequence[IntExpr]) -> Generator[None]:
        """Know more in the body; what checks in there prove holds in there."""
        count, bounds = len(self.facts), self.bounds.copy()
        self.learn(facts)
        yield
        del self.facts[count:]
        self.bounds = bounds

    def learn(self, facts: Sequence[IntExpr]) -> None:
        """Know that expressions are >= 0, up to the end of the region."""
        self.facts += facts
        for fact in facts:
            if len(fact.terms) == 1 and fact.constant < 0 < fact.terms[0][1]:
                self.know_positive(fact.terms[0][0])
            keys = tuple(fact.free_vars())
            split = fact.coefficient(keys[0]) if len(keys) == 1 else None
            if split is not None and split[0].is_constant and split[1].is_constant:
                self.tighten(keys[0], split[0].constant_value, split[1].constant_value)

    def know_positive(self, product: Monomial) -> None:
        """Know that a product of what is never negative is at least one: so is each of it."""
        keys = [atom.key for atom in product.atoms if isinstance(atom, Var)]
        lows = [self.bounds.get(key, (None, None))[0] for key in keys]
        if len(keys) == len(product.atoms) and all(type(n) is int and n >= 0 for n in lows):
            for key in keys:
                self.tighten(key, 1, -1)

    def tighten(self, key: Hashable, factor: int, rest: int) -> None:
        """Know that `factor * key + rest >= 0`."""
        low, high = self.bounds.get(key, (None, None))
        limit = -(rest // factor) if factor > 0 else rest // -factor
        if factor > 0 and (low is None or _is_below(low, limit)):
            self.bounds[key] = (limit, high)
        elif factor < 0 and (high is None or not _is_below(high, limit + 1)):
            self.bounds[key] = (low, limit)

    def known(self, exprs: Sequence[IntExpr]) -> tuple[IntExpr, ...]:
        """Return expressions over loops' variables and symbols, as far as index values are."""
        return tuple(expr.substitute(self.exprs) for expr in exprs)

    def conditional(self, op: tir.IfOp) -> None:
        """Check both regions, knowing the condition."""
        conditions = self.conditions_of(op.cond)
        with self.inside(conditions):
            self.block(op.then_region.block)
        if op.else_region is not None:
            with self.inside([-c - 1 for c in conditions] if len(conditions) == 1 else []):
                self.block(op.else_region.block)

    def conditions_of(self, value: SSAValue) -> tuple[IntExpr, ...]:
        """Return expressions that are >= 0 where a value (i1) is true."""
        match value.owner:
            case tir.PredicateOp():
                return self.known(value.owner.exprs_over_values(value.owner.conditions))
            case arith.AndIOp():
                return tuple(c for v in value.owner.operands for c in self.conditions_of(v))
            case _:
                return ()

    # -- accesses ----------------------------------------------------------------------------

    def access(self, op: Access) -> None:
        """Put checks before an access, for the axes that need one."""
        buffer_type = op.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        conditions: tuple[IntExpr, ...] = ()
        if isinstance(op, tir.PredicatedLoadOp | tir.PredicatedStoreOp):
            conditions = op.exprs_over_values(op.conditions)
        with self.inside(self.known(conditions)):
            places = enumerate(
                zip(op.exprs_over_values(op.indices), buffer_type.shape, strict=True)
            )
            unproven = [place for place in places if not self.is_inside(*place[1])]
        for axis, (index, extent) in unproven:
            place = tir.place_text(self.name, op, axis)
            check = tir.CheckIndexOp(index, extent, place, conditions)
            check.location = op.location
            assert op.parent is not None
            op.parent.insert_op_before(check, op)
            if not conditions:
                (seen,) = self.known([index])
                self.learn([seen, extent - 1 - seen])

    def is_inside(self, index: IntExpr, extent: IntExpr) -> bool:
        """Tell whether an index is proven to be in 0 .. extent - 1."""
        (expr,) = self.known([index])
        expr = expr.simplify(self.bounds)
        return self.proves(expr) and self.proves(extent - 1 - expr)

    def proves(self, expr: IntExpr) -> bool:
        """Tell whether an expression is proven never to be negative."""
        if expr.provably_ge0(self.bounds):
            return True
        variables = set(expr.free_vars())
        facts = [fact for fact in self.facts if variables & set(fact.free_vars())]
        return any(
            (enough - fact).provably_ge0(self.bounds)
            for enough in self.enough_for(expr)
            for fact in (*facts, const(0))
        )

    def enough_for(self, expr: IntExpr) -> Iterator[IntExpr]:
        """Yield the expression, and such without a quotient or remainder in it, >= 0 only with it.

        x - (k - 1) <= k * (x floordiv k) <= x; and e >= 0 follows from k * e >= 1 - k.
        0 <= x mod k <= k - 1.
        """
        yield expr
        for mono, factor in expr.terms:
            atom = mono.atoms[0]
            if len(mono.atoms) > 1 or not isinstance(atom, FloorDiv | Mod):
                continue
            x, k = atom.args
            if not (k - 1).provably_ge0(self.bounds):
                continue
            if isinstance(atom, Mod):
                yield expr - (x % k) * factor + ((k - 1) * factor if factor < 0 else 0)
                continue
            rest = expr - (x // k) * factor
            if k.is_constant or factor == -1:
                yield rest * k + (x - (k - 1 if factor > 0 else 0)) * factor + (k - 1)
            elif factor == 1:  # x floordiv k >= -rest where x >= -rest * k
                yield rest * k + x


def _is_below(bound: IntExpr | int, limit: int) -> bool:
    """Tell whether a bound is a number below `limit`; of others nothing is known."""
    expr = as_expr(bound)
    return expr.is_constant and expr.constant_value < limit


def check_kernel(kernel: tir.FuncOp) -> None:
    """Add checks to a kernel that has none."""
    if not any(isinstance(op, tir.CheckIndexOp) for op in kernel.walk()):
        _Kernel(kernel).block(kernel.body.block)


def count_accesses(kernel: tir.FuncOp) -> tuple[int, int]:
    """Return how many accesses to memory a kernel has, and how many of them are checked."""
    accesses = checked = 0
    for op in kernel.walk():
        if isinstance(op, _ACCESSES):
            accesses += 1
            checked += isinstance(op.prev_op, tir.CheckIndexOp)
    return accesses, checked


@dataclass(frozen=True)
class CheckBoundsPass(ModulePass):
    """See the module docstring."""

    name = "check-bounds"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                check_kernel(func)
