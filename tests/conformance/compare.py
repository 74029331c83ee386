"""Whether what came out is what the suite expects, by the suite's own rules.

Source: onnx/backend/test/runner/__init__.py, `assert_similar_outputs`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .suite import Value

Array = NDArray[Any]

BFLOAT16_RTOL = 2.0**-6  # two units in the last place


def first_difference(
    expected: Sequence[Value], found: Sequence[object], rtol: float, atol: float
) -> str | None:
    """The first output that is wrong, as a short reason, or None."""
    if len(expected) != len(found):
        return f"wrong number of outputs: found {len(found)}, expected {len(expected)}"
    reasons = (_difference(e, f, rtol, atol) for e, f in zip(expected, found, strict=True))
    return next((reason for reason in reasons if reason), None)


def _difference(expected: Value, found: object, rtol: float, atol: float) -> str | None:
    if expected is None:
        return None if found is None else "wrong kind: found a value, expected an absent optional"
    if isinstance(expected, list):
        if not isinstance(found, (list, tuple)):
            return f"wrong kind: found {type(found).__name__}, expected a sequence"
        return first_difference(expected, found, rtol, atol)  # pyright: ignore[reportUnknownArgumentType]
    if found is None:
        return "wrong kind: found an absent optional, expected a tensor"
    return _array_difference(expected, np.asarray(found), rtol, atol)


def _array_difference(expected: Array, found: Array, rtol: float, atol: float) -> str | None:
    if found.shape != expected.shape:
        return f"wrong shape: found {found.shape}, expected {expected.shape}"
    if expected.dtype.kind in "OSU":
        return None if (found == expected).all() else "wrong strings"
    if found.dtype != expected.dtype:
        return f"wrong dtype: found {found.dtype}, expected {expected.dtype}"
    if expected.dtype.name == "bfloat16":
        rtol = max(rtol, BFLOAT16_RTOL)
    if expected.dtype.isbuiltin != 1:  # ml_dtypes: no promotion with Python's floats
        found, expected = found.astype(np.float32), expected.astype(np.float32)
    wrong = ~np.isclose(found, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return None
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (
        f"wrong numbers: {int(wrong.sum())} of {wrong.size}, "
        f"first at {list(first)}: found {found[first]}, expected {expected[first]}"
    )
