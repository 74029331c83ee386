"""Objects in the running process, linked by LLVM.

For the machines that `runtime/object_loader.py` does not know. No part of the compiler is imported
here but llvmlite.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from types import TracebackType

from ...runtime.errors import LoadError
from ...runtime.object_loader import read_for_this_machine
from ...runtime.system_symbols import resolve_imports
from .library import Handle, binding, initialize

_numbers = itertools.count()


class JITObject:
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
        files = [read_for_this_machine(image) for image in images]
        builder = binding.JITLibraryBuilder()
        for image in images:
            builder.add_object_img(image)
        for name, address in resolve_imports(files, symbols or {}).items():
            builder.import_symbol(name, address)
        self._exports = frozenset(name for file in files for name in file.defined)
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

    def __enter__(self) -> JITObject:
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
