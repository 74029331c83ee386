"""Weights of a library as a file beside it, which is mapped into memory when a context is made.

The file is that of a `.c` export (`c_constants.weights`): a header that tells it from others, then
the arrays. The library reserves memory of its size; runtime/native/weights_file.c maps it there and
compares its checksum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..runtime.bytecode import Constant
from ..runtime.native_library import native
from .bundle import joined
from .c_constants import HEADER_BYTES, offsets, weights
from .c_interface import RUNTIME_FOLDER
from .elf_object import Region


@dataclass(frozen=True)
class WeightsFile:
    """The weights of one model."""

    model: str
    content: memoryview
    """Of the file."""
    places: tuple[tuple[int, int], ...]
    """Of each array: where it begins in the file, and its size in bytes."""

    @staticmethod
    def of(model: str, constants: Sequence[Constant]) -> WeightsFile:
        """Return the weights of a model, in the order of its constants."""
        starts = offsets(constants)[0]
        sizes = (constant.data.nbytes for constant in constants)
        places = tuple(zip(starts, sizes, strict=True))
        return WeightsFile(model, joined(list(weights(constants))), places)

    @property
    def name(self) -> str:
        """The file's."""
        return f"{self.model}.weights"

    @property
    def _symbol(self) -> str:
        return f"{self.model}_tyrex_weights"

    def region(self, symbols: Sequence[str]) -> Region:
        """Return the memory that the library reserves; `symbols` are those of the arrays."""
        parts = [
            (symbol, start, size)
            for symbol, (start, size) in zip(symbols, self.places, strict=True)
        ]
        return Region(self._symbol, f"{self._symbol}_bytes", len(self.content), parts)

    def declaration(self) -> str:
        """Return what the model's header says."""
        return (
            f"/* Takes the weights out of {self.name} at `path`. Without it {self.model}_create\n"
            " * takes the file beside the library, or beside the program that it is linked into.\n"
            " */\n"
            f"int32_t {self.model}_load_weights(const char *path);\n"
        )

    def definition(self) -> str:
        """Return what the model's source says."""
        data = np.frombuffer(self.content, np.uint8)
        checksum = native().checksum(data.__array_interface__["data"][0], data.nbytes)
        header = ", ".join(map(str, bytes(self.content[:HEADER_BYTES])))
        return f"""#include "{RUNTIME_FOLDER}/weights_file.h"

extern unsigned char {self._symbol}[];
static const unsigned char weights_header[] = {{{header}}};
static const tyrex_weights_file weights_file = {{
    "{self.name}", {self._symbol}, UINT64_C({data.nbytes}), UINT64_C({checksum}), weights_header}};
static int32_t weights_loaded;

int32_t {self.model}_load_weights(const char *path) {{
  return tyrex_weights_load(&weights_file, &weights_loaded, path ? path : "");
}}
"""
