"""A module of the `llvm` dialect as the text of LLVM IR: one walk, a rule per operation.

Names are given to all values and blocks of a function before its first line is written, so the
order of blocks does not matter. Block arguments become phi instructions.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation, SSAValue

from ...dialects import llvm
from ...dialects.target import MODULE_ATTRIBUTE, Target, target_of
from .constants import type_text
from .instructions import INLINE, RULES, check_known, edge_label
from .scope import FunctionScope, ModuleScope, refusal, string_text
from .symbols import function_header, global_text

_TRIPLE, _LAYOUT = "llvm.target_triple", "llvm.data_layout"
_MODULE_ATTRIBUTES = frozenset((MODULE_ATTRIBUTE, _TRIPLE, _LAYOUT))

# A conditional branch's operands: the condition, those of its first and of its second edge.
_Edge = tuple[str, Sequence[SSAValue]]


def emit_module(module: ModuleOp) -> str:
    """Return the LLVM IR of a module.

    The attribute `tyrex.target` becomes the triple, and CPU and features of every function.

    Raises:
        NotImplementedError: an operation or an attribute that has no text here, by name.
    """
    for name in module.attributes:
        if name not in _MODULE_ATTRIBUTES:
            raise refusal(module, f"attribute '{name}' of the module")
    target = target_of(module)
    scope = ModuleScope()
    lines = _header(module, target)
    for op in module.body.block.ops:
        match op:
            case llvm.GlobalOp():
                lines.append(global_text(op, target))
            case llvm.FuncOp():
                lines += _function(scope, op, target)
            case _:
                raise refusal(op, "it is no function and no global; lower it to `llvm` first")
    lines += scope.declarations.values()
    lines += [f"attributes #{n} = {{ {text} }}" for text, n in scope.attribute_groups.items()]
    lines += scope.metadata.lines()
    lines.append("")
    return "\n".join(lines)


def _header(module: ModuleOp, target: Target | None) -> list[str]:
    lines: list[str] = []
    triple = module.attributes.get(_TRIPLE)
    if target is not None and triple is not None:
        raise refusal(module, f"it has both {_TRIPLE} and {MODULE_ATTRIBUTE}; keep one")
    if target is not None:
        lines.append(f"target triple = {string_text(target.triple)}")
    for name, word in ((_TRIPLE, "triple"), (_LAYOUT, "datalayout")):
        attribute = module.attributes.get(name)
        if isinstance(attribute, StringAttr):
            lines.append(f"target {word} = {string_text(attribute.data)}")
        elif attribute is not None:
            raise refusal(module, f"{name} has to be a string, found {attribute}")
    return lines


def _function(module: ModuleScope, op: llvm.FuncOp, target: Target | None) -> list[str]:
    if not op.body.blocks:
        return [function_header(module, op, None, None)]
    scope = FunctionScope(module)
    blocks = tuple(op.body.blocks)
    edges = _name_everything(scope, blocks)
    names = [scope.names[arg] for arg in blocks[0].args]
    lines = [f"{function_header(module, op, names, target)} {{"]
    for block in blocks:
        lines.append(f"{scope.labels[block]}:")
        if block is not blocks[0]:
            lines += _phis(scope, block, edges.get(block, []))
        elif block in edges:
            raise refusal(op, "a branch to the entry block")
        _instructions(scope, block, lines)
    lines.append("}")
    return lines


def _name_everything(scope: FunctionScope, blocks: Sequence[Block]) -> dict[Block, list[_Edge]]:
    """Name every block and value; return the edges into each block: label and values."""
    for number, block in enumerate(blocks):
        scope.labels[block] = f"bb{number}"
    edges: dict[Block, list[_Edge]] = {}
    for block in blocks:
        for arg in block.args:
            scope.fresh(arg)
        for op in block.ops:
            if (rule := INLINE.get(type(op))) is not None:
                if not _only_known(op, rule.known):
                    check_known(op, rule)
                scope.name(op.results[0], rule.emit(scope, op))
            elif op.results:
                scope.fresh(op.results[0])
        _collect_edges(scope, block, edges)
    return edges


def _last(block: Block) -> Operation:
    op = block.last_op
    assert op is not None, "a block ends in a terminator"
    return op


def _collect_edges(scope: FunctionScope, block: Block, edges: dict[Block, list[_Edge]]) -> None:
    op = _last(block)
    label = scope.labels[block]
    if isinstance(op, llvm.BrOp):
        edges.setdefault(op.successors[0], []).append((label, op.operands))
    elif isinstance(op, llvm.CondBrOp):
        then, else_ = op.successors
        then_values, else_values = tuple(op.then_arguments), tuple(op.else_arguments)
        first = label
        if then is else_ and then_values != else_values:
            # A phi cannot tell two edges from one block apart: the first gets a block.
            scope.split_edges.add(op)
            first = edge_label(scope, op)
        edges.setdefault(then, []).append((first, then_values))
        edges.setdefault(else_, []).append((label, else_values))


def _phis(scope: FunctionScope, block: Block, incoming: Sequence[_Edge]) -> list[str]:
    lines: list[str] = []
    names = scope.names
    for label, values in incoming:
        if len(values) != len(block.args):
            raise refusal(
                _last(block),
                f"its block has {len(block.args)} arguments; {label} branches to it with "
                f"{len(values)} values",
            )
    for index, arg in enumerate(block.args):
        if not incoming:  # unreachable: nobody can read the argument
            lines.append(f"  {names[arg]} = freeze {type_text(arg.type)} poison")
            continue
        pairs = ", ".join([f"[ {names[v[index]]}, %{label} ]" for label, v in incoming])
        lines.append(f"  {names[arg]} = phi {type_text(arg.type)} {pairs}")
    return lines


def _only_known(op: Operation, known: frozenset[str]) -> bool:
    return op.properties.keys() <= known and (not op.attributes or op.attributes.keys() <= known)


def _instructions(scope: FunctionScope, block: Block, lines: list[str]) -> None:
    names = scope.names
    for op in block.ops:
        rule = RULES.get(type(op))
        if rule is None:
            if type(op) in INLINE:
                continue
            raise refusal(op, "the operation has no rule")
        emit, known = rule
        if not _only_known(op, known):
            check_known(op, rule)
        text = emit(scope, op)
        lines.append(f"  {names[op.results[0]]} = {text}" if op.results else f"  {text}")
