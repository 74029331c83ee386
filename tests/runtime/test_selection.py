"""What is found, kept or different: as the interpreter of relax finds it."""

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from tyrex.dialects import relax
from tyrex.interpreters.relax import evaluate
from tyrex.passes.vm.selection_lowering import parameters_of
from tyrex.runtime import selection

Array = NDArray[Any]


def same(name: str, op: relax.SelectionOp, *inputs: Array) -> None:
    parameters = parameters_of(op)
    extra = () if parameters is None else (parameters,)
    found: Any = selection.FUNCTIONS[f"tyrex.{name}"](*inputs, *extra)
    several = cast("tuple[Array, ...]", found if isinstance(found, tuple) else (found,))
    for a, b in zip(several, evaluate(op, inputs, {}), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype


def constant(array: Array) -> relax.ConstantOp:
    return relax.ConstantOp(array)


@pytest.mark.parametrize("shape", [(0,), (5,), (3, 0), (4, 6), (2, 3, 4)])
def test_non_zero(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).integers(0, 2, shape).astype(np.float32)
    same("non_zero", relax.NonZeroOp(constant(x)), x)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_compress(axis: int | None) -> None:
    rng = np.random.default_rng(0)
    x, condition = rng.standard_normal((4, 5)), rng.integers(0, 2, 4).astype(bool)
    op = relax.CompressOp(constant(x), constant(condition), axis=axis)
    same("compress", op, x, condition)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("is_sorted", [False, True])
def test_unique(axis: int | None, is_sorted: bool) -> None:
    x = np.random.default_rng(0).integers(0, 3, (6, 2)).astype(np.int64)
    same("unique", relax.UniqueOp(constant(x), sorted=is_sorted, axis=axis), x)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("least", [None, 0.4])
def test_non_max_suppression(centered: bool, least: float | None) -> None:
    rng = np.random.default_rng(0)
    boxes = rng.uniform(0, 1, (2, 20, 4)).astype(np.float32)
    boxes[0, 0] = 0.5  # an empty one
    scores = rng.uniform(0, 1, (2, 3, 20)).astype(np.float32)
    op = relax.NonMaxSuppressionOp(
        constant(boxes),
        constant(scores),
        max_output_boxes_per_class=4,
        iou_threshold=0.3,
        score_threshold=least,
        center_point_box=centered,
    )
    same("non_max_suppression", op, boxes, scores)
