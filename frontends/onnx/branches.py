"""If: two regions, and what their results have in common.

Results whose dims differ get new symbols, which the run tells. Results without a common type (other
ranks, sequences of tensors) have none that later nodes could be converted for: the importer then
converts what follows into each branch (`Importer.walk`), where everything is known again.

A branch that contradicts itself, such as `Squeeze` of an axis that is not 1 there, is one that the
model cannot take: it ends the run with the error's text. Exporters write such branches as the other
side of a test that a good input always passes.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import ArrayAttr, TupleType
from xdsl.ir import Attribute, Block, Region, SSAValue, TypeAttribute

from ...dialects import relax
from ...symbolic import IntExpr, var
from .builder import Builder
from .errors import ModelError, PathsDifferError, UnsupportedNodeError
from .node import Node
from .scope import Follow
from .values import Stacked

_Arm: TypeAlias = "tuple[Block, list[SSAValue]]"


def choose(node: Node, follow: Follow | None = None, *, is_last: bool = False) -> list[SSAValue]:
    """Append a relax.if for an If node whose condition only a run tells; return its results.

    Args:
        node: the node.
        follow: what follows the node, to be converted into the branches.
        is_last: whether nobody asks for the results' ranks.

    Raises:
        PathsDifferError: a result has no type that both branches have.
        ModelError: both branches are wrong, or one has what Tyrex does not support.
    """
    blocks = [Builder(Block(), node.builder) for _ in range(2)]
    try:
        return _choose(node, blocks, follow, is_last)
    except ModelError:
        for builder in blocks:
            builder.block.drop_all_references()  # nobody reads from outside what they used
        raise


def _choose(
    node: Node, builders: Sequence[Builder], follow: Follow | None, is_last: bool
) -> list[SSAValue]:
    names = ("then_branch", "else_branch")
    found = [_arm(node, n, b, follow) for n, b in zip(names, builders, strict=True)]
    arms = [arm for arm in found if not isinstance(arm, ModelError)]
    errors = [arm for arm in found if isinstance(arm, ModelError)]
    if not arms:
        raise errors[0]
    if errors:
        types = [seen_outside(value.type, arms[0][0]) for value in arms[0][1]]
        arms.insert(found.index(errors[0]), _failing(errors[0], types))
    (then, then_values), (otherwise, else_values) = arms
    if len(then_values) != len(else_values):
        raise node.fail(
            f"{len(then_values)} results of one branch, {len(else_values)} of the other"
        )
    pairs = zip(then_values, else_values, strict=True)
    types = [joined(node, a.type, b.type) for a, b in pairs]
    if not is_last and any(isinstance(t, relax.TensorType) and t.shape is None for t in types):
        raise _differ(node, "results of different ranks")
    op = relax.IfOp(node.x(0).value, types, Region(then), Region(otherwise))
    node.builder.insert(op)
    return [named(node, result, node.builder) for result in op.results]


def joined(node: Node, a: Attribute, b: Attribute) -> Attribute:
    """Return the type of a value that is an `a` or a `b`: what differs is unknown."""
    if isinstance(a, TupleType) and isinstance(b, TupleType) and len(a.types) == len(b.types):
        fields = [joined(node, *pair) for pair in zip(a.types, b.types, strict=True)]
        return TupleType(ArrayAttr([t for t in fields if isinstance(t, TypeAttribute)]))
    if not isinstance(a, relax.TensorType) or not isinstance(b, relax.TensorType):
        raise node.unsupported(f"a result that is {a} or {b}")
    if a.dtype != b.dtype:
        raise node.fail(f"its branches return {a.dtype} and {b.dtype}")
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return relax.TensorType.of(None, a.dtype)
    dims = [x if x == y else None for x, y in zip(a.shape, b.shape, strict=True)]
    return relax.TensorType.of(dims, a.dtype)


def _differ(node: Node, what: str) -> PathsDifferError:
    return PathsDifferError(
        node.location,
        f"{what} of branches that a run chooses from are not supported here",
        hint="fix the condition, or the dims that it compares",
    )


def _arm(node: Node, name: str, builder: Builder, follow: Follow | None) -> _Arm | ModelError:
    """Return a branch's block and what it yields; the error where the branch is wrong."""
    try:
        results = node.subgraph(node.graph(name), (), builder, follow)
    except UnsupportedNodeError:
        raise
    except ModelError as error:
        builder.block.drop_all_references()
        return error
    values: list[SSAValue] = []
    for result in results:
        if result is None or isinstance(result, tuple | Stacked):
            raise _differ(node, "sequences or optionals")
        values.append(builder.value(result))
    builder.insert(relax.YieldOp(*values))
    return builder.block, values


def _failing(error: ModelError, types: Sequence[Attribute]) -> _Arm:
    """Return a branch that ends the run with an error."""
    block = Block()
    fail = relax.FailOp(error.message, types)
    last = relax.YieldOp(*fail.results)
    fail.location = last.location = error.error.location
    block.add_ops([fail, last])
    return block, list(fail.results)


def seen_outside(type_: Attribute, block: Block) -> Attribute:
    """Return the type of a value of a block without the symbols that the block tells."""
    if not isinstance(type_, relax.TensorType) or type_.shape is None:
        return type_
    told: set[Hashable] = {name for op in block.walk() for name in relax.new_symbols(op)}
    dims = [None if d is None or told.intersection(d.free_vars()) else d for d in type_.shape]
    return relax.TensorType.of(dims, type_.dtype)


def named(node: Node, value: SSAValue, builder: Builder) -> SSAValue:
    """Return `value` with symbols for the dims that are not known before run time."""
    found = value.type
    if not isinstance(found, relax.TensorType) or not found.shape or None not in found.shape:
        return value
    names: list[str] = []
    dims: list[IntExpr] = []
    for dim in found.shape:
        if dim is None:
            names.append(node.importer.symbols.fresh("dim"))
            dim = var(names[-1])
        dims.append(dim)
    op = relax.MatchCastOp(value, relax.TensorType.of(dims, found.dtype), names)
    builder.insert(op)
    return op.result
