import sys

import pytest

from tyrex.driver.options import silent
from tyrex.driver.terminal import progress_display, table


def test_no_terminal_no_display(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_display() as progress:
        progress("graph", 0, 0)
    assert progress is silent
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_the_stages(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress_display() as progress:
        progress("graph", 0, 0)
        progress("objects", 3, 27)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "objects 3/27" in captured.err


def test_tables_have_columns() -> None:
    assert table([("a", "long", "x"), ("bb", "y", "")]) == "a   long  x\nbb  y"
