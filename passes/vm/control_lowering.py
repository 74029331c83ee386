"""`if` and `while` as blocks: the part of lower-to-vm that branches.

if      memory that both branches fill is allocated before them; a value that a branch takes
        from elsewhere arrives as the argument of the block that follows
while   each tensor that the loop carries has one place: the first values are copied there,
        and the next ones at the end of the body, unless they are computed there at once; one whose
        size may change has a new place each time
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Block, SSAValue

from ...analysis.aliases import Aliases, Leaf, leaves_of
from ...analysis.destinations import Memory, is_shaped, yielded
from ...dialects import relax, vm
from .memory_builder import MemoryBuilder

BRANCH = "what a branch yields"

LowerBlock = Callable[[MemoryBuilder, Block], None]


def lower_if(b: MemoryBuilder, op: relax.IfOp, lower_block: LowerBlock) -> None:
    """Lower a relax.if."""
    leaves = [leaf for result in op.results for leaf in leaves_of(result)]
    for leaf in leaves:
        if leaf in b.destinations.memory:
            b.set_value(leaf, b.memory_of(leaf))
    handed_on = [leaf for leaf in leaves if leaf not in b.destinations.memory]
    arms = Block(), Block()
    following = Block(arg_types=[leaf.type for leaf in handed_on])
    b.emit(vm.CondBranchOp(b.value(Leaf(op.cond)), *arms))
    for arm, region in zip(arms, (op.then_region, op.else_region), strict=True):
        b.start(arm)
        lower_block(b, region.block)
        b.current = op
        for leaf in leaves:
            if leaf in b.destinations.memory:
                _settle(b, yielded(region.block, leaf), leaf, BRANCH)
        values = [_as(b, yielded(region.block, leaf), leaf, BRANCH) for leaf in handed_on]
        b.emit(vm.BranchOp(following, values))
    b.start(following)
    for leaf, arg in zip(handed_on, following.args, strict=True):
        arg.name_hint = leaf.value.name_hint
        b.set_value(leaf, arg)


def _settle(b: MemoryBuilder, leaf: Leaf, target: Leaf, what: str) -> None:
    """See to it that `leaf` lies in the memory of `target`."""
    if b.destinations.of(leaf) is not b.destinations.memory[target]:
        b.copy(_as(b, leaf, target, what), b.value(target))


def _as(b: MemoryBuilder, leaf: Leaf, target: Leaf, what: str) -> SSAValue:
    """Return what `leaf` became, with the type that is declared for `target`."""
    hint = target.value.name_hint
    return b.checked(b.value(leaf), target.type, what + (f" for '{hint}'" if hint else ""))


def lower_while(b: MemoryBuilder, op: relax.WhileOp, lower_block: LowerBlock) -> None:
    """Lower a relax.while."""
    leaves = [leaf for result in op.results for leaf in leaves_of(result)]
    inits = [leaf for init in op.inits for leaf in leaves_of(init)]
    # What may have another size each time is handed on, as objects are.
    carried = [leaf for leaf in leaves if is_shaped(leaf.type)]
    objects = [leaf for leaf in leaves if not is_shaped(leaf.type)]
    starts = dict(zip(leaves, inits, strict=True))
    for leaf in carried:
        b.set_value(leaf, b.memory_of(leaf))
    for leaf in carried:
        _settle(b, starts[leaf], leaf, "what a loop starts with")
    head, body, following = Block(arg_types=[leaf.type for leaf in objects]), Block(), Block()
    handed = [_as(b, starts[leaf], leaf, "what a loop starts with") for leaf in objects]
    b.emit(vm.BranchOp(head, handed))
    for leaf, arg in zip(objects, head.args, strict=True):
        b.set_value(leaf, arg)
    for leaf in leaves:
        for region in (op.cond_region, op.body_region):
            argument = region.block.args[_position(leaf)]
            b.set_value(Leaf(argument, leaf.path), b.value(leaf))
    b.start(head)
    lower_block(b, op.cond_region.block)
    b.current = op
    cond = op.cond_region.block.last_op
    assert isinstance(cond, relax.YieldOp), "verified: a region ends with relax.yield"
    b.emit(vm.CondBranchOp(b.value(Leaf(cond.values[0])), body, following))
    b.start(body)
    lower_block(b, op.body_region.block)
    b.current = op
    _carry(b, op, carried)
    after = [(yielded(op.body_region.block, leaf), leaf) for leaf in objects]
    b.emit(vm.BranchOp(head, [_as(b, *pair, "what a loop yields") for pair in after]))
    b.start(following)


def _carry(b: MemoryBuilder, op: relax.WhileOp, carried: list[Leaf]) -> None:
    """Copy the next values to the loop's memory, all as if at once."""
    block = op.body_region.block
    moves: list[tuple[SSAValue, Leaf]] = []
    pending = [
        (leaf, following)
        for leaf in carried
        if b.destinations.of(following := yielded(block, leaf)) is not b.destinations.memory[leaf]
    ]
    written: set[Memory] = set()
    for leaf, following in pending:
        source = _as(b, following, leaf, "what a loop yields")
        # What an earlier move overwrites is saved before the first of them.
        if any(b.destinations.of(origin) in written for origin in origins(b.aliases, following)):
            scratch = b.fresh(b.shaped_type(following.type))
            b.copy(source, scratch)
            source = scratch
        moves.append((source, leaf))
        written.add(b.destinations.memory[leaf])
    for source, leaf in moves:
        b.copy(source, b.value(leaf))


def origins(aliases: Aliases, leaf: Leaf) -> set[Leaf]:
    """Return the sources that a leaf may lie in, through the branches that hand it on."""
    found: set[Leaf] = set()
    pending = [leaf]
    while pending:
        source = aliases.source(pending.pop())
        if source in found:
            continue
        found.add(source)
        if isinstance(source.op, relax.IfOp):
            for region in (source.op.then_region, source.op.else_region):
                pending.append(yielded(region.block, source))
        elif isinstance(source.op, relax.CallPackedOp | relax.InvokeClosureOp):
            pending += [part for arg in source.op.operands for part in leaves_of(arg)]
    return found


def _position(leaf: Leaf) -> int:
    results = leaf.op.results if leaf.op is not None else ()
    return next(i for i, result in enumerate(results) if result is leaf.value)
