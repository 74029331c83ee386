"""transform_layout and pad_einsum: buffers in another order of elements, or larger."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from xdsl.dialects import arith
from xdsl.ir import Block, Operation, Region, SSAValue

from ....analysis.bindings import is_injective
from ....analysis.nests import Access, Nest, Write, nest_of
from ....analysis.regions import (
    Ends,
    accesses,
    body_accesses,
    context_bounds,
    read,
    relax,
    shape_of,
    statement_in,
    written,
)
from ....dialects import dtypes, tir
from ....dialects.tir.values import number_attr
from ....symbolic import IntExpr, as_expr, ceildiv, const, var
from ..schedule.lanes import combining_op
from .errors import describe
from .legality import REDUCE, SPATIAL, Checks, index_variables, name_of
from .rewrite import (
    buffer_name,
    func_of,
    insert_after,
    insert_before,
    nested,
    new_loop,
    set_exprs,
    unique_block_name,
)

Iter = tuple[tir.IterKind, IntExpr, IntExpr]


def transform_layout(
    block: tir.BlockOp, access: str, position: int, index_map: Sequence[IntExpr]
) -> None:
    """Lay a temporary out anew: element `[$0, $1, ...]` stands at `index_map`.

    Blocks keep their loops; what stores at its own variables no longer does, so this comes last.

    Args:
        block: one that uses the buffer.
        access: "read" or "write".
        position: which of the buffers that the block reads (and does not write), or writes.
        index_map: over the buffer's axes.
    """
    checks = Checks("transform_layout")
    buffer = buffer_at(checks, block, access, position)
    alloc = buffer.owner
    if not isinstance(alloc, tir.AllocOp):
        checks.refuse(
            block,
            f"{name_of(buffer)} is an argument of the kernel, whose layout its callers know",
            "cache_read or cache_write it and transform the copy",
        )
    shape = new_shape(checks, block, buffer, index_map)
    new = tir.AllocOp(alloc.buffer_type.with_shape(shape))
    new.buffer.name_hint = alloc.buffer.name_hint
    insert_before(new, alloc, alloc.location)
    for op in [use.operation for use in buffer.uses]:
        assert isinstance(op, Access | Write), "temporaries are loaded and stored only"
        old = op.exprs_over_values(op.indices)
        mapping: dict[Hashable, IntExpr | int] = dict(enumerate(old))
        bounds = context_bounds(op)
        op.operands = [new.buffer if value is buffer else value for value in op.operands]
        set_exprs(op, {"indices": [e.substitute(mapping).simplify(bounds) for e in index_map]})
    alloc.detach()
    alloc.erase()


def buffer_at(checks: Checks, block: tir.BlockOp, access: str, position: int) -> SSAValue:
    """Return a buffer of a block by "read" or "write" and its number."""
    if access not in ("read", "write"):
        checks.refuse(block, f'found "{access}", expected "read" or "write"')
    buffers = read(block) if access == "read" else written(block)
    if not 0 <= position < len(buffers):
        checks.refuse(
            block,
            f"{describe(block)} {access}s {len(buffers)} buffers; there is no number {position}",
        )
    return buffers[position]


def new_shape(
    checks: Checks, block: tir.BlockOp, buffer: SSAValue, index_map: Sequence[IntExpr]
) -> list[IntExpr]:
    """Check that a map gives each element a place of its own; return the extents that it needs."""
    shape = shape_of(buffer)
    text = ", ".join(str(e) for e in index_map)
    extents: dict[Hashable, IntExpr] = dict(enumerate(shape))
    outside = context_bounds(block)
    symbols = {key: value for key, value in outside.items() if isinstance(key, str)}
    if not is_injective(index_map, extents, symbols):
        checks.refuse(
            block,
            f"the map ({text}) puts two elements of {name_of(buffer)} at one place, or that cannot "
            "be ruled out",
        )
    inner: dict[Hashable, Ends] = {n: (const(0), dim - 1) for n, dim in enumerate(shape)}
    bounds = {**symbols, **inner}
    found: list[IntExpr] = []
    for expr in index_map:
        ends = relax(expr, inner, bounds)
        if ends is None or not ends[0].provably_ge0(bounds):
            checks.refuse(block, f"the least value of {expr} in the map ({text}) is negative")
        found.append((ends[1] + 1).simplify(bounds))
    return found


# -- padding ---------------------------------------------------------------------------------


def pad_einsum(block: tir.BlockOp, padding: Sequence[int]) -> None:
    """Let a sum of products run over domains that are multiples of `padding`.

    Operands become copies with zeros around; the result is copied back. So loops divide evenly.
    """
    checks = Checks("pad_einsum")
    nest = _einsum(checks, block, padding)
    domains = block.exprs_over_values(block.domains)
    padded = [ceildiv(d, p) * p for d, p in zip(domains, padding, strict=True)]
    grown = dict(zip(block.iter_vars, padded, strict=True))
    root = nest.root
    func = func_of(block)
    for buffer in [*read(block), *written(block)]:
        places = _places(checks, block, buffer)
        shape = [const(1) if v is None else grown[v] for v in places]
        if list(shape_of(buffer)) == shape:
            continue
        _swap(func, block, buffer, shape, root)
    for loop, extent in zip(nest.loops, padded, strict=True):
        set_exprs(loop, {"extent": [extent]})
    set_exprs(block, {"domains": padded})


def _einsum(checks: Checks, block: tir.BlockOp, padding: Sequence[int]) -> Nest:
    """Check for a fresh sum of products; return its nest."""
    checks.reduction(block, needs_init=True)
    if len(padding) != len(block.kinds.data) or any(p < 1 for p in padding):
        checks.refuse(
            block,
            f"found padding {list(padding)}, expected one positive number for each of "
            f"{len(block.kinds.data)} iteration variables",
        )
    root = statement_in(block, func_of(block))
    nest = None if root is None else nest_of(root)
    if nest is None or not nest.is_plain:
        checks.refuse(
            block,
            f"the loops of {describe(block)} were changed already",
            "pad_einsum comes before split, fuse and reorder",
        )
    combine = combining_op(nest)
    own = written(block)[0]
    if not isinstance(combine, arith.AddfOp | arith.AddiOp) or not any(
        _is_product(operand, own) for operand in combine.operands
    ):
        checks.refuse(
            block, f"{describe(block)} is no sum of products of elements: zeros would count in it"
        )
    return nest


def _is_product(value: SSAValue, own: SSAValue) -> bool:
    """Tell whether a value is zero where all elements that it is made of are."""
    match value.owner:
        case tir.LoadOp():
            return value.owner.buffer is not own
        case arith.MulfOp() | arith.MuliOp():
            return all(_is_product(v, own) for v in value.owner.operands)
        case arith.ExtFOp() | arith.ExtSIOp() | arith.ExtUIOp() | arith.TruncFOp():
            return _is_product(value.owner.operands[0], own)
        case _:
            return False


def _places(checks: Checks, block: tir.BlockOp, buffer: SSAValue) -> list[SSAValue | None]:
    """Check that a buffer is accessed at iteration variables; return them by axis."""
    ops = [op for op in body_accesses(block) if op.buffer is buffer]
    found = [
        index_variables(
            op.exprs_over_values(op.indices), shape_of(buffer), block, (SPATIAL, REDUCE)
        )
        for op in ops
    ]
    first = found[0]
    if first is None or any(places != first for places in found):
        checks.refuse(
            block, f"{describe(block)} uses {name_of(buffer)} other than at iteration variables"
        )
    return first


def _swap(
    func: tir.FuncOp,
    block: tir.BlockOp,
    buffer: SSAValue,
    shape: Sequence[IntExpr],
    root: Operation,
) -> None:
    """Let a block use a larger buffer in the place of one: copied before or after its nest."""
    assert isinstance(buffer.type, tir.BufferType)
    alloc = tir.AllocOp(tir.BufferType.of(shape, buffer.type.dtype))
    alloc.buffer.name_hint = f"{buffer_name(buffer)}_pad"
    first = func.body.block.ops.first
    assert first is not None
    insert_before(alloc, first, block.location)
    writes = buffer in written(block)
    for op in list(accesses(block)):
        if op.buffer is buffer:
            op.operands = [alloc.buffer if v is buffer else v for v in op.operands]
    extents = shape_of(buffer) if writes else shape
    loops = [new_loop(dim, f"ax{n}", block.location) for n, dim in enumerate(extents)]
    body = Block(arg_types=[tir.INDEX] * len(extents))
    args = [var(arg) for arg in body.args]
    ops: list[Operation] = []
    if writes:
        load: Operation = tir.LoadOp(alloc.buffer, args)
    else:
        conditions = [
            dim - 1 - arg
            for dim, arg, extent in zip(shape_of(buffer), args, shape, strict=True)
            if dim is not extent
        ]
        element = dtypes.value_type(buffer.type.dtype)
        zero = arith.ConstantOp.create(
            result_types=[element], properties={"value": number_attr(0, element)}
        )
        ops.append(zero)
        load = tir.PredicatedLoadOp(buffer, args, conditions, zero.result)
    target = buffer if writes else alloc.buffer
    for op in (*ops, load, tir.StoreOp(load.results[0], target, args)):
        op.location = block.location
        body.add_op(op)
    iters: list[Iter] = [
        (SPATIAL, as_expr(dim), var(loop.induction_var))
        for dim, loop in zip(extents, loops, strict=True)
    ]
    copy = tir.BlockOp(unique_block_name(func, alloc.buffer.name_hint), iters, Region(body))
    copy.location = block.location
    outer = nested(loops, [copy]) or copy
    (insert_after if writes else insert_before)(outer, root, block.location)
