"""Which C compiler is taken, and what is said where there is none."""

from pathlib import Path

import pytest

from tyrex.exporters.toolchain import find_binutil, find_compiler, run_tool
from tyrex.runtime.errors import RuntimeFailure, UnsupportedError


def tool(folder: Path, name: str, script: str = "exit 0") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    return tmp_path


def test_the_first_of_three_is_taken(path: Path) -> None:
    clang = tool(path, "clang")
    assert find_compiler() == [str(clang)]
    gcc = tool(path, "gcc")
    assert find_compiler() == [str(gcc)]


def test_the_user_names_another(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(path, "cc")
    other, cache = tool(path, "other"), tool(path, "ccache")
    assert find_compiler("other") == [str(other)]
    assert find_compiler("ccache other") == [str(cache), "other"]
    monkeypatch.setenv("CC", "other -m64")
    assert find_compiler() == [str(other), "-m64"]
    with pytest.raises(UnsupportedError, match="no C compiler 'missing'; name another with cc="):
        find_compiler("missing")


def test_without_one_it_says_what_to_install(path: Path) -> None:
    with pytest.raises(UnsupportedError, match="neither cc, gcc, clang: install one"):
        find_compiler()
    with pytest.raises(UnsupportedError, match=r"install binutils, or export a \.so"):
        find_binutil("ar")


def test_complaints_are_passed_on(path: Path) -> None:
    failing = tool(path, "failing", "echo 'no such option' >&2; exit 3")
    with pytest.raises(RuntimeFailure, match="failed with status 3:\nno such option"):
        run_tool([str(failing)], path)
