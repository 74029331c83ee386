"""Is this module well formed? Everything that later code takes for granted, checked in one walk.

xDSL's `Operation.verify` checks each operation by itself and names no culprit; it checks neither
that definitions come before uses nor that branches pass what their targets take. Here one walk
over the module checks, for every operation:

- operands are visible and defined before (SSA dominance over blocks, regions and isolated ones);
- block structure: a terminator ends each block that needs one, successors are in the region;
- a branch passes as many values as its target has arguments, of the same types;
- symbols are defined once in their table;
- what the operation itself demands (`verify_`, then the optional `verify_symbols`).

The first fault is raised as a `CompileError` with its operation. The walk is linear in the size of
the module: visible values live in one set, filled and emptied along the dominator tree.

Operations may provide three methods. `successor_operands(index)` returns the operands that go to
the arguments of successor `index`; without it the last operand groups are taken, one per successor.
`may_pass(found, expected)` tells whether an argument may have another type than what is passed.
`verify_symbols()` checks what needs the whole body of the operation (symbolic dimensions, symbol
references); it runs when everything inside the operation is known to be valid.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import cast

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Attribute, Block, BlockArgument, Operation, OpResult, Region, SSAValue
from xdsl.irdl import IRDLOperation, OptOperandDef, VarOperandDef
from xdsl.traits import IsolatedFromAbove, IsTerminator, NoTerminator, SymbolTable
from xdsl.utils.exceptions import VerifyException

from .diagnostics import CompileError
from .dominance import Dominators


def verify_module(module: Operation) -> None:
    """Raise `CompileError` at the first operation in `module` that is not well formed."""
    _Verifier().op(module)


class _Verifier:
    """One walk; `visible` holds the values that an operation at this point may use."""

    def __init__(self) -> None:
        self.visible: set[SSAValue] = set()

    def op(self, op: Operation) -> None:
        """Check `op` and all that is inside it; its results become visible to the caller."""
        visible = self.visible
        for operand in op.operands:
            if operand not in visible:
                raise _invisible(op, operand)
        if op.successors:
            _check_successors(op)
        if op.regions:
            self._regions(op)
        try:
            op.verify_()
        except CompileError:
            raise
        except VerifyException as error:
            raise CompileError(op, str(error)) from error
        if (hook := getattr(op, "verify_symbols", None)) is not None:
            _run_hook(op, hook)

    def _regions(self, op: Operation) -> None:
        if op.has_trait(SymbolTable):
            _check_symbols_unique(op)
        isolated = op.has_trait(IsolatedFromAbove)
        outer = self.visible
        if isolated:
            self.visible = set()
        for region in op.regions:
            self._region(op, region)
        self.visible = outer

    def _region(self, op: Operation, region: Region) -> None:
        first = region.first_block
        if first is None:
            return
        if first.next_block is None:
            _check_single_block(op, first)
            self.visible.difference_update(self._block(first))
            return
        for block in region.blocks:
            _check_ends_with_terminator(op, block)
        self._blocks(Dominators(region))

    def _blocks(self, dominators: Dominators) -> None:
        """Check the blocks of a region, each with the values of the blocks that dominate it."""
        defined: list[SSAValue] = []
        open_blocks: list[tuple[int, int]] = []  # (depth in the tree, len(defined) at its start)
        for block, depth in dominators.preorder():
            while open_blocks and open_blocks[-1][0] >= depth:
                start = open_blocks.pop()[1]
                self.visible.difference_update(defined[start:])
                del defined[start:]
            open_blocks.append((depth, len(defined)))
            defined += self._block(block)
        self.visible.difference_update(defined)
        self._unreachable(dominators.unreachable)

    def _unreachable(self, blocks: Sequence[Block]) -> None:
        """Check blocks that never run: everything in their region is visible to them."""
        if not blocks:
            return
        region = cast(Region, blocks[0].parent)
        everything = {value for block in region.blocks for value in _values_of(block)}
        added = everything - self.visible
        self.visible |= added
        for block in blocks:
            for op in block.ops:
                self.op(op)
        self.visible -= added

    def _block(self, block: Block) -> list[SSAValue]:
        """Check a block and return what it defines, all of it visible now."""
        visible = self.visible
        defined: list[SSAValue] = list(block.args)
        visible.update(defined)
        for op in block.ops:
            if op.parent is not block:
                raise CompileError(op, "stands in a block that is not its parent")
            self.op(op)
            if op.results:
                visible.update(op.results)
                defined += op.results
        return defined


def _values_of(block: Block) -> Iterable[SSAValue]:
    yield from block.args
    for op in block.ops:
        yield from op.results


def _run_hook(op: Operation, hook: Callable[[], None]) -> None:
    try:
        hook()
    except CompileError:
        raise
    except VerifyException as error:
        raise CompileError(op, str(error)) from error


def _check_successors(op: Operation) -> None:
    block = op.parent
    if block is None or block.last_op is not op:
        raise CompileError(op, "has successors, so it must be the last operation of a block")
    for index, successor in enumerate(op.successors):
        if successor.parent is not block.parent:
            raise CompileError(op, f"successor #{index} is a block of another region")
        _check_branch_arguments(op, index, successor)


def _check_branch_arguments(op: Operation, index: int, successor: Block) -> None:
    passed = successor_operands(op, index)
    if len(passed) != len(successor.args):
        raise CompileError(
            op,
            f"passes {len(passed)} values to successor #{index},"
            f" which takes {len(successor.args)} arguments",
            _notes_on_block(successor),
        )
    for position, (value, argument) in enumerate(zip(passed, successor.args, strict=True)):
        if value.type != argument.type and not _may_pass(op, value.type, argument.type):
            raise CompileError(
                op,
                f"passes {value.type} as argument #{position} of successor #{index},"
                f" which takes {argument.type}",
                _notes_on_block(successor),
            )


def _may_pass(op: Operation, found: Attribute, expected: Attribute) -> bool:
    hook = getattr(op, "may_pass", None)
    return hook is not None and hook(found, expected)


def successor_operands(op: Operation, index: int) -> Sequence[SSAValue]:
    """Return the operands of `op` that become the arguments of its successor `index`.

    Raises:
        NotImplementedError: the operation's definition does not tell; it needs a method
            `successor_operands`.
    """
    if (method := getattr(op, "successor_operands", None)) is not None:
        return cast(Callable[[int], Sequence[SSAValue]], method)(index)
    if op.name == "cf.switch":
        return _switch_operands(op, index)
    if isinstance(op, IRDLOperation):
        groups = [
            name
            for name, definition in op.get_irdl_definition().operands
            if isinstance(definition, VarOperandDef) and not isinstance(definition, OptOperandDef)
        ]
        if len(groups) >= len(op.successors):
            group = groups[len(groups) - len(op.successors) + index]
            return cast(Sequence[SSAValue], getattr(op, group))
    if not any(block.args for block in op.successors):
        return ()
    raise NotImplementedError(
        f"'{op.name}' does not tell which operands go to which successor:"
        " give it a method `successor_operands(index)`"
    )


def _switch_operands(op: Operation, index: int) -> Sequence[SSAValue]:
    # By name: importing `cf` for its one irregular operation would slow every start.
    if index == 0:
        return cast(Sequence[SSAValue], getattr(op, "default_operands"))  # noqa: B009
    return cast(Sequence[Sequence[SSAValue]], getattr(op, "case_operand"))[index - 1]  # noqa: B009


def _notes_on_block(block: Block) -> list[tuple[Operation | None, str]]:
    return [(block.first_op, "the successor begins here")] if block.first_op is not None else []


def _check_single_block(op: Operation, block: Block) -> None:
    if op.has_trait(NoTerminator):
        return
    if block.last_op is None:
        raise CompileError(op, "has an empty block, which needs at least a terminator")
    _check_ends_with_terminator(op, block)


def _check_ends_with_terminator(op: Operation, block: Block) -> None:
    last = block.last_op
    if last is None:
        raise CompileError(op, "has an empty block, which needs at least a terminator")
    if not last.has_trait(IsTerminator, value_if_unregistered=True):
        raise CompileError(last, f"ends a block of '{op.name}' but is not a terminator")


def _check_symbols_unique(op: Operation) -> None:
    seen: dict[str, Operation] = {}
    for block in op.regions[0].blocks:
        for inner in block.ops:
            name = inner.get_attr_or_prop("sym_name")
            if not isinstance(name, StringAttr):
                continue
            if (first := seen.setdefault(name.data, inner)) is not inner:
                raise CompileError(
                    inner,
                    f"redefines symbol @{name.data}",
                    [(first, "first defined here")],
                    hint="give one of the two another name",
                )


def _invisible(op: Operation, value: SSAValue) -> CompileError:
    """Return the error for an operand that `op` cannot see, saying why it cannot."""
    index = next(i for i, operand in enumerate(op.operands) if operand is value)
    name = f"operand #{index}" + (f" (%{value.name_hint})" if value.name_hint else "")
    if isinstance(value, OpResult):
        definition: Operation | None = value.op
        note = "defined here"
    elif isinstance(value, BlockArgument):
        definition, note = value.block.parent_op(), "an argument of a block of this operation"
    else:
        return CompileError(op, f"{name} was erased", hint="a pass erased a value still in use")
    if definition is None or _root(definition) is not _root(op):
        return CompileError(op, f"{name} is defined outside of the module")
    return CompileError(op, f"{name} {_why_invisible(op, value)}", [(definition, note)])


def _why_invisible(op: Operation, value: SSAValue) -> str:
    owner = value.owner
    block = owner if isinstance(owner, Block) else owner.parent
    isolated: Operation | None = None
    ancestor: Operation | None = op
    while ancestor is not None and ancestor.parent_region() is not _region_of(block):
        ancestor = ancestor.parent_op()
        if isolated is None and ancestor is not None and ancestor.has_trait(IsolatedFromAbove):
            isolated = ancestor
    if ancestor is None:
        return "is defined inside a region that does not enclose this use"
    if isolated is not None:
        return f"is defined outside of '{isolated.name}', which is isolated from above"
    return "does not dominate this use"


def _region_of(block: Block | None) -> Region | None:
    return None if block is None else block.parent


def _root(op: Operation) -> Operation:
    while (parent := op.parent_op()) is not None:
        op = parent
    return op
