"""Tyrex: a tensor compiler in Python on xDSL and llvmlite.

    exe = tyrex.compile("model.onnx")
    y = exe(x)

Importing the package imports nothing but this file; each name below loads its module when it is
first used. The repository's root is this package: README.md says what it does, docs/architecture.md
how a model travels through the folders.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dialects.diagnostics import CompileError
    from .dialects.machine import Target
    from .driver import instruments
    from .driver.compile import compile, compile_to
    from .driver.load_module import load_module, system_lib
    from .driver.pass_context import PassContext
    from .frontends.onnx import from_onnx
    from .passes.tir.primitives.schedule import Schedule, ScheduleError
    from .runtime.device import Device, cpu
    from .runtime.errors import TyrexError
    from .runtime.executable import Executable
    from .runtime.observation import SKIP_RUN
    from .runtime.specialization import Specialization
    from .runtime.tensor import Tensor
    from .runtime.vm import VirtualMachine

__version__ = "0.1.0"

__all__ = [
    "SKIP_RUN",
    "CompileError",
    "Device",
    "Executable",
    "PassContext",
    "Schedule",
    "ScheduleError",
    "Specialization",
    "Target",
    "Tensor",
    "TyrexError",
    "VirtualMachine",
    "compile",
    "compile_to",
    "cpu",
    "from_onnx",
    "instruments",
    "load_module",
    "system_lib",
]

_LAZY = {
    "SKIP_RUN": "runtime.observation",
    "CompileError": "dialects.diagnostics",
    "Device": "runtime.device",
    "Executable": "runtime.executable",
    "PassContext": "driver.pass_context",
    "Schedule": "passes.tir.primitives.schedule",
    "ScheduleError": "passes.tir.primitives.schedule",
    "Specialization": "runtime.specialization",
    "Target": "dialects.machine",
    "Tensor": "runtime.tensor",
    "TyrexError": "runtime.errors",
    "VirtualMachine": "runtime.vm",
    "compile": "driver.compile",
    "compile_to": "driver.compile",
    "cpu": "runtime.device",
    "from_onnx": "frontends.onnx",
    "instruments": "driver",
    "load_module": "driver.load_module",
    "system_lib": "driver.load_module",
}
"""Name -> the module that has it."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_LAZY[name]}", __name__)
    value = getattr(module, name, None)
    if value is None:  # a module of a package that does not name it
        value = import_module(f".{_LAZY[name]}.{name}", __name__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
