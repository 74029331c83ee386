"""A model as a file for programs without Python: a shared library, an archive, or an object.

    m.so, m.dylib, m.dll   self-contained: needs the system's C library and its threads
    m.wasm                 the same as a module of WebAssembly, which imports nothing
    m.a                    the same as an archive, to be linked into a program with -lm -pthread
    m.o                    the same as one object

Each comes with the header `m.h`. The runtime (memory, errors, the thread pool) travels as source
and is compiled along; code and constants are objects already.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..runtime.errors import ArgumentError, LoadError, RuntimeFailure, UnsupportedError
from ..runtime.relocatable import read_object
from .archive_file import archive_of
from .c_interface import RUNTIME_FOLDER, Interface, header_text, source_text
from .data import Data
from .data_objects import write_constants
from .elf_merge import merge_objects
from .elf_object import write_reserved_object
from .link import link_shared, module_function, shown_functions
from .macho_object import hidden
from .package import Package
from .platforms import Platform, platform_of
from .toolchain import Toolchain, find_toolchain, run_tool
from .weights_file import WeightsFile

_NATIVE = Path(__file__).resolve().parents[1] / "runtime" / "native"
_RUNTIME = (
    *("arena.c", "arguments.c", "blocks.c", "context.c", "cpu.c", "error.c", "model.c", "shapes.c"),
)
_THREADS = ("pool.c", "wait.c")
_NO_THREADS = ("serial.c",)
_TVM_FFI = ("tvm_ffi.c",)
_NO_LIBRARY = ("freestanding/memory.c", "freestanding/format.c")
_LIBRARY_HEADERS = tuple(f"freestanding/{n}.h" for n in ("assert", "stdio", "stdlib", "string"))
_HEADERS = (
    *("abi.h", "arena.h", "arguments.h", "dlpack.h", "model.h", "shapes.h", "tvm_ffi.h", "tyrex.h"),
    *("wait.h", "weights_file.h"),
)
_CFLAGS = ("-std=gnu11", "-O2", "-fvisibility=hidden", "-DTYREX_API=")
_WASM_CFLAGS = ("-ffreestanding", "-mbulk-memory", f"-I{RUNTIME_FOLDER}/freestanding")


@dataclass(frozen=True)
class Tools:
    """How a library is put together, where the user says it."""

    linker: str | None = None
    """The command of the C compiler; see `toolchain.py`."""
    addons: tuple[Path, ...] = ()
    """Objects (.o), C sources (.c) and archives (.a) that are linked along; what objects and
    sources define is shown."""
    options: tuple[str, ...] = ()
    """Further words for the compiler's command."""
    workspace: Path | None = None
    """The folder that gets all that is made on the way, and keeps it."""
    weights_beside: bool = False
    """Constants go into a file `name`.weights beside, which is mapped into memory."""
    fcompile: FCompile | None = None
    """Takes the compiler's place: it is given the file's path, the names of objects and C sources,
    and `options`, the words that the sources need."""


FCompile = Callable[..., object]

_Link = Callable[[Package, Toolchain, Sequence[str], Path], None]
"""Makes a file of a package with a toolchain out of what lies beside the file: objects, and C
sources with the flags to compile them. One command does both: zig compiles one file at a time."""


def write_shared(package: Package, path: Path, tools: Tools = Tools()) -> None:
    """Write a model as a shared library, its header beside it.

    Args:
        package: the model.
        path: an existing file is replaced at the end.
        tools: how it is put together.

    Raises:
        ArgumentError: the suffix is that of other systems' libraries.
        UnsupportedError: there is no C compiler, or another tool is missing.
        RuntimeFailure: a tool failed.
    """
    suffix = platform_of(package.triple).shared_suffix
    if path.suffix != suffix:
        raise ArgumentError(
            f"export: a library for {package.triple} is a {suffix} file; found {path.name!r}"
        )
    _write(package, path, tools, link_shared, is_shared=True)


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


def write_archive(package: Package, path: Path, tools: Tools = Tools()) -> None:
    """Write a model as an archive; see `write_shared`."""
    _write(package, path, tools, _make_archive)


def write_object(package: Package, path: Path, tools: Tools = Tools()) -> None:
    """Write a model as one object; see `write_shared`.

    Where there is no C compiler for an ELF system, and none was named, the object has code and
    weights alone; the C part lies beside it, as source in a folder `NAME.sources`.
    """
    platform = platform_of(package.triple)
    try:
        find_toolchain(platform, tools.linker)
    except UnsupportedError:
        if tools != Tools() or platform.object_format != "elf":
            raise
        _write_without_compiler(package, path, platform)
        return
    _write(package, path, tools, _link_object)


def _write_without_compiler(package: Package, path: Path, platform: Platform) -> None:
    """Write an object of code and weights, and the sources that belong to it."""
    entry = f"{package.name}_tyrex_entry"  # of two models in one program, each has its own
    with tempfile.TemporaryDirectory(prefix=".tyrex-export-", dir=path.parent) as name:
        folder = Path(name)
        objects = [folder / part for part in _objects(package, folder, platform, None)]
        images = [part.read_bytes() for part in objects]
        built, sources = folder / "built", folder / "sources"
        built.write_bytes(merge_objects(images, [package.entry], {package.entry: entry}))
        sources.mkdir()
        _sources(replace(package, entry=entry), sources, platform, None, is_shared=False)
        shutil.copy(sources / f"{package.name}.h", path.with_name(f"{package.name}.h"))
        beside = path.with_name(f"{package.name}.sources")
        if beside.is_dir():
            shutil.rmtree(beside)
        os.replace(sources, beside)
        os.replace(built, path)


def _write(
    package: Package, path: Path, tools: Tools, link: _Link, *, is_shared: bool = False
) -> None:
    platform = platform_of(package.triple)
    beside = _weights_file(package, platform) if tools.weights_beside else None
    if beside is not None:
        package = replace(package, shown=(f"{package.name}_load_weights",))
    addons = [check_addon(addon) for addon in tools.addons]
    with _workspace(tools.workspace, path) as folder:
        # A library's name is in it.
        built = folder / (f"{package.name}{path.suffix}" if is_shared else "built")
        header = folder / f"{package.name}.h"
        parts = [*_objects(package, folder, platform, beside)]
        parts += _sources(package, folder, platform, beside, is_shared=is_shared)
        if tools.fcompile is not None:
            _call_fcompile(tools, folder, [*parts, *map(str, addons)], built)
        else:
            toolchain = find_toolchain(platform, tools.linker)
            if tools.options:
                toolchain = replace(toolchain, command=(*toolchain.command, *tools.options))
            shown = [*package.shown]
            for addon in addons:
                parts.append(_added(addon, folder, toolchain))
                shown += _defined(folder / parts[-1]) if parts[-1].endswith(".o") else ()
            link(replace(package, shown=tuple(shown)), toolchain, parts, built)
        _move(header, path.with_name(header.name))
        if beside is not None:
            _move(folder / beside.name, path.with_name(beside.name))
        _move(built, path)


@contextmanager
def _workspace(chosen: Path | None, path: Path) -> Generator[Path]:
    """Yield the user's folder, made where it is missing, or one for the time being."""
    if chosen is None:
        with tempfile.TemporaryDirectory(prefix=".tyrex-export-", dir=path.parent) as name:
            yield Path(name)
        return
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArgumentError(f"export: workspace_dir: {chosen}: {error.strerror}") from error
    yield chosen.resolve()


def _move(source: Path, target: Path) -> None:
    """Put a file in its place at once, also from another disk."""
    part = target.with_name(f".tyrex-export-{os.getpid()}-{target.name}")
    shutil.copy(source, part)
    os.replace(part, target)


def _call_fcompile(tools: Tools, folder: Path, parts: Sequence[str], built: Path) -> None:
    """Let the user's function make the file."""
    assert tools.fcompile is not None, "asked before"
    files = [part if Path(part).is_absolute() else str(folder / part) for part in parts]
    words = [part for part in parts if part.startswith("-")]
    files = [file for file, part in zip(files, parts, strict=True) if part not in words]
    tools.fcompile(str(built), files, options=[*words, f"-I{folder}", *tools.options])
    if not built.is_file():
        raise RuntimeFailure(f"export: fcompile wrote no file {str(built)!r}")


def check_addon(path: Path) -> Path:
    """Return the whole path of an addon.

    Raises:
        ArgumentError: it is not there, or no object, source or archive.
    """
    if path.suffix not in (".o", ".c", ".a"):
        raise ArgumentError(
            f"export: addons: {path.name!r} ends in {path.suffix or 'no suffix'}; known are .o, .c"
            " and .a"
        )
    if not path.is_file():
        raise ArgumentError(f"export: addons: there is no file {str(path)!r}")
    return path.resolve()


def _added(addon: Path, folder: Path, toolchain: Toolchain) -> str:
    """Return the name of an addon in a folder: a source is compiled, others are copied."""
    name = f"addon_{addon.stem}{'.o' if addon.suffix == '.c' else addon.suffix}"
    if addon.suffix != ".c":
        shutil.copy(addon, folder / name)
        return name
    include = [f"-I{addon.parent}", f"-I{_NATIVE}"]
    flags = ["-std=gnu11", "-O2", *_platform_flags(toolchain.platform), *include]
    run_tool([*toolchain.command, *flags, "-c", str(addon), "-o", name], folder)
    return name


def _defined(path: Path) -> Sequence[str]:
    """Return the functions that an object shows, where it is one that is read here."""
    found = read_object(path.read_bytes())
    return () if found is None else found.defined


def _weights_file(package: Package, platform: Platform) -> WeightsFile:
    if not platform.is_elf64 or not platform.has_threads:
        raise NotImplementedError(
            f"export: weights='beside' for {platform.triple}: files are mapped on 64-bit ELF"
            " systems alone"
        )
    if not package.constants:
        raise ArgumentError("export: weights='beside': this model has no weights")
    return WeightsFile.of(package.name, [constant for _, constant in package.constants])


def _objects(
    package: Package, folder: Path, platform: Platform, beside: WeightsFile | None
) -> list[str]:
    """Write code and constants into a folder; return the names of the objects."""
    names: list[str] = []
    for number, image in enumerate(package.objects):
        names.append(f"code{number}.o")
        is_macho = platform.object_format == "macho"
        (folder / names[-1]).write_bytes(hidden(image) if is_macho else image)
    if package.constants:
        names.append("constants.o")
        with (folder / names[-1]).open("wb") as file:
            if beside is None:
                data = [Data(symbol, constant.data.data) for symbol, constant in package.constants]
                write_constants(file, platform, data)
            else:
                symbols = [symbol for symbol, _ in package.constants]
                write_reserved_object(file, package.arch, beside.region(symbols))
    if beside is not None:
        with (folder / beside.name).open("wb") as file:
            file.write(beside.content)
    return names


def _sources(
    package: Package,
    folder: Path,
    platform: Platform,
    beside: WeightsFile | None,
    *,
    is_shared: bool,
) -> list[str]:
    """Write the C part into a folder; return what the compiler has to be told of it."""
    more = "" if beside is None else beside.declaration()
    header, source = header_text(package, more=more), source_text(package, beside)
    (folder / f"{package.name}.h").write_text(header, encoding="ascii")
    (folder / "interface.c").write_text(source, encoding="ascii")
    shared = ["-DTYREX_SHARED"] if is_shared else []
    flags = [*_CFLAGS, *_platform_flags(platform), *shared]
    more = () if beside is None else ("weights.c", "weights_file.c")
    libraries = ("-ldl",) if beside is not None and is_shared else ()
    return [*flags, "interface.c", *copy_runtime(platform, folder, more), *libraries]


def copy_runtime(platform: Platform, folder: Path, more: Sequence[str] = ()) -> list[str]:
    """Copy the runtime's sources into a folder; return the names of those to be compiled.

    Args:
        platform: what they are for.
        folder: gets a folder of them.
        more: sources that not every model needs.
    """
    sources = [*_RUNTIME, *more, *(_THREADS if platform.has_threads else _NO_THREADS)]
    sources += _NO_LIBRARY if platform.system == "wasm" else _TVM_FFI
    headers = _LIBRARY_HEADERS if platform.system == "wasm" else ()
    for name in (*sources, *_HEADERS, *headers):
        place = folder / RUNTIME_FOLDER / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_NATIVE / name, place)
    return [f"{RUNTIME_FOLDER}/{source}" for source in sources]


def _platform_flags(platform: Platform) -> Sequence[str]:
    if platform.system == "wasm":
        return _WASM_CFLAGS
    return ("-fPIC", "-pthread") if platform.has_threads else ()


def _link_object(package: Package, toolchain: Toolchain, parts: Sequence[str], path: Path) -> None:
    """Write one object; several models fit into one program, since the rest is made local."""
    path.write_bytes(_merged(package, toolchain, parts, path.parent))


def _make_archive(package: Package, toolchain: Toolchain, parts: Sequence[str], path: Path) -> None:
    member = _merged(package, toolchain, parts, path.parent)
    path.write_bytes(archive_of(member, _shown_linked(package)))


def _shown_linked(package: Package) -> list[str]:
    return [*shown_functions(package), module_function(package.name)]


def _merged(package: Package, toolchain: Toolchain, parts: Sequence[str], folder: Path) -> bytes:
    """Return code, constants and the C part as one object."""
    platform = toolchain.platform
    if platform.object_format != "elf":
        raise NotImplementedError(
            f"export: an object or archive of a whole model for {platform.triple}: objects are"
            f" joined for ELF systems alone; export a {platform.shared_suffix}"
        )
    archives = [part for part in parts if part.endswith(".a")]
    if archives:
        raise NotImplementedError(
            f"export: an archive is linked into shared libraries alone; found {archives[0]}: take"
            " its objects apart with `ar x`"
        )
    objects = [part for part in parts if part.endswith(".o")]
    sources = [part for part in parts if part.endswith(".c")]
    flags = [part for part in parts if part not in (*objects, *sources)]
    for group in [[source] for source in sources] if toolchain.is_zig else [sources]:
        run_tool([*toolchain.command, *flags, "-c", *group], folder)
    objects += [f"{Path(source).stem}.o" for source in sources]
    images = [(folder / name).read_bytes() for name in objects]
    return merge_objects(images, _shown_linked(package))
