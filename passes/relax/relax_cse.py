"""relax-cse: what is computed twice is computed once.

Rewrites   %a = relax.exp %x ; %b = relax.exp %x
into       %a = relax.exp %x                        and %a for %b

Operands of commutative operators may come in any order. A region sees what is computed before it;
what a region computes stays its own. Operators that tell how much they found are equal where they
look at the same: the symbol of the first stands for the other's from there on.

Needs:  nothing.
Leaves: no two equal pure operations of which one is always there for the other.
Why here: after simplifications, which make equal what was written in different ways.
Source: -
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, FunctionType, ModuleOp, TupleType
from xdsl.ir import Attribute, Block, Operation, SSAValue, TypeAttribute
from xdsl.passes import ModulePass
from xdsl.traits import Pure

from ...dialects import relax
from ...dialects.location import fuse_op_locations
from ...dialects.relax.attributes import SYMBOLS_PROPERTY
from ...symbolic import IntExpr, Key, var

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


_TOLD = "what an operator tells"  # in place of symbols that would make equal operators differ


class _Merger:
    """What one function has computed, and the symbols that went with what was computed again."""

    def __init__(self) -> None:
        self.symbols: dict[Key, IntExpr] = {}

    def block(self, block: Block, known: ChainMap[Hashable, Operation]) -> None:
        """Merge the operations of a block with those before, and those around it."""
        for arg in block.args if self.symbols else ():
            self.rename(arg)
        for op in list(block.ops):
            if self.symbols:
                self.rename_all(op)
            for region in op.regions:
                for inner in region.blocks:
                    self.block(inner, known.new_child())
            key = self.key(op)
            if key is None:
                continue
            first = known.setdefault(key, op)
            if first is not op:
                self.merge(first, op)

    def key(self, op: Operation) -> Hashable | None:
        """Return what makes operations equal, None for those that are never equal to another."""
        if isinstance(op, relax.CheckDimsOp):
            return type(op), op.relation, op.dims
        if op.regions or not op.has_trait(Pure, value_if_unregistered=False):
            return None
        if isinstance(op, relax.ConstantOp):
            array = op.value.array
            return (op.value if array.nbytes <= COMPARED_BYTES else id(array), op.result.type)
        operands = op.operands if not isinstance(op, COMMUTATIVE) else sorted(op.operands, key=id)
        types = [result.type for result in op.results]
        properties = dict(op.properties)
        if told := relax.new_symbols(op):
            del properties[SYMBOLS_PROPERTY]
            names: dict[Key, IntExpr] = {n: var(f"{_TOLD} {i}") for i, n in enumerate(told)}
            types = [_substituted(type_, names) for type_ in types]
        return (type(op), *operands, tuple(types), frozenset(properties.items()))

    def merge(self, first: Operation, op: Operation) -> None:
        """Let the first of two equal operations stand for the other one."""
        told = zip(relax.new_symbols(op), relax.new_symbols(first), strict=True)
        self.symbols |= {name: var(other) for name, other in told}
        first.location = fuse_op_locations((first, op))
        for old, new in zip(op.results, first.results, strict=True):
            old.replace_all_uses_with(new)
        op.detach()
        op.erase()

    def rename_all(self, op: Operation) -> None:
        """Give what an operation says of shapes the symbols that are left."""
        for result in op.results:
            self.rename(result)
        for name, attr in op.properties.items():
            if isinstance(attr, relax.DimsAttr):
                op.properties[name] = self.dims(attr)

    def rename(self, value: SSAValue) -> None:
        """Give the type of a value the symbols that are left."""
        new_type = _substituted(value.type, self.symbols)
        if new_type is not value.type:
            # xDSL has no other way to change the type of a result in place.
            value._type = new_type  # pyright: ignore[reportPrivateUsage]

    def dims(self, attr: relax.DimsAttr) -> relax.DimsAttr:
        """Return dims over the symbols that are left."""
        return relax.DimsAttr.of(dim.substitute(self.symbols) for dim in attr.data)


def _substituted(type_: Attribute, symbols: Mapping[Key, IntExpr]) -> Attribute:
    """Return a type over other symbols, itself where it names none of them."""
    if isinstance(type_, TupleType):
        fields = [_substituted(field, symbols) for field in type_.types.data]
        return TupleType(ArrayAttr([f for f in fields if isinstance(f, TypeAttribute)]))
    if not isinstance(type_, relax.TensorType) or type_.shape is None:
        return type_
    if not any(dim is not None and not symbols.keys().isdisjoint(dim.free_vars())
               for dim in type_.shape):  # fmt: skip
        return type_
    dims = (None if dim is None else dim.substitute(symbols) for dim in type_.shape)
    return relax.TensorType.of(dims, type_.dtype)


@dataclass(frozen=True)
class RelaxCsePass(ModulePass):
    """See the module docstring."""

    name = "relax-cse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, relax.FuncOp):
                merger = _Merger()
                merger.block(func.body.block, ChainMap())
                if merger.symbols:
                    types = func.function_type
                    outputs = [_substituted(t, merger.symbols) for t in types.outputs]
                    signature = FunctionType.from_lists(types.inputs.data, outputs)
                    func.properties["function_type"] = signature
