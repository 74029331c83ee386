"""One function being run: its memory, its registers, the argument words of its kernel calls.

Every kernel call has its own words, written when the frame is made. Addresses that never change
are written once; a register that a run assigns writes its address to the words that name it. So
kernels that follow each other are one native call, which calls them all.

A function of symbolic dims has its memory and its words laid out anew when it is called with other
symbols than the last time; calls with the same ones find everything in its place.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from math import prod
from typing import Any, cast

from .bytecode import (
    Arg,
    ArgKind,
    Builtin,
    Call,
    CalleeKind,
    Goto,
    If,
    Ret,
    Symbol,
    TensorSpec,
    introduced,
    symbols_of,
)
from .closures import BoundFunction
from .dims import SymbolicDim
from .dtype import BOOL, DType
from .errors import ArgumentError, RuntimeFailure, TyrexError
from .image import ConstantMemory, Image, check_size, check_tensor_place, number_of
from .matching import Matcher
from .memory import Allocator, Block
from .native_library import native
from .observation import Observer, check_like
from .signature import Signature, check_value
from .tensor import Tensor

_KERNELS, _CALL, _GOTO, _IF, _RET = range(5)
_WORD_BYTES = 8
INT64 = DType("int64")
_MASK = 2**64 - 1

Registers = list[Any]
Action = Callable[[Registers, "Execution"], Any]


class FrameMemory:
    """Owns memory of a frame: a tensor of this owner must not leave its function."""

    __slots__ = ("address", "block", "size_bytes")

    def __init__(self, block: Block, offset: int, size_bytes: int) -> None:
        self.block = block
        self.address = block.address + offset
        self.size_bytes = size_bytes


class Execution:
    """What a running function reaches: who runs functions, where results are wanted."""

    __slots__ = ("allocator", "invoke", "observer", "outputs", "symbols")

    def __init__(
        self,
        allocator: Allocator,
        invoke: Callable[[int, list[Any]], Any],
        outputs: dict[int, Tensor],
        observer: Observer | None = None,
    ) -> None:
        self.allocator = allocator
        self.invoke = invoke
        self.outputs = outputs
        self.observer = observer
        self.symbols: dict[str, int] = {}


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
        self._steps = _Steps(image, position, self).build()

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
        return _BUILTINS[call.callee](self._image, call)(self._template, execution)

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
            if kind == _KERNELS:
                if observed:
                    self._observe_kernels(step, registers, execution)
                elif code := call_all(step[1], step[2], self._failed_address):
                    raise self._failure(step[3][self._failed.value], code)
            elif kind == _CALL:
                self._call(step, registers, execution)
            elif kind == _IF:
                position = position if _truth(registers[step[1]]) else step[2]
            elif kind == _GOTO:
                position = step[1]
            else:
                return [_leaving(registers[reg], args) for reg in step[1]]

    def _observe_kernels(
        self, step: tuple[Any, ...], registers: Registers, execution: Execution
    ) -> None:
        """Make consecutive kernel calls one by one, told to an observer."""
        for index, instruction in enumerate(step[3]):
            words = _site_words(step[1], index)
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
                    ctypes.string_at(words, _WORD_BYTES * (1 + len(args)))
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


class _Steps:
    """Turns instructions into steps: consecutive kernel calls are one."""

    def __init__(self, image: Image, position: int, frame: Frame) -> None:
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
                words = self.frame.words_address + word * _WORD_BYTES
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
            self.steps.append((_KERNELS, sites, len(self.sites), tuple(self.instructions)))
            self.sites, self.instructions = [], []

    def _append(self, instruction: Call | Ret | Goto | If) -> None:
        match instruction:
            case Ret(values):
                self.steps.append((_RET, values))
            case Goto(target):
                self.steps.append((_GOTO, target))
            case If(cond, target):
                self.steps.append((_IF, cond, target))
            case Call():
                dst = instruction.dst
                has_uses = self.frame.has_uses(dst)
                action = self._action(instruction)
                self.steps.append((_CALL, action, dst, has_uses, instruction))

    def _action(self, call: Call) -> Action:
        registers = tuple(arg.value for arg in call.args if arg.kind is ArgKind.REGISTER)
        if call.kind is CalleeKind.BUILTIN:
            if call.callee == Builtin.MATCH:
                return _match(self.image, call, self.frame)
            if call.callee == Builtin.PREFIX:
                return _prefix(self.image, call, self.frame)
            return _BUILTINS[call.callee](self.image, call)
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


def _site_words(sites: int, index: int) -> tuple[int, int]:
    """Return the addresses of a kernel and of its argument words, as `add_sites` wrote them."""
    pair = (ctypes.c_uint64 * 2).from_address(sites + 2 * _WORD_BYTES * index)
    return pair[0], pair[1]


def _with_targets(step: tuple[Any, ...], starts: dict[int, int]) -> tuple[Any, ...]:
    if step[0] == _GOTO:
        return _GOTO, starts[step[1]]
    return (_IF, step[1], starts[step[2]]) if step[0] == _IF else step


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


# ---- builtins: (image, call) -> what a run does ------------------------------------------


def _storage(image: Image, call: Call) -> Action:
    program, arg = image.program, call.args[0]

    def action(r: Registers, e: Execution) -> FrameMemory:
        size = number_of(program, arg, e.symbols)
        check_size(size, "storage", e.symbols)
        return FrameMemory(e.allocator.allocate(size), 0, size)

    return action


def _shaping(spec: TensorSpec) -> Callable[[Execution], tuple[tuple[int, ...], int]]:
    """Return what tells shape and bytes of a type: known here, or by the symbols of a run."""
    shape, size = spec.static_shape, spec.size_bytes
    if shape is not None and size is not None:
        known = shape, size
        return lambda e: known

    def shaped(e: Execution) -> tuple[tuple[int, ...], int]:
        found = spec.shape_at(e.symbols)
        return found, prod(found) * spec.dtype.size_bytes

    return shaped


def _tensor(image: Image, call: Call) -> Action:
    storage, spec = call.args[0].value, _spec(image, call.args[2])
    program, place, shaped = image.program, call.args[1], _shaping(spec)

    def action(r: Registers, e: Execution) -> Tensor:
        memory = r[storage]
        if type(memory) is not FrameMemory:
            raise RuntimeFailure(f"tensor: expected a storage; found {memory!r}")
        shape, size = shaped(e)
        offset = number_of(program, place, e.symbols)
        check_tensor_place(spec, size, offset, memory.size_bytes)
        return Tensor(memory.address + offset, shape, spec.dtype, memory)

    return action


def _view(image: Image, call: Call) -> Action:
    source, spec = call.args[0].value, _spec(image, call.args[1])
    dtype, shaped = spec.dtype, _shaping(spec)

    def action(r: Registers, e: Execution) -> Tensor:
        tensor = r[source]
        shape, size = shaped(e)
        if type(tensor) is not Tensor or tensor.nbytes != size or tensor.dtype is not dtype:
            raise RuntimeFailure(f"view: {tensor!r} cannot be seen as {spec}")
        return Tensor(tensor.data, shape, dtype, tensor.owner, None, tensor.read_only)

    return action


def _output(image: Image, call: Call) -> Action:
    spec, index = _spec(image, call.args[0]), call.args[1].value
    dtype, shaped = spec.dtype, _shaping(spec)
    known, known_bytes = spec.static_shape, spec.size_bytes

    def static(r: Registers, e: Execution) -> Tensor:
        given = e.outputs.get(index) if e.outputs else None
        if given is not None and given.shape == known and given.dtype is dtype:
            return given
        block = e.allocator.allocate(known_bytes)
        return Tensor(block.address, known, dtype, block)

    def action(r: Registers, e: Execution) -> Tensor:
        shape, size = shaped(e)
        given = e.outputs.get(index)
        if given is not None and given.shape == shape and given.dtype is dtype:
            return given
        check_size(size, f"output {index}", e.symbols)
        block = e.allocator.allocate(size)
        return Tensor(block.address, shape, dtype, block)

    if known_bytes is None:
        return action
    check_size(known_bytes, f"output {index}", {})
    return static


def _constant(image: Image, call: Call) -> Action:
    tensor = image.constants[call.args[0].value]
    return lambda r, e: tensor


def _check(image: Image, call: Call) -> Action:
    source, spec = call.args[0].value, image.program.specs[call.args[1].value]
    place = image.program.texts[call.args[2].value]
    matcher = Matcher([(place, spec)], (), tuple(symbols_of(spec)))

    def action(r: Registers, e: Execution) -> Any:
        value = check_value(r[source], spec, place)
        matcher.match([value], e.symbols)
        return value

    return action


def _match(image: Image, call: Call, frame: Frame) -> Action:
    source, program = call.args[0].value, image.program
    spec, place = program.specs[call.args[1].value], program.texts[call.args[2].value]
    names = introduced(program, call)
    known = [name for name in symbols_of(spec) if name not in names]
    matcher = Matcher([(place, spec)], [Symbol(name) for name in names], known)

    def action(r: Registers, e: Execution) -> Any:
        value = check_value(r[source], spec, place)
        matcher.match([value], e.symbols)
        if names:
            frame.write_dims(e.symbols)
        return value

    return action


def _prefix(image: Image, call: Call, frame: Frame) -> Action:
    source, number = call.args[0].value, call.args[1].value
    spec, names = _spec(image, call.args[2]), introduced(image.program, call)
    place = f"prefix, {spec}"
    known = [name for name in symbols_of(spec) if name not in names]
    matcher = Matcher([(place, spec)], [Symbol(name) for name in names], known)

    def action(r: Registers, e: Execution) -> Tensor:
        tensor = r[source]
        if type(tensor) is not Tensor or tensor.dtype is not spec.dtype or not tensor.shape:
            raise RuntimeFailure(f"{place}: found {tensor!r}")
        found = _integer(r[number])
        if not 0 <= found <= tensor.shape[0]:
            raise RuntimeFailure(f"{place}: found the number {found}, of {tensor.shape[0]} slices")
        shape = (found, *tensor.shape[1:])
        part = Tensor(tensor.data, shape, tensor.dtype, tensor.owner, None, tensor.read_only)
        matcher.match([part], e.symbols)
        if names:
            frame.write_dims(e.symbols)
        return part

    return action


def _integer(value: Any) -> int:
    if type(value) is not Tensor or value.dtype is not INT64 or value.num_elements != 1:
        raise RuntimeFailure(f"prefix: expected an int64 tensor of one element; found {value!r}")
    return ctypes.c_int64.from_address(value.data).value


def _copy(image: Image, call: Call) -> Action:
    source, destination = call.args[0].value, call.args[1].value

    def action(r: Registers, e: Execution) -> None:
        a, b = r[source], r[destination]
        if type(a) is not Tensor or type(b) is not Tensor or a.nbytes != b.nbytes:
            raise RuntimeFailure(f"copy: {a!r} does not fit into {b!r}")
        ctypes.memmove(b.data, a.data, a.nbytes)

    return action


def _move(image: Image, call: Call) -> Action:
    source = call.args[0].value
    return lambda r, e: r[source]


def _closure(image: Image, call: Call) -> Action:
    name, source = image.program.texts[call.args[0].value], call.args[1].value
    position = image.positions[name]
    count = len(image.program.functions[position].params)

    def action(r: Registers, e: Execution) -> BoundFunction:
        captured = _kept(r[source])
        if len(captured) > count:
            raise RuntimeFailure(f"closure: @{name} has {count} arguments; found {len(captured)}")
        return BoundFunction(image, position, captured)

    return action


def _kept(value: Any) -> Any:
    """Return a value as a closure may keep it: nothing of a frame."""
    if type(value) is tuple:
        return tuple(map(_kept, cast(tuple[Any, ...], value)))
    if type(value) is Tensor and isinstance(value.owner, FrameMemory):
        return value.copy()
    return value


def _invoke(image: Image, call: Call) -> Action:
    source, given = call.args[0].value, call.args[1].value

    def action(r: Registers, e: Execution) -> Any:
        closure, args = r[source], r[given]
        if type(closure) is not BoundFunction or closure.image is not image:
            raise RuntimeFailure(
                f"invoke: expected a closure of this program; found {type(closure).__name__}"
            )
        # Who made the closure did not know what it would be called with.
        signature = Signature.of(image.program.functions[closure.position])
        return e.invoke(closure.position, signature.admit(closure.arguments(args)))

    return action


def _tuple(image: Image, call: Call) -> Action:
    sources = tuple(arg.value for arg in call.args)
    return lambda r, e: tuple([r[source] for source in sources])


def _field(image: Image, call: Call) -> Action:
    source, index = call.args[0].value, call.args[1].value

    def action(r: Registers, e: Execution) -> Any:
        fields = r[source]
        if not isinstance(fields, tuple | list) or index >= len(fields):  # pyright: ignore[reportUnknownArgumentType]
            raise RuntimeFailure(f"field {index}: found {fields!r}, which has no such field")
        return fields[index]  # pyright: ignore[reportUnknownVariableType]

    return action


def _fail(image: Image, call: Call) -> Action:
    text = image.program.texts[call.args[0].value]
    if call.location >= 0:
        text = f"{image.program.texts[call.location]}: {text}"

    def action(r: Registers, e: Execution) -> Any:
        raise ArgumentError(text)

    return action


def _kill(image: Image, call: Call) -> Action:
    killed = tuple(arg.value for arg in call.args)

    def action(r: Registers, e: Execution) -> None:
        for reg in killed:
            r[reg] = None

    return action


def _spec(image: Image, arg: Arg) -> Any:
    return image.program.specs[arg.value]


_BUILTINS: dict[int, Callable[[Image, Call], Action]] = {
    Builtin.STORAGE: _storage,
    Builtin.TENSOR: _tensor,
    Builtin.VIEW: _view,
    Builtin.OUTPUT: _output,
    Builtin.CONSTANT: _constant,
    Builtin.CHECK: _check,
    Builtin.COPY: _copy,
    Builtin.MOVE: _move,
    Builtin.TUPLE: _tuple,
    Builtin.FIELD: _field,
    Builtin.KILL: _kill,
    Builtin.FAIL: _fail,
    Builtin.CLOSURE: _closure,
    Builtin.INVOKE: _invoke,
}


def _no_function(position: int, args: list[Any]) -> Any:
    raise AssertionError("what is static calls no function")
