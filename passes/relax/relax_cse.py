"""relax-cse: what is computed twice is computed once.

Rewrites   %a = relax.exp %x ; %b = relax.exp %x
into       %a = relax.exp %x                        and %a for %b

Operands of commutative operators may come in any order. A region sees what is computed before it;
what a region computes stays its own.

Needs:  nothing.
Leaves: no two equal pure operations of which one is always there for the other.
Why here: after simplifications, which make equal what was written in different ways.
Source: -
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Hashable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass
from xdsl.traits import Pure

from ...dialects import relax
from ...dialects.location import fuse_op_locations

COMMUTATIVE = (
    relax.AddOp,
    relax.BitwiseAndOp,
    relax.BitwiseOrOp,
    relax.BitwiseXorOp,
    relax.EqualOp,
    relax.LogicalAndOp,
    relax.LogicalOrOp,
    relax.LogicalXorOp,
    relax.MaximumOp,
    relax.MinimumOp,
    relax.MultiplyOp,
    relax.NotEqualOp,
)
COMPARED_BYTES = 4096  # larger constants are equal where they are one array: no pass over weights


def _key(op: Operation) -> Hashable | None:
    """Return what makes operations equal, None for those that are never equal to another."""
    if op.regions or not op.has_trait(Pure, value_if_unregistered=False) or relax.new_symbols(op):
        return None
    if isinstance(op, relax.ConstantOp):
        array = op.value.array
        return (op.value if array.nbytes <= COMPARED_BYTES else id(array), op.result.type)
    operands = op.operands if not isinstance(op, COMMUTATIVE) else sorted(op.operands, key=id)
    types = tuple(result.type for result in op.results)
    return (type(op), *operands, types, frozenset(op.properties.items()))


def _clean(block: Block, known: ChainMap[Hashable, Operation]) -> None:
    for op in list(block.ops):
        for region in op.regions:
            for inner in region.blocks:
                _clean(inner, known.new_child())
        key = _key(op)
        if key is None:
            continue
        first = known.setdefault(key, op)
        if first is not op:
            first.location = fuse_op_locations((first, op))
            for old, new in zip(op.results, first.results, strict=True):
                old.replace_all_uses_with(new)
            block.erase_op(op)


@dataclass(frozen=True)
class RelaxCsePass(ModulePass):
    """See the module docstring."""

    name = "relax-cse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, relax.FuncOp):
                _clean(func.body.block, ChainMap())
