"""One function being run: its memory, its registers, the argument words of its kernel calls.

Every kernel call has its own words, written when the frame is made. Addresses that never change
are written once; a register that a run assigns writes its address to the words that name it. So
kernels that follow each other are one native call, which calls them all.

A function of symbolic dims has its memory and its words laid out anew when it is called with other
symbols than the last time; calls with the same ones find everything in its place.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, cast

from .builtins import builtin
from .bytecode import ArgKind, Builtin, Call, CalleeKind
from .dims import SymbolicDim
from .dtype import BOOL
from .errors import RuntimeFailure
from .execution import Action, Execution, FrameMemory, Registers
from .image import ConstantMemory, Image, number_of
from .memory import Allocator
from .native_library import native
from .observation import check_like
from .steps import CALL, GOTO, IF, KERNELS, WORD_BYTES, StepMaker, site_words
from .tensor import Tensor

_MASK = 2**64 - 1


class Frame:
    """The state of one execution of one function, used again by later executions."""

    __slots__ = (
        "_allocator",
        "_context",
        "_dims",
        "_failed",
        "_failed_address",
        "_image",
        "_layout",
        "_memory",
        "_sites",
        "_static_uses",
        "_steps",
        "_symbols",
        "_template",
        "_uses",
        "_words",
    )

    def __init__(self, image: Image, position: int, context: int, allocator: Allocator) -> None:
        """Make room for an execution.

        Args:
            image: the program.
            position: of the function.
            context: address of the native context that its kernels get.
            allocator: of the function's memory.
        """
        self._image = image
        self._layout = layout = image.layouts[position]
        self._allocator, self._context = allocator, context
        self._memory = allocator.allocate(0)
        self._symbols: dict[str, int] | None = None
        count = layout.function.num_registers
        self._template: Registers = [None] * count
        self._uses: list[list[int]] = [[] for _ in range(count)]
        self._static_uses: list[tuple[int, int]] = []  # word, register
        self._dims: list[tuple[int, SymbolicDim]] = []  # word, what it holds
        self._words = self._new_words(context)
        self._failed = ctypes.c_uint64()
        self._failed_address = ctypes.addressof(self._failed)
        self._sites: list[Any] = []
        if not layout.function.symbols:
            self._settle({})
        self._steps = StepMaker(image, position, self).build()

    def _settle(self, symbols: dict[str, int]) -> None:
        """Give everything that does not change from run to run its place, for some symbols.

        Raises:
            TyrexError: there is not that much memory.
        """
        layout = self._layout
        self._symbols = None
        places, size = layout.places(symbols)
        if size > self._memory.size_bytes:
            self._memory = self._allocator.allocate(size)
        for reg, (offset, storage_bytes) in places.items():
            self._template[reg] = FrameMemory(self._memory, offset, storage_bytes)
        execution = Execution(self._allocator, _no_function, {})
        execution.symbols = symbols
        for reg, call in layout.static.items():
            self._template[reg] = self._static_value(call, execution)
        for word, reg in self._static_uses:
            self._words[word] = self._template[reg].data
        self.write_dims(symbols)
        self._symbols = symbols

    def _static_value(self, call: Call, execution: Execution) -> Tensor:
        if call.callee == Builtin.CONSTANT:
            return self._image.constants[call.args[0].value]
        return builtin(self._image, call, self.write_dims)(self._template, execution)

    def _new_words(self, context: int) -> Any:
        """Return room for the words of all kernel calls, one after the other, and note their uses.

        What no symbol decides is in it.
        """
        words: list[int] = []
        is_static = self._layout.static.__contains__
        for call in self._layout.function.code:
            if not isinstance(call, Call) or call.kind is not CalleeKind.KERNEL:
                continue
            words.append(context)
            for arg in call.args:
                if arg.kind is ArgKind.DIM:
                    self._dims.append((len(words), self._image.program.dims[arg.value]))
                elif arg.kind is ArgKind.REGISTER and is_static(arg.value):
                    self._static_uses.append((len(words), arg.value))
                elif arg.kind is ArgKind.REGISTER:
                    self._uses[arg.value].append(len(words))
                words.append(arg.value & _MASK if arg.kind is ArgKind.INTEGER else 0)
        return (ctypes.c_uint64 * max(len(words), 1))(*words)

    def write_dims(self, symbols: Mapping[str, int]) -> None:
        """Write the words that are dims, as far as their symbols are known."""
        for word, dim in self._dims:
            if all(name in symbols for name in dim.symbols):
                self._words[word] = dim.evaluate(symbols) & _MASK

    def has_uses(self, reg: int | None) -> bool:
        """Tell whether words hold the address of a register."""
        return reg is not None and bool(self._uses[reg])

    def add_sites(self, sites: list[tuple[int, int]]) -> int:
        """Keep (kernel, argument words) pairs as native code reads them; return their address."""
        flat = [word for site in sites for word in site]
        array = (ctypes.c_uint64 * len(flat))(*flat)
        self._sites.append(array)
        return ctypes.addressof(array)

    @property
    def words_address(self) -> int:
        """The address of the first word."""
        return ctypes.addressof(self._words)

    def run(self, args: list[Any], execution: Execution) -> list[Any]:
        """Run the function and return its results; nothing stays behind.

        Raises:
            TyrexError: a kernel or a check failed.
        """
        registers = self._enter(args, execution)
        observed = execution.observer is not None
        call_all = native().call_all
        steps = self._steps
        position = 0
        while True:
            step = steps[position]
            kind = step[0]
            position += 1
            if kind == KERNELS:
                if observed:
                    self._observe_kernels(step, registers, execution)
                elif code := call_all(step[1], step[2], self._failed_address):
                    raise self._failure(step[3][self._failed.value], code)
            elif kind == CALL:
                self._call(step, registers, execution)
            elif kind == IF:
                position = position if _truth(registers[step[1]]) else step[2]
            elif kind == GOTO:
                position = step[1]
            else:
                return [_leaving(registers[reg], args) for reg in step[1]]

    def _observe_kernels(
        self, step: tuple[Any, ...], registers: Registers, execution: Execution
    ) -> None:
        """Make consecutive kernel calls one by one, told to an observer."""
        for index, instruction in enumerate(step[3]):
            words = site_words(step[1], index)
            self._observe_kernel(instruction, words, registers, execution)

    def _observe_kernel(
        self, instruction: int, site_words: tuple[int, int], registers: Registers, e: Execution
    ) -> None:
        call = self._layout.function.code[instruction]
        assert isinstance(call, Call)
        assert e.observer is not None
        kernel, words = site_words
        args = [
            registers[arg.value]
            if arg.kind is ArgKind.REGISTER
            else number_of(self._image.program, arg, e.symbols)
            for arg in call.args
        ]
        site = self._image.site(call, self._layout.function.name)
        assert site is not None, "kernels are told of"

        def run(*given: Any) -> None:
            address = words
            copy = None
            if given:
                check_like(site.name, given, args)
                copy = (ctypes.c_uint64 * (1 + len(args))).from_buffer_copy(
                    ctypes.string_at(words, WORD_BYTES * (1 + len(args)))
                )
                for i, value in enumerate(given):
                    if isinstance(value, Tensor):
                        copy[1 + i] = value.data
                address = ctypes.addressof(copy)
            if code := native().call(kernel, address):
                raise self._failure(instruction, code)

        e.observer.call(site, args, run)

    def _observe(
        self, action: Action, call: Call, registers: Registers, execution: Execution
    ) -> Any:
        """Return the value of a call, told to an observer where it is one to be told of."""
        site = self._image.site(call, self._layout.function.name)
        if execution.observer is None or site is None:
            return action(registers, execution)
        args = [registers[arg.value] for arg in call.args if arg.kind is ArgKind.REGISTER]
        return execution.observer.call(site, args, lambda: action(registers, execution))

    def _enter(self, args: list[Any], execution: Execution) -> Registers:
        """Return the registers of a run that begins."""
        if self._layout.function.symbols:
            self._layout.matcher.match(args, execution.symbols)
            if execution.symbols != self._symbols:
                self._settle(dict(execution.symbols))
        registers = self._template.copy()
        registers[: len(args)] = args
        for reg, value in enumerate(args):
            if self._uses[reg]:
                self._patch(reg, value)
        return registers

    def _call(self, step: tuple[Any, ...], registers: Registers, execution: Execution) -> None:
        _, action, dst, has_uses, call = step
        if execution.observer is None:
            value = action(registers, execution)
        else:
            value = self._observe(action, call, registers, execution)
        if dst is not None:
            registers[dst] = value
            if has_uses:
                self._patch(dst, value)

    def _patch(self, reg: int, value: Any) -> None:
        if type(value) is not Tensor:
            raise RuntimeFailure(f"a kernel's argument is a {type(value).__name__}, not a tensor")
        words = self._words
        for word in self._uses[reg]:
            words[word] = value.data

    def _failure(self, instruction: int, code: int) -> BaseException:
        """Return the error of the kernel that `instruction` called."""
        call = self._layout.function.code[instruction]
        assert isinstance(call, Call)
        program = self._image.program
        place = f"{self._layout.function.name}: kernel @{program.kernels[call.callee]}"
        if call.location >= 0:
            place += f" ({program.texts[call.location]})"
        return native().error(place, code)


def _truth(value: Any) -> bool:
    if type(value) is not Tensor or value.dtype is not BOOL or value.num_elements != 1:
        raise RuntimeFailure(f"if: expected a bool tensor of one element; found {value!r}")
    return ctypes.c_uint8.from_address(value.data).value != 0


def _leaving(value: Any, args: list[Any]) -> Any:
    """Return a result as it may leave: nothing of the frame, a constant or an argument."""
    if type(value) is tuple:
        return tuple(_leaving(field, args) for field in cast(tuple[Any, ...], value))
    if type(value) is not Tensor:
        return value
    owner = type(value.owner)
    if owner is FrameMemory or owner is ConstantMemory:
        return value.copy()
    for argument in args:
        if value is argument:
            return value.copy()
    return value


def _no_function(position: int, args: list[Any]) -> Any:
    raise AssertionError("what is static calls no function")
