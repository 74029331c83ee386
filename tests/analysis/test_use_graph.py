"""The post-dominator tree of the operations of a block."""

from xdsl.dialects.builtin import f32
from xdsl.ir import Block, Operation

from tyrex.analysis.op_patterns import Pattern
from tyrex.analysis.use_graph import Node, use_graph
from tyrex.dialects import relax


def diamond() -> Block:
    """x -> a -> (b, c) -> d -> return, and c is returned too where `leak`."""
    block = Block(arg_types=[relax.TensorType.of((8,), f32)])
    a = relax.ExpOp(block.args[0])
    b, c = relax.NegOp(a), relax.ReluOp(a)
    d = relax.AddOp(b, c)
    for op in (a, b, c, d, relax.ReturnOp(d)):
        block.add_op(op)
    return block


def edge(op: Operation, index: int) -> Pattern:
    if isinstance(op, relax.ReturnOp):
        return Pattern.OPAQUE
    return Pattern.BROADCAST if isinstance(op, relax.ReluOp) else Pattern.ELEMENTWISE


def parents(nodes: list[Node]) -> list[str | None]:
    return [None if node.parent is None else node.parent.op.name for node in nodes]


def test_everything_flows_through_the_join() -> None:
    nodes = use_graph(diamond(), edge)
    assert parents(nodes) == ["relax.add", "relax.add", "relax.add", "relax.return", None]
    worst = [node.to_parent for node in nodes[:4]]
    assert worst[0] is Pattern.BROADCAST, "the way through relu counts"
    assert worst[1:] == [Pattern.ELEMENTWISE, Pattern.ELEMENTWISE, Pattern.OPAQUE]


def test_a_second_way_out_moves_the_parent() -> None:
    block = diamond()
    end = block.last_op
    assert end is not None
    relu = list(block.ops)[2]
    end.operands = [*end.operands, relu.results[0]]
    nodes = use_graph(block, edge)
    assert parents(nodes)[0] == "relax.return"
    assert nodes[0].to_parent is Pattern.OPAQUE


def test_what_nobody_uses_has_no_parent() -> None:
    block = Block(arg_types=[relax.TensorType.of((8,), f32)])
    block.add_ops([relax.ExpOp(block.args[0]), relax.ReturnOp()])
    assert parents(use_graph(block, edge)) == [None, None]
