"""The digit example: the committed model is as good as its README says, and the script runs."""

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime as ort
import pytest

import tyrex

FOLDER = Path(__file__).parents[2] / "examples" / "digits"
MIN_ACCURACY = 0.97


def test_model_reads_digits() -> None:
    images = np.load(FOLDER / "held_out_images.npy").astype(np.float32)
    labels = np.load(FOLDER / "held_out_labels.npy")
    # Any: onnxruntime's run has no types.
    session = cast(Any, ort.InferenceSession(str(FOLDER / "digits.onnx")))
    (chances,) = session.run(None, {"image": images})
    assert (chances.argmax(1) == labels).mean() >= MIN_ACCURACY


@pytest.mark.skipif(not hasattr(tyrex, "compile"), reason="tyrex has no attribute compile")
def test_script_classifies_and_draws() -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "run.py")],
        capture_output=True,
        text=True,
        env={"PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    assert "█" in done.stdout
    assert "357 of 360 digits are right (99.2%)" in done.stdout
