"""The list of passing cases grows by itself and shrinks only on request."""

from pathlib import Path

import pytest

from . import ratchet
from .outcome import Outcome, Status

OUTCOMES = {
    "test_abs": Outcome(Status.PASSED),
    "test_acos": Outcome(Status.FAILED, "wrong numbers"),
    "test_add": Outcome(Status.PASSED),
}


@pytest.fixture
def passing(tmp_path: Path) -> Path:
    path = tmp_path / "passing.txt"
    path.write_text("test_acos\ntest_add\ntest_not_run\n")
    return path


def test_reports_what_no_longer_passes(passing: Path) -> None:
    assert ratchet.regressions(ratchet.read(passing), OUTCOMES) == ["test_acos"]


def test_update_only_adds(passing: Path) -> None:
    ratchet.update(passing, OUTCOMES, allow_removal=False)
    assert passing.read_text() == "test_abs\ntest_acos\ntest_add\ntest_not_run\n"


def test_removal_is_explicit_and_spares_what_did_not_run(passing: Path) -> None:
    ratchet.update(passing, OUTCOMES, allow_removal=True)
    assert passing.read_text() == "test_abs\ntest_add\ntest_not_run\n"


def test_a_missing_list_is_empty(tmp_path: Path) -> None:
    assert ratchet.read(tmp_path / "none.txt") == set()
