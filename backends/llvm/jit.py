"""Objects in the running process: code that `compile.py` made, at an address.

No part of the compiler is imported here but llvmlite. An object may need the functions of libm
and a few that compilers call on their own (memcpy, conversions of half floats); anything else
has to be defined by another object or given by its address.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from types import TracebackType

from ...runtime.elf import MACHINES
from ...runtime.errors import LoadError
from .elf import Symbols, read_symbols
from .library import Handle, binding, initialize

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

_GENERATED = frozenset(("_GLOBAL_OFFSET_TABLE_", "__dso_handle"))  # the loader makes these
_numbers = itertools.count()


class LoadedObject:
    """Object code in memory; the addresses die with `close`, or when nobody keeps this object.

    Args:
        objects: One object, or several that refer to each other.
        symbols: Addresses of further functions that the objects may call, by name.

    Raises:
        LoadError: an object is damaged, is for another machine, or needs a symbol that nobody
            defines.
    """

    def __init__(self, objects: bytes | Sequence[bytes], symbols: Mapping[str, int] | None = None):
        images = [objects] if isinstance(objects, bytes) else list(objects)
        tables = [_symbols(image) for image in images]
        known = symbols or {}
        builder = binding.JITLibraryBuilder()
        for image in images:
            builder.add_object_img(image)
        for name, address in _imports(tables, known).items():
            builder.import_symbol(name, address)
        self._exports = frozenset(name for table in tables for name in table.defined)
        for name in self._exports:
            builder.export_symbol(name)
        try:
            self._tracker: Handle = builder.link(_engine(), f"tyrex.{next(_numbers)}")
        except RuntimeError as error:
            raise LoadError(f"an object cannot be loaded: {error}") from error

    @property
    def names(self) -> frozenset[str]:
        """Return the symbols that the objects export."""
        return self._exports

    def address(self, name: str) -> int:
        """Return where `name` is in memory.

        Raises:
            LoadError: the objects do not define it, or are closed.
        """
        if self._tracker is None:
            raise LoadError(f"'{name}' is in an object that has been closed")
        if name not in self._exports:
            raise LoadError(
                f"the object does not define '{name}'; it has {', '.join(sorted(self._exports))}"
            )
        return self._tracker[name]

    def close(self) -> None:
        """Free the code; calling into it afterwards ends the process. Closing twice is fine."""
        if self._tracker is not None:
            self._tracker.close()
            self._tracker = None

    def __enter__(self) -> LoadedObject:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@cache
def _engine() -> Handle:
    """Return the process's JIT linker; every set of objects is a library of its own in it."""
    initialize()
    target = binding.Target.from_triple(binding.get_process_triple())
    machine = target.create_target_machine(opt=0, reloc="pic", codemodel="default")
    # Errors come back as exceptions; without this LLVM also prints them.
    return binding.create_lljit_compiler(machine, suppress_errors=True)


def _symbols(image: bytes) -> Symbols:
    try:
        table = read_symbols(image)
    except ValueError as error:
        raise LoadError(f"an object cannot be loaded: {error}") from error
    if table is None:
        raise LoadError(
            f"an object of {len(image)} bytes is no 64-bit little-endian ELF object; "
            "this is the one kind that is loaded in the process"
        )
    here: str = binding.get_process_triple().partition("-")[0]
    if table.machine != MACHINES.get(here):
        raise LoadError(
            f"an object for ELF machine {table.machine} cannot be loaded on {here}; compile it "
            "for target 'native'"
        )
    return table


def _imports(tables: Sequence[Symbols], known: Mapping[str, int]) -> dict[str, int]:
    """Return the address of every symbol that the objects need from outside."""
    defined = {name for table in tables for name in table.defined}
    needed = {name for table in tables for name in table.undefined} - defined - _GENERATED
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
