"""The C compiler for a target: found, run, and its complaints passed on.

It compiles the C part of an exported library and links all of it. Looked for in this order:

    linker=, `--linker`, TYREX_LINKER     a command: "aarch64-linux-gnu-gcc", "clang --target=...",
                                          or "zig", the one of package ziglang
    for this system: CC; cc, gcc, clang
    for another one: its own compiler (aarch64-linux-gnu-gcc), then clang with lld, where it finds
                     the system's headers and libraries
    package ziglang, or a `zig` on the path, which bring those of every target along
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ..runtime.errors import RuntimeFailure, UnsupportedError
from .platforms import Platform

_COMPILERS = ("cc", "gcc", "clang")
_LOG_LINES = 12
_GNU_ARCHES = {"armv7": "arm", "armv7a": "arm", "armv7l": "arm", "arm64": "aarch64"}

_GLIBC = {"riscv64": "2.27", "loongarch64": "2.36"}
_OLD_GLIBC = "2.17"
"""The oldest glibc to run on, which zig links for: what the enterprise systems of 2014 have."""

_PACKAGES = {
    "aarch64": "gcc-aarch64-linux-gnu",
    "riscv64": "gcc-riscv64-linux-gnu",
    "armv7": "gcc-arm-linux-gnueabihf",
    "armv7a": "gcc-arm-linux-gnueabihf",
    "x86_64": "gcc-x86-64-linux-gnu",
}
"""Debian's compilers."""


@dataclass(frozen=True)
class Toolchain:
    """A C compiler for a platform, which also links."""

    command: tuple[str, ...]
    """Its path, and what tells it the target."""
    platform: Platform
    is_zig: bool = False


def find_toolchain(platform: Platform, given: str | None = None) -> Toolchain:
    """Return the C compiler for a platform.

    Args:
        platform: what code is for.
        given: the user's choice, a command with its options, or "zig".

    Raises:
        UnsupportedError: there is none; the message says what to install.
    """
    named = given or os.environ.get("TYREX_LINKER") or (platform.is_here and os.environ.get("CC"))
    if named:
        return _named(platform, named)
    for found in _candidates(platform):
        return found
    raise UnsupportedError(
        f"export: there is no C compiler for {platform.triple}: {_advice(platform)}, or name one"
        " with linker=, --linker or the variable TYREX_LINKER"
    )


def _advice(platform: Platform) -> str:
    """Return what to install."""
    zig = "`pip install ziglang`"
    if platform.is_here and platform.system == "linux":
        return f"install one (Debian, Ubuntu: `apt install gcc`; Fedora: `dnf install gcc`), {zig}"
    debian = _PACKAGES.get(platform.arch) if platform.system == "linux" else None
    if platform.system == "wasm":
        debian = "clang lld"
    return f"{zig} (or tyrex[cross])" + (f", or Debian's `apt install {debian}`" if debian else "")


def _named(platform: Platform, text: str) -> Toolchain:
    words = shlex.split(text)
    if words == ["zig"]:
        found = _zig(platform)
        if found is None:
            raise UnsupportedError("export: there is no zig: `pip install ziglang`")
        return found
    path = shutil.which(words[0]) if words else None
    if path is None:
        raise UnsupportedError(
            f"export: there is no C compiler {text!r}; name another with linker=, or for"
            f" {platform.triple} {_advice(platform)}"
        )
    return Toolchain((path, *words[1:]), platform, is_zig=Path(path).stem == "zig")


def _candidates(platform: Platform) -> Iterator[Toolchain]:
    for name in _COMPILERS if platform.is_here else _cross_names(platform):
        found = shutil.which(name)
        if found is not None:
            yield Toolchain((found,), platform)
    clang = shutil.which("clang")
    if clang is not None and not platform.is_here:
        target = "wasm32" if platform.system == "wasm" else platform.triple
        command = (clang, f"--target={target}", "-fuse-ld=lld")
        if platform.system == "wasm":
            command = command[:-1]  # it has one linker, and says so when told
        if _links(command, is_bare=platform.system == "wasm"):
            yield Toolchain(command, platform)
    zig = _zig(platform)
    if zig is not None:
        yield zig


def _cross_names(platform: Platform) -> Iterator[str]:
    """Yield the names that compilers for a platform have on other systems."""
    arch = _GNU_ARCHES.get(platform.arch, platform.arch)
    if platform.system == "linux":
        yield f"{arch}-linux-{platform.abi or 'gnu'}-gcc"
    elif platform.system == "windows":
        yield f"{arch}-w64-mingw32-gcc"


@cache
def _links(command: Sequence[str], *, is_bare: bool) -> bool:
    """Tell whether a compiler has the headers, libraries and linker of its target."""
    source = "int f(void) { return 0; }\n"
    flags = ["-nostdlib", "-Wl,--no-entry"]
    if not is_bare:
        source, flags = f"#include <stdlib.h>\n#include <math.h>\n{source}", ["-shared", "-lm"]
    with tempfile.TemporaryDirectory(prefix="tyrex-toolchain-") as folder:
        (Path(folder) / "f.c").write_text(source)
        line = [*command, "-fPIC", "f.c", "-o", "f", *flags]
        done = subprocess.run(line, cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def _zig(platform: Platform) -> Toolchain | None:
    """Return zig, of package ziglang or on the path, for a platform; None without either."""
    spec = find_spec("ziglang")
    binary = None
    if spec and spec.origin:
        folder = Path(spec.origin).parent
        binary = next((str(p) for p in (folder / "zig", folder / "zig.exe") if p.is_file()), None)
    binary = binary or shutil.which("zig")
    if binary is None:
        return None
    target = ("-target", _zig_target(platform))
    if platform.arch in ("armv7", "armv7a"):
        target = (*target, "-mcpu=generic+v7a")
    return Toolchain((binary, "cc", *target), platform, is_zig=True)


def _zig_target(platform: Platform) -> str:
    """Return zig's name of a platform."""
    arch = _GNU_ARCHES.get(platform.arch, platform.arch)
    match platform.system:
        case "wasm":
            return "wasm32-freestanding"
        case "macos":
            return f"{arch}-macos.11.0"
        case "windows":
            return f"{arch}-windows-gnu"
        case "linux" if platform.abi.startswith("gnu"):
            return f"{arch}-linux-{platform.abi}.{_GLIBC.get(arch, _OLD_GLIBC)}"
        case "linux":
            return f"{arch}-linux-{platform.abi or 'gnu'}"
        case _:
            return f"{arch}-freestanding"


def run_tool(command: Sequence[str], folder: Path) -> None:
    """Run a tool in a folder.

    Raises:
        RuntimeFailure: it fails; the message ends with what it said.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.strip().splitlines()[-_LOG_LINES:])
        raise RuntimeFailure(
            f"export: `{shlex.join(command)}` failed with status {done.returncode}:\n{tail}"
        )
