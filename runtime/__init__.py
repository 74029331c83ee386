"""What runs without the compiler: tensors, memory, the virtual machine.

Nothing is imported until it is used: `import tyrex.runtime` costs neither NumPy nor the
native library. This folder imports nothing of the rest of Tyrex, neither xdsl nor llvmlite.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .device import Device, cpu
    from .dtype import DType
    from .errors import TyrexError
    from .memory import make_allocator
    from .tensor import Tensor, as_tensor
    from .threads import Context

__all__ = (
    "Context",
    "DType",
    "Device",
    "Tensor",
    "TyrexError",
    "as_tensor",
    "cpu",
    "make_allocator",
)

# name: the module of this folder that defines it
_LAZY = {
    "Context": "threads",
    "DType": "dtype",
    "Device": "device",
    "Tensor": "tensor",
    "TyrexError": "errors",
    "as_tensor": "tensor",
    "cpu": "device",
    "make_allocator": "memory",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = value
    return value
