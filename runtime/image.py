"""A program made ready to run: kernels found, constants aligned, what never changes worked out.

Most registers of a compiled program hold the same thing in every run: constants, and tensors at
fixed places of the function's memory. `Layout` finds them once; a frame (`frame.py`) then fills in
their addresses when it is made, and a run executes kernels and little else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod

import numpy as np

from .bytecode import (
    Arg,
    ArgKind,
    Builtin,
    Call,
    CalleeKind,
    Constant,
    Function,
    Goto,
    If,
    Instruction,
    Program,
    TensorSpec,
    introduced,
    used_symbols,
)
from .dims import MAX_SIZE, Dim, relation_fault
from .errors import LoadError, ShapeError
from .host_functions import HostFunction, host_function
from .kernel_facts import unpack_facts
from .kernel_library import KernelLibrary
from .matching import Matcher
from .native_library import ALIGN_BYTES
from .observation import CallSite, SiteKind
from .recursion import recursive_functions
from .tensor import Tensor


class ConstantMemory:
    """Owns the bytes of a constant: a tensor of this owner must not leave a function."""

    def __init__(self, owner: object) -> None:
        self.owner = owner


class Layout:
    """What is the same in every run of one function with the same symbols.

    A register is static when one instruction alone writes it, and that instruction is a constant,
    a storage allocated before the first branch, or a tensor or view of something static; sizes and
    types of these are over the function's own symbols, not those that its code tells.
    """

    def __init__(self, program: Program, function: Function) -> None:
        """Find the static registers of a function.

        Raises:
            LoadError: a tensor does not lie within its storage, or nothing tells a symbol.
        """
        self.program = program
        self.function = function
        self.storages: dict[int, Arg] = {}
        """Register -> size in bytes, in the order in which the function's memory holds them."""
        self.static: dict[int, Call] = {}
        """Register -> the builtin that says what it holds, in the order of the code."""
        items = [(f"{function.name}: argument {name!r}", spec) for name, spec in function.params]
        self.checks: list[Call] = []
        """Those of dims that the function's symbols tell, which no branch keeps a run from."""
        self.matcher = Matcher(items, function.symbols)
        self._late = frozenset(
            name for instruction in function.code for name in introduced(program, instruction)
        )
        writes = Counter(i.dst for i in function.code if isinstance(i, Call))
        first_branch = _first_branch(function.code)
        for position, instruction in enumerate(function.code):
            if not isinstance(instruction, Call) or instruction.kind is not CalleeKind.BUILTIN:
                continue
            dst = instruction.dst
            is_check = instruction.callee == Builtin.CHECK_DIMS
            if is_check and position < first_branch and not self.is_late(instruction):
                self.checks.append(instruction)
            if dst is None or writes[dst] != 1 or dst < len(function.params):
                continue
            if not self.is_late(instruction):
                self._consider(instruction, dst, position < first_branch)
        if not function.symbols:
            self._check_places()

    def _consider(self, call: Call, dst: int, is_before_branches: bool) -> None:
        match call.callee:
            case Builtin.CONSTANT:
                self.static[dst] = call
            case Builtin.STORAGE if is_before_branches:
                self.storages[dst] = call.args[0]
            case Builtin.TENSOR if call.args[0].value in self.storages:
                self.static[dst] = call
            case Builtin.VIEW if call.args[0].value in self.static:
                # One that may not fit is made where a run reaches it, which none may do.
                if is_before_branches or self._fits(call):
                    self.static[dst] = call
            case _:
                pass

    def _fits(self, view: Call) -> bool:
        """Tell whether the types of a view of something static have equally many elements."""
        source = self.static[view.args[0].value]
        if source.callee == Builtin.CONSTANT:
            spec = self.program.constants[source.args[0].value].spec
        else:
            spec = self.spec(source.args[-1])
        return _factors(spec.shape or ()) == _factors(self.spec(view.args[1]).shape or ())

    def _check_places(self) -> None:
        for call in self.static.values():
            if call.callee == Builtin.TENSOR:
                size = self.storages[call.args[0].value].value
                spec = self.spec(call.args[2])
                check_tensor_place(spec, spec.size_bytes or 0, call.args[1].value, size)

    def is_late(self, call: Call) -> bool:
        """Tell whether an instruction needs symbols that the function's code tells."""
        return bool(self._late) and not self._late.isdisjoint(used_symbols(self.program, call))

    def places(self, symbols: Mapping[str, int]) -> tuple[dict[int, tuple[int, int]], int]:
        """Return the function's storages, as (offset in its memory, size), and that memory's size.

        Args:
            symbols: their values.

        Raises:
            ShapeError: operands do not fit together, or the memory would be larger than addresses
                can say.
        """
        for check in self.checks:
            check_dims(self.program, check, symbols)
        found: dict[int, tuple[int, int]] = {}
        total = 0
        for reg, arg in self.storages.items():
            size = number_of(self.program, arg, symbols)
            check_size(size, self.function.name, symbols)  # one below 0 would move those behind it
            found[reg] = total, size
            total += -(-size // ALIGN_BYTES) * ALIGN_BYTES
        check_size(total, self.function.name, symbols)
        return found, total

    def spec(self, arg: Arg) -> TensorSpec:
        """Return the tensor type that an argument names."""
        spec = self.program.specs[arg.value]
        assert isinstance(spec, TensorSpec), "checked by Program.validate"
        return spec

    @cached_property
    def targets(self) -> frozenset[int]:
        """The instructions that a goto or an if leads to."""
        code = self.function.code
        return frozenset(i.target for i in code if isinstance(i, Goto | If))

    def is_static(self, instruction: Instruction) -> bool:
        """Tell whether a run may skip an instruction."""
        if not isinstance(instruction, Call) or instruction.kind is not CalleeKind.BUILTIN:
            return False
        if instruction.callee == Builtin.CHECK_DIMS:
            return any(instruction is check for check in self.checks)
        return instruction.dst in self.static or instruction.dst in self.storages


def _factors(shape: Sequence[Dim]) -> tuple[int, Counter[Dim]]:
    """Return the product of the numbers in a shape, and the other dims."""
    numbers = prod(dim for dim in shape if isinstance(dim, int))
    return numbers, Counter(dim for dim in shape if not isinstance(dim, int))


def _first_branch(code: Iterable[Instruction]) -> int:
    """Return the number of instructions that run exactly once, first."""
    found = [2**62]
    for position, instruction in enumerate(code):
        if isinstance(instruction, Goto | If):
            found += [position, instruction.target]
    return min(found)


def number_of(program: Program, arg: Arg, symbols: Mapping[str, int]) -> int:
    """Return what an integer or a dim is, given the values of symbols."""
    if arg.kind is ArgKind.DIM:
        return program.dims[arg.value].evaluate(symbols)
    return arg.value


def check_dims(program: Program, call: Call, symbols: Mapping[str, int]) -> None:
    """Check that two dims are related as a CHECK_DIMS says.

    Raises:
        ShapeError: they are not.
    """
    text, relation, found, expected = call.args
    numbers = (number_of(program, arg, symbols) for arg in (found, expected))
    fault = relation_fault(relation.value, *numbers)
    if fault is not None:
        place = program.texts[text.value]
        if call.location >= 0:
            place = f"{program.texts[call.location]}: {place}"
        raise ShapeError(f"{place}: {fault}")


def check_size(size_bytes: int, place: str, symbols: Mapping[str, int]) -> None:
    """Check that memory is no larger than addresses can say.

    Raises:
        ShapeError: it is.
    """
    if not 0 <= size_bytes <= MAX_SIZE:
        given = ", ".join(f"{name} = {value}" for name, value in symbols.items())
        raise ShapeError(
            f"{place}: found sizes that need {size_bytes} bytes of memory ({given}); expected less"
            " than 2^63"
        )


def check_tensor_place(spec: TensorSpec, size: int, offset: int, storage_bytes: int) -> None:
    """Check that a tensor of `size` bytes lies within its storage, aligned.

    Raises:
        LoadError: it does not.
    """
    if offset < 0 or offset + size > storage_bytes or offset % spec.dtype.size_bytes:
        raise LoadError(
            f"program: tensor {spec} at bytes {offset}..{offset + size} does not lie within its"
            f" storage of {storage_bytes} bytes, aligned to {spec.dtype.size_bytes}"
        )


class Image:
    """A program with its kernels and constants; any number of machines run it."""

    def __init__(
        self,
        program: Program,
        kernels: KernelLibrary | None = None,
        host_functions: Mapping[str, HostFunction] | None = None,
    ) -> None:
        """Link a program.

        Args:
            program: to run.
            kernels: has the program's kernels; it stays loaded as long as the image lives.
            host_functions: by name; functions that are registered are found without.

        Raises:
            LoadError: a kernel or a host function is missing, or the program is malformed.
        """
        program.validate()
        # The image keeps the aligned constants alone: weights are in memory once.
        program = replace(program, constants=tuple(map(_aligned, program.constants)))
        self.program = program
        self.kernels = kernels
        self.layouts = [Layout(program, function) for function in program.functions]
        self.addresses = [self._kernel_address(name) for name in program.kernels]
        given = host_functions or {}
        self.hosts = [_host(name, given) for name in program.host_functions]
        self.constants = [_constant_tensor(constant) for constant in program.constants]
        self.positions = {function.name: i for i, function in enumerate(program.functions)}
        self.recursive = recursive_functions(program)
        """The functions that may call themselves, at once or through others."""
        self._facts = unpack_facts(program.metadata)

    def site(self, call: Call, function: str) -> CallSite | None:
        """Return what an observer is told of a call; None where it is told nothing.

        Args:
            call: in the program.
            function: in which it stands.
        """
        program = self.program
        location = program.texts[call.location] if call.location >= 0 else ""
        if call.kind is CalleeKind.KERNEL:
            name = program.kernels[call.callee]
            facts = self._facts.get(name)
            if facts is None:
                return CallSite(SiteKind.KERNEL, name, location, function)
            sizes = facts.num_inputs, facts.num_outputs, facts.flops
            return CallSite(SiteKind.KERNEL, name, location, function, *sizes)
        if call.kind is CalleeKind.HOST:
            name = program.host_functions[call.callee]
            return CallSite(SiteKind.HOST, name, location, function)
        if call.kind is CalleeKind.FUNCTION:
            name = program.functions[call.callee].name
            return CallSite(SiteKind.FUNCTION, name, location, function)
        if call.callee in (Builtin.OUTPUT, Builtin.STORAGE):
            name = Builtin(call.callee).name.lower()
            return CallSite(SiteKind.ALLOCATION, name, location, function)
        return None

    def _kernel_address(self, name: str) -> int:
        if self.kernels is None:
            raise LoadError(f"program: kernel @{name} is missing: no kernel library was given")
        try:
            return self.kernels.address(name)
        except KeyError:
            raise LoadError(f"program: the kernel library has no kernel @{name}") from None


def _host(name: str, given: Mapping[str, HostFunction]) -> HostFunction:
    found = given.get(name) or host_function(name)
    if found is None:
        raise LoadError(
            f"program: host function @{name} is missing: register it with"
            f" register_host_function({name!r}, function)"
        )
    return found


def _aligned(constant: Constant) -> Constant:
    """Return a constant whose bytes start at a multiple of 64, as kernels expect of weights."""
    data = constant.data
    if data.__array_interface__["data"][0] % ALIGN_BYTES == 0 or not data.nbytes:
        return constant
    copy = np.asarray(Tensor.empty(data.shape, "uint8"))
    copy[...] = data
    return Constant(constant.spec, copy)


def _constant_tensor(constant: Constant) -> Tensor:
    """Return a constant as a read-only tensor."""
    address: int = constant.data.__array_interface__["data"][0]
    shape = constant.spec.static_shape
    assert shape is not None, "constants have static shapes"
    owner = ConstantMemory(constant.data)
    return Tensor(address, shape, constant.spec.dtype, owner, None, True)
