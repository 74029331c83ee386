"""A model as one file of C11: constants, kernels, program, and the interface of exported models.

    cc -std=c11 -O2 -c m.c          and no library but libm

The file needs no other; `m.h` beside it declares the same functions for programs. Loops that may
run in parallel run serially, unless the program hands in a `parallel_for` of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import c_templates as text
from .c_constants import definitions, has_strings, offsets, weights_header
from .c_interface import header_text, model_tables
from .package import Package

_NATIVE = Path(__file__).resolve().parents[1] / "runtime" / "native"
_INCLUDE = re.compile(r"^#include .*\n", re.MULTILINE)
_USED = re.compile(r"\bTYREX_CONSTANT\((\d+)\)")
_EXTERNAL = re.compile(r"^(?=int32_t tyrex_\w+\()", re.MULTILINE)


@dataclass(frozen=True)
class Code:
    """What a backend makes of a program: text of C."""

    helpers: str
    """Functions that the others call."""
    functions: str
    """Kernels and functions of the host program."""
    entry: str
    """The function to run; its arguments are the context, the memory, inputs and outputs."""
    memory_bytes: int
    """Of a run."""
    is_parallel: bool
    """Whether a kernel has parallel loops."""


@dataclass(frozen=True)
class Source:
    """A model whose code is text of C."""

    package: Package
    """Its name, signature and constants; it has no objects."""
    code: Code


def source_text(source: Source, *, weights_beside: bool = False) -> Iterator[str]:
    """Yield the file in pieces.

    Args:
        source: the model.
        weights_beside: the constants are in a file of their own (`c_constants.write_weights`).
    """
    package, code = source.package, source.code
    constants = [constant for _, constant in package.constants]
    marks = {
        "@STRINGS@": str(int(has_strings(constants) or weights_beside)),
        "@BYTES@": str(code.memory_bytes),
        "@ENTRY@": code.entry,
        "@ARGUMENTS@": _arguments(package),
        "@MODEL@": model_tables(package),
        "@NAME@": package.name,
        "@UPPER@": package.name.upper(),
    }
    yield header_of(package, weights_beside=weights_beside)
    yield _filled(text.HEAD, marks)
    yield _checks()
    yield text.RUNTIME
    yield _filled(text.PARALLEL_FOR, marks) if code.is_parallel else ""
    if weights_beside:
        yield _beside(package)
    else:
        yield "#define TYREX_CONSTANT(number) ((void *)constant##number)\n\n" if constants else ""
        used = {int(number) for number in _USED.findall(code.functions)}
        yield from definitions(constants, used)
    yield f"{code.helpers}\n{code.functions}\n"
    marks["@CHECK_WEIGHTS@"] = _filled(text.CHECK_WEIGHTS, marks) if weights_beside else ""
    yield _filled(text.TABLES, marks)
    yield _filled(text.TAKE_WEIGHTS, marks) if weights_beside else ""
    yield _filled(text.INTERFACE, marks)


def header_of(package: Package, *, weights_beside: bool) -> str:
    """Return the header of a model as C: that of its library, and what C has besides."""
    name = package.name
    more = _filled(text.MORE, {"@NAME@": name})
    if weights_beside:
        more += _filled(text.SET_WEIGHTS, {"@NAME@": name})
    return header_text(package, more=more, tvm_ffi=False)


def _filled(template: str, marks: dict[str, str]) -> str:
    for mark, value in marks.items():
        template = template.replace(mark, value)
    return template


def _arguments(package: Package) -> str:
    inputs = [f"(void *)inputs[{i}]" for i in range(len(package.signature.inputs))]
    outputs = [f"outputs[{i}]" for i in range(len(package.signature.outputs))]
    return ", ".join(["context", "context->memory", *inputs, *outputs])


def _checks() -> str:
    """Return the runtime's checks of arguments, as functions of this file alone."""
    texts = (
        (_NATIVE / name).read_text(encoding="ascii") for name in ("arguments.h", "arguments.c")
    )
    return "\n".join(_EXTERNAL.sub("static ", _INCLUDE.sub("", part)) for part in texts)


def _beside(package: Package) -> str:
    """Return how constants are found in memory that the program hands in."""
    constants = [constant for _, constant in package.constants]
    places, size = offsets(constants)
    header = ", ".join(map(str, weights_header(constants)))
    lines = [
        "/* Set once, before the first context is made. */",
        "static const unsigned char *tyrex_weights;",
        f"static const uint64_t weights_bytes = UINT64_C({size});",
        f"static const unsigned char weights_header[64] = {{{header}}};",
        *(f"#define constant{i} {place}u" for i, place in enumerate(places)),
        "#define TYREX_CONSTANT(number) ((void *)(tyrex_weights + constant##number))",
    ]
    return "\n".join(lines) + "\n\n"
