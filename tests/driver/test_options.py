import re
from typing import Any

import numpy as np
import pytest

from tyrex.driver.options import check_dims, check_exec_mode, check_opt_level, check_shapes
from tyrex.runtime.errors import ArgumentError


def test_what_is_right_comes_back_as_plain_values() -> None:
    assert check_dims({"batch": np.int64(2)}) == {"batch": 2}  # pyright: ignore[reportArgumentType]
    assert check_shapes({"x": [1, np.int32(3)]}) == {"x": (1, 3)}  # pyright: ignore[reportArgumentType]
    assert check_dims(None) == check_shapes(None) == {}
    assert check_opt_level(3) == 3
    check_exec_mode("bytecode")


@pytest.mark.parametrize(
    ("dims", "message"),
    [
        (
            {"batch": -1},
            "dims: expected names and sizes from 0 on, as {'batch': 1}, or ranges of sizes, as",
        ),
        ({"batch": "1"}, "found 'batch': '1'"),
        ({0: 1}, "found 0: 1"),
        ({"batch": True}, "found 'batch': True"),
        (["batch"], "dims: expected a dict such as {'batch': 1}; found ['batch']"),
    ],
)
def test_dims_are_names_and_sizes(dims: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(message)):
        check_dims(dims)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"x": (1, None)}, "shapes: input 'x': expected sizes from 0 on; found (1, None)"),
        ({"x": "1,3"}, "expected input names and tuples, as {'x': (1, 3, 224, 224)}; found 'x'"),
        ((1, 3), "shapes: expected a dict such as {'x': (1, 3, 224, 224)}; found (1, 3)"),
    ],
)
def test_shapes_are_tuples_of_sizes(shapes: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(message)):
        check_shapes(shapes)


@pytest.mark.parametrize("level", [4, -1, "2", True, None])
def test_the_level_is_0_to_3(level: object) -> None:
    with pytest.raises(ArgumentError, match="it must be 0, 1, 2 or 3"):
        check_opt_level(level)


def test_there_are_two_modes() -> None:
    check_exec_mode("bytecode")
    check_exec_mode("compiled")
    with pytest.raises(ArgumentError, match="exec_mode is 'fast'; use one of compiled, bytecode"):
        check_exec_mode("fast")
