"""Programs of the virtual machine: functions over registers, four instructions.

    call    run a kernel, a function, a function of the host or a builtin; keep its result
    ret     leave the function with the values of registers
    goto    continue at an instruction
    if      go on when the bool tensor in a register is true, else continue at an instruction

A register holds a tensor, a storage, a tuple, a text, a shape or an object of the host. Everything
else that an instruction says (sizes, types, constants, texts) is in its arguments, known before it
runs. Kernels take destinations: their arguments are inputs, outputs, workspaces, then integers.

A function may have symbols: dims that its arguments' shapes tell when it is called (`matching.py`).
Types and sizes of the program are expressions over them; a `match` in the code tells further ones.

A program is data: `assembly.py` writes it as text, `program_file.py` as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .dims import RELATIONS, Dim, SymbolicDim
from .dtype import DType
from .errors import LoadError

Array = npt.NDArray[Any]  # any element type: the constant's type says which

MAX_DIM = 2**40
"""A longer dim in a file is a damaged file: no machine holds such a tensor."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """The type of a tensor: `float32[2, n * 4, ?]`; None: an unknown dim, a shape of any rank."""

    dtype: DType
    shape: tuple[Dim, ...] | None

    @property
    def static_shape(self) -> tuple[int, ...] | None:
        """The shape where every dim is known."""
        if self.shape is None:
            return None
        dims = tuple(dim for dim in self.shape if isinstance(dim, int))
        return dims if len(dims) == len(self.shape) else None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols in the dims, in order of appearance."""
        dims = (dim for dim in self.shape or () if isinstance(dim, SymbolicDim))
        return tuple(dict.fromkeys(name for dim in dims for name in dim.symbols))

    @property
    def is_shaped(self) -> bool:
        """Whether every dim is a number or an expression."""
        return self.shape is not None and None not in self.shape

    def shape_at(self, values: Mapping[str, int]) -> tuple[int, ...]:
        """Return the shape of a tensor whose dims are all known or expressions.

        Args:
            values: of the symbols.

        Raises:
            ShapeError: a dim divides by zero.
        """
        return tuple(
            [d.evaluate(values) if isinstance(d, SymbolicDim) else d or 0 for d in self.shape or ()]
        )

    @property
    def size_bytes(self) -> int | None:
        """The bytes of the elements, where the shape is known."""
        shape = self.static_shape
        return None if shape is None else prod(shape) * self.dtype.size_bytes

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.dtype}[*]"
        dims = ", ".join("?" if dim is None else str(dim) for dim in self.shape)
        return f"{self.dtype}[{dims}]"


@dataclass(frozen=True, slots=True)
class TupleSpec:
    """The type of a tuple: `(float32[2], int64[])`."""

    fields: tuple[Spec, ...]

    def __str__(self) -> str:
        return "(" + ", ".join(map(str, self.fields)) + ")"


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """Any object of the host: `object`."""

    def __str__(self) -> str:
        return "object"


@dataclass(frozen=True, slots=True)
class StringSpec:
    """A text: `string`; a `str` of Python."""

    def __str__(self) -> str:
        return "string"


@dataclass(frozen=True, slots=True)
class ShapeSpec:
    """A shape as a value: `shape[2]`, of rank 2, or `shape`; a tuple of numbers of Python."""

    rank: int | None = None

    def __str__(self) -> str:
        return "shape" if self.rank is None else f"shape[{self.rank}]"


Spec = TensorSpec | TupleSpec | ObjectSpec | StringSpec | ShapeSpec


class Param(NamedTuple):
    """A named argument or result of a function."""

    name: str
    spec: Spec


class ArgKind(IntEnum):
    """What an argument of an instruction is."""

    REGISTER = 0
    INTEGER = 1
    CONSTANT = 2
    """A position in the program's constants."""
    SPEC = 3
    """A position in the program's types."""
    TEXT = 4
    """A position in the program's texts."""
    DIM = 5
    """A position in the program's dims: a number that symbols decide."""


class Arg(NamedTuple):
    """One argument: its kind, and a position or a number."""

    kind: ArgKind
    value: int


def register(index: int) -> Arg:
    """Return the argument that stands for register `index`."""
    return Arg(ArgKind.REGISTER, index)


def integer(value: int) -> Arg:
    """Return the argument that is `value`."""
    return Arg(ArgKind.INTEGER, value)


class CalleeKind(IntEnum):
    """What a call calls."""

    KERNEL = 0
    FUNCTION = 1
    HOST = 2
    BUILTIN = 3


class Builtin(IntEnum):
    """The operations of the machine itself."""

    STORAGE = 0
    """`r = storage(size_bytes, align_bytes)`: memory that does not leave the function.

    The size is a number or a dim.
    """
    TENSOR = 1
    """`r = tensor(storage, offset, type)`: a tensor in a storage; a dim as offset, too."""
    VIEW = 2
    """`r = view(tensor, type)`: the same memory with another shape."""
    OUTPUT = 3
    """`r = output(type, index)`: fresh memory that leaves the function as result `index`."""
    CONSTANT = 4
    """`r = constant(c)`."""
    CHECK = 5
    """`r = check(value, type, text)`: the value, which must be of the type; `text` names it."""
    COPY = 6
    """`copy(from, to)`: copy the elements."""
    MOVE = 7
    """`r = move(value)`: the same value in another register."""
    TUPLE = 8
    """`r = tuple(values...)`."""
    FIELD = 9
    """`r = field(tuple, index)`."""
    KILL = 10
    """`kill(registers...)`: forget values, so that their memory can be used again."""
    MATCH = 11
    """`r = match(value, type, text, symbols)`: as check; the type tells the symbols named."""
    FAIL = 12
    """`r = fail(text)`: end the run with an error of that text."""
    PREFIX = 13
    """`r = prefix(tensor, count, type, symbols)`: the first slices, as many as `count` holds; the
    type tells the symbols named."""
    CLOSURE = 14
    """`r = closure(text, tuple)`: the function of that name, its last arguments bound."""
    INVOKE = 15
    """`r = invoke(closure, tuple)`: call a closure with the arguments that are not bound."""
    STRING = 16
    """`r = string(text)`."""
    SHAPE = 17
    """`r = shape(tensor)`: its dims."""
    CHECK_DIMS = 18
    """`check_dims(text, relation, found, expected)`: end the run where two dims are not related so.

    The relations are numbered as in native/abi.h; a dim may also be a number.
    """


_R, _I, _C, _S, _T, _D = ArgKind
SIGNATURES: Mapping[Builtin, tuple[bool, tuple[ArgKind, ...] | None]] = {
    Builtin.STORAGE: (True, (_I, _I)),
    Builtin.TENSOR: (True, (_R, _I, _S)),
    Builtin.VIEW: (True, (_R, _S)),
    Builtin.OUTPUT: (True, (_S, _I)),
    Builtin.CONSTANT: (True, (_C,)),
    Builtin.CHECK: (True, (_R, _S, _T)),
    Builtin.COPY: (False, (_R, _R)),
    Builtin.MOVE: (True, (_R,)),
    Builtin.TUPLE: (True, None),
    Builtin.FIELD: (True, (_R, _I)),
    Builtin.KILL: (False, None),
    Builtin.MATCH: (True, (_R, _S, _T, _T)),
    Builtin.FAIL: (True, (_T,)),
    Builtin.PREFIX: (True, (_R, _R, _S, _T)),
    Builtin.CLOSURE: (True, (_T, _R)),
    Builtin.INVOKE: (True, (_R, _R)),
    Builtin.STRING: (True, (_T,)),
    Builtin.SHAPE: (True, (_R,)),
    Builtin.CHECK_DIMS: (False, (_T, _I, _I, _I)),
}
"""Builtin -> (whether it has a result, kinds of its arguments; None: any registers).

A dim may stand where an integer does: sizes of storages, offsets of tensors."""

TELLING = (Builtin.MATCH, Builtin.PREFIX)
"""The builtins whose last argument names symbols, with commas between them."""

SIZED = (Builtin.STORAGE, Builtin.TENSOR, Builtin.CHECK_DIMS)
"""The builtins whose integers may be dims."""

_SIGNED = (Builtin.OUTPUT, Builtin.CHECK_DIMS)


@dataclass(frozen=True, slots=True)
class Call:
    """`%dst = call callee(args)`; `location` is a text's position or -1."""

    kind: CalleeKind
    callee: int
    args: tuple[Arg, ...]
    dst: int | None = None
    location: int = -1


@dataclass(frozen=True, slots=True)
class Ret:
    """`ret %a, %b`."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Goto:
    """`goto target`."""

    target: int


@dataclass(frozen=True, slots=True)
class If:
    """`if %cond else target`: the next instruction when true."""

    cond: int
    target: int


Instruction = Call | Ret | Goto | If


@dataclass(frozen=True, slots=True)
class Symbol:
    """A dim that arguments tell, and the values that it may have, both ends included."""

    name: str
    lower: int = 0
    upper: int | None = None

    def __str__(self) -> str:
        if self.lower == 0 and self.upper is None:
            return self.name
        return f"{self.name} in {self.lower} to {'?' if self.upper is None else self.upper}"


@dataclass(frozen=True, slots=True)
class Function:
    """Code; its arguments arrive in the first registers."""

    name: str
    params: tuple[Param, ...]
    results: tuple[Param, ...]
    num_registers: int
    code: tuple[Instruction, ...]
    symbols: tuple[Symbol, ...] = ()
    """Told by the shapes of the arguments, checked before the first instruction."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor known at compile time: its bytes, in the order of its type.

    The type stands beside the bytes because NumPy may lack it (bfloat16 without ml_dtypes).
    """

    spec: TensorSpec
    data: Array
    """The bytes: contiguous, one axis, uint8; possibly of a memory-mapped file."""

    @staticmethod
    def of(array: Array, dtype: DType) -> Constant:
        """Return the constant with the elements of `array`, not copied where contiguous."""
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        return Constant(TensorSpec(dtype, array.shape), flat)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Constant):
            return NotImplemented
        return self.spec == other.spec and bool(np.array_equal(self.data, other.data))

    def __hash__(self) -> int:
        return hash(self.spec)


@dataclass(frozen=True)
class Program:
    """Functions and the tables that their instructions refer to by position."""

    functions: tuple[Function, ...]
    kernels: tuple[str, ...] = ()
    host_functions: tuple[str, ...] = ()
    constants: tuple[Constant, ...] = ()
    specs: tuple[Spec, ...] = ()
    texts: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    dims: tuple[SymbolicDim, ...] = ()

    def function(self, name: str) -> Function | None:
        """Return the function `name`, or None."""
        return next((f for f in self.functions if f.name == name), None)

    def validate(self) -> None:
        """Check that every position that an instruction names exists.

        Raises:
            LoadError: one does not; a machine that ran the program would read nonsense.
        """
        names = [f.name for f in self.functions]
        if len(set(names)) != len(names):
            raise LoadError(f"program: two functions have one name: {', '.join(names)}")
        for constant in self.constants:
            if constant.spec.size_bytes != constant.data.nbytes:
                raise LoadError(
                    f"program: constant {constant.spec} has {constant.data.nbytes} bytes;"
                    f" expected {constant.spec.size_bytes}"
                )
        for function in self.functions:
            _check_function(self, function)

    def stats(self) -> dict[str, int]:
        """Return the sizes that a user asks for: kernels, callbacks, memory."""
        calls = [c for f in self.functions for c in f.code if isinstance(c, Call)]
        storages = [
            c.args[0].value
            for c in calls
            if c.kind is CalleeKind.BUILTIN
            and c.callee == Builtin.STORAGE
            and c.args[0].kind is ArgKind.INTEGER
        ]
        return {
            "functions": len(self.functions),
            "kernels": len(self.kernels),
            "kernel_calls": sum(c.kind is CalleeKind.KERNEL for c in calls),
            "host_callbacks": sum(c.kind is CalleeKind.HOST for c in calls),
            "arena_bytes": sum(storages),
            "constant_bytes": sum(c.data.nbytes for c in self.constants),
        }


def _check_function(program: Program, function: Function) -> None:
    place = f"program: function @{function.name}"
    if function.num_registers < len(function.params):
        raise LoadError(
            f"{place}: {function.num_registers} registers for {len(function.params)} arguments"
        )
    if not function.code or not isinstance(function.code[-1], Ret | Goto):
        raise LoadError(f"{place}: the code does not end with ret or goto")
    known = {symbol.name for symbol in function.symbols}
    for name, spec in function.params:
        if missing := [symbol for symbol in symbols_of(spec) if symbol not in known]:
            raise LoadError(f"{place}: symbol {missing[0]!r} of {name!r} is not declared")
    for index, instruction in enumerate(function.code):
        known.update(introduced(program, instruction))
        fault = _fault(program, function, instruction) or _symbol_fault(program, known, instruction)
        if fault:
            raise LoadError(f"{place}: instruction {index}: {fault}")


def symbols_of(spec: Spec) -> Iterator[str]:
    """Yield the symbols in a type."""
    if isinstance(spec, TensorSpec):
        yield from spec.symbols
    elif isinstance(spec, TupleSpec):
        for field_spec in spec.fields:
            yield from symbols_of(field_spec)


def introduced(program: Program, instruction: Instruction) -> tuple[str, ...]:
    """Return the symbols that an instruction tells."""
    if (
        not isinstance(instruction, Call)
        or instruction.kind is not CalleeKind.BUILTIN
        or instruction.callee not in TELLING
        or len(instruction.args) != len(SIGNATURES[Builtin(instruction.callee)][1] or ())
        or instruction.args[-1].value >= len(program.texts)
    ):
        return ()
    text = program.texts[instruction.args[-1].value]
    return tuple(text.split(",")) if text else ()


def used_symbols(program: Program, call: Call) -> tuple[str, ...]:
    """Return the symbols in the arguments of a call, each once."""
    found: dict[str, None] = {}
    for arg in call.args:
        if arg.kind is ArgKind.DIM:
            found.update(dict.fromkeys(program.dims[arg.value].symbols))
        elif arg.kind is ArgKind.SPEC:
            found.update(dict.fromkeys(symbols_of(program.specs[arg.value])))
    return tuple(found)


def _symbol_fault(program: Program, known: set[str], instruction: Instruction) -> str | None:
    if not isinstance(instruction, Call):
        return None
    missing = [name for name in used_symbols(program, instruction) if name not in known]
    return f"symbol {missing[0]!r} has no value there" if missing else None


def _fault(program: Program, function: Function, instruction: Instruction) -> str | None:
    """Return what is wrong with an instruction, or None."""
    match instruction:
        case Goto(target):
            return _range_fault("target", target, len(function.code))
        case If(cond, target):
            return _range_fault("register", cond, function.num_registers) or _range_fault(
                "target", target, len(function.code)
            )
        case Ret(values):
            if len(values) != len(function.results):
                return f"returns {len(values)} values; expected {len(function.results)}"
            faults = (_range_fault("register", v, function.num_registers) for v in values)
            return next(filter(None, faults), None)
        case Call():
            return _call_fault(program, function, instruction)


def _call_fault(program: Program, function: Function, call: Call) -> str | None:
    limits = {
        ArgKind.REGISTER: function.num_registers,
        ArgKind.CONSTANT: len(program.constants),
        ArgKind.SPEC: len(program.specs),
        ArgKind.TEXT: len(program.texts),
        ArgKind.DIM: len(program.dims),
    }
    for arg in call.args:
        if arg.kind in limits:
            fault = _range_fault(arg.kind.name.lower(), arg.value, limits[arg.kind])
            if fault:
                return fault
    callees = {
        CalleeKind.KERNEL: len(program.kernels),
        CalleeKind.FUNCTION: len(program.functions),
        CalleeKind.HOST: len(program.host_functions),
        CalleeKind.BUILTIN: len(Builtin),
    }
    return (
        _range_fault("callee", call.callee, callees[call.kind])
        or (None if call.dst is None else _range_fault("register", call.dst, limits[_R]))
        or _range_fault("location", call.location, len(program.texts), -1)
        or _signature_fault(program, call)
    )


def _signature_fault(program: Program, call: Call) -> str | None:
    kinds = tuple(arg.kind for arg in call.args)
    if call.kind is CalleeKind.BUILTIN:
        has_result, expected = SIGNATURES[Builtin(call.callee)]
        name = Builtin(call.callee).name.lower()
        if call.callee in SIZED:
            kinds = tuple(_I if kind is _D else kind for kind in kinds)
        wrong = any(k is not _R for k in kinds) if expected is None else kinds != expected
        if wrong or has_result != (call.dst is not None):
            return f"builtin {name} has other arguments or results than these"
        return _spec_fault(program, call, name)
    if call.kind is CalleeKind.KERNEL:
        kinds = tuple(_I if kind is _D else kind for kind in kinds)
        sorted_kinds = sorted(kinds)
        if call.dst is not None or sorted_kinds != list(kinds) or not set(kinds) <= {_R, _I}:
            return "a kernel takes registers, then integers or dims, and has no result"
        return None
    if any(k is not _R for k in kinds):
        return "a function takes registers"
    if call.kind is CalleeKind.FUNCTION:
        expected_count = len(program.functions[call.callee].params)
        if len(kinds) != expected_count:
            return f"{len(kinds)} arguments; expected {expected_count}"
    return None


def _spec_fault(program: Program, call: Call, name: str) -> str | None:
    """Return what is wrong with the type or the sizes that a builtin is given."""
    if call.callee == Builtin.CLOSURE and not program.function(program.texts[call.args[0].value]):
        return f"builtin closure of {program.texts[call.args[0].value]!r}, which is no function"
    for arg in call.args:
        if arg.kind is _S and call.callee not in (Builtin.CHECK, Builtin.MATCH):
            spec = program.specs[arg.value]
            if not isinstance(spec, TensorSpec) or not spec.is_shaped:
                return f"builtin {name} of type {spec}; expected a tensor of known shape"
        if arg.kind is _I and arg.value < 0 and call.callee not in _SIGNED:
            return f"builtin {name} with the negative number {arg.value}"
    if call.callee == Builtin.CHECK_DIMS and not 0 <= call.args[1].value < len(RELATIONS):
        return f"builtin {name} of relation {call.args[1].value}; there are {len(RELATIONS)}"
    if call.callee == Builtin.STORAGE and call.args[1].value not in (1, 2, 4, 8, 16, 32, 64):
        return f"builtin storage aligned to {call.args[1].value}; expected a power of two to 64"
    return None


def _range_fault(what: str, value: int, limit: int, first: int = 0) -> str | None:
    if first <= value < limit:
        return None
    return f"{what} {value} does not exist; there are {limit}"
