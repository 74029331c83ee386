"""Objects in the running process, linked by LLVM.

For the machines that `runtime/object_loader.py` does not know. No part of the compiler is imported
here but llvmlite.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cache

from ...runtime.errors import LoadError
from ...runtime.object_loader import LinkedCode, read_for_this_machine
from ...runtime.system_symbols import resolve_imports
from .library import Handle, binding, initialize

_numbers = itertools.count()


class JITObject(LinkedCode):
    """Objects linked by LLVM.

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
        names = {name for file in files for name in file.defined}
        for name in names:
            builder.export_symbol(name)
        try:
            tracker: Handle = builder.link(_engine(), f"tyrex.{next(_numbers)}")
            exports = {name: tracker[name] for name in names}
        except RuntimeError as error:
            raise LoadError(f"an object cannot be loaded: {error}") from error
        super().__init__(tracker, exports)


@cache
def _engine() -> Handle:
    """Return the process's JIT linker; every set of objects is a library of its own in it."""
    initialize()
    target = binding.Target.from_triple(binding.get_process_triple())
    machine = target.create_target_machine(opt=0, reloc="pic", codemodel="default")
    # Errors come back as exceptions; without this LLVM also prints them.
    return binding.create_lljit_compiler(machine, suppress_errors=True)
