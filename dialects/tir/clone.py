"""Copying kernel code with substitutions: what every rewrite of `tir` is made of.

A `Cloner` appends copies of operations to blocks. Index values become integer expressions
(`exprs`), other values are replaced one for one (`values`); a rewrite overrides `load` or `store`
to redirect accesses.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ...symbolic import IntExpr, var
from .access import LoadOp, PredicatedLoadOp, PredicatedStoreOp, PredicateOp, StoreOp
from .attributes import ExprsAttr, positional
from .base import INDEX, IndexedOp
from .control import BlockOp
from .values import number_attr

Exprs = tuple[IntExpr, ...]


class Cloner:
    """Copies operations into `block`, substituting as it goes."""

    def __init__(
        self,
        block: Block,
        exprs: Mapping[SSAValue, IntExpr] | None = None,
        values: Mapping[SSAValue, SSAValue] | None = None,
    ) -> None:
        self.block = block
        self.exprs: dict[Hashable, IntExpr | int] = {}
        self.exprs.update((value, expr) for value, expr in (exprs or {}).items())
        self.values: dict[SSAValue, SSAValue] = dict(values or {})

    # -- emission ----------------------------------------------------------------------------

    def append(self, op: Operation, location: LocationAttr) -> Operation:
        """Append a new operation with a location; return it."""
        op.location = location
        self.block.add_op(op)
        return op

    def value(self, value: SSAValue) -> SSAValue:
        """Return what a value of the source is in the copy."""
        return self.values.get(value, value)

    def substitute(self, exprs: Iterable[IntExpr]) -> Exprs:
        """Return expressions over the source's values as expressions over the copy's."""
        mapping = self.exprs
        return tuple(expr.substitute(mapping) for expr in exprs) if mapping else tuple(exprs)

    # -- cloning -----------------------------------------------------------------------------

    def clone(self, ops: Iterable[Operation]) -> None:
        """Append copies of `ops`."""
        for op in ops:
            self.clone_op(op)

    def clone_op(self, op: Operation) -> None:
        """Append a copy of one operation (loads and stores go through `load` and `store`)."""
        match op:
            case LoadOp():
                self.values[op.result] = self.load(op, self.buffer_indices(op), ())
            case PredicatedLoadOp():
                conditions = self.substitute(op.exprs_over_values(op.conditions))
                self.values[op.result] = self.load(op, self.buffer_indices(op), conditions)
            case StoreOp():
                self.store(op, self.buffer_indices(op), ())
            case PredicatedStoreOp():
                conditions = self.substitute(op.exprs_over_values(op.conditions))
                self.store(op, self.buffer_indices(op), conditions)
            case _:
                self.clone_generic(op)

    def buffer_indices(self, op: LoadOp | PredicatedLoadOp | StoreOp | PredicatedStoreOp) -> Exprs:
        """Return the indices of an access over the copy's values."""
        return self.substitute(op.exprs_over_values(op.indices))

    def load(self, op: LoadOp | PredicatedLoadOp, indices: Exprs, conditions: Exprs) -> SSAValue:
        """Append the copy of a load; return the value it stands for."""
        buffer = self.value(op.buffer)
        if isinstance(op, PredicatedLoadOp):
            default = self.value(op.default)
            copy: Operation = PredicatedLoadOp(buffer, indices, conditions, default)
        else:
            copy = LoadOp(buffer, indices)
        result = self.append(copy, op.location).results[0]
        result.name_hint = op.result.name_hint
        return result

    def store(self, op: StoreOp | PredicatedStoreOp, indices: Exprs, conditions: Exprs) -> None:
        """Append the copy of a store."""
        value, buffer = self.value(op.value), self.value(op.buffer)
        if conditions:
            self.append(PredicatedStoreOp(value, buffer, indices, conditions), op.location)
        else:
            self.append(StoreOp(value, buffer, indices), op.location)

    def clone_generic(self, op: Operation) -> Operation:
        """Append a copy of any other operation, its regions included; return it."""
        operands, properties = self._operands_and_properties(op)
        copy = op.create(
            operands=operands,
            result_types=[result.type for result in op.results],
            properties=properties,
            attributes=op.attributes,
            regions=[self.clone_region(region) for region in op.regions],
            location=op.location,
        )
        self.block.add_op(copy)
        for old, new in zip(op.results, copy.results, strict=True):
            new.name_hint = old.name_hint
            self.values[old] = new
            if old.type == INDEX:
                self.exprs[old] = var(new)
        return copy

    def _operands_and_properties(
        self, op: Operation
    ) -> tuple[Sequence[SSAValue], dict[str, Attribute]]:
        if not isinstance(op, IndexedOp):
            return [self.value(operand) for operand in op.operands], op.properties
        held = {key: p for key, p in op.properties.items() if isinstance(p, ExprsAttr)}
        exprs = [e for p in held.values() for e in self.substitute(op.exprs_over_values(p))]
        placed, operands = positional(exprs)
        leading = op.operands[: len(op.operands) - len(op.index_operands)]
        properties = dict(op.properties)
        start = 0
        for key, attr in held.items():
            properties[key] = ExprsAttr(placed[start : start + len(attr.data)])
            start += len(attr.data)
        return [*(self.value(v) for v in leading), *operands], properties

    def clone_region(self, region: Region) -> Region:
        """Return a copy of a region; its block's arguments stand for the source's."""
        if not region.blocks:
            return Region()
        source = region.block
        block = Block(arg_types=[arg.type for arg in source.args])
        for old, new in zip(source.args, block.args, strict=True):
            new.name_hint = old.name_hint
            self.values[old] = new
            self.exprs[old] = var(new)
        outer, self.block = self.block, block
        self.clone(source.ops)
        self.block = outer
        return Region(block)


def inline_block_body(cloner: Cloner, block: BlockOp, bindings: Sequence[IntExpr]) -> None:
    """Append a block's body with its iteration variables replaced by `bindings`."""
    for arg, binding in zip(block.iter_vars, bindings, strict=True):
        cloner.exprs[arg] = binding
    cloner.clone(block.body.block.ops)


DIVISIONS = (
    arith.CeilDivSIOp,
    arith.CeilDivUIOp,
    arith.DivSIOp,
    arith.DivUIOp,
    arith.FloorDivSIOp,
    arith.RemSIOp,
    arith.RemUIOp,
)
"""Operations that trap where they divide by zero."""


def clone_division(cloner: Cloner, op: Operation, conditions: Exprs) -> None:
    """Append an integer division that divides by one where a condition fails.

    A divisor whose load does not happen there is zero, and would trap.
    """
    source = op.operands[1]
    divisor = cloner.value(source)
    if not conditions or isinstance(divisor.owner, arith.ConstantOp):
        cloner.clone_generic(op)
        return
    holds = cloner.append(PredicateOp(conditions), op.location).results[0]
    one = arith.ConstantOp.create(
        result_types=[divisor.type], properties={"value": number_attr(1, divisor.type)}
    )
    chosen = arith.SelectOp(holds, divisor, cloner.append(one, op.location).results[0])
    cloner.values[source] = cloner.append(chosen, op.location).results[0]
    cloner.clone_generic(op)
    cloner.values[source] = divisor


def zero_constant(like: SSAValue) -> arith.ConstantOp:
    """Return the constant zero of a value's type."""
    value = number_attr(0, like.type)
    return arith.ConstantOp.create(result_types=[like.type], properties={"value": value})
