"""Where a tensor lives and a program runs. Today: the CPU."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ArgumentError

# The numbers of DLPack's DLDeviceType.
_DLPACK_TYPES = {"cpu": 1}


@dataclass(frozen=True, slots=True)
class Device:
    """A device: its kind, and which of that kind."""

    kind: str
    index: int = 0

    def __post_init__(self) -> None:
        if self.kind not in _DLPACK_TYPES:
            known = ", ".join(sorted(_DLPACK_TYPES))
            raise ArgumentError(f"Device: unknown kind {self.kind!r}; use one of: {known}")
        if self.index != 0:
            raise ArgumentError(f"Device: there is one {self.kind}; found index {self.index}")

    @staticmethod
    def parse(text: str) -> Device:
        """Return the device that `text` names: `cpu` or `cpu:0`."""
        kind, colon, index = text.partition(":")
        if colon and not index.isdecimal():
            raise ArgumentError(f"Device: expected KIND or KIND:INDEX; found {text!r}")
        return Device(kind, int(index) if colon else 0)

    @property
    def dlpack(self) -> tuple[int, int]:
        """The pair that DLPack calls a device: type and index."""
        return _DLPACK_TYPES[self.kind], self.index

    def __str__(self) -> str:
        return f"{self.kind}:{self.index}"


_CPU = Device("cpu")


def cpu(index: int = 0) -> Device:
    """Return the CPU."""
    return _CPU if index == 0 else Device("cpu", index)
