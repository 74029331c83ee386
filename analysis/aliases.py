"""Which values of a graph function share memory once tensors are memory.

A *leaf* is a tensor (or object) inside a value: tuples are taken apart, `(value, path)`. The
*source* of a leaf is the leaf whose memory it lies in: a reshape or a prefix lies in its operand's,
an in-place result in its argument's, where that is safe. Sources are results of calls and control
flow, constants and block arguments.

In place is safe when the kernel allows the pair, nobody reads the argument afterwards, no other
argument of the call lies in the same memory, and the memory is the function's own: not an input's,
a constant's, nor one that a branch may have taken from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from xdsl.dialects.builtin import TupleType
from xdsl.ir import Attribute, Block, Operation, OpResult, Region, SSAValue

from ..dialects import relax, tir

Path = tuple[int, ...]


class Leaf(NamedTuple):
    """A tensor or object inside a value: the fields to take, outermost first."""

    value: SSAValue
    path: Path = ()

    @property
    def type(self) -> Attribute:
        """The leaf's own type."""
        found = self.value.type
        for index in self.path:
            assert isinstance(found, TupleType), "a path leads through tuples"
            found = found.types.data[index]
        return found

    @property
    def block(self) -> Block | None:
        """The block that defines the value."""
        owner = self.value.owner
        return owner if isinstance(owner, Block) else owner.parent

    @property
    def op(self) -> Operation | None:
        """The operation whose result the value is, or None for a block's argument."""
        owner = self.value.owner
        return None if isinstance(owner, Block) else owner


def leaf_paths(type_: Attribute) -> Iterator[Path]:
    """Yield the paths to the leaves of a type, in order."""
    if isinstance(type_, TupleType):
        for index, field in enumerate(type_.types.data):
            yield from ((index, *rest) for rest in leaf_paths(field))
    else:
        yield ()


def leaf_types(type_: Attribute) -> Iterator[Attribute]:
    """Yield the types of the leaves of a type, in order."""
    if isinstance(type_, TupleType):
        for field in type_.types.data:
            yield from leaf_types(field)
    else:
        yield type_


def leaves_of(value: SSAValue) -> list[Leaf]:
    """Return the leaves of a value."""
    return [Leaf(value, path) for path in leaf_paths(value.type)]


def whole(leaf: Leaf) -> Leaf:
    """Return where a leaf is first a value of its own: through relax.tuple and its fields."""
    value, path = leaf
    while isinstance(value, OpResult):
        match value.op:
            case relax.TupleOp() if path:
                value, path = value.op.fields[path[0]], path[1:]
            case relax.TupleGetItemOp():
                value, path = value.op.tuple_value, (value.op.index.value.data, *path)
            case _:
                break
    return Leaf(value, path)


class Aliases:
    """The memory that the leaves of one relax.func share, once in-place calls are judged."""

    def __init__(self, func: relax.FuncOp, kernels: Mapping[str, tir.FuncOp]) -> None:
        """Judge every in-place call of `func`.

        Args:
            func: the function.
            kernels: the kernels of the module by name; they say which pairs may alias.
        """
        self.kernels = kernels
        self.position: dict[Operation, int] = {}
        self._in_place: dict[SSAValue, SSAValue] = {}
        for position, op in enumerate(func.body.walk()):
            self.position[op] = position
        for op in self.position:
            if isinstance(op, relax.CallTIRInplaceOp):
                self._judge(op)

    # ---- sources -----------------------------------------------------------------

    def source(self, leaf: Leaf) -> Leaf:
        """Return the leaf in whose memory `leaf` lies; itself when it is the first."""
        while True:
            leaf = whole(leaf)
            below = self._below(leaf.value) if not leaf.path else None
            if below is None:
                return leaf
            leaf = Leaf(below)

    def _below(self, value: SSAValue) -> SSAValue | None:
        if not isinstance(value, OpResult):
            return None
        match value.op:
            case relax.ReshapeOp() | relax.MatchCastOp():
                return value.op.x
            case relax.PrefixOp():
                return value.op.xs[value.index]
            case relax.CallTIRInplaceOp():
                return self._in_place.get(value)
            case _:
                return None

    def in_place(self, result: SSAValue) -> SSAValue | None:
        """Return the argument whose memory a result of call_tir_inplace takes, if it may."""
        return self._in_place.get(result)

    # ---- uses --------------------------------------------------------------------

    def sharers(self, value: SSAValue, without: Operation | None = None) -> set[SSAValue]:
        """Return the values that may lie in the memory of `value`, itself included.

        Args:
            value: whose memory is asked about.
            without: an operation through which the search does not go.
        """
        found = {value}
        pending = [value]
        while pending:
            for use in pending.pop().uses:
                if use.operation is without:
                    continue
                for sharer in self._shared_by(use.operation, use.index):
                    if sharer not in found:
                        found.add(sharer)
                        pending.append(sharer)
        return found

    def _shared_by(self, op: Operation, index: int) -> list[SSAValue]:
        """Return the results of `op` that may lie in the memory of its operand `index`."""
        match op:
            case (
                relax.TupleOp()
                | relax.TupleGetItemOp()
                | relax.ReshapeOp()
                | relax.MatchCastOp()
                | relax.CallPackedOp()
                | relax.MakeClosureOp()
                | relax.InvokeClosureOp()
            ):
                return list(op.results)
            case relax.PrefixOp():
                return [op.res[index - 1]] if index else []
            case relax.CallTIRInplaceOp():
                operand = op.operands[index]
                return [r for r in op.results if self._in_place.get(r) is operand]
            case relax.YieldOp():
                parent = op.parent_op()
                return [parent.results[index]] if isinstance(parent, relax.IfOp) else []
            case _:
                return []

    def used_from(
        self, value: SSAValue, op: Operation, *, at: bool = False, through: bool = True
    ) -> bool:
        """Tell whether the memory of `value` may be read after `op`, in the block of `op`.

        Args:
            value: whose memory is asked about.
            op: an operation of some block.
            at: whether a use by `op` itself, or inside it, counts too.
            through: whether what `op` makes of the value counts as its memory.
        """
        block = op.parent
        assert block is not None
        for sharer in self.sharers(value, None if through else op):
            for use in sharer.uses:
                user = _ancestor_in(use.operation, block)
                if user is None:
                    return True
                if user is op:
                    if at:
                        return True
                elif self.position[user] > self.position[op]:
                    return True
        return False

    # ---- in place ----------------------------------------------------------------

    def _judge(self, op: relax.CallTIRInplaceOp) -> None:
        for result, argument in zip(op.results, op.inplace_args, strict=True):
            if argument >= 0 and self.may_overwrite(op, argument, result):
                self._in_place[result] = op.args[argument]

    def may_overwrite(
        self, op: relax.CallTIROp | relax.CallTIRInplaceOp, argument: int, result: OpResult
    ) -> bool:
        """Tell whether a call's result may lie in an argument's memory (module docstring)."""
        kernel = self.kernels.get(op.callee_name)
        if kernel is None or (argument, result.index) not in kernel.aliases():
            return False
        value = op.args[argument]
        source = self.source(Leaf(value))
        if source.block is not op.parent or not is_owned(source):
            return False
        others = (
            self.source(Leaf(arg))
            for i, arg in enumerate(op.args)
            if i != argument and (i, result.index) not in kernel.aliases()
        )
        return source not in others and not self.used_from(source.value, op, through=False)


def is_owned(source: Leaf) -> bool:
    """Tell whether the memory of a source is the function's own, to be written again."""
    match source.op:
        case (
            relax.CallTIROp() | relax.CallTIRInplaceOp() | relax.CallDPSPackedOp() | relax.CallOp()
        ):
            return True
        case relax.WhileOp():
            return _has_a_place(source.type)
        case None:
            return is_loop_body(source.block) and _has_a_place(source.type)
        case _:
            return False


def _has_a_place(type_: Attribute) -> bool:
    """Tell whether a loop keeps such values in memory of its own; others are handed on.

    What is handed on may be what the loop began with.
    """
    return isinstance(type_, relax.TensorType) and type_.known_shape() is not None


def is_loop_body(block: Block | None) -> bool:
    """Tell whether a block is the body of a relax.while, whose arguments are loop-carried."""
    region: Region | None = None if block is None else block.parent
    loop = None if region is None else region.parent
    return isinstance(loop, relax.WhileOp) and region is loop.body_region


def _ancestor_in(op: Operation, block: Block) -> Operation | None:
    """Return the operation of `block` that is, or holds, `op`."""
    current: Operation | None = op
    while current is not None and current.parent is not block:
        current = current.parent_op()
    return current
