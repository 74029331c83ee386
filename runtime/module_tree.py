"""What an executable consists of: a tree of parts, each with what can be done with it.

The properties are those of TVM's modules, and have its values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from .bytecode import Program


class Property(IntFlag):
    """What can be done with a part."""

    BINARY_SERIALIZABLE = 1
    """It can be written as bytes and read again by any Tyrex."""
    RUNNABLE = 2
    """Its functions can be called in this process."""
    COMPILATION_EXPORTABLE = 4
    """It can be an object that a linker takes."""


@dataclass(frozen=True)
class Part:
    """A part of an executable: code, data, or what it needs of others."""

    kind: str
    """executable: the program, as bytecode. llvm: machine code of kernels. constants: weights.
    host: functions of Python, which must be registered where the program runs. library: a program
    in machine code, linked."""
    properties: Property
    functions: tuple[str, ...] = ()
    """The names of what can be called."""
    size_bytes: int = 0
    imports: tuple[Part, ...] = ()
    """The parts that it needs."""

    def get_property_mask(self) -> int:
        """Return the properties as a number: 1 serializable, 2 runnable, 4 exportable."""
        return int(self.properties)

    @property
    def is_binary_serializable(self) -> bool:
        """Whether it can be written as bytes."""
        return Property.BINARY_SERIALIZABLE in self.properties

    @property
    def is_runnable(self) -> bool:
        """Whether its functions can be called in this process."""
        return Property.RUNNABLE in self.properties

    @property
    def is_compilation_exportable(self) -> bool:
        """Whether it can be an object that a linker takes."""
        return Property.COMPILATION_EXPORTABLE in self.properties

    def lines(self, depth: int = 0) -> list[str]:
        """Return the tree as text, a line for each part."""
        words = [f"{'  ' * depth}{self.kind}:"]
        if self.functions:
            words.append(f"{len(self.functions)} functions,")
        if self.size_bytes:
            words.append(f"{self.size_bytes:,} bytes,")
        names = [str(p.name).lower().replace("_", " ") for p in Property if p in self.properties]
        words.append(", ".join(names) or "for other machines")
        return [" ".join(words), *(line for part in self.imports for line in part.lines(depth + 1))]


def tree_of(program: Program, code_bytes: int, *, runs_here: bool) -> Part:
    """Return the parts of a program with its kernels.

    Args:
        program: the bytecode.
        code_bytes: of the kernels.
        runs_here: whether this process can run the kernels.
    """
    runnable = Property.RUNNABLE if runs_here else Property(0)
    imports: list[Part] = []
    if program.kernels:
        properties = runnable | Property.COMPILATION_EXPORTABLE
        imports.append(Part("llvm", properties, program.kernels, code_bytes))
    if program.constants:
        size = sum(constant.data.nbytes for constant in program.constants)
        properties = Property.BINARY_SERIALIZABLE | Property.COMPILATION_EXPORTABLE
        imports.append(Part("constants", properties, (), size))
    if program.host_functions:
        imports.append(Part("host", runnable, program.host_functions))
    functions = tuple(function.name for function in program.functions)
    properties = runnable | Property.BINARY_SERIALIZABLE
    return Part("executable", properties, functions, imports=tuple(imports))
