"""Operators that users teach the importer."""

from onnx import helper

from tyrex.frontends.onnx import Node, from_onnx, register_converter
from tyrex.frontends.onnx.builder import Tensor
from tyrex.frontends.onnx.registry import find

from .models import evaluate, f32, info, make  # noqa: TID251  # of the tests


def scaled(node: Node) -> Tensor:
    return node.x() * node.number("factor", 2.0)


def offset(node: Node) -> list[Tensor]:
    return [node.x() + 1.0, node.x() - 1.0]


def test_operator_of_a_custom_domain() -> None:
    register_converter("test.registry", "Scaled", scaled)
    node = helper.make_node("Scaled", ["x"], ["y"], domain="test.registry", factor=3.0)
    model = make([node], [info("x", (2,))], ["y"], domains={"test.registry": 1})
    x = f32(2)
    assert (evaluate(from_onnx(model), x)[0] == x * 3).all()


def test_variants_by_version() -> None:
    register_converter("test.versions", "F", scaled, since=1)
    register_converter("test.versions", "F", offset, since=3)
    for version, outputs in ((1, 1), (2, 1), (3, 2), (9, 2)):
        names = [f"y{i}" for i in range(outputs)]
        node = helper.make_node("F", ["x"], names, domain="test.versions")
        model = make([node], [info("x", (2,))], names, domains={"test.versions": version})
        assert len(evaluate(from_onnx(model), f32(2))) == outputs


def test_find() -> None:
    assert find("", "Add", 21) is not None
    assert find("", "Add", 6) is not find("", "Add", 7)
    assert find("", "NoSuch", 21) is None
    assert find("", "ReduceSum", 1) is not None
