"""The part of the builder that knows functions, blocks, constants and control flow."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    AnyFloat,
    ArrayAttr,
    BytesAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    LocationAttr,
    ModuleOp,
    PackableType,
    StringAttr,
    SymbolRefAttr,
    VectorType,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.dialects.llvm import LLVMFunctionType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from .attributes import LoopAnnotationAttr
from .ops import ICmpOp, PoisonOp, ZeroOp
from .types import PTR, VOID, bool_like, element_of

Values = Sequence[SSAValue]

_NO_WRAP = {
    flags: {"overflowFlags": IntegerAttr(sum({"nsw": 1, "nuw": 2}[f] for f in flags.split()), i32)}
    for flags in ("", "nsw", "nuw", "nsw nuw")
}
_ICMP = {p.value: {"predicate": IntegerAttr(p.to_int(), i64)} for p in llvm.ICmpPredicateFlag}


_ANY_ADDRESS = IntegerAttr(0, i64)


@cache
def segments(sizes: tuple[int, ...]) -> DenseArrayBase[IntegerType]:
    """Return the attribute for a tuple of small numbers: segment sizes, indices, lanes."""
    return DenseArrayBase.from_list(i32, sizes)


@cache
def alignment(size_bytes: int, width: int) -> IntegerAttr:
    """Return an alignment as an attribute of `width` bits."""
    return IntegerAttr(size_bytes, width)


class BlockBuilder:
    """Appends operations to a block of a function of a module.

    `block` is where the next operation goes, `location` what it is said to come from. Both may
    be set at any time.
    """

    module: ModuleOp
    block: Block
    location: LocationAttr

    def __init__(self, module: ModuleOp):
        self.module = module
        self.location = UNKNOWN_LOC
        self._top = module.body.block
        self._functions: dict[str, llvm.FuncOp] = {
            op.sym_name.data: op for op in self._top.ops if isinstance(op, llvm.FuncOp)
        }
        self._reset(Region(Block()))

    def _reset(self, region: Region) -> None:
        self._region = region
        entry = region.block
        self._entry = self.block = entry
        self._head: Operation | None = None
        self._constants: dict[tuple[object, ...], SSAValue] = {}

    # -- functions and blocks -------------------------------------------------------------------

    def function(
        self,
        name: str,
        inputs: Sequence[Attribute],
        output: Attribute = VOID,
        *,
        linkage: str = "external",
        arg_attrs: Sequence[Mapping[str, Attribute]] = (),
        passthrough: Sequence[str] = (),
    ) -> llvm.FuncOp:
        """Append a function with an entry block and go on there.

        Args:
            name: The symbol.
            inputs: Types of the arguments, which are those of the entry block.
            output: Type of the result; `VOID` for none.
            linkage: "external" or "internal" mostly.
            arg_attrs: One dictionary per argument, such as `{"llvm.noalias": UNIT}`, or nothing.
            passthrough: Attributes of the function in LLVM's words ("noinline", "nounwind").

        Raises:
            ValueError: the module has a function of that name.
        """
        body = Region(Block(arg_types=inputs))
        function = self._new_function(name, inputs, output, linkage, body)
        if arg_attrs:
            function.properties["arg_attrs"] = ArrayAttr(
                [DictionaryAttr(dict(attrs)) for attrs in arg_attrs]
            )
        if passthrough:
            function.properties["passthrough"] = ArrayAttr([StringAttr(a) for a in passthrough])
        self._reset(body)
        return function

    def declare(
        self, name: str, inputs: Sequence[Attribute], output: Attribute = VOID
    ) -> llvm.FuncOp:
        """Return the function of that name, declared on the first call; the block stays.

        Raises:
            ValueError: there is one of another type.
        """
        function = self._functions.get(name)
        if function is None:
            return self._new_function(name, inputs, output, "external", Region())
        if function.function_type != LLVMFunctionType(inputs, output):
            raise ValueError(
                f"function '{name}' is declared as {function.function_type}, asked for as "
                f"{LLVMFunctionType(inputs, output)}"
            )
        return function

    def _new_function(
        self, name: str, inputs: Sequence[Attribute], output: Attribute, linkage: str, body: Region
    ) -> llvm.FuncOp:
        if name in self._functions:
            raise ValueError(f"the module has a function '{name}' already; choose another name")
        function = llvm.FuncOp(
            name,
            LLVMFunctionType(inputs, output),
            linkage=llvm.LinkageAttr(linkage),
            body=body,
        )
        # The parser of llvm.func always says so: what is built equals what is parsed.
        function.properties["unnamed_addr"] = _ANY_ADDRESS
        function.location = self.location
        self._top.add_op(function)
        self._functions[name] = function
        return function

    def resume(self, function: llvm.FuncOp, block: Block) -> None:
        """Go on at the end of `block` in `function`, after another function was built."""
        self._reset(function.body)
        self.block = block

    def new_block(self, *arg_types: Attribute) -> Block:
        """Return a block that belongs to no function before `start`."""
        return Block(arg_types=arg_types)

    def start(self, block: Block) -> None:
        """Put `block` at the function's end and go on in it."""
        self._region.add_block(block)
        self.block = block

    # -- any operation --------------------------------------------------------------------------

    def value(
        self,
        op_type: type[Operation],
        operands: Values,
        result_type: Attribute,
        properties: Mapping[str, Attribute] = {},
        attributes: Mapping[str, Attribute] = {},
    ) -> SSAValue:
        """Append an operation with one result and return that."""
        op = op_type.create(
            operands=operands,
            result_types=(result_type,),
            properties=properties,
            attributes=attributes,
            location=self.location,
        )
        self.block.add_op(op)
        return op.results[0]

    def effect(
        self,
        op_type: type[Operation],
        operands: Values = (),
        properties: Mapping[str, Attribute] = {},
        attributes: Mapping[str, Attribute] = {},
        successors: Sequence[Block] = (),
    ) -> None:
        """Append an operation without a result."""
        self.block.add_op(
            op_type.create(
                operands=operands,
                properties=properties,
                attributes=attributes,
                successors=successors,
                location=self.location,
            )
        )

    # -- constants: once per function, at the head of its entry block ---------------------------

    def _constant(
        self, key: tuple[object, ...], op_type: type[Operation], type_: Attribute, value: Attribute
    ) -> SSAValue:
        result = self._at_head(op_type, (), type_, {"value": value})
        self._constants[key] = result
        return result

    def _at_head(
        self,
        op_type: type[Operation],
        operands: Values,
        type_: Attribute,
        properties: Mapping[str, Attribute],
    ) -> SSAValue:
        op = op_type.create(
            operands=operands,
            result_types=(type_,),
            properties=properties,
            location=self.location,
        )
        entry, head = self._entry, self._head
        if head is not None:
            entry.insert_op_after(op, head)
        elif entry.first_op is not None:
            entry.insert_op_before(op, entry.first_op)
        else:
            entry.add_op(op)
        self._head = op
        return op.results[0]

    def integer(self, value: int, type_: IntegerType = i64) -> SSAValue:
        """Return an integer constant; in i1, 1 is true."""
        key = (value, type_)
        found = self._constants.get(key)
        if found is not None:
            return found
        return self._constant(key, llvm.ConstantOp, type_, IntegerAttr(value, type_))

    def real(self, value: float, type_: AnyFloat) -> SSAValue:
        """Return a floating-point constant, rounded to its type; -0.0, NaN and inf stay."""
        key = (repr(value), type_)
        found = self._constants.get(key)
        if found is not None:
            return found
        attribute = FloatAttr(_in_range(value, type_), type_)
        return self._constant(key, llvm.ConstantOp, type_, attribute)

    def splat(self, value: float, type_: VectorType) -> SSAValue:
        """Return a vector constant with the same number in every lane."""
        key = (repr(value), type_)
        found = self._constants.get(key)
        if found is not None:
            return found
        count = type_.get_shape()[0]
        return self._constant(key, llvm.ConstantOp, type_, _dense([value] * count, type_))

    def dense(self, values: Sequence[float], type_: VectorType) -> SSAValue:
        """Return a vector constant, lane by lane."""
        key = (tuple(map(repr, values)), type_)
        found = self._constants.get(key)
        if found is not None:
            return found
        return self._constant(key, llvm.ConstantOp, type_, _dense(values, type_))

    def zero(self, type_: Attribute) -> SSAValue:
        """Return all bits zero in any type (null for a pointer)."""
        return self._unique(ZeroOp, type_)

    def poison(self, type_: Attribute) -> SSAValue:
        """Return a value that nobody may read."""
        return self._unique(PoisonOp, type_)

    def address_of(self, symbol: str) -> SSAValue:
        """Return the address of a global or a function."""
        key = (symbol, llvm.AddressOfOp)
        found = self._constants.get(key)
        if found is None:
            name = {"global_name": SymbolRefAttr(symbol)}
            found = self._constants[key] = self._at_head(llvm.AddressOfOp, (), PTR, name)
        return found

    def constant_text(self, symbol: str, text: str) -> None:
        """Add a constant to the module: the bytes of a text (UTF-8), and a zero at their end."""
        value = StringAttr(f"{text}\0")
        type_ = llvm.LLVMArrayType(len(value.data.encode()), i8)
        data = llvm.GlobalOp(type_, symbol, "internal", constant=True, value=value)
        data.location = self.location
        self._top.add_op(data)

    def _unique(self, op_type: type[Operation], type_: Attribute) -> SSAValue:
        key = (op_type, type_)
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = self._at_head(op_type, (), type_, {})
        return found

    # -- integers -------------------------------------------------------------------------------

    def binary(self, op_type: type[Operation], lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """Append `lhs op rhs` of an integer operation without flags (`SDivOp`, `AndOp`, ...)."""
        return self.value(op_type, (lhs, rhs), lhs.type)

    def add(self, lhs: SSAValue, rhs: SSAValue, no_wrap: str = "") -> SSAValue:
        """Append `lhs + rhs` of integers; `no_wrap` is "", "nsw", "nuw" or "nsw nuw"."""
        return self.value(llvm.AddOp, (lhs, rhs), lhs.type, _NO_WRAP[no_wrap])

    def sub(self, lhs: SSAValue, rhs: SSAValue, no_wrap: str = "") -> SSAValue:
        """Append `lhs - rhs` of integers."""
        return self.value(llvm.SubOp, (lhs, rhs), lhs.type, _NO_WRAP[no_wrap])

    def mul(self, lhs: SSAValue, rhs: SSAValue, no_wrap: str = "") -> SSAValue:
        """Append `lhs * rhs` of integers."""
        return self.value(llvm.MulOp, (lhs, rhs), lhs.type, _NO_WRAP[no_wrap])

    def shl(self, lhs: SSAValue, rhs: SSAValue, no_wrap: str = "") -> SSAValue:
        """Append `lhs << rhs`."""
        return self.value(llvm.ShlOp, (lhs, rhs), lhs.type, _NO_WRAP[no_wrap])

    def icmp(self, predicate: str, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """Append a comparison of integers or pointers, "eq ne slt sle sgt sge ult ule ugt uge"."""
        return self.value(ICmpOp, (lhs, rhs), bool_like(lhs.type), _ICMP[predicate])

    def alloca(self, elem_type: Attribute, count: int, align: int) -> SSAValue:
        """Return stack memory of `count` elements, allocated once, in the entry block."""
        size = self.integer(count)
        properties = {"elem_type": elem_type, "alignment": alignment(align, 64)}
        return self._at_head(llvm.AllocaOp, (size,), PTR, properties)

    # -- control flow ---------------------------------------------------------------------------

    def br(self, target: Block, *args: SSAValue, loop: LoopAnnotationAttr | None = None) -> None:
        """End the block with a jump; `loop` is set where the jump closes a loop."""
        attributes = {} if loop is None else {"loop_annotation": loop}
        self.effect(llvm.BrOp, args, attributes=attributes, successors=(target,))

    def cond_br(
        self,
        condition: SSAValue,
        then: Block,
        else_: Block,
        then_args: Values = (),
        else_args: Values = (),
        loop: LoopAnnotationAttr | None = None,
    ) -> None:
        """End the block with a choice between two."""
        sizes = (1, len(then_args), len(else_args))
        self.effect(
            llvm.CondBrOp,
            (condition, *then_args, *else_args),
            {"operandSegmentSizes": segments(sizes)},
            {} if loop is None else {"loop_annotation": loop},
            (then, else_),
        )

    def ret(self, value: SSAValue | None = None) -> None:
        """End the block and the function."""
        self.effect(llvm.ReturnOp, () if value is None else (value,))

    def unreachable(self) -> None:
        """End a block that control never reaches."""
        self.effect(llvm.UnreachableOp)

    @contextmanager
    def loop(
        self,
        count: SSAValue,
        hints: LoopAnnotationAttr | None = None,
        *,
        runs: bool = False,
    ) -> Generator[SSAValue]:
        """Append a loop from 0 to `count` in steps of 1; what is built inside is its body.

        Args:
            count: The number of iterations, not negative.
            hints: What the optimiser is told about the loop.
            runs: `count` is known to be at least 1, so no test goes before the first iteration.

        Yields:
            The induction variable, of `count`'s type.
        """
        type_ = cast(IntegerType, count.type)
        zero = self.integer(0, type_)
        body, done = self.new_block(type_), self.new_block()
        if runs:
            self.br(body, zero)
        else:
            self.cond_br(self.icmp("sgt", count, zero), body, done, (zero,))
        self.start(body)
        yield body.args[0]
        following = self.add(body.args[0], self.integer(1, type_), "nsw nuw")
        again = self.icmp("slt", following, count)
        self.cond_br(again, body, done, (following,), loop=hints)
        self.start(done)

    @contextmanager
    def when(self, condition: SSAValue) -> Generator[None]:
        """Append a body that runs where `condition` (i1) is true."""
        body, done = self.new_block(), self.new_block()
        self.cond_br(condition, body, done)
        self.start(body)
        yield
        self.br(done)
        self.start(done)


def _dense(values: Sequence[float], type_: VectorType) -> Attribute:
    element = element_of(type_)
    # Every element type of a vector constant packs numbers; xDSL's generics cannot say so.
    # A true is packed as the parser packs it, all bits set.
    numbers = [-v for v in values] if element == i1 else [_in_range(v, element) for v in values]
    data = cast(PackableType[float], element).pack(numbers)
    return DenseIntOrFPElementsAttr(type_, BytesAttr(data))  # pyright: ignore[reportArgumentType]


# The least numbers that IEEE 754 rounds to infinity, which Python's packing refuses.
_ROUNDS_TO_INFINITY: dict[Attribute, float] = {
    f16: 65520.0,
    bf16: float.fromhex("0x1.ffp127"),
    f32: float.fromhex("0x1.ffffffp127"),
}


def _in_range(value: float, type_: Attribute) -> float:
    limit = _ROUNDS_TO_INFINITY.get(type_)
    if limit is None or abs(value) < limit or value != value:
        return value
    return math.copysign(math.inf, value)
