"""Constants as an object file of any format: one section of data, a symbol for each array.

Weights never pass through the text of LLVM IR or of an assembler: their bytes are written to the
file as they are, which takes as long as copying the file does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from .coff_object import write_coff_object
from .data import Data
from .elf32_object import write_elf32_object
from .elf_object import write_data_object
from .macho_object import write_macho_object
from .platforms import Platform
from .wasm_object import write_wasm_object

_WRITERS: dict[str, Callable[[BinaryIO, str, Sequence[Data]], None]] = {
    "coff": write_coff_object,
    "elf": write_data_object,
    "elf32": write_elf32_object,
    "macho": write_macho_object,
    "wasm": write_wasm_object,
}


def write_constants(file: BinaryIO, platform: Platform, data: Sequence[Data]) -> None:
    """Write an object whose read-only data are `data`; their symbols stay within the link.

    Args:
        file: at its start.
        platform: its format is the object's.
        data: with symbols that differ.

    Raises:
        NotImplementedError: an architecture whose number in the format is not known here.
    """
    kind = platform.object_format
    if kind == "elf" and not platform.is_elf64:
        kind = "elf32"
    _WRITERS[kind](file, platform.arch, data)
