"""The comparison sees what it should see, and says what it saw."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from .compare import first_difference
from .suite import Value

Array = NDArray[Any]

ONES: Array = np.ones(3, np.float32)
BF16: Array = ONES.astype(ml_dtypes.bfloat16)
TEXT: Array = np.array(["a", "b"], object)


def f32(*values: float) -> Array:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (ONES, ONES + np.float32(1e-5)),
        (f32(np.nan, np.inf), f32(np.nan, np.inf)),
        (BF16, f32(1, 1.0078125, 1).astype(BF16.dtype)),
        (TEXT, np.array(["a", "b"])),
        ([ONES, ONES], (ONES, ONES)),
        (None, None),
    ],
)
def test_alike(expected: Value, found: object) -> None:
    assert first_difference([expected], [found], rtol=1e-3, atol=1e-7) is None


@pytest.mark.parametrize(
    ("expected", "found", "reason"),
    [
        (ONES, ONES * 2, "wrong numbers: 3 of 3, first at [0]: found 2.0, expected 1.0"),
        (ONES, f32(1, np.nan, 1), "wrong numbers: 1 of 3, first at [1]: found nan, "),
        (ONES, ONES[:2], "wrong shape: found (2,), expected (3,)"),
        (ONES, ONES.astype(np.float64), "wrong dtype: found float64, expected float32"),
        (BF16, f32(1, 1.25, 1).astype(BF16.dtype), "wrong numbers: 1 of 3"),
        (TEXT, np.array(["a", "c"]), "wrong strings"),
        ([ONES], ONES, "wrong kind: found ndarray, expected a sequence"),
        ([ONES], [], "wrong number of outputs: found 0, expected 1"),
        (None, ONES, "wrong kind: found a value, expected an absent optional"),
        (ONES, None, "wrong kind: found an absent optional, expected a tensor"),
    ],
)
def test_different(expected: Value, found: object, reason: str) -> None:
    difference = first_difference([expected], [found], rtol=1e-3, atol=1e-7)
    assert difference is not None
    assert difference.startswith(reason)
