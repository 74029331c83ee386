"""lower-selections: what data decide the size of is computed as large as it can get, then cut.

Rewrites   %y = relax.non_zero %x {new_symbols = ["s"]}
into       %p, %count = relax.positions %x              (i64 [number of elements], i64 [1])
           %q = relax.prefix %count, %p {new_symbols = ["s"]}       (i64 [s])
           %y = relax.unravel %q, %x                                (i64 [rank, s])

compress gathers by such positions, unique by the first of each of the groups of equal slices;
non_max_suppression is the prefix of as many rows as there can be.

Needs:  nothing.
Leaves: no operator of dialects/relax/selection.py.
Why here: after the graph passes, which know the operators as models have them; before kernels,
which write to memory that is there before they run.
Source: -
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.diagnostics import CompileError
from ...symbolic import IntExpr, as_expr


@dataclass
class _Selections:
    """One module's rewriting."""

    module: ModuleOp
    taken: set[str] = field(default_factory=set[str])
    """Names that no symbol may have; filled when one is wanted."""

    def run(self) -> None:
        """Rewrite every function."""
        for func in self.module.body.ops:
            if isinstance(func, relax.FuncOp):
                for op in list(func.body.walk()):
                    if isinstance(op, relax.SelectionOp):
                        self.rewrite(op)

    def rewrite(self, op: relax.SelectionOp) -> None:
        """Put operators of known sizes in the place of one."""
        found = _RULES[type(op)](self, op)
        for old, new in zip(op.results, found, strict=True):
            new.name_hint = old.name_hint
            old.replace_all_uses_with(self.declared(op, new, old.type))
        block = op.parent
        assert block is not None, "operators are in blocks"
        block.erase_op(op)

    def declared(self, op: Operation, value: SSAValue, wanted: Attribute) -> SSAValue:
        """Return a result with the type that its users know."""
        if value.type == wanted:
            return value
        return self.add(op, relax.MatchCastOp(value, wanted))[0]

    def add(self, at: Operation, op: Operation) -> Sequence[SSAValue]:
        """Insert an operator before the one at hand; return its results."""
        block = at.parent
        assert block is not None, "operators are in blocks"
        op.location = at.location
        block.insert_op_before(op, at)
        return op.results

    def prefix(
        self, op: relax.SelectionOp, count: SSAValue, *found: SSAValue
    ) -> Sequence[SSAValue]:
        """Return the part that counts of what was found."""
        names = relax.new_symbols(op) or (self.fresh_symbol(),)
        return self.add(op, relax.PrefixOp(count, *found, new_symbols=names))

    def fresh_symbol(self) -> str:
        """Return a name that no symbol of the module has."""
        if not self.taken:
            self.taken = {name for op in self.module.walk() for name in _names(op)}
        name = next(n for i in range(len(self.taken) + 1) if (n := f"found{i}") not in self.taken)
        self.taken.add(name)
        return name


def _names(op: Operation) -> Sequence[str]:
    return op.symbol_names if isinstance(op, relax.FuncOp) else relax.new_symbols(op)


def _shape(op: Operation, value: SSAValue) -> tuple[IntExpr, ...]:
    found = value.type.known_shape() if isinstance(value.type, relax.TensorType) else None
    if found is None:
        raise CompileError(
            op,
            f"has an operand of type {value.type}, whose shape is not known here",
            hint="give the model's inputs fixed dims (dims=, shapes=)",
        )
    return found


def _flat(r: _Selections, op: Operation, x: SSAValue) -> SSAValue:
    """Return x with one axis."""
    shape, size = _shape(op, x), as_expr(1)
    for dim in shape:
        size = size * dim
    if len(shape) == 1:
        return x
    return r.add(op, relax.ReshapeOp(x, shape=relax.DimsAttr.of((size,))))[0]


def _non_zero(r: _Selections, op: relax.NonZeroOp) -> Sequence[SSAValue]:
    _shape(op, op.x)
    positions, count = r.add(op, relax.PositionsOp(op.x))
    (found,) = r.prefix(op, count, positions)
    return r.add(op, relax.UnravelOp(found, op.x))


def _compress(r: _Selections, op: relax.CompressOp) -> Sequence[SSAValue]:
    x, axis = op.x, 0
    if op.axis is None:
        x = _flat(r, op, x)
    else:
        axis = op.axis.value.data
    positions, count = r.add(op, relax.PositionsOp(op.condition))
    (found,) = r.prefix(op, count, positions)
    return r.add(op, relax.GatherOp(x, found, axis=axis))


def _unique(r: _Selections, op: relax.UniqueOp) -> Sequence[SSAValue]:
    x, axis = op.x, 0
    if op.axis is None:
        x = _flat(r, op, x)
    else:
        axis = op.axis.value.data
    groups = relax.GroupsOp(x, axis=axis, sorted=relax.flag(op.sorted))
    first, counts, inverse, count = r.add(op, groups)
    first, counts = r.prefix(op, count, first, counts)
    (values,) = r.add(op, relax.GatherOp(x, first, axis=axis))
    return values, first, inverse, counts


def _non_max_suppression(r: _Selections, op: relax.NonMaxSuppressionOp) -> Sequence[SSAValue]:
    boxes = relax.BestBoxesOp(
        op.boxes,
        op.scores,
        num_results=2,
        max_output_boxes_per_class=op.max_output_boxes_per_class,
        iou_threshold=op.iou_threshold,
        score_threshold=op.score_threshold,
        center_point_box=op.center_point_box,
    )
    rows, count = r.add(op, boxes)
    return r.prefix(op, count, rows)


_RULES: dict[type[Operation], Callable[[_Selections, Any], Sequence[SSAValue]]] = {
    relax.CompressOp: _compress,
    relax.NonMaxSuppressionOp: _non_max_suppression,
    relax.NonZeroOp: _non_zero,
    relax.UniqueOp: _unique,
}


@dataclass(frozen=True)
class LowerSelectionsPass(ModulePass):
    """See the module docstring."""

    name = "lower-selections"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        _Selections(op).run()
