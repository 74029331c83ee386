"""What runs without the compiler: tensors, memory, the virtual machine.

Nothing is imported until it is used: `import tyrex.runtime` costs neither NumPy nor the
native library. This folder imports nothing of the rest of Tyrex, neither xdsl nor llvmlite.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assembly import assemble, disassemble
    from .bytecode import Program
    from .device import Device, cpu
    from .dtype import DType
    from .errors import TyrexError
    from .executable import Executable
    from .host_functions import register_host_function
    from .memory import make_allocator
    from .module import Module
    from .program_file import load_program, read_program, write_program
    from .tensor import Tensor, as_tensor
    from .threads import Context
    from .vm import VirtualMachine

__all__ = (
    "Context",
    "DType",
    "Device",
    "Executable",
    "Module",
    "Program",
    "Tensor",
    "TyrexError",
    "VirtualMachine",
    "as_tensor",
    "assemble",
    "cpu",
    "disassemble",
    "load_program",
    "make_allocator",
    "read_program",
    "register_host_function",
    "write_program",
)

# name: the module of this folder that defines it
_LAZY = {
    "Context": "threads",
    "DType": "dtype",
    "Device": "device",
    "Executable": "executable",
    "Module": "module",
    "Program": "bytecode",
    "Tensor": "tensor",
    "TyrexError": "errors",
    "VirtualMachine": "vm",
    "as_tensor": "tensor",
    "assemble": "assembly",
    "cpu": "device",
    "disassemble": "assembly",
    "load_program": "program_file",
    "make_allocator": "memory",
    "read_program": "program_file",
    "register_host_function": "host_functions",
    "write_program": "program_file",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = value
    return value
