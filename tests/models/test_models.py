"""Real models: the compiled model computes what ONNX Runtime computes, natively.

TYREX_TEST_MODELS chooses: unset, the quick ones; `all`; or names separated by commas.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex

from . import ort, zoo

Array = NDArray[Any]

QUICK = {
    "light_squeezenet",
    "light_shufflenet",
    "light_resnet50",
    "ocr_classifier",
    "ocr_detector",
    "ocr_recognizer",
    "yolov8n",
    "minilm_l6",
    "efficientnet_lite0",
}
CHOICE = os.environ.get("TYREX_TEST_MODELS", "")
MAX_ERROR = 1e-4  # of the largest absolute value
MIN_DIFFERENCE = 1e-2  # between the outputs of two inputs, of the same


class Executable(Protocol):
    def __call__(self, *inputs: Array) -> object: ...
    def stats(self) -> Mapping[str, int]: ...


class Compile(Protocol):
    def __call__(
        self,
        model: str | Path,
        *,
        dims: Mapping[str, int],
        shapes: Mapping[str, tuple[int, ...]],
        threads: int,
    ) -> Executable: ...


def chosen(name: str) -> bool:
    return CHOICE == "all" or name in (CHOICE.split(",") if CHOICE else QUICK)


def parameters() -> list[object]:
    return [
        pytest.param(
            name,
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(not chosen(name), reason="TYREX_TEST_MODELS does not choose it"),
            ],
        )
        for name in zoo.NAMES
    ]


def as_arrays(outputs: object) -> list[Array]:
    # cast: isinstance leaves a tuple's elements unknown.
    several = cast(tuple[object, ...], outputs) if isinstance(outputs, tuple) else (outputs,)
    return [np.asarray(output) for output in several]


@pytest.mark.parametrize("name", parameters())
def test_computes_what_onnx_runtime_computes(name: str) -> None:
    try:
        case = zoo.load(name)
    except zoo.ModelUnavailable as reason:
        pytest.skip(str(reason))
    inputs = [case.make_inputs(seed) for seed in (0, 1)]
    reference = ort.load(case.path, threads=2)
    first, second = (reference(i) for i in inputs)
    for a, b in zip(parts(case, first), parts(case, second), strict=True):
        assert np.abs(a - b).max() >= MIN_DIFFERENCE * np.abs(a).max(), "the inputs hardly matter"

    # cast: the attribute is lazy and may be missing.
    compile_model = cast("Compile | None", getattr(tyrex, "compile", None))
    if compile_model is None:
        pytest.skip("tyrex has no attribute compile")
    exe = compile_model(case.path, dims=case.dims, shapes=case.shapes, threads=1)
    for given, expected in zip(inputs, (first, second), strict=True):
        found = as_arrays(exe(*given.values()))
        assert [f.shape for f in found] == [e.shape for e in expected]
        for f, e in zip(parts(case, found), parts(case, expected), strict=True):
            assert np.abs(f - e).max() <= MAX_ERROR * np.abs(e).max()
    assert exe.stats()["host_callbacks"] == 0


def parts(case: zoo.ModelCase, outputs: tuple[Array, ...] | list[Array]) -> list[Array]:
    return [part for output in outputs for part in case.parts(output)]
