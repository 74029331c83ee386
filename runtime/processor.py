"""Which instruction sets the processor at hand lacks, of those that some code uses.

Code that is loaded from a file asks before it runs: an instruction that the processor lacks would
end the process.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from ctypes import c_char_p, c_uint32
from typing import NamedTuple

from .native_library import native


class Question(NamedTuple):
    """How to ask an x86-64 processor for an instruction set; exporters/cpu_features.py knows."""

    name: str
    """As LLVM calls the instruction set."""
    leaf: int
    subleaf: int
    register: int
    """eax, ebx, ecx, edx: from 0."""
    bit: int
    saved: int
    """The registers that the system must save: bits of XCR0."""


class _Feature(ctypes.Structure):
    """`tyrex_cpu_feature`."""

    _fields_ = (("name", c_char_p), *((name, c_uint32) for name in Question._fields[1:]))


def missing_instructions(questions: Iterable[Question]) -> str | None:
    """Return the name of the first that the processor lacks, None where it has them all."""
    rows = [_Feature(question.name.encode(), *question[1:]) for question in questions]
    table = (_Feature * (len(rows) + 1))(*rows)
    found = native().missing_feature(ctypes.addressof(table))
    return None if found is None else found.decode()
