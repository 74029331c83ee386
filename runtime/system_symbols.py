"""The functions of the system that machine code may call: libm's, and what compilers add."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache

from .errors import LoadError
from .relocatable import ObjectFile

# What LLVM's code generators call without being told to.
_COMPILER_CALLS = frozenset(
    (
        *("memcpy", "memmove", "memset", "memcmp", "bzero"),
        *("__extendhfsf2", "__truncsfhf2", "__truncdfhf2", "__truncsfbf2", "__truncdfbf2"),
        *("__divti3", "__modti3", "__udivti3", "__umodti3", "__multi3"),
    )
)
_LIBM = (
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp10 exp2 "
    "expm1 fabs fdim floor fma fmax fmin fmod frexp hypot ldexp lgamma llrint llround log log10 "
    "log1p log2 logb lrint lround modf nearbyint nextafter pow remainder rint round roundeven "
    "scalbn sin sincos sinh sqrt tan tanh tgamma trunc"
)
_LIBM_CALLS = frozenset(name + suffix for name in _LIBM.split() for suffix in ("", "f"))

_GENERATED = frozenset(("_GLOBAL_OFFSET_TABLE_", "__dso_handle"))  # a loader makes these


def resolve_imports(files: Sequence[ObjectFile], known: Mapping[str, int]) -> dict[str, int]:
    """Return the address of every symbol that objects need from outside.

    Args:
        files: objects that are loaded together.
        known: addresses of further symbols.

    Raises:
        LoadError: nobody defines one.
    """
    defined = {name for file in files for name in file.defined}
    needed = {name for file in files for name in file.undefined} - defined - _GENERATED
    found: dict[str, int] = {}
    missing: list[str] = []
    for name in sorted(needed):
        address = known.get(name) or system_address(name)
        if address:
            found[name] = address
        else:
            missing.append(name)
    if missing:
        raise LoadError(
            f"an object needs {', '.join(missing)}, which nobody defines; besides libm only what "
            "`symbols` names can be called"
        )
    return found


def process_addresses(files: Sequence[ObjectFile]) -> dict[str, int]:
    """Return the addresses of what objects of the user's need of the libraries of this process."""
    defined = {name for file in files for name in file.defined}
    process = ctypes.CDLL(None)
    found: dict[str, int] = {}
    for name in {name for file in files for name in file.undefined} - defined:
        function = getattr(process, name, None)
        address = None if function is None else ctypes.cast(function, ctypes.c_void_p).value
        if address:
            found[name] = address
    return found


@cache
def system_address(name: str) -> int | None:
    """Return the address of a function of libm or of the compiler's library, None for others."""
    if name in _LIBM_CALLS:
        libraries = _math_libraries()
    elif name in _COMPILER_CALLS:
        libraries = _support_libraries()
    else:
        return None
    for library in libraries:
        function = getattr(library, name, None)
        if function is not None:
            return ctypes.cast(function, ctypes.c_void_p).value
    return None


# By their names in GNU, musl and Darwin systems; what is absent is skipped.
_MATH_NAMES = ("libm.so.6", "libm.so", "libm.dylib")
_SUPPORT_NAMES = ("libgcc_s.so.1", "libgcc_s.dylib")


@cache
def _math_libraries() -> Sequence[ctypes.CDLL]:
    return (*_open(_MATH_NAMES), ctypes.CDLL(None))


@cache
def _support_libraries() -> Sequence[ctypes.CDLL]:
    return (ctypes.CDLL(None), *_open(_SUPPORT_NAMES))


def _open(names: Sequence[str]) -> Sequence[ctypes.CDLL]:
    """Return the first library of `names` that the system has, if any."""
    for name in names:
        try:
            return (ctypes.CDLL(name),)
        except OSError:
            continue
    return ()
