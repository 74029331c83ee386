"""What data decide the size of: as operators, as what they are lowered to, as kernels."""

from typing import Any

import numpy as np
import pytest
from xdsl.context import Context

from tyrex.dialects import relax
from tyrex.dialects.verify import verify_module
from tyrex.interpreters.relax import run
from tyrex.passes.relax.legalize_ops import LegalizeOpsPass
from tyrex.passes.relax.lower_selections import LowerSelectionsPass

from .legalize.legalized import Array, module_of

RNG = np.random.default_rng(11)


def check(op_type: type[relax.SelectionOp], *arrays: Array, **properties: Any) -> None:
    """Run an operator as it is, lowered, and as kernels; with numbers and symbols for dims."""
    for symbolic in (False, True):
        module = module_of(op_type, list(arrays), symbolic, new_symbols=["found"], **properties)
        verify_module(module)
        expected = run(module, "main", arrays)
        for each in (LowerSelectionsPass(), LegalizeOpsPass()):
            each.apply(Context(), module)
            verify_module(module)
            found = run(module, "main", arrays)
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_array_equal(a, b)
                assert a.dtype == b.dtype
        assert not any(isinstance(op, relax.SelectionOp) for op in module.walk())


@pytest.mark.parametrize("shape", [(), (0,), (5,), (3, 0), (4, 6), (2, 3, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.bool_, np.uint8])
def test_non_zero(shape: tuple[int, ...], dtype: Any) -> None:
    check(relax.NonZeroOp, RNG.integers(0, 2, shape).astype(dtype))


@pytest.mark.parametrize("fill", [0, 1])
def test_non_zero_of_equal_elements(fill: int) -> None:
    check(relax.NonZeroOp, np.full((3, 5), fill, np.int64))


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("count", [0, 2, 4])
def test_compress(axis: int | None, count: int) -> None:
    condition = RNG.integers(0, 2, count).astype(bool)
    check(relax.CompressOp, RNG.standard_normal((4, 5)), condition, axis=axis)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("is_sorted", [False, True])
@pytest.mark.parametrize("shape", [(6, 2), (7, 5), (1, 1), (0, 3)])
def test_unique(axis: int | None, is_sorted: bool, shape: tuple[int, ...]) -> None:
    for dtype in (np.int64, np.float32, np.uint8, np.bool_):
        x = RNG.integers(0, 3, shape).astype(dtype)
        check(relax.UniqueOp, x, sorted=is_sorted, axis=axis)


def test_unique_of_a_long_list_and_no_numbers() -> None:
    check(relax.UniqueOp, RNG.integers(-40, 40, 300), sorted=True)
    x = np.array([2, np.nan, -1, 2, np.nan, np.inf, -0.0, 0.0], np.float32)
    for is_sorted in (False, True):
        check(relax.UniqueOp, x, sorted=is_sorted)


def boxes(*shape: int) -> Array:
    """Return boxes, an empty one among them."""
    found = RNG.uniform(0, 1, (*shape, 4)).astype(np.float32)
    found[:, 0] = 0.5
    return found


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("least", [None, 0.4, 2.0])
@pytest.mark.parametrize("most", [0, 4, 50])
def test_non_max_suppression(centered: bool, least: float | None, most: int) -> None:
    check(
        relax.NonMaxSuppressionOp,
        boxes(2, 20),
        RNG.integers(0, 8, (2, 3, 20)).astype(np.float32) / 8,  # some are equal
        max_output_boxes_per_class=most,
        iou_threshold=0.3,
        score_threshold=least,
        center_point_box=centered,
    )


def unnamed(op_type: type[relax.SelectionOp], *arrays: Array, **properties: Any) -> None:
    module = module_of(op_type, list(arrays), True, **properties)
    expected = run(module, "main", arrays)
    LowerSelectionsPass().apply(Context(), module)
    verify_module(module)
    for a, b in zip(run(module, "main", arrays), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_results_without_names() -> None:
    unnamed(relax.NonZeroOp, RNG.integers(0, 2, (4, 6)))
    unnamed(relax.UniqueOp, RNG.integers(0, 2, (4, 6)), sorted=True, axis=1)
