"""What the builtins of bytecode do: memory, views, checks, tuples.

Each is made ready once per place in the code, `(image, call) -> Action`; a run does the rest.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from .bytecode import Arg, Builtin, Call, Symbol, TensorSpec, introduced, symbols_of
from .closures import invoke_closure, make_closure
from .dtype import DType
from .errors import ArgumentError, RuntimeFailure, ShapeError
from .execution import Action, Execution, FrameMemory, Registers
from .image import Image, check_dims, check_size, check_tensor_place, number_of
from .matching import Matcher
from .signature import check_value
from .tensor import Tensor

INT64 = DType("int64")

Tell = Callable[[Mapping[str, int]], None]
"""Called where an instruction told symbols, with all that are known."""


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


def _match(image: Image, call: Call, tell: Tell) -> Action:
    source, program = call.args[0].value, image.program
    spec, place = program.specs[call.args[1].value], program.texts[call.args[2].value]
    names = introduced(program, call)
    known = [name for name in symbols_of(spec) if name not in names]
    matcher = Matcher([(place, spec)], [Symbol(name) for name in names], known)

    def action(r: Registers, e: Execution) -> Any:
        value = check_value(r[source], spec, place)
        matcher.match([value], e.symbols)
        if names:
            tell(e.symbols)
        return value

    return action


def _prefix(image: Image, call: Call, tell: Tell) -> Action:
    source, number = call.args[0].value, call.args[1].value
    spec, names = _spec(image, call.args[2]), introduced(image.program, call)
    place = f"prefix, {spec}"
    if call.location >= 0:
        place = f"{image.program.texts[call.location]}: {place}"
    known = [name for name in symbols_of(spec) if name not in names]
    matcher = Matcher([(place, spec)], [Symbol(name) for name in names], known)

    def action(r: Registers, e: Execution) -> Tensor:
        tensor = r[source]
        if type(tensor) is not Tensor or tensor.dtype is not spec.dtype or not tensor.shape:
            raise RuntimeFailure(f"{place}: found {tensor!r}")
        found = _integer(r[number])
        if not 0 <= found <= tensor.shape[0]:
            raise ShapeError(
                f"{place}: expected a number up to {tensor.shape[0]}, of the slices; found {found}"
            )
        shape = (found, *tensor.shape[1:])
        part = Tensor(tensor.data, shape, tensor.dtype, tensor.owner, None, tensor.read_only)
        matcher.match([part], e.symbols)
        if names:
            tell(e.symbols)
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


def _string(image: Image, call: Call) -> Action:
    text = image.program.texts[call.args[0].value]
    return lambda r, e: text


def _shape(image: Image, call: Call) -> Action:
    source = call.args[0].value

    def action(r: Registers, e: Execution) -> tuple[int, ...]:
        tensor = r[source]
        if type(tensor) is not Tensor:
            raise RuntimeFailure(f"shape: expected a tensor; found {tensor!r}")
        return tensor.shape

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


def _check_dims(image: Image, call: Call) -> Action:
    return lambda r, e: check_dims(image.program, call, e.symbols)


def _kill(image: Image, call: Call) -> Action:
    killed = tuple(arg.value for arg in call.args)

    def action(r: Registers, e: Execution) -> None:
        for reg in killed:
            r[reg] = None

    return action


def _spec(image: Image, arg: Arg) -> Any:
    return image.program.specs[arg.value]


_PLAIN: dict[int, Callable[[Image, Call], Action]] = {
    Builtin.STORAGE: _storage,
    Builtin.TENSOR: _tensor,
    Builtin.VIEW: _view,
    Builtin.OUTPUT: _output,
    Builtin.CONSTANT: _constant,
    Builtin.CHECK: _check,
    Builtin.CHECK_DIMS: _check_dims,
    Builtin.COPY: _copy,
    Builtin.MOVE: _move,
    Builtin.TUPLE: _tuple,
    Builtin.FIELD: _field,
    Builtin.KILL: _kill,
    Builtin.FAIL: _fail,
    Builtin.CLOSURE: make_closure,
    Builtin.INVOKE: invoke_closure,
    Builtin.STRING: _string,
    Builtin.SHAPE: _shape,
}

_TELLING: dict[int, Callable[[Image, Call, Tell], Action]] = {
    Builtin.MATCH: _match,
    Builtin.PREFIX: _prefix,
}


def builtin(image: Image, call: Call, tell: Tell) -> Action:
    """Return what a call of a builtin does; `tell` is called with symbols that it tells."""
    telling = _TELLING.get(call.callee)
    return _PLAIN[call.callee](image, call) if telling is None else telling(image, call, tell)
