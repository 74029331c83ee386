"""silero-vad: branches of unequal ranks, and state from chunk to chunk, as ONNX Runtime has them.

TYREX_TEST_MODELS chooses as in test_models.py; unset, the variant that compiles fastest.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.runtime.errors import ArgumentError

from . import ort, silero
from .cache import ModelUnavailable
from .silero import VARIANTS, Variant
from .test_models import CHOICE, as_arrays
from .test_shipping import CC

Array = NDArray[Any]
MODES = ("compiled", "bytecode")
QUICK = "silero_vad_half"
MAX_ERROR = 1e-4  # of 1, or of the largest absolute value
SECONDS = 30


def _is_chosen(name: str) -> bool:
    return CHOICE == "all" or name in (CHOICE.split(",") if CHOICE else (QUICK,))


@lru_cache
def _reference(path: Path) -> ort.Runner:
    return ort.load(path)


@lru_cache
def _compiled(path: Path, mode: str) -> Any:
    """Return the model for any sizes, compiled once for all tests."""
    exe = tyrex.compile(path, exec_mode=mode, threads=1)
    assert exe.exec_mode == mode
    return exe


def _cases(variants: Sequence[Variant] = VARIANTS) -> list[object]:
    reason = "TYREX_TEST_MODELS does not choose it"
    return [
        pytest.param(
            v,
            id=v.name,
            marks=[pytest.mark.slow, pytest.mark.skipif(not _is_chosen(v.name), reason=reason)],
        )
        for v in variants
    ]


def _path(variant: Variant) -> Path:
    try:
        return variant.path()
    except ModelUnavailable as reason:
        pytest.skip(str(reason))


def _agree(found: Array, expected: Array) -> None:
    assert found.shape == expected.shape
    error = MAX_ERROR * max(1.0, float(np.abs(expected).max()))  # of probabilities, of states
    np.testing.assert_allclose(found, expected, rtol=0, atol=error)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", _cases())
def test_many_shapes(variant: Variant, mode: str) -> None:
    path = _path(variant)
    shapes = variant.shapes()
    assert len(shapes) >= 20
    exe, reference = _compiled(path, mode), _reference(path)
    for seed, (rate, batch, length) in enumerate(shapes):
        rng = np.random.default_rng(seed)
        voices = [silero.speech(rate, length / rate, seed * 100 + b) for b in range(batch)]
        state = [s + rng.uniform(-1, 1, s.shape).astype("f") for s in variant.first_state(batch)]
        inputs = variant.inputs(rate, np.stack(voices), state)
        for found, expected in zip(as_arrays(exe.run(inputs)), reference(inputs), strict=True):
            _agree(found, expected)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", _cases())
def test_stream(variant: Variant, mode: str) -> None:
    """Each goes on from its own state: what they differ in would grow."""
    path = _path(variant)
    exe, reference = _compiled(path, mode), _reference(path)
    names = [name for name, _ in exe.signature.inputs]
    for rate in variant.rates:
        state: Any = variant.first_state(1)
        expected_state = list(state)
        seen: list[float] = []
        for chunk in silero.chunks(rate, silero.speech(rate, SECONDS, seed=rate)):
            inputs = variant.inputs(rate, chunk[None], state)
            probability, *state = exe(*(inputs[name] for name in names))
            expected, *expected_state = reference(variant.inputs(rate, chunk[None], expected_state))
            _agree(np.asarray(probability), expected)
            seen.append(float(expected.reshape(-1)[0]))
        assert max(seen) > 0.5 > min(seen), "the sound is to be taken for speech, now and then"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", _cases())
def test_state_in_the_machine(variant: Variant, mode: str) -> None:
    """`bind_state`, and calls in steps, give the bits of calls that hand the state over."""
    exe = _compiled(_path(variant), mode)
    machine = tyrex.VirtualMachine(exe)
    rate = variant.rates[-1]
    state: Any = variant.first_state(1)
    stream = exe.bind_state(variant.state, dict(zip(variant.state, state, strict=True)))
    for chunk in silero.chunks(rate, silero.speech(rate, 1, seed=2)):
        inputs = variant.inputs(rate, chunk[None], state)
        probability, *state = exe.run(inputs)
        free = {name: array for name, array in inputs.items() if name not in variant.state}
        assert np.asarray(stream.run(free)).tobytes() == np.asarray(probability).tobytes()
        machine.set_input("main", **inputs)
        machine.invoke_stateful("main")
        found = np.asarray(machine.get_outputs("main", 0))
        np.testing.assert_allclose(found, probability, rtol=0, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", _cases(VARIANTS[:4]))
def test_length_that_no_branch_takes(variant: Variant, mode: str) -> None:
    """More samples than one vector: the branch for several vectors contradicts the decoder."""
    if "h" in variant.state:
        pytest.skip("it takes windows of one length")
    path = _path(variant)
    exe = _compiled(path, mode)
    inputs = variant.inputs(16000, np.zeros((1, 1000), np.float32), variant.first_state(1))
    with pytest.raises(ArgumentError, match="LSTM"):
        exe.run(inputs)
    good = variant.inputs(16000, np.zeros((1, 576), np.float32), variant.first_state(1))
    for found, expected in zip(as_arrays(exe.run(good)), _reference(path)(good), strict=True):
        _agree(found, expected)


@pytest.mark.skipif(not CC, reason="no C compiler (cc)")
@pytest.mark.parametrize("variant", _cases())
def test_library(variant: Variant, tmp_path: Path) -> None:
    exe = _compiled(_path(variant), "compiled")
    loaded = tyrex.load_module(exe.export_library(tmp_path / "vad.so"))
    for rate in variant.rates:
        state: Any = variant.first_state(1)
        for chunk in silero.chunks(rate, silero.speech(rate, 1, seed=1)):
            inputs = variant.inputs(rate, chunk[None], state)
            outputs = as_arrays(exe.run(inputs))
            for a, b in zip(as_arrays(loaded.run(inputs)), outputs, strict=True):
                assert a.tobytes() == b.tobytes()
            state = outputs[1:]
