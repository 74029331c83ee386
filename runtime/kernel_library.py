"""Where the machine code of a program's kernels is found."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, Protocol

from .errors import LoadError

KERNEL_TYPE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)
"""`int32_t kernel(void *args)` of native/tyrex.h, for kernels that are written in Python."""


class KernelLibrary(Protocol):
    """Machine code with names; it stays loaded as long as the object lives."""

    def address(self, name: str) -> int:
        """Return the address of kernel `name`.

        Raises:
            LoadError: there is none.
        """
        ...


class FunctionLibrary:
    """A kernel library of ctypes functions of KERNEL_TYPE."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        """Name the functions."""
        self._functions = dict(functions)

    def address(self, name: str) -> int:
        """Return the address of kernel `name`."""
        function = self._functions.get(name)
        if function is None:
            known = ", ".join(sorted(self._functions)) or "none"
            raise LoadError(f"kernel library: there is no kernel {name!r}; known: {known}")
        address = ctypes.cast(function, ctypes.c_void_p).value
        assert address is not None
        return address
