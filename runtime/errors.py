"""What can go wrong at run time, as exceptions.

Every exception of the runtime is a `TyrexError`; each kind is also the built-in exception
that a Python programmer expects, so that `except ValueError` keeps its meaning. Native
code reports a code and a message (`native/abi.h`); `from_native` turns them into these.
"""

from __future__ import annotations


class TyrexError(Exception):
    """The base of every error that Tyrex raises on purpose."""


class ArgumentError(TyrexError, ValueError):
    """A value that the callee cannot accept."""


class ShapeError(ArgumentError):
    """A shape that does not fit what is expected."""


class BoundsError(TyrexError, IndexError):
    """An index or an offset outside its buffer."""


class DTypeError(TyrexError, TypeError):
    """A data type, or a kind of object, that the callee cannot accept."""


class LoadError(TyrexError, OSError):
    """A file or a library that cannot be loaded."""


class OutOfMemoryError(TyrexError, MemoryError):
    """The system has no memory left."""


class UnsupportedError(TyrexError, NotImplementedError):
    """Something that this machine, build or installation cannot do."""


class RuntimeFailure(TyrexError, RuntimeError):
    """Native code failed; `code` is what it returned."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


# The codes of native/abi.h.
ERROR_ARGUMENT = 1
ERROR_SHAPE = 2
ERROR_BOUNDS = 3
ERROR_MEMORY = 4
ERROR_UNSUPPORTED = 5
ERROR_ABI = 6
ERROR_INTERNAL = 7
ERROR_DTYPE = 8
ERROR_RECURSION = 10

_CLASSES: dict[int, type[TyrexError]] = {
    ERROR_ARGUMENT: ArgumentError,
    ERROR_SHAPE: ShapeError,
    ERROR_BOUNDS: BoundsError,
    ERROR_MEMORY: OutOfMemoryError,
    ERROR_UNSUPPORTED: UnsupportedError,
    ERROR_ABI: LoadError,
    ERROR_DTYPE: DTypeError,
}


def from_native(code: int, message: str, place: str) -> TyrexError:
    """Return the exception for error `code` of native code, to be raised by the caller.

    Args:
        code: what the native function returned; not 0.
        message: the thread's message; empty when native code set none.
        place: who failed, e.g. the kernel's name.
    """
    text = f"{place}: {message or f'native code failed with error code {code}'}"
    error = _CLASSES.get(code)
    return RuntimeFailure(text, code) if error is None else error(text)
