"""Every case of passing.txt passes; what the run itself is made of works."""

import subprocess
import sys
from pathlib import Path

import pytest

import tyrex

from . import ratchet

RUN = Path(__file__).with_name("run.py")
TIMEOUT_S = 900


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(tyrex, "compile"), reason="tyrex has no attribute compile")
def test_cases_that_passed_still_pass() -> None:
    assert ratchet.read(), "passing.txt is empty: run.py --update fills it"
    done = subprocess.run(
        [sys.executable, str(RUN), "--passing", "--jobs", "2", "--timeout", "60"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_list_is_sorted_and_without_repeats() -> None:
    names = ratchet.PASSING.read_text().split() if ratchet.PASSING.exists() else []
    assert names == sorted(set(names))
