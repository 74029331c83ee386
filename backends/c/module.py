"""A module of level `host` as C: its kernels, then its functions, callees before their callers."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from ...analysis.constant_pool import ConstantPool
from ...dialects import tir, vm
from ...exporters.c_source import Code
from .helpers import Helpers
from .host import HostPrinter, missing
from .kernel import KernelPrinter
from .types import NameTable

ENTRY = "main"


def emit_module(module: ModuleOp) -> Code:
    """Return the C functions of the program `main` of a module and of all that it calls.

    Constants are numbered as in the program's bytecode.

    Raises:
        NotImplementedError: something that C has no way to say, by name.
    """
    return _Module(module).emit()


class _Module:
    def __init__(self, module: ModuleOp) -> None:
        self.functions = {f.sym_name.data: f for f in module.body.ops if isinstance(f, vm.FuncOp)}
        self.kernels = {k.sym_name.data: k for k in module.body.ops if isinstance(k, tir.FuncOp)}
        self.helpers = Helpers()
        self.table = NameTable()
        self.names: dict[tuple[str, str], str] = {}
        self.fallible: set[str] = set()
        self.frames: dict[str, int] = {}
        self.pool = ConstantPool()
        self.texts: list[str] = []
        self.is_parallel = False

    def emit(self) -> Code:
        if ENTRY not in self.functions:
            known = ", ".join(self.functions) or "none"
            raise NotImplementedError(f"C export: runs @{ENTRY}; the module's functions: {known}")
        self._number_constants()
        self._function(ENTRY, ())
        return Code(
            self.helpers.text(),
            "\n\n".join(self.texts),
            self.names["function", ENTRY],
            self.frames[ENTRY],
            is_parallel=self.is_parallel,
        )

    def _number_constants(self) -> None:
        """Give constants the numbers that they have in the bytecode, which has every function."""
        for func in self.functions.values():
            for op in func.walk():
                if isinstance(op, vm.ConstantOp):
                    self.pool.position(op.value)

    def _function(self, name: str, callers: tuple[str, ...]) -> None:
        """Print a function after those that it calls, unless it is there."""
        if name in self.frames:
            return
        func = self.functions[name]
        for op in func.walk():
            if isinstance(op, vm.InvokeOp):
                if op.callee_name in (*callers, name):
                    raise missing(op, f"a call of @{op.callee_name} by itself")
                self._function(op.callee_name, (*callers, name))
            elif isinstance(op, vm.CallOp):
                self._kernel(op.callee_name)
        self.names["function", name] = self.table.new(f"program_{name}", "program")
        printer = HostPrinter(func, self.names, self.fallible, self.pool, self.frames)
        self.texts.append(printer.print())
        self.frames[name] = printer.frame_bytes

    def _kernel(self, name: str) -> None:
        kernel = self.kernels.get(name)
        if kernel is None or ("kernel", name) in self.names:
            return
        c_name = self.names["kernel", name] = self.table.new(f"kernel_{name}", "kernel")
        printer = KernelPrinter(kernel, c_name, self.helpers)
        self.texts.append(printer.print())
        if printer.returns:
            self.fallible.add(name)
        self.is_parallel |= printer.is_parallel
