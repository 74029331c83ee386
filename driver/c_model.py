"""A module of level `host` as one file of C."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from ..backends.c.module import emit_module
from ..backends.vm.emit import emit_program
from ..exporters.c_source import Source, source_text
from ..exporters.package import Package, dims_refusal
from ..runtime.bytecode import Program
from ..runtime.errors import ArgumentError
from ..runtime.signature import Signature
from .host_program import ENTRY

_TARGET = "c11"
_NAME = "model"


def c_source(module: ModuleOp, name: str, metadata: dict[str, str]) -> Source:
    """Return a module as C; see `formats.Model.c_source`."""
    program = emit_program(module, metadata)
    return Source(package_of(program, name, _TARGET), emit_module(module))


def c_text(module: ModuleOp) -> str:
    """Return a module as C, its constants included."""
    return "".join(source_text(c_source(module, _NAME, {})))


def package_of(program: Program, name: str, triple: str, features: tuple[str, ...] = ()) -> Package:
    """Return a program without its code.

    Raises:
        ArgumentError: it has no function to call.
        NotImplementedError: its dims are known only when it runs.
    """
    main = next((f for f in program.functions if f.name == ENTRY), None)
    if main is None:
        raise ArgumentError(f"export: the program has no function '{ENTRY}'")
    refusal = dims_refusal(main)
    if refusal:
        raise NotImplementedError(refusal)
    constants = ((f"constant{i}", constant) for i, constant in enumerate(program.constants))
    return Package(
        name,
        entry="",
        objects=(),
        constants=tuple(constants),
        signature=Signature.of(main),
        triple=triple,
        features=features,
        program=program,
        kernels={},
        metadata=program.metadata,
    )
