"""Some of the mutants of fuzzing.py, which makes thousands when it is asked to."""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZING = Path(__file__).with_name("fuzzing.py")
BAD_BUNDLES = (8304, 3182)
"""Numbers of mutants that once were told about in messages as long as they are."""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.slow
def test_mutants_are_refused_or_as_good_as_whole() -> None:
    command = [sys.executable, str(FUZZING), "--seed", "1", "--count", "150"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    for kind in ("bundle", "program"):
        assert f"{kind}: 150 mutants" in done.stdout
    assert done.stdout.count("forged: refused (LoadError)") == 2


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize("number", BAD_BUNDLES)
def test_mutants_that_were_found(number: int) -> None:
    command = [sys.executable, str(FUZZING), "--only", f"bundle:{number}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
