"""Cases survive the way to disk and back; their subjects and open shapes are found."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from .engines import explain, is_unsupported, open_shapes
from .outcome import Outcome, Status
from .report import generalize, render
from .suite import Case, DataSet, Value, read_data_sets, subjects, write_case


def tensor(name: str, *shape: int | str) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(ops: list[str], inputs: list[ValueInfoProto]) -> ModelProto:
    nodes = [helper.make_node(op, ["x"], [f"y{i}"]) for i, op in enumerate(ops)]
    return helper.make_model(helper.make_graph(nodes, "g", inputs, [tensor("y0", 2)]))


def case(name: str, ops: list[str]) -> Case:
    return Case(name, "node", model(ops, [tensor("x", 2)]), (), 1e-3, 1e-7)


def test_values_survive_the_disk(tmp_path: Path) -> None:
    sequence = helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None)
    kind = helper.make_optional_type_proto(sequence.type)
    absent = helper.make_value_info("o", kind)
    pair: list[Value] = [np.array([1, 2], np.float32), np.array([3], np.float32)]
    inputs: tuple[Value, ...] = (pair, None, np.array(["é"], object))
    words = helper.make_tensor_value_info("s", TensorProto.STRING, [1])
    written = Case(
        "test_x", "node", model(["Identity"], [sequence, absent, words]),
        (DataSet(inputs, (np.array(7),)),), 1e-3, 1e-7,
    )  # fmt: skip
    write_case(written, tmp_path)
    (read,) = read_data_sets(written.model, tmp_path)
    assert [v.tolist() for v in read.inputs[0] or () if isinstance(v, np.ndarray)] == [[1, 2], [3]]
    assert read.inputs[1] is None
    assert read.inputs[2] == "é"
    assert read.outputs[0] == 7


def test_subjects() -> None:
    cases = [
        case("test_relu", ["Relu"]),
        case("test_relu_expanded_ver18", ["Constant", "Max"]),
        case("test_reduce_log_sum_exp", ["Identity", "ReduceLogSum", "ReduceLogSumExp"]),
        case("test_other", ["Add", "Mul"]),
    ]
    found = subjects(cases)
    assert [found[c.name] for c in cases] == ["Relu", "Relu", "ReduceLogSumExp", "(node)"]


def test_open_shapes_come_from_the_data() -> None:
    inputs = [tensor("a", 2), tensor("b", "n", 3), tensor("c", -1)]
    values = [np.zeros(2), np.zeros((4, 3)), np.zeros(5)]
    assert open_shapes(model(["Relu"], inputs), values) == {"b": (4, 3), "c": (5,)}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotImplementedError("onnx.Foo"), True),
        (ValueError("unsupported op Foo"), True),
        (ValueError("Foo is not yet supported"), True),
        (ValueError("axis 3 is out of range"), False),
    ],
)
def test_unsupported(error: Exception, expected: bool) -> None:
    assert is_unsupported(error) is expected


@dataclass(frozen=True)
class Unsupported:
    op_type: str
    reason: str


class UnsupportedOperatorsError(ValueError):
    found = (Unsupported("Foo", "no converter"), Unsupported("Bar", "attribute a=1"))


class CompileError(Exception):
    message = "axis 3 is out of range"


def test_explanations_have_no_place() -> None:
    error = UnsupportedOperatorsError("model.onnx: error: the model needs 2 things")
    assert is_unsupported(error)
    assert explain(error) == "cannot import Foo: no converter; Bar: attribute a=1"
    assert explain(CompileError("x:1: error: ...")) == "CompileError: axis 3 is out of range"
    assert explain(ValueError("bad")) == "ValueError: bad"


def test_report_groups_reasons() -> None:
    outcomes = {
        "test_a": Outcome(Status.PASSED),
        "test_b": Outcome(Status.FAILED, "wrong numbers: 3 of 4, first at [0]: found 1"),
        "test_b_expanded": Outcome(Status.FAILED, "wrong numbers: 1 of 9, first at [2]: found 7"),
        "test_c": Outcome(Status.UNSUPPORTED, "NotImplementedError: op C\ndetail"),
    }
    text = render(outcomes, {"test_a": "A", "test_b": "B", "test_b_expanded": "B", "test_c": "C"})
    assert "primary       3 cases: 1 passed, 1 failed, 1 unsupported, 0 crashed" in text
    assert "    2 failed: wrong numbers\n        ops: B 2\n" in text
    assert "    1 unsupported: NotImplementedError: op C\n" in text


def test_reasons_are_generalized() -> None:
    assert generalize("axis 3 of %a1 is not in [-2, 1]") == "axis N of %_ is not in [-N, N]"
