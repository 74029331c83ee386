"""Real models compiled once, with symbolic dims, run at many shapes: ONNX Runtime's results.

TYREX_TEST_MODELS chooses as in test_models.py; unset, the quickest one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex

from . import minilm, ort, zoo
from .test_models import CHOICE, as_arrays, chosen

Array = NDArray[Any]
MAX_ERROR = 1e-4  # of the largest absolute value
SMALL = 1e-6  # an output below it says no more than that


@dataclass(frozen=True)
class Case:
    """A model with some dims left open, and the shapes that it is run at."""

    model: str
    shapes: Sequence[tuple[int, ...]]
    dims: Mapping[str, int] = field(default_factory=dict[str, int])


def _texts() -> list[tuple[int, ...]]:
    lengths = (1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 48, 64, 100, 128)
    return [(1, length) for length in lengths] + [(2, 5), (3, 16), (4, 1), (5, 9), (7, 20), (2, 77)]


def _images(step: int, heights: Sequence[int], widths: Sequence[int]) -> list[tuple[int, ...]]:
    sizes = [(h * step, w * step) for h in heights for w in widths]
    return [(1 + i % 5 // 4, 3, h, w) for i, (h, w) in enumerate(sizes)]


CASES = {
    "minilm_l6": Case("minilm_l6", _texts()),
    "ocr_detector": Case("ocr_detector", _images(32, (1, 2, 3, 5), (1, 2, 4, 7, 8))),
    "ocr_recognizer": Case(
        "ocr_recognizer", [(1 + w % 3, 3, 48, 16 * w + w % 5 * 8) for w in range(2, 23)]
    ),
    "yolov8n": Case(
        "yolov8n",
        [(n, 3, 64, 96) for n in range(1, 22)],
        {"height": 64, "width": 96},
    ),
}


def inputs_of(case: Case, names: Sequence[str], shape: tuple[int, ...], seed: int) -> Any:
    rng = np.random.default_rng(seed)
    if case.model != "minilm_l6":
        return {names[0]: rng.uniform(0, 1, shape).astype(np.float32)}
    ids = rng.integers(minilm.FIRST_WORD, minilm.VOCABULARY, shape)
    mask = np.ones(shape, np.int64)
    mask[:, 1 + shape[1] // 2 :] = 0
    return dict(zip(names, (ids, mask, np.zeros_like(ids)), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_many_shapes(name: str) -> None:
    if not (chosen(name) if CHOICE else name == "minilm_l6"):
        pytest.skip("TYREX_TEST_MODELS does not choose it")
    case = CASES[name]
    try:
        loaded = zoo.load(case.model)
    except zoo.ModelUnavailable as reason:
        pytest.skip(str(reason))
    reference = ort.load(loaded.path)
    exe = tyrex.compile(loaded.path, dims=case.dims, threads=1)
    assert exe.exec_mode == "compiled"
    names = [name for name, _ in exe.signature.inputs]
    assert len(case.shapes) >= 20
    for seed, shape in enumerate(case.shapes):
        inputs = inputs_of(case, names, shape, seed)
        for found, expected in zip(as_arrays(exe.run(inputs)), reference(inputs), strict=True):
            assert found.shape == expected.shape, shape
            largest = max(float(np.abs(expected).max(initial=0)), SMALL / MAX_ERROR)
            assert np.abs(found - expected).max(initial=0) <= MAX_ERROR * largest, shape
