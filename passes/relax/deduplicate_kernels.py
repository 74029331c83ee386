"""deduplicate-kernels: kernels that do the same become one.

Rewrites   tir.func @add<n>(...) {...}    tir.func @add_3<m>(...) {the same}
into       tir.func @add<n>(...) {...}    and all calls of @add_3 call @add

The same are kernels that differ in names (their own, those of symbols, values and blocks) and in
locations alone; allowed aliases and attributes count. A kernel that nothing calls is an entry of
the module and stays.

Needs:  in-place calls decided (mark-inplace): what may alias is part of a kernel.
Leaves: no two called kernels of one structure.
Why here: after fusion, which makes kernels; before schedules and code, which cost most of all.
Source: -
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax, tir
from ...symbolic import IntExpr, var

NAMES = ("sym_name", "symbols", "block_name")  # properties that only name


class _Structure:
    """Writes a kernel as nested tuples that are equal for kernels of one structure."""

    def __init__(self, kernel: tir.FuncOp) -> None:
        self.numbers: dict[SSAValue, int] = {}
        self.attributes: dict[Attribute, Hashable] = {}
        # No symbol of a program is called so: symbols are identifiers.
        self.symbols = {name: var(f"#{i}") for i, name in enumerate(kernel.symbol_names)}
        self.key: Hashable = (len(self.symbols), self.op(kernel))

    def op(self, op: Operation) -> Hashable:
        numbers = self.numbers
        operands = tuple([numbers[value] for value in op.operands])
        for result in op.results:
            numbers[result] = len(numbers)
        return (
            type(op),
            operands,
            tuple([self.attribute(result.type) for result in op.results]),
            tuple([(k, self.attribute(a)) for k, a in op.properties.items() if k not in NAMES]),
            tuple([(k, self.attribute(a)) for k, a in op.attributes.items()]),
            tuple([self.blocks(region.blocks) for region in op.regions]),
        )

    def blocks(self, blocks: Iterable[Block]) -> Hashable:
        rows: list[Hashable] = []
        for block in blocks:
            for arg in block.args:
                self.numbers[arg] = len(self.numbers)
            types = tuple([self.attribute(arg.type) for arg in block.args])
            rows.append((types, tuple([self.op(op) for op in block.ops])))
        return tuple(rows)

    def attribute(self, attr: Attribute) -> Hashable:
        """Return an attribute with the kernel's symbols in order of declaration."""
        if not self.symbols:
            return attr
        found = self.attributes.get(attr)
        if found is None:
            found = self.attributes[attr] = self.renamed(attr)
        return found

    def renamed(self, attr: Attribute) -> Hashable:
        match attr:
            case tir.ExprsAttr():
                return self.exprs(attr.data)
            case tir.BufferType():
                return attr.with_shape(self.exprs(attr.shape))
            case _:
                return attr

    def exprs(self, exprs: Sequence[IntExpr]) -> tuple[IntExpr, ...]:
        return tuple([expr.substitute(self.symbols) for expr in exprs])


Call = relax.CallTIROp | relax.CallTIRInplaceOp


def _calls(module: ModuleOp) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for func in module.body.ops:
        if isinstance(func, relax.FuncOp):
            for op in func.body.walk():
                if isinstance(op, Call):
                    found.setdefault(op.callee_name, []).append(op)
    return found


@dataclass(frozen=True)
class DeduplicateKernelsPass(ModulePass):
    """See the module docstring."""

    name = "deduplicate-kernels"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        calls = _calls(op)
        kept: dict[Hashable, str] = {}
        for func in list(op.body.ops):
            if not isinstance(func, tir.FuncOp) or func.sym_name.data not in calls:
                continue
            name = func.sym_name.data
            first = kept.setdefault(_Structure(func).key, name)
            if first != name:
                for call in calls[name]:
                    call.properties["callee"] = SymbolRefAttr(first)
                op.body.block.erase_op(func)
