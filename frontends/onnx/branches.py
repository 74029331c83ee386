"""If: two regions, and what their results have in common.

Results whose dims differ get new symbols, which the run tells. Results without a common type (other
ranks, sequences of known lengths) have none that later nodes could be converted for: the importer
then converts what follows into each branch (`Importer.walk`), where everything is known again.

A branch that contradicts itself, such as `Squeeze` of an axis that is not 1 there, is one that the
model cannot take: it ends the run with the error's text. Exporters write such branches as the other
side of a test that a good input always passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import TupleType
from xdsl.ir import Attribute, Block, Region, SSAValue

from ...dialects import relax
from .builder import Builder
from .errors import ModelError, PathsDifferError, UnsupportedNodeError
from .joining import joined, named, open_type, seen_outside
from .lists import OBJECT, call, joined_items, listed
from .node import Node
from .scope import Follow
from .values import Listed, Stacked, Texts, Value

_Arm: TypeAlias = "tuple[Builder, list[Value]]"


def choose(node: Node, follow: Follow | None = None, *, is_last: bool = False) -> list[Value]:
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
) -> list[Value]:
    names = ("then_branch", "else_branch")
    found = [_arm(node, n, b, follow) for n, b in zip(names, builders, strict=True)]
    arms = [arm for arm in found if not isinstance(arm, ModelError)]
    errors = [arm for arm in found if isinstance(arm, ModelError)]
    if not arms:
        raise errors[0]
    counts = [len(values) for _, values in arms]
    if len(set(counts)) > 1:
        raise node.fail(f"{counts[0]} results of one branch, {counts[1]} of the other")
    columns = list(zip(*(values for _, values in arms), strict=True))
    if is_last:
        unlike = [_are_unlike(column) for column in columns]
        arms = [(builder, _objects(builder, values, unlike)) for builder, values in arms]
        columns = list(zip(*(values for _, values in arms), strict=True))
    is_list = [any(isinstance(value, Listed) for value in column) for column in columns]
    ended = [_end(node, *arm, is_list) for arm in arms]
    items = [[item for _, _, types in ended if (item := types[i])] for i in range(len(columns))]
    ends = [(block, values) for block, values, _ in ended]
    if errors:
        types = [seen_outside(value.type, ends[0][0]) for value in ends[0][1]]
        ends.insert(found.index(errors[0]), _failing(errors[0], types))
    (then, then_values), (otherwise, else_values) = ends
    pairs = zip(then_values, else_values, strict=True)
    types = [joined(node, a.type, b.type) for a, b in pairs]
    if not is_last and any(isinstance(t, relax.TensorType) and t.shape is None for t in types):
        raise _differ(node, "results of different ranks")
    op = relax.IfOp(node.x(0).value, types, Region(then), Region(otherwise))
    node.builder.insert(op)
    return [
        Listed(result, joined_items(node, known)) if known else named(node, result, node.builder)
        for result, known in zip(op.results, items, strict=True)
    ]


def _differ(node: Node, what: str) -> PathsDifferError:
    return PathsDifferError(
        node.location,
        f"{what} of branches that a run chooses from are not supported here",
        hint="fix the condition, or the dims that it compares",
    )


def _arm(node: Node, name: str, builder: Builder, follow: Follow | None) -> _Arm | ModelError:
    """Return a branch and what it comes to; the error where the branch is wrong."""
    try:
        return builder, node.subgraph(node.graph(name), (), builder, follow)
    except UnsupportedNodeError:
        raise
    except ModelError as error:
        builder.block.drop_all_references()
        return error


def _are_unlike(column: Sequence[Value]) -> bool:
    """Tell whether results of the program are sequences of other lengths or tensors."""
    types = {value.type for value in column if isinstance(value, SSAValue)}
    return len(types) > 1 and any(isinstance(t, TupleType | relax.ObjectType) for t in types)


def _objects(builder: Builder, values: Sequence[Value], unlike: Sequence[bool]) -> list[Value]:
    """Return what a branch comes to, with tuples as objects where the other has another type."""
    return [
        call(builder, "of", list(value.owner.fields), OBJECT)
        if other and isinstance(value, SSAValue) and isinstance(value.owner, relax.TupleOp)
        else value
        for value, other in zip(values, unlike, strict=True)
    ]


def _end(
    node: Node, builder: Builder, results: Sequence[Value], is_list: Sequence[bool]
) -> tuple[Block, list[SSAValue], list[relax.TensorType | None]]:
    """End a branch; return its block, what it yields, and what lists among that are made of."""
    values: list[SSAValue] = []
    items: list[relax.TensorType | None] = []
    for result, as_list in zip(results, is_list, strict=True):
        if as_list:
            found = listed(node, result, builder=builder)
            values.append(found.items)
            items.append(open_type(found.item, builder.block))
        elif result is None or isinstance(result, tuple | Stacked | Listed | Texts):
            raise _differ(node, "sequences, optionals or strings")
        else:
            values.append(builder.value(result))
            items.append(None)
    builder.insert(relax.YieldOp(*values))
    return builder.block, values, items


def _failing(error: ModelError, types: Sequence[Attribute]) -> tuple[Block, list[SSAValue]]:
    """Return a branch that ends the run with an error."""
    block = Block()
    fail = relax.FailOp(error.message, types)
    last = relax.YieldOp(*fail.results)
    fail.location = last.location = error.error.location
    block.add_ops([fail, last])
    return block, list(fail.results)
