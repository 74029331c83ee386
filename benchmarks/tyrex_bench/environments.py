"""A virtual environment per peer, made when it is first asked for: their dependencies conflict."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from platformdirs import user_cache_dir

from .engines import Engine

_PIP_SECONDS = 900


class EngineAbsent(Exception):
    """An engine cannot be had on this machine; the message says why."""


def cache_dir() -> Path:
    """Return the folder of the environments: TYREX_BENCHMARKS, else the user's cache."""
    chosen = os.environ.get("TYREX_BENCHMARKS")
    return Path(chosen) if chosen else Path(user_cache_dir("tyrex")) / "benchmarks"


def python_of(name: str, engine: Engine) -> Path:
    """Return the interpreter that has the engine, installing it if need be.

    Raises:
        EngineAbsent: it is not installed and cannot be.
    """
    if not engine.requirements:
        return _own(engine)
    digest = hashlib.sha256(" ".join(engine.requirements).encode()).hexdigest()[:8]
    folder = cache_dir() / f"{name}-py{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _make(folder, python, engine.requirements)
        ready.touch()
    return python


def _own(engine: Engine) -> Path:
    try:
        version(engine.package)
    except PackageNotFoundError as error:
        raise EngineAbsent(
            f"{engine.package} is not installed; pip install 'tyrex[bench]' brings it"
        ) from error
    return Path(sys.executable)


def _make(folder: Path, python: Path, requirements: tuple[str, ...]) -> None:
    pip = [python, "-m", "pip", "install", "--quiet", "--no-input", "--only-binary", ":all:"]
    for command in ([sys.executable, "-m", "venv", folder], [*pip, *requirements]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineAbsent(f"{' '.join(requirements)}: {error}") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise EngineAbsent(f"{' '.join(requirements)}: {last}")
