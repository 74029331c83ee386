"""Read a PyTorch checkpoint of the format before version 1.6, without PyTorch and without pickle.

Such a file is five pickles (magic number, protocol, system information, the state dictionary, the
storages' keys) and then the storages: for each key an i64 count and raw little-endian elements. The
pickles are only *disassembled* (`pickletools.genops` executes nothing); a small stack machine keeps
what they would call as data. It knows the opcodes that a state dictionary needs, and no others.

Source: PyTorch torch/serialization.py, `_legacy_save`; CPython Lib/pickletools.py (the opcodes).
"""

import pickletools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEADING_PICKLES = 3
ELEMENT_TYPES = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"


@dataclass(frozen=True)
class _Call:
    """What the pickle would call: kept as data, never called."""

    function: object
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class _Storage:
    """A reference to raw elements: ("storage", type, key, location, count, None)."""

    reference: tuple[Any, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        return ELEMENT_TYPES[self.reference[1]]

    @property
    def key(self) -> str:
        return self.reference[2]


_MARK = object()


def read(path: Path) -> dict[str, Array]:
    """The tensors of a state dictionary by name."""
    with path.open("rb") as file:
        for _ in range(LEADING_PICKLES):
            for _ in pickletools.genops(file):
                pass
        # cast: the fourth pickle is a dictionary, the fifth a list of strings.
        state = cast(dict[str, _Call], _Machine().run(file))
        keys = cast(list[str], _Machine().run(file))
        dtypes = {c.arguments[0].key: c.arguments[0].dtype for c in state.values()}
        storages = {key: _read_storage(file, dtypes[key]) for key in keys}
    return {name: _view(call, storages) for name, call in state.items()}


def _read_storage(file: BinaryIO, dtype: np.dtype[Any]) -> Array:
    count = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(count * dtype.itemsize), dtype, count)


def _view(call: _Call, storages: dict[str, Array]) -> Array:
    if call.function != REBUILD_TENSOR:
        raise ValueError(f"{call.function}: the state dictionary holds something not a tensor")
    storage, offset, shape, strides = call.arguments[:4]
    data = storages[storage.key][offset:]
    assert sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) < data.size
    return np.lib.stride_tricks.as_strided(data, shape, [s * data.itemsize for s in strides])


class _Machine:
    """The opcodes of a state dictionary on a stack of plain values."""

    def __init__(self) -> None:
        self.stack: list[Any] = []  # Any: whatever a pickle may hold
        self.memo: dict[int, Any] = {}

    def run(self, file: BinaryIO) -> Any:
        for opcode, argument, _ in pickletools.genops(file):
            self.step(opcode.name, argument)
        return self.stack.pop()

    def step(self, name: str, argument: Any) -> None:
        match name:
            case "PROTO" | "STOP":
                pass
            case "BUILD":
                self.stack.pop()  # attributes of the dictionary: versions of PyTorch's modules
            case "BINUNICODE" | "BININT" | "BININT1" | "BININT2" | "GLOBAL":
                self.stack.append(argument)
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                self.stack.append(self.memo[argument])
            case _ if name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name]())
            case _:
                self.combine(name)

    def combine(self, name: str) -> None:
        """The opcodes that make one value of several."""
        match name:
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(name[-1])
                self.stack[-count:] = [tuple(self.stack[-count:])]
            case "TUPLE":
                self.stack.append(tuple(self.pop_to_mark()))
            case "REDUCE":
                arguments, function = self.stack.pop(), self.stack.pop()
                is_dictionary = function == "collections OrderedDict"
                self.stack.append({} if is_dictionary else _Call(function, arguments))
            case "BINPERSID":
                self.stack.append(_Storage(self.stack.pop()))
            case "SETITEMS":
                items = self.pop_to_mark()
                self.stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case "SETITEM":
                value, key = self.stack.pop(), self.stack.pop()
                self.stack[-1][key] = value
            case "APPENDS":
                items = self.pop_to_mark()
                self.stack[-1].extend(items)
            case _:
                raise ValueError(
                    f"{name}: not an opcode of a state dictionary; the file was not read"
                )

    def pop_to_mark(self) -> list[Any]:
        at = len(self.stack) - 1 - self.stack[::-1].index(_MARK)
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items


_CONSTANTS = {
    "MARK": lambda: _MARK,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple[Any, ...],
    "EMPTY_DICT": dict[Any, Any],
    "EMPTY_LIST": list[Any],
}
