"""The one door to llvmlite, which ships no types and is loaded when it is first used.

A process that finds its model in the cache asks nothing of LLVM, whose code would be two thirds of
the memory of a small model.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

# Modules, target machines, engines: what comes from llvmlite is untyped.
Handle = Any


class _Binding:
    """The module `llvmlite.binding`."""

    def __getattr__(self, name: str) -> Handle:
        value = getattr(import_module("llvmlite.binding"), name)
        setattr(self, name, value)
        return value


binding: Handle = _Binding()


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
