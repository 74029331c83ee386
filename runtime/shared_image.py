"""Shared libraries that are bytes in memory: linked code of a bundle, put to work.

No file is written beside anything: the bytes go to an anonymous file, or, where the system has
none, to a private temporary one that is gone when the library is open.
"""

from __future__ import annotations

import _ctypes
import ctypes
import itertools
import os
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .elf import check_image
from .errors import LoadError

_numbers = itertools.count(1)


class SharedImage:
    """A library in memory, unmapped when nobody keeps this object.

    Args:
        content: the file: one axis of bytes. Its code may run: compare a checksum before.
        place: what it is; begins the message of an error.

    Raises:
        LoadError: it is no whole library for this system.
    """

    def __init__(self, content: memoryview, place: str) -> None:
        check_image(content, place)
        self._place = place
        try:
            self._library = _open(content)
        except OSError as error:
            raise LoadError(f"{place}: cannot be loaded: {error}") from error
        # At the end of the process the code stays: other threads may be in it.
        finalizer = weakref.finalize(self, _ctypes.dlclose, self._library._handle)
        finalizer.atexit = False

    def address(self, symbol: str) -> int:
        """Return where a symbol is.

        Raises:
            LoadError: the library does not show it.
        """
        try:
            return _ctypes.dlsym(self._library._handle, symbol)
        except OSError:
            raise LoadError(f"{self._place}: lacks the symbol {symbol!r}") from None


class ImageKernels:
    """The kernels of an image, by the names that a program has for them."""

    def __init__(self, image: SharedImage, symbols: Mapping[str, str]) -> None:
        """Name the kernels: the name in the program -> the symbol."""
        self._image, self._symbols = image, symbols

    def address(self, name: str) -> int:
        """Return the address of kernel `name`.

        Raises:
            LoadError: there is none.
        """
        symbol = self._symbols.get(name)
        if symbol is None:
            raise LoadError(f"there is no kernel {name!r}")
        return self._image.address(symbol)


class ImageHost:
    """The host program of an image, whose constants are in their places already."""

    def __init__(self, image: SharedImage, entry: str) -> None:
        """Name the entry's symbol."""
        self._image, self._entry = image, entry

    def link(self, constants: Sequence[int]) -> int:
        """Return the address of the entry."""
        del constants  # linked with the image
        return self._image.address(self._entry)


def _open(content: memoryview) -> ctypes.CDLL:
    if hasattr(os, "memfd_create"):
        with suppress(OSError):  # the system may forbid code in anonymous files
            return _open_anonymous(content)
    with tempfile.TemporaryDirectory(prefix="tyrex-") as folder:  # for this user alone
        path = Path(folder) / f"image{next(_numbers)}.so"
        path.write_bytes(content)
        return ctypes.CDLL(str(path), mode=ctypes.RTLD_LOCAL)


def _open_anonymous(content: memoryview) -> ctypes.CDLL:
    descriptor = os.memfd_create("tyrex", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        # glibc takes a library whose name it has seen for the same one, and descriptors' numbers
        # come back: every image has its own way of spelling them.
        detour = "".join("./" if digit == "1" else "/" for digit in f"{next(_numbers):b}")
        return ctypes.CDLL(f"/proc/self/fd/{detour}{descriptor}", mode=ctypes.RTLD_LOCAL)
