"""A model as a bundle: one archive that Python runs again without the compiler.

runtime/bundle.py says what is in it. The code is linked where there is a linker, so that loading
takes none; the objects go along, so that a library can be made of a bundle later.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..runtime import bundle as layout
from ..runtime.archive import Content, write_archive
from ..runtime.bundle import Bundle, checksum
from ..runtime.bytecode import Program
from ..runtime.errors import UnsupportedError
from ..runtime.manifest import WEIGHTS, Manifest
from ..runtime.processor import Question
from ..runtime.program_file import constant_pieces, constant_places, write_program
from ..runtime.signature import Signature
from .elf_object import Region, write_reserved_object
from .package import Package, tyrex_version
from .platforms import platform_of
from .toolchain import find_toolchain, run_tool


def write_bundle(package: Package, path: Path, cc: str | None = None) -> None:
    """Write a model as a bundle.

    Args:
        package: the model.
        path: of the file; an existing one is replaced at the end.
        cc: the command of the C compiler, which links; see `toolchain.py`.

    Raises:
        UnsupportedError: there is no C compiler `cc`.
        RuntimeFailure: the linker failed.
    """
    image = _linked(package, cc)
    contents: dict[str, Content] = {layout.PROGRAM: write_program(package.program, with_data=False)}
    if image is not None:
        contents[layout.IMAGE] = image
    contents |= {f"objects/{i}.o": data for i, data in enumerate(package.objects)}
    if package.program.constants:
        contents[WEIGHTS] = joined(constant_pieces(package.program.constants))
    manifest = _manifest(package, contents).text().encode()
    temporary = path.with_name(f".tyrex-export-{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            write_archive(file, [(layout.MANIFEST, manifest), *contents.items()])
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def package_of(bundle: Bundle, program: Program) -> Package:
    """Return the model in a bundle, to be written again.

    Args:
        bundle: its objects' checksums are compared here.
        program: what was loaded from it.

    Raises:
        LoadError: an object is damaged.
    """
    manifest, main = bundle.manifest, program.function("main")
    assert main is not None, "checked when it was loaded"
    return Package(
        manifest.name,
        manifest.entry or "",
        tuple(bytes(bundle.checked(name)) for name in bundle.objects),
        tuple(zip(manifest.constants, program.constants, strict=True)),
        Signature.of(main),
        manifest.target,
        manifest.features,
        program,
        manifest.kernels,
        manifest.metadata,
        manifest.refusal,
    )


def _manifest(package: Package, contents: dict[str, Content]) -> Manifest:
    signature = package.signature
    return Manifest(
        package.name,
        tyrex_version(),
        package.triple,
        package.features,
        tuple(Question(*vars(feature).values()) for feature in package.checked()),
        dict(package.kernels),
        tuple(symbol for symbol, _ in package.constants),
        package.entry or None,
        package.refusal,
        dict(package.metadata),
        tuple(f"{name}: {spec}" for name, spec in signature.inputs),
        tuple(f"{name}: {spec}" for name, spec in signature.outputs),
        {name: _listed(name, content) for name, content in contents.items()},
    )


def _listed(name: str, content: Content) -> tuple[int, str]:
    kind = "xxh64" if name == WEIGHTS else "sha256"
    return len(content), checksum(memoryview(content), kind)


def _linked(package: Package, cc: str | None) -> bytes | None:
    """Return the code as a shared library, None where nothing links for the target."""
    platform = platform_of(package.triple)
    if not package.objects or not platform.is_elf64:
        return None
    try:
        toolchain = find_toolchain(platform, cc)
    except UnsupportedError:
        if cc is not None:
            raise
        return None
    with tempfile.TemporaryDirectory(prefix="tyrex-link-") as name:
        folder = Path(name)
        objects = [f"code{number}.o" for number in range(len(package.objects))]
        for file, content in zip(objects, package.objects, strict=True):
            (folder / file).write_bytes(content)
        if package.constants:
            objects.append("weights.o")
            with (folder / objects[-1]).open("wb") as file:
                write_reserved_object(file, package.arch, _region(package))
        shown = [*package.kernels.values(), package.entry]
        if package.constants:  # linkers refuse to show what is not there
            shown += [layout.WEIGHTS_SYMBOL, layout.WEIGHTS_SIZE_SYMBOL]
        version = "; ".join(filter(None, shown))
        (folder / "exports.map").write_text(f"{{ global: {version}; local: *; }};\n")
        flags = ["-shared", "-Wl,--version-script=exports.map"]
        flags += [] if toolchain.is_zig else ["-static-libgcc"]
        flags += ["-Wl,-z,noexecstack", "-Wl,--no-undefined", "-Wl,--build-id=none"]
        run_tool([*toolchain.command, *flags, "-o", "image.so", *objects, "-lm"], folder)
        return (folder / "image.so").read_bytes()


def _region(package: Package) -> Region:
    places, size = constant_places(package.program.constants)
    parts = [
        (symbol, place, constant.data.nbytes)
        for place, (symbol, constant) in zip(places, package.constants, strict=True)
    ]
    return Region(layout.WEIGHTS_SYMBOL, layout.WEIGHTS_SIZE_SYMBOL, size, parts)


def joined(pieces: Sequence[Content]) -> memoryview:
    """Return the pieces as one."""
    whole = np.empty(sum(map(len, pieces)), np.uint8)
    at = 0
    for piece in pieces:
        whole[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    return whole.data
