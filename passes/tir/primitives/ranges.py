"""What a block that moves under a loop runs over: boxes that others read or write there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from ....analysis.nests import Access, Write
from ....analysis.regions import (
    Box,
    Ends,
    accesses,
    body_accesses,
    box_of,
    context_bounds,
    enclosing_loops,
    inner_ends,
    over_loops,
    relax,
    shape_of,
    union,
)
from ....dialects import tir
from ....symbolic import Bounds, FloorDiv, IntExpr, as_expr, const, var
from .errors import describe
from .exchange import is_private
from .legality import (
    SPATIAL,
    Checks,
    block_around,
    covers,
    index_variables,
    known_bounds,
    name_of,
    reduce_loops,
)


@dataclass(frozen=True)
class Range:
    """What an iteration variable runs over: `start + 0 .. extent - 1`, not beyond `last`."""

    start: IntExpr
    extent: IntExpr
    last: IntExpr | None = None


def boxes_read(reader: tir.BlockOp, loop: tir.ForOp, buffer: SSAValue) -> list[Box]:
    """Return what a block reads of a buffer in one iteration of a loop around it."""
    inside = inner_ends(_loops_inside(reader, loop))
    bounds = context_bounds(reader)
    return [
        box_of(over_loops(op, reader), shape_of(buffer), inside, bounds)
        for op in accesses(reader)
        if isinstance(op, Access) and op.buffer is buffer
    ]


def _loops_inside(block: tir.BlockOp, loop: tir.ForOp) -> list[tir.ForOp]:
    loops = enclosing_loops(block)
    return list(loops[loops.index(loop) + 1 :])


def writers(buffer: SSAValue) -> list[tir.BlockOp]:
    """Return the blocks that write a buffer."""
    found = (block_around(u.operation) for u in buffer.uses if isinstance(u.operation, Write))
    return list(dict.fromkeys(block for block in found if block is not None))


def box_written(checks: Checks, block: tir.BlockOp, loop: tir.ForOp, buffer: SSAValue) -> Box:
    """Check that iterations of a loop write boxes of a buffer; return one iteration's."""
    boxes: dict[Box, None] = {}
    for writer in writers(buffer):
        if not loop.is_ancestor(writer):
            checks.refuse(
                block,
                f"{describe(writer)} writes {name_of(buffer)} outside of {describe(loop)}",
            )
        inside = _loops_inside(writer, loop)
        for reducing in reduce_loops(writer):
            if reducing not in inside and reducing.extent_expr() != 1:
                checks.refuse(
                    loop,
                    f"{describe(reducing)} reduces into {name_of(buffer)}: it is complete only "
                    f"after that loop, not in an iteration of {describe(loop)}",
                    f"name a loop outside of {describe(reducing)}",
                )
        check_guards(checks, writer)
        for op in body_accesses(writer):
            if isinstance(op, Write) and op.buffer is buffer:
                boxes[_dense_box(checks, op, writer, inside)] = None
    return next(iter(boxes)) if len(boxes) == 1 else union(list(boxes))


def _dense_box(checks: Checks, op: Write, writer: tir.BlockOp, inside: Sequence[tir.ForOp]) -> Box:
    """Check that a store writes every element of its box; return that."""
    indices, shape = over_loops(op, writer), shape_of(op.buffer)
    places = index_variables(op.exprs_over_values(op.indices), shape, writer)
    bounds = context_bounds(writer)
    box = box_of(indices, shape, inner_ends(inside), bounds)
    fine = places is not None and covers(writer, places, op.buffer)
    outer = {o.induction_var for o in enclosing_loops(writer) if o not in inside}
    for index, (lo, hi), dim in zip(indices, box, shape, strict=True):
        count = as_expr(1)
        for loop in inside:
            if loop.induction_var in index.free_vars():
                count = count * loop.extent_expr()
        whole = lo == 0 and (hi - dim + 1).provably_ge0(bounds)
        alone = whole and not outer & set(index.free_vars())
        fine = fine and (alone or (count - (hi - lo + 1)).simplify(bounds) == 0)
    if not fine:
        checks.refuse(
            writer,
            f"one iteration of the loop writes no dense part of {name_of(op.buffer)}",
            "expected a block that writes all of the buffer at its own variables, its loops split "
            "and reordered only",
        )
    return box


def places_read(checks: Checks, block: tir.BlockOp, buffer: SSAValue) -> list[SSAValue | None]:
    """Check that a block reads a buffer at its own spatial variables; return them by axis."""
    found: list[list[SSAValue | None] | None] = [
        index_variables(op.exprs_over_values(op.indices), shape_of(buffer), block)
        if isinstance(op, tir.LoadOp)
        else None
        for op in body_accesses(block)
        if op.buffer is buffer
    ]
    first = found[0]
    if first is None or any(places != first for places in found):
        checks.refuse(
            block,
            f"{describe(block)} does not read {name_of(buffer)} at its own spatial variables, one "
            "per axis",
        )
    return first


def ranges_over(
    block: tir.BlockOp,
    places: Sequence[SSAValue | None],
    box: Sequence[Ends],
    bounds: Bounds,
) -> dict[SSAValue, Range]:
    """Return what each iteration variable runs over, where those in `places` cover a box."""
    wanted = {v: ends for v, ends in zip(places, box, strict=True) if v is not None}
    result: dict[SSAValue, Range] = {}
    domains = block.exprs_over_values(block.domains)
    for value, kind, domain in zip(block.iter_vars, block.kinds.data, domains, strict=True):
        result[value] = Range(const(0), domain)
        if value in wanted and kind is SPATIAL:
            lo, hi = wanted[value]
            result[value] = _range(lo, hi, domain, bounds)
    return result


def _range(lo: IntExpr, hi: IntExpr, domain: IntExpr, bounds: Bounds) -> Range:
    extent = (hi - lo + 1).simplify(bounds)
    full = Range(const(0), domain)
    if (extent - domain).provably_ge0(bounds):
        return full
    if all(isinstance(key, str) for key in extent.free_vars()):
        return Range(lo, extent)
    most = extent.bounds(bounds)[1]  # how much is needed differs from iteration to iteration
    return full if most is None else Range(lo, const(most), hi)


def store_ranges(
    block: tir.BlockOp, buffer: SSAValue, ranges: Mapping[SSAValue, Range]
) -> list[Range | None]:
    """Return the ranges of the indices at which a block stores."""
    for op in body_accesses(block):
        if isinstance(op, Write) and op.buffer is buffer:
            variables = {var(v): v for v in block.iter_vars}
            indices = op.exprs_over_values(op.indices)
            return [ranges.get(variables[i]) if i in variables else None for i in indices]
    return []


# -- checks ---------------------------------------------------------------------------------


def check_guards(checks: Checks, block: tir.BlockOp) -> None:
    """Check that a block's conditions only keep its variables in their domains."""
    domains = block.exprs_over_values(block.domains)
    bindings = block.exprs_over_values(block.bindings)
    bounds = context_bounds(block)
    guards: list[IntExpr] = []
    for domain, binding in zip(domains, bindings, strict=True):
        guards += [domain - 1 - binding, binding]
        atom = binding.as_atom()
        if isinstance(atom, FloorDiv):
            guards.append(domain * atom.args[1] - 1 - atom.args[0])
    for condition in block.exprs_over_values(block.conditions):
        if not any(_implies(guard, condition, bounds) for guard in guards):
            checks.refuse(
                block,
                f"{describe(block)} has a condition other than that its variables are in their "
                "domains",
                "do it before splitting and fusing the block's loops",
            )


def _implies(guard: IntExpr, condition: IntExpr, bounds: Bounds) -> bool:
    """Tell whether `guard >= 0` is enough for `condition >= 0`.

    For a whole number c, c >= 0 is k * c + k - 1 >= 0: so a guard of `i * 4 + j` is one of `i`.
    """
    factors = {1}
    for key in condition.free_vars():
        mine, its = condition.coefficient(key), guard.coefficient(key)
        if mine is None or its is None or not (mine[0].is_constant and its[0].is_constant):
            continue
        if mine[0].constant and its[0].constant % mine[0].constant == 0:
            factors.add(its[0].constant // mine[0].constant)
    return any(
        (condition * k + (k - 1) - guard).simplify(bounds).provably_ge0(bounds)
        for k in factors
        if k > 0
    )


def check_threads(
    checks: Checks,
    block: tir.BlockOp,
    loop: tir.ForOp,
    buffer: SSAValue,
    ranges: Sequence[Range | None],
) -> None:
    """Check that iterations that run at once do not write one element of a buffer."""
    around = [*enclosing_loops(loop), loop]
    for depth, outer in enumerate(around):
        at_once = outer.kind.data in (tir.ForKind.PARALLEL, tir.ForKind.VECTORIZED)
        if not at_once or outer.extent_expr() == 1:
            continue
        if is_private(buffer, loop) or any(
            _apart(outer, found, around[depth + 1 :]) for found in ranges if found is not None
        ):
            continue
        checks.refuse(
            block,
            f"iterations of {describe(outer)}, which is {outer.kind.data.value}, would write the "
            f"same elements of {name_of(buffer)}",
            "let the buffer be in stack memory, or the loop serial",
        )


def _apart(outer: tir.ForOp, found: Range, inside: Sequence[tir.ForOp]) -> bool:
    """Tell whether a range is at `step * outer + rest` and never longer than the step."""
    split = found.start.coefficient(outer.induction_var)
    if split is None or split[0] == 0:
        return False
    bounds = known_bounds(outer)
    for loop in inside:
        bounds[loop.induction_var] = (0, loop.extent_expr() - 1)
    ends = relax(split[1], inner_ends(inside), bounds)
    return ends is not None and (split[0] - found.extent - (ends[1] - ends[0])).provably_ge0(bounds)
