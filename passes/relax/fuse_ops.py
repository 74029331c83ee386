"""fuse-ops: calls of kernels that belong together become a call of one function.

Rewrites   %t = relax.call_tir @conv(%x, %w) ; %r = relax.call_tir @relu(%t)
into       %r = relax.call @fused_conv_relu(%x, %w)    and a relax.func {primitive} of that name

A group has one result and no value inside is used outside; analysis/fusion.py says what joins.
Groups of one structure share a function.

Needs:  `pattern` on every tir.func (annotate-patterns); `tyrex.target` for chains.
Leaves: groups as functions of call_tir that fuse-tir makes kernels of.
Why here: after the graph passes, before schedules: it decides which tensors exist in memory.
Source: Chen et al., OSDI 2018, section 3; TVM src/relax/analysis/graph_partitioner.cc.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr, UnitAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...analysis.fusion import Group, KernelFacts, Partition
from ...analysis.op_patterns import Pattern
from ...analysis.use_graph import use_graph
from ...dialects import relax, tir
from ...dialects.location import fuse_op_locations
from ...dialects.target import target_of
from ...dialects.tir import free_symbols
from ...symbolic import IntExpr

PRIMITIVE = "primitive"  # marks a relax.func that becomes one kernel
MAX_WORDS = 6  # of a function's name


@dataclass
class _Fuser:
    """One module's fusion."""

    module: ModuleOp
    max_depth: int
    cache_bytes: int  # of what all rows of a chain of kernels may read
    functions: dict[str, Operation] = field(default_factory=dict[str, Operation])
    kernels: dict[str, KernelFacts] = field(default_factory=dict[str, KernelFacts])
    groups: dict[Hashable, str] = field(default_factory=dict[Hashable, str])

    def run(self) -> None:
        for op in self.module.body.ops:
            name = op.properties.get("sym_name")
            if isinstance(name, StringAttr):
                self.functions[name.data] = op
        for func in list(self.functions.values()):
            if isinstance(func, relax.FuncOp) and PRIMITIVE not in func.attributes:
                for block in _blocks(func.body):
                    self.fuse_block(block)

    def kernel(self, op: Operation) -> KernelFacts | None:
        """Return what an operation calls, if that is a kernel."""
        if not isinstance(op, relax.CallTIROp):
            return None
        name = op.callee_name
        func = self.functions.get(name)
        if name not in self.kernels and isinstance(func, tir.FuncOp):
            self.kernels[name] = KernelFacts.of(func)
        return self.kernels.get(name)

    def edge_pattern(self, op: Operation, i: int) -> Pattern:
        kernel = self.kernel(op)
        return Pattern.OPAQUE if kernel is None else kernel.inputs[i]

    def new_group(self, op: Operation) -> Group:
        kernel = self.kernel(op)
        if kernel is None or len(op.results) != 1:
            return Group(Pattern.OPAQUE, False)
        rows = kernel.rows
        depth, reduces = (0, False) if rows is None else (rows.depth, rows.reduces)
        chain = None if kernel.chain is None else [kernel.chain]
        return Group(kernel.pattern, kernel.only_moves, depth, reduces, chain)

    def fuse_block(self, block: Block) -> None:
        nodes = use_graph(block, self.edge_pattern)
        groups = [self.new_group(node.op) for node in nodes]
        Partition(nodes, groups, self.max_depth, self.kernel, self.cache_bytes).run()
        members: dict[Group, list[relax.CallTIROp]] = {}
        for node, group in zip(nodes, groups, strict=True):
            if isinstance(node.op, relax.CallTIROp):
                members.setdefault(group.root(), []).append(node.op)
        for calls in members.values():
            while len(calls) > 1 and not _tells_symbols(calls):
                del calls[0]
            if len(calls) > 1:
                self.outline(calls)

    def outline(self, calls: list[relax.CallTIROp]) -> None:
        """Replace calls by one of a function that makes them; the last one's result is its own."""
        last, inside = calls[-1], set(calls)
        location = fuse_op_locations(calls)
        inputs = list(
            dict.fromkeys(arg for op in calls for arg in op.operands if arg.owner not in inside)
        )
        key = _structure(calls, inputs)
        name = self.groups.get(key)
        if name is None:
            name = self.groups[key] = self.new_function(calls, inputs)
        call = relax.CallOp(name, inputs, [result.type for result in last.results])
        call.location = location
        block = last.parent
        assert block is not None
        block.insert_op_before(call, last)
        for old, new in zip(last.results, call.res, strict=True):
            new.name_hint = old.name_hint
            old.replace_all_uses_with(new)
        for op in reversed(calls):
            block.erase_op(op)

    def new_function(self, calls: list[relax.CallTIROp], inputs: list[SSAValue]) -> str:
        """Append a function that makes copies of calls; return its name."""
        name = self.fresh_name(calls)
        body = Block(arg_types=[value.type for value in inputs])
        values: dict[SSAValue, SSAValue] = {}
        for value, arg in zip(inputs, body.args, strict=True):
            arg.name_hint = value.name_hint
            values[value] = arg
        for op in calls:
            body.add_op(op.clone(values))
        last = body.last_op
        assert last is not None
        self.functions[name] = func = _function(name, body, last)
        func.location = fuse_op_locations(calls)
        self.module.body.block.add_op(func)
        return name

    def fresh_name(self, calls: Iterable[relax.CallTIROp]) -> str:
        """Return `fused_` and the names of the kernels, numbered where it is taken."""
        words = [re.sub(r"_\d+$", "", op.callee_name) for op in calls]
        shown = "_".join(words[:MAX_WORDS])
        base = "fused_" + (shown if len(words) <= MAX_WORDS else f"{shown}_{len(words)}")
        name, count = base, 0
        while name in self.functions:
            count += 1
            name = f"{base}_{count}"
        return name


def _tells_symbols(calls: Sequence[relax.CallTIROp]) -> bool:
    """Tell whether the types of what enters and leaves a group mention all symbols inside.

    A kernel has its symbols from the shapes of its arguments: the count of `iota [n + 1]` alone
    tells n, and a group that begins with it has nobody to ask.
    """
    inside = {result for op in calls for result in op.results}
    entering = (arg.type for op in calls for arg in op.operands if arg not in inside)
    told = _symbols_of((*entering, *(result.type for result in calls[-1].results)))
    return told >= _symbols_of(result.type for result in inside)


def _symbols_of(types: Iterable[Attribute]) -> set[str]:
    return set(free_symbols(dim for t in types for dim in _dims_of(t)))


def _dims_of(type_: Attribute) -> Sequence[IntExpr]:
    return type_.known_shape() or () if isinstance(type_, relax.TensorType) else ()


def _structure(calls: Sequence[relax.CallTIROp], inputs: Sequence[SSAValue]) -> Hashable:
    """Return what makes two groups one function: the calls, and what goes where."""
    numbers = {value: i for i, value in enumerate(inputs)}
    for op in calls:
        for result in op.results:
            numbers[result] = len(numbers)
    rows = (
        (op.callee_name, *(numbers[arg] for arg in op.operands), *(r.type for r in op.results))
        for op in calls
    )
    return (tuple(value.type for value in inputs), *rows)


def _blocks(region: Region) -> Iterable[Block]:
    """Yield a region's blocks and those of the regions in it."""
    for block in region.blocks:
        yield block
        for op in list(block.ops):
            for inner in op.regions:
                yield from _blocks(inner)


def _function(name: str, body: Block, last: Operation) -> relax.FuncOp:
    """Return the function of a group: it returns the results of `last`."""
    end = relax.ReturnOp(*last.results)
    end.location = last.location
    body.add_op(end)
    ins = [arg.type for arg in body.args]
    outs = [result.type for result in last.results]
    function_type = FunctionType.from_lists(ins, outs)
    symbols = free_symbols(dim for t in (*ins, *outs) for dim in _dims_of(t))
    attributes: dict[str, Attribute] = {PRIMITIVE: UnitAttr()}
    return relax.FuncOp(name, function_type, Region(body), symbols, attributes=attributes)


@dataclass(frozen=True)
class FuseOpsPass(ModulePass):
    """See the module docstring."""

    name = "fuse-ops"
    max_depth: int = 64
    """The most kernels that may become one."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = target_of(op)
        cache_bytes = 0 if target is None else target.l2_bytes // 2
        _Fuser(op, self.max_depth, cache_bytes).run()
