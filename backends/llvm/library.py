"""The one door to llvmlite, which ships no types."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

# Modules, target machines, engines: what comes from llvmlite is untyped.
Handle = Any

binding: Handle = import_module("llvmlite.binding")


@cache
def initialize() -> None:
    """Make LLVM know every target that this build of llvmlite has."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()


@cache
def is_known(triple: str) -> bool:
    """Tell whether this build of LLVM can make code for a triple."""
    initialize()
    try:
        binding.Target.from_triple(triple)
    except RuntimeError:
        return False
    return True
