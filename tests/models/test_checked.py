"""Real models with checked accesses: nothing is found, and no bit changes.

TYREX_TEST_MODELS chooses, as in test_models.py: unset, the quick ones; `all`; or names.
"""

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex

from . import zoo
from .test_levels import CHOICE, DIGITS, parameters


def arrays(found: Any) -> list[NDArray[Any]]:
    several = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
    return [np.asarray(array) for array in several]


@pytest.mark.parametrize("opt_level", [0, 2])
@pytest.mark.parametrize("name", parameters())
def test_nothing_is_found(name: str, opt_level: int) -> None:
    if opt_level and CHOICE != "all" and name != "digits":
        pytest.skip("real models are optimised only where TYREX_TEST_MODELS chooses all")
    if name == "digits":
        model, dims, shapes = DIGITS, {"batch": 5}, {}
        inputs = [np.random.default_rng(0).random((5, 1, 8, 8), np.float32)]
    else:
        try:
            case = zoo.load(name)
        except zoo.ModelUnavailable as reason:
            pytest.skip(str(reason))
        model, dims, shapes = case.path, dict(case.dims), dict(case.shapes)
        inputs = list(case.make_inputs(0).values())
    options: Any = {"dims": dims, "shapes": shapes, "opt_level": opt_level}
    checked = tyrex.compile(model, sanitize="bounds", **options)
    expected = arrays(tyrex.compile(model, **options)(*inputs))
    for ours, theirs in zip(arrays(checked(*inputs)), expected, strict=True):
        assert np.array_equal(ours, theirs)
    stats = checked.stats()
    assert 0 <= stats["checked_accesses"] <= stats["accesses"] // 20
