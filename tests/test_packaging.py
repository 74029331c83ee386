"""The package list and the folders agree, no generic name is installed, importing is cheap."""

import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOT_SHIPPED = {"tests", "lit_tests", "benchmarks", "examples", "build", "dist"}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def python(code: str) -> str:
    """Run `code` in a fresh interpreter outside of the checkout; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd="/", capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_every_folder_is_in_the_package_list() -> None:
    folders = {path.parent.relative_to(ROOT) for path in ROOT.rglob("__init__.py")}
    named = {
        ".".join(("tyrex", *folder.parts))
        for folder in folders
        if not NOT_SHIPPED & set(folder.parts)
        and not any(part.startswith(".") for part in folder.parts)
    }
    listed: list[str] = PROJECT["tool"]["setuptools"]["packages"]
    assert named == set(listed)
    assert listed == sorted(listed)


def test_no_generic_name_is_installed() -> None:
    names = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
    assert "dialects" in names
    assert (
        python(f"from importlib.util import find_spec as f; print([n for n in {names} if f(n)])")
        == "[]"
    )


@pytest.mark.parametrize("name", ["xdsl", "llvmlite", "onnx", "numpy", "click", "rich"])
def test_importing_tyrex_imports_nothing_heavy(name: str) -> None:
    assert python(f"import sys, tyrex; print({name!r} in sys.modules)") == "False"


@pytest.mark.parametrize("script", sorted(PROJECT["project"]["scripts"].values()))
def test_scripts_exist(script: str) -> None:
    module, _, function = script.partition(":")
    if module == "tyrex.driver.cli" and find_spec(module) is None:
        pytest.skip("tyrex.driver.cli is not there yet")
    assert python(f"import {module} as m; print(callable(m.{function}))") == "True"


def test_the_version_is_said_once() -> None:
    version = PROJECT["project"]["version"]
    assert python("import tyrex; print(tyrex.__version__)") == version
