"""defer-scales: a product is scaled row by row, not what it reads.

Rewrites   for i, j { t[i, j] = e[i, j] * s[i] } ; for i, c, j { y[i, c] += t[i, j] * v[j, c] }
into       for i, c, j { p[i, c] += e[i, j] * v[j, c] } ; for i, c { y[i, c] = p[i, c] * s[i] }

where there are fewer results than factors: attention divides what its weights have summed up, in
registers, and the weights stay the exponentials that they are.

Needs:  kernels as compute definitions with blocks inlined (inline-blocks).
Leaves: such scales in the epilogues of products.
Why here: before fuse-rows, which sees a step less. Not where operations round as in the model.
Source: Dao et al., "FlashAttention", NeurIPS 2022, whose output is scaled once, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nests import Nest, nest_of
from ...analysis.nominal import nominal_extent
from ...dialects import tir
from ...dialects.tir.clone import Cloner, Exprs
from ...symbolic import IntExpr, var
from .schedule.lanes import combining_op


@dataclass(frozen=True, eq=False)
class _Scale:
    """A map that only scales.

    Attributes:
        nest: the map.
        scaled: the load of what it scales.
        by: the load of the scales.
    """

    nest: Nest
    scaled: tir.LoadOp
    by: tir.LoadOp

    def at(self, load: tir.LoadOp, place: Exprs) -> Exprs:
        """Return where a load reads when the map writes at a place."""
        values = dict(zip(self.nest.block.iter_vars, place, strict=True))
        return tuple(e.substitute(values) for e in load.exprs_over_values(load.indices))


def _scales_of(nest: Nest) -> list[_Scale]:
    """Return a map as the product of two loads, either of which may be the scale."""
    ops = list(nest.block.body.block.ops) if not nest.reduce and nest.is_flat else []
    if len(ops) != 4 or not nest.is_plain or not nest.writes_identity():
        return []
    first, second, product, _ = ops
    if not isinstance(first, tir.LoadOp) or not isinstance(second, tir.LoadOp):
        return []
    if not isinstance(product, arith.MulfOp) or {*product.operands} != {
        first.result,
        second.result,
    }:
        return []
    return [_Scale(nest, first, second), _Scale(nest, second, first)]


def _reader_of(nest: Nest) -> tuple[Nest, tir.LoadOp] | None:
    """Return the sum right after a map that alone reads what it writes, and its load."""
    buffer = nest.stores[0].buffer
    readers = [use.operation for use in buffer.uses if use.operation is not nest.stores[0]]
    op = nest.root.next_op
    while isinstance(op, tir.AllocOp):
        op = op.next_op
    reader = nest_of(op) if op is not None else None
    if reader is None or not reader.is_plain or not reader.writes_identity():
        return None
    if not isinstance(buffer.owner, tir.AllocOp) or len(readers) != 1:
        return None
    combine, (load,) = combining_op(reader) if reader.reduce else None, readers
    if not isinstance(combine, arith.AddfOp) or load not in reader.loads:
        return None
    return (reader, load) if isinstance(load, tir.LoadOp) and _is_factor(load, combine) else None


def _is_factor(load: tir.LoadOp, combine: Operation) -> bool:
    """Tell whether what is added is a product of a load, or the load itself."""
    users = [use.operation for use in load.result.uses]
    if users == [combine]:
        return True
    products = [op for op in users if isinstance(op, arith.MulfOp)]
    added = [use.operation for op in products for use in op.results[0].uses]
    return len(users) == len(products) == 1 and added == [combine]


def _gains(scale: _Scale, reader: Nest, load: tir.LoadOp) -> bool:
    """Tell whether the scale is the same along the sum, and there are fewer sums than factors."""
    place = load.exprs_over_values(load.indices)
    keys = {key for e in scale.at(scale.by, place) for key in e.free_vars()}
    if any(reader.block.iter_vars[axis] in keys for axis in reader.reduce):
        return False
    results = prod(nominal_extent(reader.extents[axis]) for axis in reader.spatial)
    return results <= prod(map(nominal_extent, scale.nest.extents))


class _Unscaled(Cloner):
    """Clones the sum with the factors as they were, into a buffer of its own."""

    def __init__(
        self, block: Block, scale: _Scale, load: tir.LoadOp, out: tuple[SSAValue, SSAValue]
    ) -> None:
        super().__init__(block, values={out[0]: out[1]})
        self.scale = scale
        self.factor = load

    def load(
        self, op: tir.LoadOp | tir.PredicatedLoadOp, indices: Exprs, conditions: Exprs
    ) -> SSAValue:
        if op is not self.factor:
            return super().load(op, indices, conditions)
        read = tir.LoadOp(self.scale.scaled.buffer, self.scale.at(self.scale.scaled, indices))
        return self.append(read, op.location).results[0]


def _map_nest(scale: _Scale, reader: Nest, load: tir.LoadOp, sums: SSAValue) -> Operation:
    """Return the nest that scales the sums."""
    extents = [reader.extents[axis] for axis in reader.spatial]
    loops = [Block(arg_types=[tir.INDEX]) for _ in extents]
    body = Block(arg_types=[tir.INDEX] * len(extents))
    cloner, location = Cloner(body), scale.nest.block.location
    place: list[IntExpr] = [var(arg) for arg in body.args]
    for axis, value in zip(reader.spatial, place, strict=True):
        cloner.exprs[reader.block.iter_vars[axis]] = value
    by = scale.at(scale.by, load.exprs_over_values(load.indices))
    total = cloner.append(tir.LoadOp(sums, place), location).results[0]
    factor = tir.LoadOp(scale.by.buffer, cloner.substitute(by))
    product = arith.MulfOp(total, cloner.append(factor, location).results[0])
    value = cloner.append(product, location).results[0]
    cloner.append(tir.StoreOp(value, reader.stores[0].buffer, place), location)
    iters = [
        (tir.IterKind.SPATIAL, extent, var(loop.args[0]))
        for extent, loop in zip(extents, loops, strict=True)
    ]
    op: Operation = tir.BlockOp(scale.nest.block.block_name.data, iters, Region(body))
    op.location = location
    for extent, loop in zip(reversed(extents), reversed(loops), strict=True):
        loop.add_op(op)
        op = tir.ForOp(extent, Region(loop))
        op.location = location
    return op


def _defer(nest: Nest) -> None:
    """Let a sum read what a map scales, and scale the sum."""
    scales = _scales_of(nest)
    found = _reader_of(nest) if scales else None
    if found is None:
        return
    reader, load = found
    scale = next((scale for scale in scales if _gains(scale, reader, load)), None)
    block = reader.root.parent
    if scale is None or block is None:
        return
    out = reader.stores[0].buffer
    assert isinstance(out.type, tir.BufferType)
    sums = tir.AllocOp(tir.BufferType.of(out.type.shape, out.type.dtype))
    sums.location = reader.block.location
    scratch = Block()
    _Unscaled(scratch, scale, load, (out, sums.buffer)).clone([reader.root])
    copy = scratch.first_op
    assert copy is not None, "a nest was cloned"
    copy.detach()
    for op in (sums, copy, _map_nest(scale, reader, load, sums.buffer)):
        block.insert_op_before(op, reader.root)
    buffer = nest.stores[0].buffer.owner
    for op in (reader.root, nest.root, buffer):
        assert isinstance(op, Operation), "only what is allocated is scaled"
        op.detach()
        op.erase()


@dataclass(frozen=True)
class DeferScalesPass(ModulePass):
    """See the module docstring."""

    name = "defer-scales"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp) and not func.aliases():
                for nest in [nest_of(root) for root in func.body.block.ops]:
                    if nest is not None and nest.loops and nest.root.parent is not None:
                        _defer(nest)
