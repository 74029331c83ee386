"""Models in files of LLVM IR (.ll, .bc): llvmlite makes code of them for this machine."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from ..backends.llvm.compile import machine_of
from ..backends.llvm.ir_file import object_of
from ..runtime.errors import LoadError, UnsupportedError
from ..runtime.export_options import Exporter
from ..runtime.module import About, Module, described_module
from ..runtime.native_program import NativeEntry
from ..runtime.relocatable import read_object
from ..runtime.signature import Signature
from ..runtime.target_check import check_target
from .loading import load_objects
from .native_target import native_target

_DESCRIPTION, _ENTRY = "_tyrex_description", "_tyrex_main_run"
"""End the names of what a file shows (llvm_model.py)."""


def load_ir(file: Path, exporter: Callable[[About, Signature], Exporter]) -> Module:
    """Return the model in a file of LLVM IR, compiled for this machine.

    Args:
        file: text (.ll) or bitcode (.bc).
        exporter: makes what writes it to a file again.

    Raises:
        LoadError: LLVM refuses the file, it holds no model, or one for another system.
        UnsupportedError: the processor lacks instructions that the model uses.
    """
    target = native_target()
    image = object_of(file.read_bytes(), machine_of(target), str(file))
    found = read_object(image)
    names = (
        [n.removesuffix(_DESCRIPTION) for n in found.defined if n.endswith(_DESCRIPTION)]
        if found
        else []
    )
    if len(names) != 1:
        raise LoadError(f"{file}: holds no model; make one with export_library")
    loaded = load_objects(image)
    text = ctypes.string_at(loaded.address(f"{names[0]}{_DESCRIPTION}"))
    try:
        description = cast(dict[str, Any], json.loads(text))
        check_target(str(description["target"]), str(file))
        lacking = [f for f in map(str, description["cpu_features"]) if not target.has(f)]
    except (KeyError, TypeError, ValueError) as error:
        raise LoadError(f"{file}: its description is damaged: {error!r}") from error
    if lacking:
        raise UnsupportedError(
            f"{file}: this processor lacks {', '.join(lacking)}, which the model was compiled for"
        )
    entry = NativeEntry(loaded.address(f"{names[0]}{_ENTRY}"), loaded, file.name)
    return described_module(file, description, entry, exporter)
