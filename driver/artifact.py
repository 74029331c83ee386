"""What a compile makes: a program, the objects of its kernels, and how they go together.

As bytes, it is what the cache of whole models keeps: a JSON header, the program, the
host program, the objects. Read
from a mapped file, the program's constants stay where they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ..runtime.bytecode import Program
from ..runtime.errors import LoadError
from ..runtime.program_file import read_program, write_program
from .host_program import HostProgram

ALIGN_BYTES = 64
"""Of the program in the file: its constants are mapped where they are."""


@dataclass(frozen=True)
class Artifact:
    """A compiled model, not loaded yet."""

    program: Program
    objects: tuple[bytes, ...]
    symbols: Mapping[str, str]
    """The name of a kernel in the program -> the name of its entry in an object."""
    host: HostProgram
    """The program as LLVM IR."""
    facts: Mapping[str, int] = field(default_factory=dict[str, int])
    """What is known about the compile: numbers by name."""

    def pack(self) -> list[bytes]:
        """Return the pieces of a file."""
        program = write_program(self.program)
        host = self.host.pack()
        header = {
            "host": len(host),
            "program": len(program),
            "objects": [len(image) for image in self.objects],
            "symbols": dict(self.symbols),
            "facts": dict(self.facts),
        }
        text = json.dumps(header).encode()
        size = len(text).to_bytes(8, "little")
        padding = bytes(-(len(size) + len(text)) % ALIGN_BYTES)
        return [size, text, padding, program, host, *self.objects]

    @staticmethod
    def unpack(data: memoryview) -> Artifact:
        """Return the artifact in a file that `pack` made.

        Raises:
            LoadError: it is another file.
        """
        text_end = 8 + int.from_bytes(data[:8], "little")
        try:
            header = cast(dict[str, Any], json.loads(bytes(data[8:text_end])))
            pieces = list(
                _pieces(data, text_end, [header["program"], header["host"], *header["objects"]])
            )
            # The cache has compared a checksum of everything.
            program = read_program(pieces[0], "cached model", check_data=False)
            host = HostProgram.unpack(bytes(pieces[1]))
            objects = tuple(bytes(piece) for piece in pieces[2:])
            return Artifact(program, objects, header["symbols"], host, header["facts"])
        except (ValueError, KeyError, TypeError) as error:
            raise LoadError(f"a compiled model of {len(data)} bytes is damaged: {error}") from error


def _pieces(data: memoryview, start: int, sizes: Iterable[int]) -> Iterable[memoryview]:
    at = start + -start % ALIGN_BYTES
    for size in sizes:
        if at + size > len(data):
            raise ValueError(f"{size} bytes at {at} are missing")
        yield data[at : at + size]
        at += size
