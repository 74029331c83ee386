"""The instructions of a function as steps of a run: consecutive kernel calls are one."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, Protocol

from .builtins import builtin
from .bytecode import ArgKind, Call, CalleeKind, Goto, If, Ret
from .errors import RuntimeFailure, TyrexError
from .execution import Action, Execution, Registers
from .image import Image

KERNELS, CALL, GOTO, IF, RET = range(5)
"""What a step begins with."""

WORD_BYTES = 8


class Words(Protocol):
    """The argument words of kernel calls: a frame."""

    @property
    def words_address(self) -> int:
        """The address of the first word."""
        ...

    def has_uses(self, reg: int | None) -> bool:
        """Tell whether words hold the address of a register."""
        ...

    def add_sites(self, sites: list[tuple[int, int]]) -> int:
        """Keep (kernel, argument words) pairs as native code reads them; return their address."""
        ...

    def write_dims(self, symbols: Mapping[str, int]) -> None:
        """Write the words that are dims, as far as their symbols are known."""
        ...


class StepMaker:
    """Turns instructions into steps: consecutive kernel calls are one."""

    def __init__(self, image: Image, position: int, frame: Words) -> None:
        self.image = image
        self.layout = image.layouts[position]
        self.frame = frame
        self.steps: list[tuple[Any, ...]] = []
        self.sites: list[tuple[int, int]] = []
        self.instructions: list[int] = []

    def build(self) -> list[tuple[Any, ...]]:
        """Return the steps."""
        code = self.layout.function.code
        starts: dict[int, int] = {}
        word = 0
        for index, instruction in enumerate(code):
            if index in self.layout.targets:
                self._flush()
                starts[index] = len(self.steps)
            if isinstance(instruction, Call) and instruction.kind is CalleeKind.KERNEL:
                address = self.image.addresses[instruction.callee]
                words = self.frame.words_address + word * WORD_BYTES
                self.sites.append((address, words))
                self.instructions.append(index)
                word += 1 + len(instruction.args)
            elif not self.layout.is_static(instruction):
                self._flush()
                self._append(instruction)
        return [_with_targets(step, starts) for step in self.steps]

    def _flush(self) -> None:
        if self.sites:
            sites = self.frame.add_sites(self.sites)
            self.steps.append((KERNELS, sites, len(self.sites), tuple(self.instructions)))
            self.sites, self.instructions = [], []

    def _append(self, instruction: Call | Ret | Goto | If) -> None:
        match instruction:
            case Ret(values):
                self.steps.append((RET, values))
            case Goto(target):
                self.steps.append((GOTO, target))
            case If(cond, target):
                self.steps.append((IF, cond, target))
            case Call():
                dst = instruction.dst
                has_uses = self.frame.has_uses(dst)
                action = self._action(instruction)
                self.steps.append((CALL, action, dst, has_uses, instruction))

    def _action(self, call: Call) -> Action:
        registers = tuple(arg.value for arg in call.args if arg.kind is ArgKind.REGISTER)
        if call.kind is CalleeKind.BUILTIN:
            return builtin(self.image, call, self.frame.write_dims)
        if call.kind is CalleeKind.FUNCTION:
            callee = call.callee
            return lambda r, e: e.invoke(callee, [r[reg] for reg in registers])
        function = self.image.hosts[call.callee]
        place = f"{self.layout.function.name}: host function"
        place += f" @{self.image.program.host_functions[call.callee]}"

        def host(r: Registers, e: Execution) -> Any:
            try:
                return function(*[r[reg] for reg in registers])
            except TyrexError:
                raise
            except Exception as error:
                raise RuntimeFailure(f"{place}: {type(error).__name__}: {error}") from error

        return host


def site_words(sites: int, index: int) -> tuple[int, int]:
    """Return the addresses of a kernel and of its argument words, as `add_sites` wrote them."""
    pair = (ctypes.c_uint64 * 2).from_address(sites + 2 * WORD_BYTES * index)
    return pair[0], pair[1]


def _with_targets(step: tuple[Any, ...], starts: dict[int, int]) -> tuple[Any, ...]:
    if step[0] == GOTO:
        return GOTO, starts[step[1]]
    return (IF, step[1], starts[step[2]]) if step[0] == IF else step
