"""Graphs of ONNX that nobody thought of: both modes compute what ONNX Runtime does."""

from collections.abc import Iterator

import pytest
from onnx import NodeProto

from .graph_nodes import NODES  # noqa: TID251  # the tests' folder
from .random_graphs import mistakes, written  # noqa: TID251  # the tests' folder

CONTROL = ("If", "Loop", "Scan", "SequenceConstruct", "SplitToSequence", "SequenceAt")
DATA_DECIDED = ("NonZero", "Unique", "Compress", "Range", "ConstantOfShape", "Expand")


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_both_modes_compute_what_onnx_runtime_does(first: int) -> None:
    for seed in range(first, first + 8):
        assert not mistakes(seed).wrong, f"seed {seed}"


def test_graphs_have_everything_in_them() -> None:
    found = {node.op_type for seed in range(60) for node in _nodes(written(seed)[0].nodes)}
    assert found >= {*CONTROL, *DATA_DECIDED}
    assert len(found) > len(NODES)


def test_some_nodes_fail_at_some_sizes() -> None:
    """What must be an error is in the programs, too."""
    assert sum(len(written(seed)[0].failing) for seed in range(30)) > 10


def _nodes(nodes: list[NodeProto]) -> Iterator[NodeProto]:
    for node in nodes:
        yield node
        for attribute in node.attribute:
            yield from _nodes(list(attribute.g.node))
