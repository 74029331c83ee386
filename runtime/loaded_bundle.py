"""A bundle put to work: its code in memory, its weights mapped, its program ready to be called.

Nothing of the file runs before its checksum was compared.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from .bundle import IMAGE, PROGRAM, WEIGHTS_SIZE_SYMBOL, WEIGHTS_SYMBOL, Bundle
from .bytecode import Array, Program
from .errors import LoadError, UnsupportedError
from .executable import ENTRY, Executable
from .kernel_library import KernelLibrary
from .manifest import WEIGHTS
from .native_library import native
from .native_program import NativeHost
from .processor import missing_instructions
from .program_file import read_program
from .shared_image import ImageHost, ImageKernels, SharedImage
from .target_check import check_target


@dataclass(frozen=True)
class Code:
    """The machine code of a bundle, in memory."""

    kernels: KernelLibrary
    host: NativeHost | None


def load_bundle(bundle: Bundle, link: Callable[[Bundle], Code]) -> Executable:
    """Return what a bundle holds, ready to be called.

    Args:
        bundle: its manifest was read.
        link: puts its objects into memory; asked where it has no linked code.

    Raises:
        LoadError: a member is damaged or missing, or the code is for another system.
        UnsupportedError: the processor lacks instructions that the code uses.
    """
    manifest, place = bundle.manifest, str(bundle.path)
    check_target(manifest.target, place)
    missing = missing_instructions(manifest.cpu)
    if missing:
        raise UnsupportedError(
            f"{place}: this processor lacks {missing}, which the model was compiled for"
        )
    image = _image(bundle)
    weights = _map_weights(bundle, image)
    program = read_program(bundle.checked(PROGRAM), f"{place}: {PROGRAM}", constants=weights)
    _check_program(program, bundle)
    code = link(bundle) if image is None else _code(bundle, image)
    try:
        return Executable(program, code.kernels, manifest.metadata, host=code.host)
    except LoadError as error:
        raise LoadError(f"{place}: {error}") from error


def _image(bundle: Bundle) -> SharedImage | None:
    if IMAGE not in bundle.members:
        return None
    return SharedImage(bundle.checked(IMAGE), f"{bundle.path}: {IMAGE}")


def _code(bundle: Bundle, image: SharedImage) -> Code:
    manifest = bundle.manifest
    host = None if manifest.entry is None else ImageHost(image, manifest.entry)
    return Code(ImageKernels(image, manifest.kernels), host)


def _check_program(program: Program, bundle: Bundle) -> None:
    main = program.function(ENTRY)
    if main is None or len(bundle.manifest.constants) != len(program.constants):
        raise LoadError(f"{bundle.path}: its program is not the one of its manifest")


class _Memory:
    """The part of an image that weights are mapped to; arrays over it keep the image."""

    def __init__(self, image: SharedImage, address: int, size_bytes: int) -> None:
        self.image = image
        self.__array_interface__: dict[str, Any] = {
            "version": 3,
            "shape": (size_bytes,),
            "typestr": "|u1",
            "data": (address, True),
        }


def _map_weights(bundle: Bundle, image: SharedImage | None) -> Array:
    """Return the weights, where the code expects them."""
    if WEIGHTS not in bundle.members:
        return np.empty(0, np.uint8)
    if image is None:
        return np.frombuffer(bundle.checked(WEIGHTS), np.uint8)
    size = len(bundle.members[WEIGHTS])
    reserved = ctypes.c_uint64.from_address(image.address(WEIGHTS_SIZE_SYMBOL)).value
    if reserved != size:
        raise LoadError(f"{bundle.path}: found {size} bytes of weights; the code has {reserved}")
    address = image.address(WEIGHTS_SYMBOL)
    fd, offset = bundle.file.fileno(), bundle.offset(WEIGHTS)
    code = native().weights_map(fd, offset, address, size)
    if code:
        raise native().error(str(bundle.path), code)
    weights = np.asarray(cast(Any, _Memory(image, address, size)))
    bundle.check(WEIGHTS, weights.data)
    return weights
