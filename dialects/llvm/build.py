"""`LLVMBuilder`: operations of the `llvm` dialect, made fast and one after the other.

The hot path of every lowering to `llvm`: operations are made with `create` (no constructors),
types and attributes are made once, constants once per function, in its entry block. The builder
folds nothing; index expressions arrive in normal form.

    b = LLVMBuilder(module)
    fn = b.function("k", [PTR, i64], i32)
    p, n = fn.body.block.args
    with b.loop(n) as i:
        b.store(b.real(0.0, f32), b.gep(p, f32, i), 4)
    b.ret(b.integer(0, i32))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    DenseArrayBase,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    i1,
    i32,
    i64,
)
from xdsl.dialects.llvm import FastMathAttr
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from .blocks import BlockBuilder, Values, alignment, segments
from .gep import NO_WRAP_BITS, GEPOp
from .ops import (
    ExtractElementOp,
    FCmpOp,
    MaskedGatherOp,
    MaskedLoadOp,
    MaskedScatterOp,
    MaskedStoreOp,
    SelectOp,
)
from .types import PTR, bool_like, element_of, lanes, mangle, vector

NO_FASTMATH = FastMathAttr(None)
EITHER_ZERO = FastMathAttr((FastMathFlag.NO_SIGNED_ZEROS,))
CONTRACT = FastMathAttr((FastMathFlag.ALLOW_CONTRACT,))
REASSOC = FastMathAttr((FastMathFlag.REASSOC, FastMathFlag.ALLOW_CONTRACT))

_CCC = llvm.CallingConventionAttr("ccc")
_NO_TAIL_KIND = llvm.TailCallKindAttr(llvm.TailCallKind.NONE)
_NO_BUNDLES = DenseArrayBase.from_list(i32, ())
_NOT_ATOMIC = IntegerAttr(0, i64)
_FCMP = {p.value: IntegerAttr(p.to_int(), i64) for p in llvm.FCmpPredicateFlag}


@cache
def _fastmath(flags: FastMathAttr) -> dict[str, Attribute]:
    return {"fastmathFlags": flags}


@cache
def _gep_flags(words: str) -> IntegerAttr:
    bits = 0
    for word in words.split():
        bits |= NO_WRAP_BITS[word]
    return IntegerAttr(bits, i32)


@cache
def _intrinsic_name(name: str, overloads: tuple[Attribute, ...]) -> StringAttr:
    return StringAttr(".".join([name, *map(mangle, overloads)]))


class LLVMBuilder(BlockBuilder):
    """Appends operations to a block of a function of a module.

    `block` is where the next operation goes, `location` what it is said to come from. Both may
    be set at any time.
    """

    # -- floating-point numbers and conversions ---

    def real_binary(
        self,
        op_type: type[Operation],
        lhs: SSAValue,
        rhs: SSAValue,
        fastmath: FastMathAttr = NO_FASTMATH,
    ) -> SSAValue:
        """Append `lhs op rhs` of a floating-point operation (`FAddOp`, `FDivOp`, ...)."""
        return self.value(op_type, (lhs, rhs), lhs.type, _fastmath(fastmath))

    def neg(self, value: SSAValue, fastmath: FastMathAttr = NO_FASTMATH) -> SSAValue:
        """Append `-value` of floating-point numbers."""
        return self.value(llvm.FNegOp, (value,), value.type, _fastmath(fastmath))

    def cast(self, op_type: type[Operation], value: SSAValue, type_: Attribute) -> SSAValue:
        """Append a conversion (`SExtOp`, `FPTruncOp`, `BitcastOp`, ...)."""
        return self.value(op_type, (value,), type_)

    def fcmp(
        self,
        predicate: str,
        lhs: SSAValue,
        rhs: SSAValue,
        fastmath: FastMathAttr = NO_FASTMATH,
    ) -> SSAValue:
        """Append a comparison of floating-point numbers, "oeq ogt oge olt ole one ord ueq ..."."""
        properties: dict[str, Attribute] = {"predicate": _FCMP[predicate]}
        if fastmath.data:
            properties["fastmathFlags"] = fastmath
        return self.value(FCmpOp, (lhs, rhs), bool_like(lhs.type), properties)

    def select(self, condition: SSAValue, then: SSAValue, else_: SSAValue) -> SSAValue:
        """Append `condition ? then : else_`, lane by lane where the condition is a vector."""
        return self.value(SelectOp, (condition, then, else_), then.type)

    # -- memory ---------------------------------------------------------------------------------

    def gep(
        self,
        base: SSAValue,
        elem_type: Attribute,
        *indices: SSAValue | int,
        flags: str = "inbounds",
    ) -> SSAValue:
        """Append the address of an element.

        Args:
            base: The pointer (or a vector of them).
            elem_type: What the first index counts; further indices step into it.
            indices: Numbers or values; a vector among them makes a vector of addresses.
            flags: Words of "inbounds", "nusw", "nuw", or "".
        """
        constants: list[int] = []
        operands = [base]
        for index in indices:
            if isinstance(index, int):
                if -(2**31) < index < 2**31:
                    constants.append(index)
                    continue
                index = self.integer(index)
            constants.append(llvm.GEP_USE_SSA_VAL)
            operands.append(index)
        count = next((n for v in operands if (n := lanes(v.type)) is not None), None)
        return self.value(
            GEPOp,
            operands,
            PTR if count is None else vector(PTR, count),
            {
                "elem_type": elem_type,
                "rawConstantIndices": segments(tuple(constants)),
                "noWrapFlags": _gep_flags(flags),
            },
        )

    def load(
        self,
        pointer: SSAValue,
        type_: Attribute,
        align: int,
        attributes: Mapping[str, Attribute] = {},
    ) -> SSAValue:
        """Append a load of `type_` from an address that is a multiple of `align` bytes."""
        properties = {"ordering": _NOT_ATOMIC, "alignment": alignment(align, 64)}
        return self.value(llvm.LoadOp, (pointer,), type_, properties, attributes)

    def store(
        self,
        value: SSAValue,
        pointer: SSAValue,
        align: int,
        attributes: Mapping[str, Attribute] = {},
    ) -> None:
        """Append a store to an address that is a multiple of `align` bytes."""
        properties = {"ordering": _NOT_ATOMIC, "alignment": alignment(align, 64)}
        self.effect(llvm.StoreOp, (value, pointer), properties, attributes)

    def masked_load(
        self, pointer: SSAValue, mask: SSAValue, otherwise: SSAValue, align: int
    ) -> SSAValue:
        """Append `mask ? pointer[...] : otherwise`, lane by lane."""
        properties = {"alignment": alignment(align, 32)}
        return self.value(MaskedLoadOp, (pointer, mask, otherwise), otherwise.type, properties)

    def masked_store(self, value: SSAValue, pointer: SSAValue, mask: SSAValue, align: int) -> None:
        """Append a store of the lanes whose mask is true."""
        properties = {"alignment": alignment(align, 32)}
        self.effect(MaskedStoreOp, (value, pointer, mask), properties)

    def gather(
        self, pointers: SSAValue, mask: SSAValue, otherwise: SSAValue, align: int
    ) -> SSAValue:
        """Append loads from a vector of addresses; `align` is that of one element."""
        properties = {"alignment": alignment(align, 32)}
        return self.value(MaskedGatherOp, (pointers, mask, otherwise), otherwise.type, properties)

    def scatter(self, value: SSAValue, pointers: SSAValue, mask: SSAValue, align: int) -> None:
        """Append stores to a vector of addresses; `align` is that of one element."""
        properties = {"alignment": alignment(align, 32)}
        self.effect(MaskedScatterOp, (value, pointers, mask), properties)

    def memcpy(self, target: SSAValue, source: SSAValue, size: SSAValue) -> None:
        """Append a copy of `size` bytes (i64) between memory that does not overlap."""
        false = self.integer(0, i1)
        self.intrinsic("llvm.memcpy", (target, source, size, false), None, (PTR, PTR, i64))

    def memset(self, target: SSAValue, byte: SSAValue, size: SSAValue) -> None:
        """Append a fill of `size` bytes (i64) with one byte (i8)."""
        false = self.integer(0, i1)
        self.intrinsic("llvm.memset", (target, byte, size, false), None, (PTR, i64))

    # -- vectors --------------------------------------------------------------------------------

    def broadcast(self, scalar: SSAValue, count: int) -> SSAValue:
        """Append a vector with `scalar` in all of its `count` lanes; of a constant once."""
        if isinstance(scalar.owner, llvm.ConstantOp):
            return self._broadcast_constant(scalar, count)
        type_ = vector(scalar.type, count)
        poison = self.poison(type_)
        first = self.insert(poison, scalar, self.integer(0))
        return self.shuffle(first, poison, (0,) * count)

    def _broadcast_constant(self, scalar: SSAValue, count: int) -> SSAValue:
        key = (scalar, count)
        found = self._constants.get(key)
        if found is None:
            type_ = vector(scalar.type, count)
            poison = self.poison(type_)
            operands = (poison, scalar, self.integer(0))
            first = self._at_head(llvm.InsertElementOp, operands, type_, {})
            mask = {"mask": segments((0,) * count)}
            found = self._at_head(llvm.ShuffleVectorOp, (first, poison), type_, mask)
            self._constants[key] = found
        return found

    def insert(self, into: SSAValue, scalar: SSAValue, position: SSAValue) -> SSAValue:
        """Append `into` with lane `position` replaced."""
        return self.value(llvm.InsertElementOp, (into, scalar, position), into.type)

    def extract(self, source: SSAValue, position: SSAValue) -> SSAValue:
        """Append lane `position` of a vector."""
        return self.value(ExtractElementOp, (source, position), element_of(source.type))

    def shuffle(self, first: SSAValue, second: SSAValue, mask: Sequence[int]) -> SSAValue:
        """Append the lanes `mask` of two vectors in a row; -1 is a lane nobody reads."""
        type_ = vector(element_of(first.type), len(mask))
        lanes_ = {"mask": segments(tuple(mask))}
        return self.value(llvm.ShuffleVectorOp, (first, second), type_, lanes_)

    # -- calls ----------------------------------------------------------------------------------

    def intrinsic(
        self,
        name: str,
        args: Values,
        result_type: Attribute | None,
        overloads: Sequence[Attribute] = (),
        fastmath: FastMathAttr = NO_FASTMATH,
    ) -> SSAValue | None:
        """Append a call of an intrinsic.

        Args:
            name: Its name without the types ("llvm.fma").
            args: The arguments.
            result_type: None for none.
            overloads: The types that the name is completed with, in LLVM's order.
            fastmath: Only where the result is floating-point.
        """
        op = llvm.CallIntrinsicOp.create(
            operands=args,
            result_types=() if result_type is None else (result_type,),
            properties={
                "intrin": _intrinsic_name(name, tuple(overloads)),
                "fastmathFlags": fastmath,
                "op_bundle_sizes": _NO_BUNDLES,
                "operandSegmentSizes": segments((len(args), 0)),
            },
            location=self.location,
        )
        self.block.add_op(op)
        return op.results[0] if result_type is not None else None

    def elementwise(
        self, name: str, *args: SSAValue, fastmath: FastMathAttr = NO_FASTMATH
    ) -> SSAValue:
        """Append an intrinsic whose result and name have the type of the first argument."""
        type_ = args[0].type
        result = self.intrinsic(name, args, type_, (type_,), fastmath)
        assert result is not None, "an elementwise intrinsic has a result"
        return result

    def reduce(
        self,
        name: str,
        source: SSAValue,
        start: SSAValue | None = None,
        fastmath: FastMathAttr = NO_FASTMATH,
    ) -> SSAValue:
        """Append `llvm.vector.reduce.<name>`; "fadd" and "fmul" need a start value."""
        args = (source,) if start is None else (start, source)
        element = element_of(source.type)
        result = self.intrinsic(
            f"llvm.vector.reduce.{name}", args, element, (source.type,), fastmath
        )
        assert result is not None, "a reduction has a result"
        return result

    def call(
        self, callee: str | SSAValue, args: Values, result_type: Attribute | None
    ) -> SSAValue | None:
        """Append a call of a function by name, or through a pointer."""
        direct = isinstance(callee, str)
        operands = args if direct else (callee, *args)
        properties: dict[str, Attribute] = {
            "fastmathFlags": NO_FASTMATH,
            "CConv": _CCC,
            "TailCallKind": _NO_TAIL_KIND,
            "op_bundle_sizes": _NO_BUNDLES,
            "operandSegmentSizes": segments((len(operands), 0)),
        }
        if direct:
            properties["callee"] = SymbolRefAttr(callee)
        op = llvm.CallOp.create(
            operands=operands,
            result_types=() if result_type is None else (result_type,),
            properties=properties,
            location=self.location,
        )
        self.block.add_op(op)
        return op.results[0] if result_type is not None else None
