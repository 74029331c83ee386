"""What primitives ask before they change anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from xdsl.ir import Operation, SSAValue

from ....analysis.bindings import is_affine
from ....analysis.nests import Access, Write
from ....analysis.regions import (
    accesses,
    child_blocks,
    context_bounds,
    enclosing_loops,
    memory_groups,
    read,
    shape_of,
    written,
)
from ....dialects import tir
from ....symbolic import IntExpr, var
from .errors import ScheduleError, describe
from .rewrite import func_of

SPATIAL, REDUCE = tir.IterKind.SPATIAL, tir.IterKind.REDUCE


class Checks:
    """The checks of one primitive; each raises a ScheduleError in its name."""

    def __init__(self, primitive: str) -> None:
        self.primitive = primitive

    def refuse(self, op: Operation | None, message: str, hint: str | None = None) -> NoReturn:
        """Raise."""
        raise ScheduleError(self.primitive, op, message, hint)

    # -- loops -------------------------------------------------------------------------------

    def serial(self, loop: tir.ForOp) -> None:
        """Check that a loop is serial and bears no annotation."""
        if loop.kind.data is not tir.ForKind.SERIAL:
            self.refuse(
                loop,
                f"{describe(loop)} is {loop.kind.data.value}, expected a serial loop",
                f"do it before the loop becomes {loop.kind.data.value}",
            )
        if loop.attributes:
            names = ", ".join(loop.attributes)
            self.refuse(
                loop, f"{describe(loop)} bears annotations ({names})", "unannotate it first"
            )

    def only_child(self, outer: tir.ForOp, inner: tir.ForOp) -> None:
        """Check that `inner` is all that is inside `outer`, with an extent free of it."""
        ops = list(outer.body.block.ops)
        if ops != [inner]:
            self.refuse(
                inner,
                f"{describe(inner)} is not the only thing inside {describe(outer)}, which holds "
                f"{len(ops)} operations",
                "name loops of which each is the only child of the one before",
            )

    def no_vector_around(self, loop: tir.ForOp) -> None:
        """Check that no loop around, in any scope, is vectorized."""
        parent = loop.parent_op()
        while parent is not None:
            if isinstance(parent, tir.ForOp) and parent.kind.data is tir.ForKind.VECTORIZED:
                self.refuse(loop, f"{describe(parent)}, around it, is vectorized already")
            parent = parent.parent_op()

    # -- blocks ------------------------------------------------------------------------------

    def complete(self, block: tir.BlockOp) -> None:
        """Check for a complete block: spatial variables, one that writes its buffers alone."""
        kinds = block.kinds.data
        if any(kind is not SPATIAL for kind in kinds) or block.init is not None:
            other = next((k.value for k in kinds if k is not SPATIAL), "reduce")
            self.refuse(
                block,
                f"{describe(block)} is no complete block: it has an iteration variable of kind "
                f"{other}, expected spatial ones only",
            )
        self.sole_writer(block)
        own = set(written(block))
        if any(isinstance(a, Access) and a.buffer in own for a in accesses(block)):
            self.refuse(
                block, f"{describe(block)} is no complete block: it reads the buffer that it writes"
            )

    def reduction(self, block: tir.BlockOp, needs_init: bool = False) -> None:
        """Check for a reduction block: spatial and reduce variables, one buffer written."""
        kinds = block.kinds.data
        if REDUCE not in kinds or any(kind not in (SPATIAL, REDUCE) for kind in kinds):
            found = ", ".join(kind.value for kind in kinds) or "none"
            self.refuse(
                block,
                f"{describe(block)} is no reduction block: its iteration variables are ({found}), "
                "expected spatial and reduce ones",
            )
        if needs_init and block.init is None:
            self.refuse(
                block,
                f"{describe(block)} has no init",
                "it was decomposed already; do this before decompose_reduction",
            )
        if len(written(block)) != 1:
            self.refuse(
                block, f"{describe(block)} writes {len(written(block))} buffers, expected 1"
            )

    def complete_or_reduction(self, block: tir.BlockOp) -> None:
        """Check for a block whose iterations may run in another order."""
        kinds = block.kinds.data
        if any(kind not in (SPATIAL, REDUCE) for kind in kinds):
            bad = next(kind.value for kind in kinds if kind not in (SPATIAL, REDUCE))
            self.refuse(
                block,
                f"{describe(block)} has an iteration variable of kind {bad}; its iterations keep "
                "their order",
            )
        if not kinds and enclosing_loops(block):
            self.refuse(
                block, f"{describe(block)} has no iteration variables: nothing is known of it"
            )

    def separate(self, block: tir.BlockOp, reducing: Iterable[tir.ForOp]) -> None:
        """Check that no loop is in the bindings of spatial and of reduce variables."""
        bindings = block.exprs_over_values(block.bindings)
        for loop in reducing:
            for kind, binding in zip(block.kinds.data, bindings, strict=True):
                if kind is SPATIAL and loop.induction_var in binding.free_vars():
                    self.refuse(
                        loop,
                        f"{describe(loop)} is in the bindings of spatial and of reduce variables "
                        f"of {describe(block)}",
                        "do it before fusing spatial and reduce loops",
                    )

    def affine(self, block: tir.BlockOp) -> None:
        """Check that no two iterations of the loops are the same of the block."""
        if not is_affine(block):
            self.refuse(
                block,
                f"the bindings of {describe(block)} are not affine: different iterations of its "
                "loops are (or may be) the same iteration of the block",
            )

    def sole_writer(self, block: tir.BlockOp) -> None:
        """Check that nothing else writes what the block writes."""
        for buffer in written(block):
            for use in buffer.uses:
                op = use.operation
                if isinstance(op, Write) and not block.is_ancestor(op):
                    other = block_around(op)
                    self.refuse(
                        block,
                        f"{describe(block)} is not the only writer of {name_of(buffer)}: "
                        f"{describe(other or op)} writes it too",
                    )

    # -- data flow -----------------------------------------------------------------------------

    def movable(
        self, block: tir.BlockOp, between: Iterable[Operation], ignored: Iterable[SSAValue] = ()
    ) -> None:
        """Check that `block` may run before or after the operations `between`.

        Neither writes what the other reads or writes; `ignored` buffers are the caller's business.
        """
        groups = memory_groups(func_of(block))
        skip = set(ignored)

        def group(buffers: Iterable[SSAValue]) -> set[SSAValue]:
            return {groups.get(b, b) for b in buffers if b not in skip}

        writes = group(written(block))
        touches = writes | group(read(block))
        for op in between:
            theirs = group(written(op))
            conflict = (theirs & touches) | (group(read(op)) & writes)
            if conflict:
                culprit = next(iter(child_blocks(op)), op)
                if isinstance(op, tir.BlockOp):
                    culprit = op
                self.refuse(
                    block,
                    f"{describe(block)} cannot be moved past {describe(culprit)}: one of them "
                    f"writes {name_of(next(iter(conflict)))}, which the other uses",
                )

    def identity_store(
        self, block: tir.BlockOp, kinds: tuple[tir.IterKind, ...] = (SPATIAL,)
    ) -> tuple[Write, list[SSAValue | None]]:
        """Check for straight-line code with one store, each index a variable of its own or 0.

        Returns:
            The store, and for each axis the iteration variable that is its index.
        """
        ops = list(block.body.block.ops)
        store = ops[-1] if ops else None
        if not isinstance(store, tir.StoreOp) or any(
            op.regions or isinstance(op, Write) for op in ops[:-1]
        ):
            self.refuse(
                block,
                f"the body of {describe(block)} is no straight-line code that ends with its only "
                "store",
            )
        places = index_variables(
            store.exprs_over_values(store.indices), shape_of(store.buffer), block, kinds
        )
        if places is None:
            self.refuse(
                block,
                f"{describe(block)} does not store at its own spatial variables, one per axis",
                "expected `tir.store %x, %t[%vi, %vj]`",
            )
        return store, places


def index_variables(
    indices: Iterable[IntExpr],
    shape: Iterable[IntExpr],
    block: tir.BlockOp,
    kinds: tuple[tir.IterKind, ...] = (SPATIAL,),
) -> list[SSAValue | None] | None:
    """Return the iteration variable that each index is, None for 0 on an axis of extent 1.

    None in all where an index is something else, or a variable stands twice.
    """
    variables = {
        var(v): v for v, k in zip(block.iter_vars, block.kinds.data, strict=True) if k in kinds
    }
    found: list[SSAValue | None] = []
    for index, dim in zip(indices, shape, strict=True):
        value = variables.get(index)
        if value is None and not (index == 0 and dim == 1):
            return None
        if value is not None and value in found:
            return None
        found.append(value)
    return found


def domain_of(block: tir.BlockOp, value: SSAValue) -> IntExpr:
    """Return the domain of an iteration variable."""
    position = list(block.iter_vars).index(value)
    return block.exprs_over_values(block.domains)[position]


def binding_of(block: tir.BlockOp, value: SSAValue) -> IntExpr:
    """Return the binding of an iteration variable."""
    position = list(block.iter_vars).index(value)
    return block.exprs_over_values(block.bindings)[position]


def covers(block: tir.BlockOp, places: Iterable[SSAValue | None], buffer: SSAValue) -> bool:
    """Tell whether variables run over all of a buffer."""
    return all(
        value is None or domain_of(block, value) is dim
        for value, dim in zip(places, shape_of(buffer), strict=True)
    )


def block_around(op: Operation) -> tir.BlockOp | None:
    """Return the outermost block that holds `op`."""
    found: tir.BlockOp | None = None
    parent = op.parent_op()
    while parent is not None:
        if isinstance(parent, tir.BlockOp):
            found = parent
        parent = parent.parent_op()
    return found


def name_of(buffer: SSAValue) -> str:
    """Return how a message calls a buffer."""
    return f"%{buffer.name_hint}" if buffer.name_hint else "the buffer"


def reduce_loops(block: tir.BlockOp) -> list[tir.ForOp]:
    """Return the loops in the bindings of reduce variables, outermost first."""
    bindings = block.exprs_over_values(block.bindings)
    used = {
        key
        for kind, binding in zip(block.kinds.data, bindings, strict=True)
        if kind is not SPATIAL
        for key in binding.free_vars()
    }
    return [loop for loop in enclosing_loops(block) if loop.induction_var in used]


def between(first: Operation, last: Operation) -> list[Operation]:
    """Return the operations after `first` and before `last`, which follows it in one block."""
    found: list[Operation] = []
    op = first.next_op
    while op is not None and op is not last:
        found.append(op)
        op = op.next_op
    return found


def known_bounds(op: Operation) -> dict[object, tuple[IntExpr | int | None, IntExpr | None]]:
    """Return the bounds of everything around `op`, its own loop variable included."""
    bounds: dict[object, tuple[IntExpr | int | None, IntExpr | None]] = {**context_bounds(op)}
    if isinstance(op, tir.ForOp):
        bounds[op.induction_var] = (0, op.extent_expr() - 1)
    return bounds
