"""tensorize: a tile that does what an intrinsic describes is done by the intrinsic's code."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from xdsl.ir import Block, Operation, SSAValue

from ....analysis.nests import Access, Nest, Write, nest_of
from ....analysis.regions import over_loops
from ....dialects import tir
from ....dialects.tir.clone import Cloner, Exprs
from ....symbolic import IntExpr, var
from .blockize import blockize, nest_inside
from .errors import describe
from .intrinsics import INTRINSICS
from .legality import Checks, name_of


@dataclass(frozen=True, eq=False)
class _View:
    """An argument of an intrinsic as a part of a buffer.

    Attributes:
        buffer: of the kernel.
        base: where the part starts, one index per axis of the buffer.
        axes: the buffer's axis for each axis of the argument.
    """

    buffer: SSAValue
    base: tuple[IntExpr, ...]
    axes: tuple[int, ...]


@dataclass(eq=False)
class _Match:
    """The comparison of a tile with a description."""

    checks: Checks
    block: tir.BlockOp
    described: tir.BlockOp
    loops: Mapping[Hashable, IntExpr | int]  # the description's loop variables, as the tile's
    inner: frozenset[SSAValue]
    views: dict[SSAValue, _View] = field(default_factory=dict[SSAValue, _View])

    def run(self) -> None:
        """Compare what the bodies store, from the store backwards."""
        mine, theirs = self.block.body.block.last_op, self.described.body.block.last_op
        stores = [op for op in self.block.body.walk() if isinstance(op, Write)]
        if not isinstance(mine, tir.StoreOp) or not isinstance(theirs, tir.StoreOp):
            self.fail("no plain store at the end")
        if len(stores) != 1:
            self.fail(f"{len(stores)} stores, the intrinsic one")
        self.access(mine, theirs)
        self.value(mine.value, theirs.value)

    def value(self, value: SSAValue, expected: SSAValue) -> None:
        """Compare how two values are made."""
        op, other = value.owner, expected.owner
        if not isinstance(op, Operation) or not isinstance(other, Operation):
            self.fail("an index where the intrinsic has none")
        if op.name != other.name:
            self.fail(f"{op.name} where the intrinsic has {other.name}")
        if isinstance(op, Access) and isinstance(other, Access):
            if not isinstance(op, tir.LoadOp):
                self.fail("a load under a condition")
            self.access(op, other)
            return
        if op.properties != other.properties or op.regions:
            self.fail(f"{op.name} in another form than the intrinsic")
        for one, two in zip(op.operands, other.operands, strict=True):
            self.value(one, two)

    def access(self, op: Access | Write, other: Access | Write) -> None:
        """Match the places of an access; the first one of an argument decides where that lies."""
        mine, theirs = op.buffer.type, other.buffer.type
        assert isinstance(mine, tir.BufferType)
        assert isinstance(theirs, tir.BufferType)
        if mine.dtype != theirs.dtype:
            self.fail(f"elements of type {mine.dtype}, the intrinsic {theirs.dtype}")
        indices = over_loops(op, self.block)
        wanted = [e.substitute(self.loops) for e in over_loops(other, self.described)]
        view = self.views.get(other.buffer)
        if view is None:
            view = self.views[other.buffer] = self.view(op, indices, wanted)
        found = list(view.base)
        for axis, index in zip(view.axes, wanted, strict=True):
            found[axis] = found[axis] + index
        if view.buffer is not op.buffer or tuple(found) != tuple(indices):
            self.fail(f"{name_of(op.buffer)} elsewhere than the intrinsic does")

    def view(
        self, op: Access | Write, indices: Sequence[IntExpr], wanted: Sequence[IntExpr]
    ) -> _View:
        """Return where an argument lies in a buffer."""
        base = list(indices)
        axes: list[int] = []
        for index in wanted:
            fits = [
                axis
                for axis in reversed(range(len(base)))
                if axis not in axes
                and not self.moves(indices[axis] - index)
                and (self.moves(index) or index.is_constant)
            ]
            if not fits:
                self.fail(f"{name_of(op.buffer)} in another order than the intrinsic does")
            axes.append(fits[0])
            base[fits[0]] = indices[fits[0]] - index
        if any(self.moves(e) for e in base):
            self.fail(f"{name_of(op.buffer)} along more loops than the intrinsic does")
        return _View(op.buffer, tuple(base), tuple(axes))

    def moves(self, expr: IntExpr) -> bool:
        """Tell whether an expression changes inside the tile."""
        return any(key in self.inner for key in expr.free_vars())

    def fail(self, found: str) -> NoReturn:
        """Refuse."""
        self.checks.refuse(
            self.block,
            f"{describe(self.block)} does not do what the intrinsic describes: it uses {found}",
        )


class _Views(Cloner):
    """Clones an intrinsic's code with its arguments as parts of the kernel's buffers."""

    def __init__(self, block: Block, views: Mapping[SSAValue, _View]) -> None:
        super().__init__(block)
        self.views = views
        self.values.update((argument, view.buffer) for argument, view in views.items())

    def buffer_indices(
        self, op: tir.LoadOp | tir.PredicatedLoadOp | tir.StoreOp | tir.PredicatedStoreOp
    ) -> Exprs:
        """Return indices in the kernel's buffer."""
        indices = super().buffer_indices(op)
        view = self.views.get(op.buffer)
        if view is None:
            return indices
        found = list(view.base)
        for axis, index in zip(view.axes, indices, strict=True):
            found[axis] = found[axis] + index
        return tuple(found)


def tensorize(loop: tir.ForOp, name: str) -> tir.BlockOp:
    """Replace what is inside a loop, itself included, by an intrinsic's code; return its block."""
    checks = Checks("tensorize")
    if name not in INTRINSICS:
        known = ", ".join(sorted(INTRINSICS))
        checks.refuse(loop, f'intrinsic "{name}" is unknown; the known ones are: {known}')
    intrinsic = INTRINSICS[name]()
    nest = _description(intrinsic.description)
    checks.no_vector_around(loop)
    loops, block = nest_inside(checks, loop)
    if block.init is not None:
        checks.refuse(
            block, f"{describe(block)} has an init, the intrinsic none", "decompose_reduction first"
        )
    extents = [o.extent_expr() for o in loops]
    if extents != list(nest.extents):
        checks.refuse(
            loop,
            f"the extents inside are {_text(extents)}, the intrinsic's {_text(nest.extents)}",
        )
    _match(checks, loops, block, nest).run()
    outer = blockize(loop)
    # Bases of the views are over the new block's variables now.
    match = _match(checks, loops, block, nest)
    match.run()
    for op in list(outer.body.block.ops):
        op.detach()
        op.erase()
    arguments = zip(
        intrinsic.implementation.body.block.args,
        intrinsic.description.body.block.args,
        strict=True,
    )
    views: dict[SSAValue, _View] = {mine: match.views[described] for mine, described in arguments}
    cloner = _Views(outer.body.block, views)
    cloner.clone(intrinsic.implementation.body.block.ops)
    for op in outer.body.walk():
        op.location = outer.location
    return outer


def _match(checks: Checks, loops: Sequence[tir.ForOp], block: tir.BlockOp, nest: Nest) -> _Match:
    mapping: dict[Hashable, IntExpr | int] = {
        other.induction_var: var(loop.induction_var)
        for other, loop in zip(nest.loops, loops, strict=True)
    }
    inner = frozenset(loop.induction_var for loop in loops)
    return _Match(checks, block, nest.block, mapping, inner)


def _description(func: tir.FuncOp) -> Nest:
    root = func.body.block.ops.first
    nest = None if root is None else nest_of(root)
    assert nest is not None, "a description is one nest around one block"
    return nest


def _text(extents: Sequence[IntExpr]) -> str:
    return "[" + ", ".join(str(e) for e in extents) + "]"
