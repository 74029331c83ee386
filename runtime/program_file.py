r"""Programs as bytes: a file that is checked before it is believed, and mapped rather than read.

All numbers are little-endian; a text is a u32 length and UTF-8; a list is a u32 count and its
elements.

    header      8 bytes "TYREXVM\n", u32 version (2), u32 number of sections, u32 CRC-32 of what
                precedes and of the section table, u32 zero
    table       a section each: 4 bytes tag, u32 CRC-32, u64 offset in the file, u64 size
    TABL        lists of texts: kernels, host functions, texts, dims; a list of pairs: metadata.
                A dim is an expression in postfix, its tokens with spaces between: "n 2 * 1 +"
    SPEC        a list of types: u8 kind; 0 tensor: text dtype, u8 rank (255: unknown), i64 dims
                (-1: unknown; -2: an expression), a text for each of these; 1 tuple: a list of
                types; 2 object; 3 text; 4 shape: u8 rank (255: unknown)
    CODE        a list of functions: text name; two lists (arguments, results) of text name and
                type; u32 registers; a list of instructions; a list of symbols: text name, i64 least
                value, i64 largest value (-1: any)
    CNST        a list of constants: a tensor type, u64 offset in DATA, u64 size
    DATA        the bytes of the constants; it and each constant start at a multiple of 64, so that
                a mapped file serves kernels without a copy. At offset 0 it is not in this file: a
                bundle has the constants as a member of their own

    instruction u8 opcode; 0 call: u8 kind, u32 callee, i32 result register (-1: none), i32 location
                (-1: none), a list of arguments: u8 kind, i64 value; 1 ret: a list of u32 registers;
                2 goto: u32 target; 3 if: u32 register, u32 target

Nothing in a file is executed while it is read, and nothing is unpickled.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar  # noqa: TID251  the runtime lacks typing_extensions

import numpy as np

from .bytecode import (
    MAX_DIM,
    Arg,
    ArgKind,
    Array,
    Call,
    CalleeKind,
    Constant,
    Function,
    Goto,
    If,
    Instruction,
    ObjectSpec,
    Param,
    Program,
    Ret,
    ShapeSpec,
    Spec,
    StringSpec,
    Symbol,
    TensorSpec,
    TupleSpec,
)
from .dims import Dim, SymbolicDim, decode_dim, encode_dim
from .dtype import DType
from .errors import DTypeError, LoadError
from .native_library import ALIGN_BYTES

MAGIC = b"TYREXVM\n"
VERSION = 2
TAGS = (b"TABL", b"SPEC", b"CODE", b"CNST", b"DATA")

_HEADER = struct.Struct("<8sII")
_HEADER_END = struct.Struct("<II")
_ENTRY = struct.Struct("<4sIQQ")
_UNKNOWN_RANK = 255
_UNKNOWN_DIM, _SYMBOLIC_DIM = -1, -2
_MAX_TUPLE_DEPTH = 32
_MAX_REGISTERS = 2**24

T = TypeVar("T")


# ---- writing -----------------------------------------------------------------------------


def write_program(program: Program, *, with_data: bool = True) -> bytes:
    """Return the file of a program.

    Args:
        program: to write.
        with_data: put the bytes of the constants into the file; `constant_pieces` has them too.
    """
    places, data_bytes = constant_places(program.constants)
    sections = (_tables(program), _specs(program), _code(program), _constants(program, places))
    sizes = [*map(len, sections), data_bytes if with_data else 0]
    end = _HEADER.size + _HEADER_END.size + len(TAGS) * _ENTRY.size
    offsets: list[int] = []
    for size in sizes:
        end += -end % ALIGN_BYTES
        offsets.append(end)
        end += size
    result = np.zeros(end, np.uint8)
    for offset, section in zip(offsets, sections, strict=False):
        result[offset : offset + len(section)] = np.frombuffer(section, np.uint8)
    for place, constant in zip(places, program.constants if with_data else (), strict=False):
        start = offsets[-1] + place
        result[start : start + constant.data.nbytes] = constant.data
    table = b"".join(
        _ENTRY.pack(tag, zlib.crc32(result[offset : offset + size].data), offset, size)
        for tag, offset, size in zip(TAGS, offsets, sizes, strict=True)
    )
    if not with_data:
        table = table[: -_ENTRY.size] + _ENTRY.pack(TAGS[-1], 0, 0, data_bytes)
    header = _HEADER.pack(MAGIC, VERSION, len(TAGS))
    header += _HEADER_END.pack(zlib.crc32(table, zlib.crc32(header)), 0)
    result[: len(header) + len(table)] = np.frombuffer(header + table, np.uint8)
    return result.tobytes()


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _u32(len(encoded)) + encoded


def _list(items: Any, encode: Callable[[Any], bytes]) -> bytes:
    parts = [encode(item) for item in items]
    return _u32(len(parts)) + b"".join(parts)


def _tables(program: Program) -> bytes:
    dims = tuple(map(encode_dim, program.dims))
    lists = (program.kernels, program.host_functions, program.texts, dims)
    pairs = _list(program.metadata.items(), lambda pair: _text(pair[0]) + _text(pair[1]))
    return b"".join(_list(names, _text) for names in lists) + pairs


def _specs(program: Program) -> bytes:
    return _list(program.specs, _spec)


def _spec(spec: Spec) -> bytes:
    match spec:
        case TensorSpec(dtype, shape):
            rank = _UNKNOWN_RANK if shape is None else len(shape)
            dims = b"".join(struct.pack("<q", _dim_number(dim)) for dim in shape or ())
            dims += b"".join(
                _text(encode_dim(d)) for d in shape or () if isinstance(d, SymbolicDim)
            )
            return b"\0" + _text(dtype) + bytes((rank,)) + dims
        case TupleSpec(fields):
            return b"\1" + _list(fields, _spec)
        case ObjectSpec():
            return b"\2"
        case StringSpec():
            return b"\3"
        case ShapeSpec(rank):
            return bytes((4, _UNKNOWN_RANK if rank is None else rank))


def _dim_number(dim: Dim) -> int:
    if dim is None:
        return _UNKNOWN_DIM
    return dim if isinstance(dim, int) else _SYMBOLIC_DIM


def _code(program: Program) -> bytes:
    return _list(program.functions, _function)


def _function(function: Function) -> bytes:
    def param(item: Param) -> bytes:
        return _text(item.name) + _spec(item.spec)

    head = _text(function.name) + _list(function.params, param) + _list(function.results, param)
    body = _u32(function.num_registers) + _list(function.code, _instruction)
    return head + body + _list(function.symbols, _symbol)


def _symbol(symbol: Symbol) -> bytes:
    upper = -1 if symbol.upper is None else symbol.upper
    return _text(symbol.name) + struct.pack("<qq", symbol.lower, upper)


def _instruction(instruction: Instruction) -> bytes:
    match instruction:
        case Call(kind, callee, args, dst, location):
            head = struct.pack("<BBIii", 0, kind, callee, -1 if dst is None else dst, location)
            return head + _list(args, lambda arg: struct.pack("<Bq", arg.kind, arg.value))
        case Ret(values):
            return b"\1" + _list(values, _u32)
        case Goto(target):
            return b"\2" + _u32(target)
        case If(cond, target):
            return b"\3" + _u32(cond) + _u32(target)


def constant_places(constants: tuple[Constant, ...]) -> tuple[list[int], int]:
    """Return where each constant starts in DATA, and the size of that in bytes."""
    places: list[int] = []
    size = 0
    for constant in constants:
        size += -size % ALIGN_BYTES
        places.append(size)
        size += constant.data.nbytes
    return places, size


def constant_pieces(constants: tuple[Constant, ...]) -> list[bytes | memoryview]:
    """Return the bytes of DATA, in pieces of which the constants' are not copied."""
    pieces: list[bytes | memoryview] = []
    at = 0
    for place, constant in zip(constant_places(constants)[0], constants, strict=True):
        pieces += [bytes(place - at), constant.data.data]
        at = place + constant.data.nbytes
    return pieces


def _constants(program: Program, places: list[int]) -> bytes:
    pairs = zip(program.constants, places, strict=True)
    return _list(
        pairs,
        lambda p: _spec(p[0].spec) + struct.pack("<QQ", p[1], p[0].data.nbytes),
    )


# ---- reading -----------------------------------------------------------------------------


def load_program(path: str | Path, *, check_data: bool = True) -> Program:
    """Return the program in a file, which stays mapped as long as its constants are used.

    Args:
        path: of the file.
        check_data: read the constants once to compare their checksum.

    Raises:
        LoadError: the file cannot be read or is no valid program.
    """
    try:
        mapped = np.memmap(path, np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise LoadError(f"{path}: cannot be read as a program: {error}") from error
    return read_program(np.asarray(mapped), str(path), check_data=check_data)


def read_program(
    data: bytes | bytearray | memoryview | Array,
    place: str = "program",
    *,
    check_data: bool = True,
    constants: Array | None = None,
) -> Program:
    """Return the program in `data`, which its constants refer to.

    Args:
        data: the file.
        place: what it is; begins the message of an error.
        check_data: compare the checksum of the constants' bytes, too.
        constants: the bytes of DATA, which a file without it needs; whoever gives them has
            compared their checksum.

    Raises:
        LoadError: it is no valid program: what is wrong, and where.
    """
    whole = np.frombuffer(data, np.uint8) if not isinstance(data, np.ndarray) else data
    try:
        sections = _sections(whole, check_data, constants)
        program = _program(sections)
        program.validate()
        return program
    except (LoadError, DTypeError, UnicodeDecodeError, RecursionError) as error:
        raise LoadError(f"{place}: {error}") from error


def _sections(data: Array, check_data: bool, outside: Array | None) -> dict[bytes, Array]:
    """Return the sections by tag, their checksums compared."""
    start = _HEADER.size + _HEADER_END.size
    raw = data[: start + len(TAGS) * _ENTRY.size].tobytes()
    if raw[: len(MAGIC)] != MAGIC:
        raise LoadError(f"not a Tyrex program: found {raw[:8]!r} at its start, expected {MAGIC!r}")
    if len(raw) < start + len(TAGS) * _ENTRY.size:
        raise LoadError(f"cut off: found {data.nbytes} bytes, less than header and section table")
    _, version, count = _HEADER.unpack_from(raw)
    checksum, _ = _HEADER_END.unpack_from(raw, _HEADER.size)
    if version != VERSION:
        raise LoadError(
            f"found format version {version}, expected {VERSION}: compile the model again"
        )
    if count != len(TAGS):
        raise LoadError(f"found {count} sections, expected {len(TAGS)}")
    if zlib.crc32(raw[start:], zlib.crc32(raw[: _HEADER.size])) != checksum:
        raise LoadError("damaged: the checksum of header and section table differs")
    return {tag: _section(data, raw, index, check_data, outside) for index, tag in enumerate(TAGS)}


def _section(
    data: Array, table: bytes, index: int, check_data: bool, outside: Array | None
) -> Array:
    """Return one section, its checksum compared."""
    expected = TAGS[index]
    start = _HEADER.size + _HEADER_END.size
    tag, crc, offset, size = _ENTRY.unpack_from(table, start + index * _ENTRY.size)
    if tag != expected:
        raise LoadError(f"found section {tag!r}, expected {expected!r}")
    if tag == b"DATA" and offset == 0:
        return _outside(size, outside)
    if offset % ALIGN_BYTES or offset + size > data.nbytes:
        raise LoadError(f"section {tag.decode()}: bytes {offset}..{offset + size} of {data.nbytes}")
    section = data[offset : offset + size]
    if (check_data or tag != b"DATA") and zlib.crc32(section.data) != crc:
        raise LoadError(f"damaged: the checksum of section {tag.decode()} differs")
    return section


def _outside(size: int, given: Array | None) -> Array:
    """Return the bytes of a DATA section that is not in the file."""
    if given is None:
        raise LoadError(f"its constants, {size} bytes, are in another file: load its bundle")
    if given.nbytes != size:
        raise LoadError(f"found {given.nbytes} bytes of constants; expected {size}")
    return given


class _Reader:
    """Reads one section; never past its end."""

    def __init__(self, tag: bytes, section: Array) -> None:
        self.name = tag.decode()
        self.data = section.tobytes()
        self.at = 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise LoadError(
                f"section {self.name}: {size} bytes expected at {self.at}; it has {len(self.data)}"
            )
        result = self.data[self.at : end]
        self.at = end
        return result

    def unpack(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def number(self, layout: str) -> int:
        return self.unpack(layout)[0]

    def text(self) -> str:
        return self.take(self.number("<I")).decode()

    def list(self, read: Callable[[], T]) -> tuple[T, ...]:
        count = self.number("<I")
        if count > len(self.data) - self.at:  # an element takes at least a byte
            raise LoadError(f"section {self.name}: a list of {count} elements at {self.at}")
        return tuple(read() for _ in range(count))

    def end(self) -> None:
        if self.at != len(self.data):
            raise LoadError(f"section {self.name}: {len(self.data) - self.at} bytes too many")

    def spec(self, depth: int = 0) -> Spec:
        kind = self.number("<B")
        if kind == 0:
            return self.tensor_spec()
        if kind == 1 and depth < _MAX_TUPLE_DEPTH:
            return TupleSpec(self.list(lambda: self.spec(depth + 1)))
        if kind == 2:
            return ObjectSpec()
        if kind == 3:
            return StringSpec()
        if kind == 4:
            rank = self.number("<B")
            return ShapeSpec(None if rank == _UNKNOWN_RANK else rank)
        raise LoadError(f"section {self.name}: type of kind {kind} at depth {depth}")

    def tensor_spec(self) -> TensorSpec:
        dtype = DType(self.text())
        rank = self.number("<B")
        if rank == _UNKNOWN_RANK:
            return TensorSpec(dtype, None)
        dims = self.unpack(f"<{rank}q")
        if any(not _SYMBOLIC_DIM <= dim <= MAX_DIM for dim in dims):
            raise LoadError(f"section {self.name}: dims {dims}")
        return TensorSpec(dtype, tuple(map(self.dim, dims)))

    def dim(self, number: int) -> Dim:
        if number == _SYMBOLIC_DIM:
            return decode_dim(self.text())
        return None if number == _UNKNOWN_DIM else number


def _program(sections: dict[bytes, Array]) -> Program:
    readers = {tag: _Reader(tag, sections[tag]) for tag in TAGS if tag != b"DATA"}
    tables = readers[b"TABL"]
    kernels, hosts, texts, dims = (tables.list(tables.text) for _ in range(4))
    metadata = dict(tables.list(lambda: (tables.text(), tables.text())))
    specs = readers[b"SPEC"].list(readers[b"SPEC"].spec)
    functions = readers[b"CODE"].list(lambda: _read_function(readers[b"CODE"]))
    data = sections[b"DATA"]
    constants = readers[b"CNST"].list(lambda: _read_constant(readers[b"CNST"], data))
    for reader in readers.values():
        reader.end()
    expressions = tuple(map(decode_dim, dims))
    return Program(functions, kernels, hosts, constants, specs, texts, metadata, expressions)


def _read_constant(reader: _Reader, data: Array) -> Constant:
    spec = reader.spec()
    offset, size = reader.unpack("<QQ")
    if not isinstance(spec, TensorSpec) or spec.size_bytes != size:
        raise LoadError(f"section CNST: a constant of type {spec} with {size} bytes")
    if offset % ALIGN_BYTES or offset + size > data.nbytes:
        raise LoadError(f"section CNST: a constant at {offset} of {data.nbytes} bytes")
    return Constant(spec, data[offset : offset + size])


def _read_function(reader: _Reader) -> Function:
    def param() -> Param:
        return Param(reader.text(), reader.spec())

    name, params, results = reader.text(), reader.list(param), reader.list(param)
    num_registers = reader.number("<I")
    if num_registers > _MAX_REGISTERS:
        raise LoadError(f"section CODE: function @{name} with {num_registers} registers")
    code = reader.list(lambda: _read_instruction(reader))
    symbols = reader.list(lambda: _read_symbol(reader))
    return Function(name, params, results, num_registers, code, symbols)


def _read_symbol(reader: _Reader) -> Symbol:
    name = reader.text()
    lower, upper = reader.unpack("<qq")
    if not name.isidentifier() or lower < 0 or upper < -1:
        raise LoadError(f"section CODE: a symbol {name!r} from {lower} to {upper}")
    return Symbol(name, lower, None if upper == -1 else upper)


def _read_instruction(reader: _Reader) -> Instruction:
    opcode = reader.number("<B")
    if opcode == 0:
        kind, callee, dst, location = reader.unpack("<BIii")
        args = reader.list(lambda: _read_arg(reader))
        if kind not in set(CalleeKind):
            raise LoadError(f"section CODE: a call of kind {kind}")
        return Call(CalleeKind(kind), callee, args, None if dst == -1 else dst, location)
    if opcode == 1:
        return Ret(reader.list(lambda: reader.number("<I")))
    if opcode == 2:
        return Goto(reader.number("<I"))
    if opcode == 3:
        return If(*reader.unpack("<II"))
    raise LoadError(f"section CODE: opcode {opcode}")


def _read_arg(reader: _Reader) -> Arg:
    kind, value = reader.unpack("<Bq")
    if kind not in set(ArgKind):
        raise LoadError(f"section CODE: an argument of kind {kind}")
    return Arg(ArgKind(kind), value)
