"""Triples as people write them: "aarch64-linux-gnu", "x86_64-windows", "armv7-linux-gnueabihf"."""

from __future__ import annotations

SYSTEMS = ("linux", "windows", "macos", "macosx", "darwin", "wasi", "none", "unknown")
"""The systems that objects are made for; a version may follow the name."""

_VENDORS = ("unknown", "pc", "apple", "none")
_MACOS = "macosx11.0.0"
"""The first system that runs on both kinds of Macs; linkers want to be told one."""


def system_of(word: str) -> str | None:
    """Return the system that a part of a triple names, None where it names none."""
    return next((s for s in sorted(SYSTEMS, key=len, reverse=True) if word.startswith(s)), None)


def normalized(text: str) -> str | None:
    """Return LLVM's form of a triple, "aarch64-unknown-linux-gnu".

    Vendor and ABI may be left out: Linux means GNU's, Windows MinGW's. None where a part is no
    system that is known here.
    """
    arch, *rest = text.split("-")
    if len(rest) > 1 and rest[0] in _VENDORS and system_of(rest[1]):
        vendor, *rest = rest
    else:
        vendor = "unknown"
    system = system_of(rest[0]) if rest else None
    if system is None or len(rest) > 2:
        return None
    if system.startswith("mac") or system == "darwin":
        version = rest[0] if any(map(str.isdigit, rest[0])) else _MACOS
        return "-".join(["arm64" if arch == "aarch64" else arch, "apple", version])
    if len(rest) == 1 and system == "linux":
        rest.append("gnueabihf" if arch.startswith("armv7") else "gnu")
    elif len(rest) == 1 and system == "windows":
        rest.append("gnu")
    return "-".join([arch, vendor, *rest])
