"""What a triple says about files: their format, their suffix, what the system has."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

_HERE = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_ARM = ("armv7", "armv7a", "armv7l")


@dataclass(frozen=True)
class Platform:
    """A processor architecture and a system."""

    triple: str
    arch: str
    """The architecture, by the name that triples have for it."""
    system: str
    """ "linux", "windows", "macos", "wasm", or "none" for a machine without a system."""
    abi: str
    """What follows the system: "gnu", "musl", "gnueabihf", "msvc" or nothing."""

    @property
    def object_format(self) -> str:
        """The format of objects: "elf", "coff", "macho" or "wasm"."""
        return {"windows": "coff", "macos": "macho", "wasm": "wasm"}.get(self.system, "elf")

    @property
    def shared_suffix(self) -> str:
        """The suffix of libraries that are loaded: ".so", ".dll", ".dylib" or ".wasm"."""
        return {"windows": ".dll", "macos": ".dylib", "wasm": ".wasm"}.get(self.system, ".so")

    @property
    def is_elf64(self) -> bool:
        """Whether objects are ELF of 64 bits."""
        return self.object_format == "elf" and self.arch not in _ARM

    @property
    def has_threads(self) -> bool:
        """Whether the system has POSIX threads, which parallel loops run on."""
        return self.system in ("linux", "macos")

    @property
    def is_here(self) -> bool:
        """Whether this is the system of this process."""
        machine = platform.machine().lower()
        same = {"amd64": "x86_64", "arm64": "aarch64"}
        here = "armv7" if machine in _ARM else same.get(machine, machine)
        arch = "armv7" if self.arch in _ARM else same.get(self.arch, self.arch)
        return (arch, self.system) == (here, _HERE.get(sys.platform, sys.platform))


def platform_of(triple: str) -> Platform:
    """Return the platform that a triple names."""
    arch, *rest = triple.split("-")
    abi = rest[2] if len(rest) > 2 else ""
    if arch.startswith("wasm"):
        return Platform(triple, arch, "wasm", abi)
    for word in rest:
        for name, system in (
            ("linux", "linux"),
            ("windows", "windows"),
            ("macos", "macos"),
            ("darwin", "macos"),
        ):
            if word.startswith(name):
                return Platform(triple, arch, system, abi)
    return Platform(triple, arch, "none", abi)
