"""Which loops may run all their iterations at once, statement by statement.

They may where no two iterations touch one element of a buffer that the loop writes: then every
order of the iterations, also of their parts, gives the same result. Two iterations i and i' of a
loop are apart on a buffer when all accesses to it are at `c * i + r`, on one axis or in the
element's number, with one c > 0, and when any two of the r differ by less than c.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from xdsl.ir import Block, SSAValue

from ...dialects import tir
from ...symbolic import Bound, IntExpr, const, var

Access = tir.LoadOp | tir.PredicatedLoadOp | tir.StoreOp | tir.PredicatedStoreOp
Exprs = tuple[IntExpr, ...]
MAX_DISTINCT = 12  # different places in one buffer: comparing them is quadratic
_PRIMED = "the same variable in another iteration"


@dataclass(frozen=True, eq=False)
class _Place:
    """An access with its indices over loop variables alone, as far as blocks bind them."""

    buffer: SSAValue
    indices: Exprs
    writes: bool
    loops: tuple[tir.ForOp, ...]


@dataclass(eq=False)
class _Survey:
    """What a walk over the kernel finds."""

    places: list[_Place] = field(default_factory=list[_Place])
    loops: list[tuple[tir.ForOp, tuple[tir.ForOp, ...]]] = field(
        default_factory=list[tuple[tir.ForOp, tuple[tir.ForOp, ...]]]
    )
    private: dict[SSAValue, tuple[tir.ForOp, ...]] = field(
        default_factory=dict[SSAValue, tuple[tir.ForOp, ...]]
    )
    defined_in: dict[Hashable, tuple[tir.ForOp, ...]] = field(
        default_factory=dict[Hashable, tuple[tir.ForOp, ...]]
    )
    exprs: dict[Hashable, IntExpr | int] = field(default_factory=dict[Hashable, IntExpr | int])
    bounds: dict[Hashable, tuple[Bound, Bound]] = field(
        default_factory=dict[Hashable, tuple[Bound, Bound]]
    )

    def over_loops(self, exprs: Iterable[IntExpr]) -> Exprs:
        """Return expressions with iteration variables replaced by what they are bound to."""
        return tuple(expr.substitute(self.exprs) for expr in exprs)

    def walk(self, block: Block, loops: tuple[tir.ForOp, ...]) -> None:
        """Survey the operations of a block inside `loops`."""
        for op in block.ops:
            for result in op.results:
                self.defined_in[result] = loops
            match op:
                case tir.ForOp():
                    self.loop(op, loops)
                case tir.BlockOp():
                    self.block(op, loops)
                case tir.AllocOp():
                    self.private[op.buffer] = loops
                case tir.LoadOp() | tir.PredicatedLoadOp():
                    self.access(op, loops, writes=False)
                case tir.StoreOp() | tir.PredicatedStoreOp():
                    self.access(op, loops, writes=True)
                case tir.TransposeOp():  # all of the buffer: iterations share it
                    self.places.append(_Place(op.buffer, (const(0), const(0)), True, loops))
                case _:
                    for region in op.regions:
                        self.walk(region.block, loops)

    def loop(self, op: tir.ForOp, loops: tuple[tir.ForOp, ...]) -> None:
        """Survey a loop."""
        self.loops.append((op, loops))
        (extent,) = self.over_loops([op.extent_expr()])
        most: Bound = extent
        if any(isinstance(key, SSAValue) for key in extent.free_vars()):
            most = extent.bounds(self.bounds)[1]  # two iterations may differ in the extent
        top = None if most is None else most - 1
        self.bounds[op.induction_var] = (0, top)
        self.defined_in[op.induction_var] = (*loops, op)
        self.walk(op.body.block, (*loops, op))

    def block(self, op: tir.BlockOp, loops: tuple[tir.ForOp, ...]) -> None:
        """Survey a block: both regions see the bindings."""
        bindings = self.over_loops(op.exprs_over_values(op.bindings))
        for region in op.regions:
            self.exprs.update(zip(region.block.args, bindings, strict=True))
            self.walk(region.block, loops)

    def access(self, op: Access, loops: tuple[tir.ForOp, ...], writes: bool) -> None:
        """Survey an access."""
        indices = self.over_loops(op.exprs_over_values(op.indices))
        self.places.append(_Place(op.buffer, indices, writes, loops))


def independent_loops(func: tir.FuncOp) -> set[tir.ForOp]:
    """Return the loops whose iterations touch nothing in common that they write."""
    survey = _Survey()
    survey.walk(func.body.block, ())
    group = {func.outputs[o]: func.inputs[i] for i, o in func.aliases()}
    return {
        loop
        for loop, _ in survey.loops
        if loop.extent.data[0] != const(1) and _is_independent(loop, survey, group)
    }


def _is_independent(loop: tir.ForOp, survey: _Survey, group: dict[SSAValue, SSAValue]) -> bool:
    inside = [p for p in survey.places if loop in p.loops]
    by_buffer: dict[SSAValue, list[_Place]] = {}
    for place in inside:
        if loop not in survey.private.get(place.buffer, ()):
            by_buffer.setdefault(group.get(place.buffer, place.buffer), []).append(place)
    return all(
        _apart(loop, places, survey)
        for places in by_buffer.values()
        if any(place.writes for place in places)
    )


def _apart(loop: tir.ForOp, places: Sequence[_Place], survey: _Survey) -> bool:
    """Tell whether two iterations of `loop` never touch one element at `places`."""
    candidates = [list(dict.fromkeys(_address(p, survey) for p in places))]
    if all(place.buffer is places[0].buffer for place in places):
        rank = len(places[0].indices)
        candidates += [list(dict.fromkeys(p.indices[axis] for p in places)) for axis in range(rank)]
    return any(_disjoint(loop, exprs, survey) for exprs in candidates)


def _address(place: _Place, survey: _Survey) -> IntExpr:
    buffer_type = place.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    result = const(0)
    for index, dim in zip(place.indices, buffer_type.shape, strict=True):
        result = result * dim + index
    return result.simplify(survey.bounds)


def _disjoint(loop: tir.ForOp, exprs: Sequence[IntExpr], survey: _Survey) -> bool:
    if len(exprs) > MAX_DISTINCT:
        return False
    variable = loop.induction_var
    splits = [expr.coefficient(variable) for expr in exprs]
    known = [split for split in splits if split is not None]
    if len(known) != len(splits) or any(c is not known[0][0] for c, _ in known):
        return False
    step = known[0][0]
    primes: dict[Hashable, IntExpr | int] = {}
    bounds = dict(survey.bounds)
    for key in {key for _, rest in known for key in rest.free_vars()}:
        if loop in survey.defined_in.get(key, ()):
            primes[key] = var((_PRIMED, key))
            bounds[_PRIMED, key] = bounds.get(key, (None, None))
    return all(
        (step - 1 - (a - b.substitute(primes))).provably_ge0(bounds)
        for (_, a), (_, b) in product(known, known)
    )
