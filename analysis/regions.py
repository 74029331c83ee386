"""What blocks read and write: boxes of elements over the loops around them, by symbolic bounds.

An expression is relaxed over the loops that run inside (its least and greatest value there); the
loops outside stay variables. So a box says what one iteration of the outer loops touches.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from xdsl.ir import Operation, SSAValue

from ..dialects import tir
from ..symbolic import (
    Bounds,
    FloorDiv,
    IntExpr,
    Max,
    Min,
    Mod,
    Var,
    as_expr,
    const,
    max_,
    min_,
    var,
)
from .nests import Access, Write

Ends = tuple[IntExpr, IntExpr]
Box = tuple[Ends, ...]
Inner = Mapping[Hashable, Ends]
AnyAccess = Access | Write


# -- where operations stand ------------------------------------------------------------------


def enclosing_loops(op: Operation) -> tuple[tir.ForOp, ...]:
    """Return the loops around `op` up to the block or kernel around it, outermost first."""
    found: list[tir.ForOp] = []
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, tir.BlockOp | tir.FuncOp):
        if isinstance(parent, tir.ForOp):
            found.append(parent)
        parent = parent.parent_op()
    return tuple(reversed(found))


def child_blocks(op: Operation) -> tuple[tir.BlockOp, ...]:
    """Return the blocks inside `op`, without those that are inside such a block."""
    found: list[tir.BlockOp] = []
    for region in op.regions:
        for block in region.blocks:
            for inner in block.ops:
                if isinstance(inner, tir.BlockOp):
                    found.append(inner)
                else:
                    found += child_blocks(inner)
    return tuple(found)


def context_bounds(op: Operation) -> dict[Hashable, tuple[IntExpr | int | None, IntExpr | None]]:
    """Return the bounds of every loop variable, iteration variable and symbol around `op`."""
    bounds: dict[Hashable, tuple[IntExpr | int | None, IntExpr | None]] = {}
    parent: Operation | None = op
    while parent is not None:
        match parent:
            case tir.ForOp() if parent is not op:
                bounds[parent.induction_var] = (0, parent.extent_expr() - 1)
            case tir.BlockOp() if parent is not op:
                domains = parent.exprs_over_values(parent.domains)
                for arg, domain in zip(parent.iter_vars, domains, strict=True):
                    bounds[arg] = (0, domain - 1)
            case tir.FuncOp():
                bounds.update((name, (0, None)) for name in parent.symbol_names)
            case _:
                pass
        parent = parent.parent_op()
    return bounds


def statement_in(op: Operation, scope: Operation) -> Operation | None:
    """Return the operation directly inside `scope` that is `op` or holds it."""
    current: Operation | None = op
    while current is not None and current.parent_op() is not scope:
        current = current.parent_op()
    return current


# -- accesses ----------------------------------------------------------------------------------


def accesses(op: Operation) -> Iterator[AnyAccess]:
    """Yield every load and store inside `op`."""
    for inner in op.walk():
        if isinstance(inner, Access | Write):
            yield inner


def body_accesses(block: tir.BlockOp) -> Iterator[AnyAccess]:
    """Yield every load and store in a block's body, not those of its init."""
    for inner in block.body.walk():
        if isinstance(inner, Access | Write):
            yield inner


def written(op: Operation) -> list[SSAValue]:
    """Return the buffers that `op` writes, in the order of their first stores."""
    return list(dict.fromkeys(a.buffer for a in accesses(op) if isinstance(a, Write)))


def read(op: Operation) -> list[SSAValue]:
    """Return the buffers that `op` reads and does not write, in the order of the first loads."""
    own = set(written(op))
    loads = (a.buffer for a in accesses(op) if isinstance(a, Access))
    return list(dict.fromkeys(b for b in loads if b not in own))


def memory_groups(func: tir.FuncOp) -> dict[SSAValue, SSAValue]:
    """Map each output that may share an input's memory to that input."""
    return {func.outputs[o]: func.inputs[i] for i, o in func.aliases()}


def over_loops(access: AnyAccess, block: tir.BlockOp) -> tuple[IntExpr, ...]:
    """Return the indices of an access in a block over the loops that the block is bound to.

    Blocks and loops between the two are seen through.
    """
    indices = access.exprs_over_values(access.indices)
    parent = access.parent_op()
    while parent is not None:
        if isinstance(parent, tir.BlockOp):
            bindings = parent.exprs_over_values(parent.bindings)
            mapping: dict[Hashable, IntExpr | int] = {}
            for region in parent.regions:
                mapping.update(zip(region.block.args, bindings, strict=True))
            indices = substitute_all(indices, mapping)
        if parent is block:
            break
        parent = parent.parent_op()
    return indices


def substitute_all(
    exprs: Iterable[IntExpr], mapping: Mapping[Hashable, IntExpr | int]
) -> tuple[IntExpr, ...]:
    """Return expressions with variables replaced."""
    return tuple(expr.substitute(mapping) for expr in exprs)


def loops_between(outer: Operation, op: Operation) -> list[tir.ForOp]:
    """Return the loops inside `outer` and around `op`, in any scope, innermost first."""
    found: list[tir.ForOp] = []
    parent = op.parent_op()
    while parent is not None and parent is not outer:
        if isinstance(parent, tir.ForOp):
            found.append(parent)
        parent = parent.parent_op()
    return found


# -- boxes -------------------------------------------------------------------------------------


def inner_ends(loops: Iterable[tir.ForOp]) -> dict[Hashable, Ends]:
    """Return the first and last value of the loops' variables."""
    return {loop.induction_var: (const(0), loop.extent_expr() - 1) for loop in loops}


def box_of(
    indices: Sequence[IntExpr], shape: Sequence[IntExpr], inner: Inner, outer: Bounds
) -> Box:
    """Return the elements that an access touches over the loops in `inner`.

    An axis about which nothing is known is touched in all of its extent.

    Args:
        indices: over loop variables.
        shape: the buffer's.
        inner: the ends of the loops that run.
        outer: the bounds of all variables.
    """
    known = set(outer) | set(inner)
    result: list[Ends] = []
    for index, dim in zip(indices, shape, strict=True):
        ends = None
        if all(key in known for key in index.free_vars()):
            ends = relax(index, inner, outer)
        result.append(ends or (const(0), dim - 1))
    return tuple(result)


def union(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around several."""
    return tuple(
        (min_(*(lo for lo, _ in ends)), max_(*(hi for _, hi in ends)))
        for ends in zip(*boxes, strict=True)
    )


def relax(expr: IntExpr, inner: Inner, outer: Bounds) -> Ends | None:
    """Return the least and greatest value over `inner`; None where that is not known.

    Every occurrence of a variable is taken for itself, so the ends may be too far apart.
    """
    lo = hi = const(expr.constant)
    for mono, coef in expr.terms:
        moving = [a for a in mono.atoms if _depends(a, inner)]
        rest = const(coef)
        for atom in mono.atoms:
            if atom not in moving:
                rest = rest * _expr_of(atom)
        if not moving:
            lo, hi = lo + rest, hi + rest
            continue
        ends = _relax_atom(moving[0], inner, outer) if len(moving) == 1 else None
        if ends is None:
            return None
        if rest.provably_ge0(outer):
            lo, hi = lo + rest * ends[0], hi + rest * ends[1]
        elif (-rest).provably_ge0(outer):
            lo, hi = lo + rest * ends[1], hi + rest * ends[0]
        else:
            return None
    return lo.simplify(outer), hi.simplify(outer)


def _depends(atom: object, inner: Inner) -> bool:
    if isinstance(atom, Var):
        return atom.key in inner
    return any(key in inner for arg in getattr(atom, "args", ()) for key in arg.free_vars())


def _expr_of(atom: object) -> IntExpr:
    match atom:
        case Var():
            return var(atom.key)
        case FloorDiv():
            return atom.args[0] // atom.args[1]
        case Mod():
            return atom.args[0] % atom.args[1]
        case Min():
            return min_(*atom.args)
        case Max():
            return max_(*atom.args)
        case _:
            raise NotImplementedError(f"regions: atom {type(atom).__name__}")


def _relax_atom(atom: object, inner: Inner, outer: Bounds) -> Ends | None:
    match atom:
        case Var():
            lo, hi = inner[atom.key]
            others = {key: ends for key, ends in inner.items() if key != atom.key}
            if any(key in others for key in hi.free_vars()):  # a triangular loop
                relaxed = relax(hi, others, outer)
                return None if relaxed is None else (lo, relaxed[1])
            return lo, hi
        case FloorDiv():
            ends = _relax_divided(atom.args, inner, outer)
            return None if ends is None else (ends[0] // atom.args[1], ends[1] // atom.args[1])
        case Mod():
            ends = _relax_divided(atom.args, inner, outer)
            return None if ends is None else _relax_mod(ends, atom.args[1], outer)
        case Min() | Max():
            pairs = [relax(arg, inner, outer) for arg in atom.args]
            known = [pair for pair in pairs if pair is not None]
            pick = min_ if isinstance(atom, Min) else max_
            if len(known) < len(pairs):
                return None
            return pick(*(lo for lo, _ in known)), pick(*(hi for _, hi in known))
        case _:
            return None


def _relax_divided(args: Sequence[IntExpr], inner: Inner, outer: Bounds) -> Ends | None:
    """Return the ends of a dividend whose divisor is positive and does not move."""
    dividend, divisor = args
    if any(key in inner for key in divisor.free_vars()) or not divisor.provably_ge0(outer):
        return None
    return relax(dividend, inner, outer)


def _relax_mod(ends: Ends, divisor: IntExpr, outer: Bounds) -> Ends:
    first, last = (end // divisor for end in ends)
    if (last - first).simplify(outer) == 0:
        return ends[0] % divisor, ends[1] % divisor
    return const(0), divisor - 1


def shape_of(buffer: SSAValue) -> tuple[IntExpr, ...]:
    """Return the extents of a buffer."""
    assert isinstance(buffer.type, tir.BufferType)
    return tuple(as_expr(dim) for dim in buffer.type.shape)
