"""A model as a file for programs without Python: a shared library, an archive, or an object.

    m.so    self-contained: needs libc, libm and the system's threads
    m.a     the same as an archive, to be linked into a program with -lm -pthread
    m.o     the same as one object

Each comes with the header `m.h`. The runtime (memory, errors, the thread pool) travels as source
and is compiled along; code and constants are objects already.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ..runtime.errors import LoadError
from .c_interface import FUNCTIONS, RUNTIME_FOLDER, Interface, header_text, source_text
from .elf_object import Data, write_data_object
from .package import Package
from .toolchain import find_binutil, find_compiler, run_tool

_NATIVE = Path(__file__).resolve().parents[1] / "runtime" / "native"
_RUNTIME = (
    *("arena.c", "arguments.c", "context.c", "cpu.c", "error.c", "model.c", "pool.c"),
    *("tvm_ffi.c", "wait.c"),
)
_HEADERS = ("abi.h", "arguments.h", "dlpack.h", "model.h", "tvm_ffi.h", "tyrex.h", "wait.h")
_CFLAGS = ("-std=gnu11", "-O2", "-fPIC", "-fvisibility=hidden", "-pthread")

_Link = Callable[[Package, Sequence[str], Sequence[str], Path], None]
"""Makes a file of a package with a compiler out of objects, which lie beside the file."""


def write_shared(package: Package, path: Path, cc: str | None = None) -> None:
    """Write a model as a shared library, its header beside it.

    Args:
        package: the model.
        path: an existing file is replaced at the end.
        cc: the command of the C compiler; see `toolchain.py`.

    Raises:
        UnsupportedError: there is no C compiler, or another tool is missing.
        RuntimeFailure: a tool failed.
    """
    _write(package, path, cc, _link_shared, is_shared=True)


def copy_shared(source: Path, path: Path, interface: Interface) -> None:
    """Write a shared library that was written before again, its header beside it.

    Args:
        source: the library.
        path: an existing file is replaced at the end.
        interface: of the model.

    Raises:
        LoadError: the library is gone.
    """
    with tempfile.TemporaryDirectory(prefix=".tyrex-export-", dir=path.parent) as folder:
        copy, header = Path(folder) / "copy", Path(folder) / "header"
        try:
            shutil.copyfile(source, copy)
        except OSError as error:
            raise LoadError(f"{source}: cannot be read: {error.strerror}") from error
        header.write_text(header_text(interface), encoding="ascii")
        os.replace(header, path.with_name(f"{interface.name}.h"))
        os.replace(copy, path)


def write_archive(package: Package, path: Path, cc: str | None = None) -> None:
    """Write a model as an archive; see `write_shared`."""
    _write(package, path, cc, _make_archive)


def write_object(package: Package, path: Path, cc: str | None = None) -> None:
    """Write a model as one object; see `write_shared`."""
    _write(package, path, cc, _link_object)


def _write(
    package: Package, path: Path, cc: str | None, link: _Link, *, is_shared: bool = False
) -> None:
    compiler = find_compiler(cc)
    with tempfile.TemporaryDirectory(prefix=".tyrex-export-", dir=path.parent) as name:
        folder = Path(name)
        built, header = folder / "built", folder / f"{package.name}.h"
        objects = _objects(package, folder, compiler, is_shared=is_shared)
        link(package, compiler, objects, built)
        os.replace(header, path.with_name(header.name))
        os.replace(built, path)


def _objects(
    package: Package, folder: Path, compiler: Sequence[str], *, is_shared: bool
) -> list[str]:
    """Write every object of a library into a folder; return their names."""
    names: list[str] = []
    for number, image in enumerate(package.objects):
        names.append(f"code{number}.o")
        (folder / names[-1]).write_bytes(image)
    if package.constants:
        names.append("constants.o")
        with (folder / names[-1]).open("wb") as file:
            data = [Data(symbol, constant.data.data) for symbol, constant in package.constants]
            write_data_object(file, package.arch, data)
    (folder / f"{package.name}.h").write_text(header_text(package), encoding="ascii")
    (folder / "interface.c").write_text(source_text(package), encoding="ascii")
    runtime = folder / RUNTIME_FOLDER
    runtime.mkdir()
    for source in (*_RUNTIME, *_HEADERS):
        shutil.copy(_NATIVE / source, runtime / source)
    shared = ["-DTYREX_SHARED"] if is_shared else []
    sources = ["interface.c", *(f"{RUNTIME_FOLDER}/{source}" for source in _RUNTIME)]
    run_tool([*compiler, *_CFLAGS, *shared, "-c", *sources], folder)
    return [*names, *(Path(source).with_suffix(".o").name for source in sources)]


def _shown(package: Package) -> list[str]:
    """Return the names of the functions that users call."""
    functions = [f"{package.name}_{function}" for function in FUNCTIONS]
    return [*functions, f"__tvm_ffi_{package.name}"]


def _link_shared(
    package: Package, compiler: Sequence[str], objects: Sequence[str], path: Path
) -> None:
    """Link a shared library that shows its own functions and nothing else."""
    shown = "; ".join([*_shown(package), "tyrex_module", "__tvm_ffi_main"])
    (path.parent / "exports.map").write_text(f"{{ global: {shown}; local: *; }};\n")
    # Its threads may outlive a dlclose: the code stays mapped.
    flags = ["-shared", "-static-libgcc", "-pthread", "-Wl,--version-script=exports.map"]
    flags += ["-Wl,-z,nodelete", "-Wl,--no-undefined", f"-Wl,-soname,{package.name}.so"]
    run_tool([*compiler, *flags, "-o", path.name, *objects, "-lm"], path.parent)


def _link_object(
    package: Package, compiler: Sequence[str], objects: Sequence[str], path: Path
) -> None:
    """Link one object; several models fit into one program, since the rest is made local."""
    objcopy = find_binutil("objcopy")
    run_tool([*compiler, "-r", "-nostdlib", "-o", "all.o", *objects], path.parent)
    keep = [f"--keep-global-symbol={name}" for name in _shown(package)]
    run_tool([objcopy, *keep, "all.o", path.name], path.parent)


def _make_archive(
    package: Package, compiler: Sequence[str], objects: Sequence[str], path: Path
) -> None:
    archiver, member = find_binutil("ar"), path.with_name(f"{package.name}.o")
    _link_object(package, compiler, objects, member)
    run_tool([archiver, "rcsD", path.name, member.name], path.parent)
