"""Shape arithmetic is done at import, with numbers and with symbolic dims."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper

from tyrex.frontends.onnx import from_onnx

from .models import Array, close, evaluate, f32, i64, info, make, op_names, reference, types  # noqa: TID251  # of the tests

N = helper.make_node
WEIGHTS = {
    "zero": np.array(0, np.int64),
    "one": np.array(1, np.int64),
    "two": np.array(2, np.int64),
    "axis": i64(0),
    "minus": i64(-1),
    "four": i64(4),
    "ones": i64(1, 1),
    "half": np.array(0.5, np.float32),
    "third": np.array(3, np.float32),
}


def reshape_by(nodes: Sequence[NodeProto], weights: dict[str, Array] | None = None) -> Any:
    """A model that reshapes x [n, m] to `target`, which `nodes` compute from its shape `s`."""
    return make(
        [N("Shape", ["x"], ["s"]), *nodes, N("Reshape", ["x", "target"], ["y"])],
        [info("x", ("n", "m"))],
        ["y"],
        WEIGHTS | (weights or {}),
    )


def dim(position: str, name: str) -> list[NodeProto]:
    return [
        N("Gather", ["s", position], [f"{name}_0"]),
        N("Unsqueeze", [f"{name}_0", "axis"], [name]),
    ]


CASES: dict[str, tuple[list[NodeProto], str]] = {
    "identity": ([N("Identity", ["s"], ["target"])], "[n, m]"),
    "reverse": (
        [*dim("one", "m"), *dim("zero", "n"), N("Concat", ["m", "n"], ["target"], axis=0)],
        "[m, n]",
    ),
    "open": ([*dim("zero", "n"), N("Concat", ["n", "minus"], ["target"], axis=0)], "[n, m]"),
    "product": ([N("ReduceProd", ["s"], ["target"], keepdims=1)], "[m * n]"),
    "arithmetic": (
        [
            *dim("zero", "n"),
            *dim("one", "m"),
            N("Mul", ["n", "two"], ["n2"]),
            N("Div", ["n2", "two"], ["n1"]),
            N("Add", ["m", "two"], ["more"]),
            N("Sub", ["more", "two"], ["same"]),
            N("Concat", ["n1", "same"], ["target"], axis=0),
        ],
        "[n, m]",
    ),
    "slices": (
        [
            N("Slice", ["s", "axis", "minus"], ["n"]),
            N("Concat", ["n", "minus"], ["target"], axis=0),
        ],
        "[n, m]",
    ),
    "split": (
        [
            N("Split", ["s"], ["n", "m"], num_outputs=2),
            N("Concat", ["m", "n"], ["target"], axis=0),
        ],
        "[m, n]",
    ),
    "choice": (
        [
            N("Equal", ["s", "minus"], ["unset"]),
            N("Where", ["unset", "ones", "s"], ["target"]),
        ],
        "[n, m]",
    ),
    "floats": (
        [
            N("Cast", ["s"], ["f"], to=TensorProto.FLOAT),
            N("Mul", ["f", "half"], ["g"]),
            N("Mul", ["g", "third"], ["h"]),
            N("Div", ["h", "third"], ["i"]),
            N("Add", ["i", "g"], ["j"]),
            N("Floor", ["j"], ["k"]),
            N("Cast", ["k"], ["target"], to=TensorProto.INT64),
        ],
        "[n, m]",
    ),
    "minimum": (
        [N("Max", ["s", "axis"], ["t"]), N("Min", ["t", "s"], ["target"])],
        "[n, m]",
    ),
    "int32": (
        [
            N("Cast", ["s"], ["narrow"], to=TensorProto.INT32),
            N("Cast", ["narrow"], ["target"], to=TensorProto.INT64),
        ],
        "[n, m]",
    ),
    "reshaped": (
        [
            N("Reshape", ["s", "ones_2"], ["column"]),
            N("Transpose", ["column"], ["row"]),
            N("Squeeze", ["row", "axis"], ["target"]),
        ],
        "[n, m]",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_target_of_a_reshape(name: str) -> None:
    nodes, expected = CASES[name]
    model = reshape_by(nodes, {"ones_2": i64(2, 1)})
    module = from_onnx(model)
    assert types(module)[1] == [f"{expected}, f32"]
    assert set(op_names(module)) <= {"reshape"}
    x = f32(4, 6)
    close(evaluate(module, x), reference(model, x))


def test_division_that_rounds() -> None:
    """ceil(n / 4) * 4, written with floats, pads to a multiple of 4."""
    nodes = [
        N("Shape", ["x"], ["s"]),
        N("Cast", ["s"], ["f"], to=TensorProto.FLOAT),
        N("Div", ["f", "quarter"], ["g"]),
        N("Ceil", ["g"], ["h"]),
        N("Cast", ["h"], ["k"], to=TensorProto.INT64),
        N("Mul", ["k", "four"], ["t"]),
        N("ConstantOfShape", ["t"], ["y"]),
    ]
    weights = WEIGHTS | {"quarter": np.array(4, np.float32)}
    module = from_onnx(make(nodes, [info("x", ("n",))], ["y"], weights))
    assert types(module)[1] == ["[((n + 3) floordiv 4) * 4], f32"]
    assert evaluate(module, f32(5))[0].shape == (8,)


def test_comparison_that_cannot_be_decided_is_computed() -> None:
    nodes = [N("Shape", ["x"], ["s"]), N("Greater", ["s", "four"], ["y"])]
    module = from_onnx(make(nodes, [info("x", ("n",))], ["y"], WEIGHTS))
    assert evaluate(module, f32(3))[0].tolist() == [False]
    assert evaluate(module, f32(5))[0].tolist() == [True]


def test_integer_division_of_negative_numbers_truncates() -> None:
    nodes = [N("Div", ["a", "b"], ["y"])]
    weights = {"a": i64(-7, 7, -8), "b": i64(2, -2, 3)}
    module = from_onnx(make(nodes, [], ["y"], weights))
    assert op_names(module) == []
    assert evaluate(module)[0].tolist() == [-3, -3, -2]


def test_small_constants_are_computed_large_ones_left() -> None:
    for size, expected in ((8, []), (2**20, ["add", "exp"])):
        nodes = [N("Add", ["a", "a"], ["b"]), N("Exp", ["b"], ["y"])]
        module = from_onnx(make(nodes, [], ["y"], {"a": np.ones(size, np.float32)}))
        assert op_names(module) == expected


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            [N("Gather", ["s", "four"], ["target"])],
            r"\[4\] are out of range for a dim of 2",
        ),
        ([N("Concat", ["minus", "minus"], ["target"], axis=0)], "two dims of the new shape are -1"),
        ([N("Concat", ["s", "axis"], ["target"], axis=0)], "dim 2 of the new shape is 0"),
        ([N("Squeeze", ["s", "axis"], ["target"])], r"cannot squeeze axes \[0\] of shape \[2\]"),
    ],
)
def test_errors(nodes: list[NodeProto], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_onnx(reshape_by(nodes))


def test_elements_that_cannot_be_divided() -> None:
    nodes = [N("Reshape", ["x", "t"], ["y"])]
    with pytest.raises(ValueError, match="12 elements cannot be reshaped: 5 do not divide them"):
        from_onnx(make(nodes, [info("x", (3, 4))], ["y"], {"t": i64(5, -1)}))
