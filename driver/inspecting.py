"""What `tyrex inspect` says about files that were exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..exporters.description import READERS, description_of
from ..runtime.bundle import PROGRAM, read_bundle
from ..runtime.manifest import WEIGHTS
from ..runtime.program_file import read_program
from ..runtime.signature import Signature
from .terminal import table


def describe_exported(file: str) -> Iterator[str]:
    """Yield lines about a file that `export_library` wrote; its code is not run.

    Raises:
        LoadError: it is damaged, or none of these.
    """
    return _bundle(Path(file)) if file.endswith(".tyx") else _described(Path(file))


def is_described(file: str) -> bool:
    """Tell whether a file is of a kind that says what it is."""
    return file.endswith((".tyx", *READERS))


def _bundle(path: Path) -> Iterator[str]:
    with read_bundle(path) as bundle:
        manifest = bundle.manifest
    yield f"model: {manifest.name}, written by Tyrex {manifest.tyrex} for {manifest.target}"
    yield f"instruction sets: {' '.join(question.name for question in manifest.cpu) or 'any'}"
    weights = np.empty(0, np.uint8)
    if WEIGHTS in bundle.members:
        weights = np.frombuffer(bundle.members[WEIGHTS], np.uint8)
    content = bundle.checked(PROGRAM)
    program = read_program(content, f"{path}: {PROGRAM}", constants=weights)
    for function in program.functions:
        yield f"function: {Signature.of(function)}"
    yield f"native host program: {manifest.entry or 'none'}"
    if manifest.refusal:
        yield f"no C interface: {manifest.refusal}"
    yield from (f"{key}: {value}" for key, value in manifest.metadata.items())
    rows = [(name, f"{size:,}", total) for name, (size, total) in manifest.members.items()]
    yield table([("member", "bytes", "checksum"), *rows])
    yield ", ".join(f"{name}: {value:,}" for name, value in program.stats().items())


def _described(path: Path) -> Iterator[str]:
    about = description_of(path)
    yield f"model: {about['name']}, written by Tyrex {about['tyrex']} for {about['target']}"
    yield f"instruction sets: {' '.join(about['cpu_features']) or 'any'}"
    inputs, outputs = (
        ", ".join(f"{x['name']}: {x['dtype']}{x['shape']}" for x in about[side])
        for side in ("inputs", "outputs")
    )
    yield f"function: main({inputs}) -> ({outputs})"
    yield from (f"{key}: {value}" for key, value in about["metadata"].items())
    yield f"constants: {about['constant_bytes']:,} bytes"
