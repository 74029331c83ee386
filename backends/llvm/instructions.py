"""One rule for each operation of the `llvm` dialect: the text of its instruction.

A rule names the properties and attributes that it understands; anything else on an operation is
refused, so nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple, cast

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IntegerAttr, IntegerType
from xdsl.dialects.llvm import FastMathAttr
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import llvm
from ...dialects.dtypes import is_float
from ...dialects.llvm.gep import no_wrap_words
from ...dialects.llvm.types import element_of
from .constants import constant_text, function_type_text, type_text
from .scope import FunctionScope, refusal, symbol_text

Emit = Callable[[FunctionScope, Operation], str]


class Rule(NamedTuple):
    """How an operation is written, and the names of what it may carry."""

    emit: Emit
    known: frozenset[str]


def _rule(emit: Emit, *known: str) -> Rule:
    return Rule(emit, frozenset(known))


# -- flags --------------------------------------------------------------------------------------


@cache
def _flags_text(flags: FastMathAttr) -> str:
    if len(flags.data) == len(FastMathFlag):
        return "fast "
    return "".join(f"{flag.value} " for flag in FastMathFlag if flag in flags.data)


def _fastmath(op: Operation) -> str:
    """Return the fast-math flags and a space; LLVM takes them where the result is a float."""
    flags = op.properties.get("fastmathFlags")
    if flags is None:
        return ""
    text = _flags_text(cast(FastMathAttr, flags))
    if text and not isinstance(op, llvm.FCmpOp) and not _is_float_result(op):
        raise refusal(op, f"flags {flags} on a result that is not floating-point")
    return text


def _is_float_result(op: Operation) -> bool:
    return bool(op.results) and is_float(element_of(op.results[0].type))


def _number(op: Operation, name: str, default: int = 0) -> int:
    attribute = op.properties.get(name)
    return default if attribute is None else cast(IntegerAttr, attribute).value.data


def _integers(op: Operation, name: str) -> tuple[int, ...]:
    return cast("DenseArrayBase[IntegerType]", op.properties[name]).get_values()


_OVERFLOW = ("", "nsw ", "nuw ", "nuw nsw ")


def _overflow(op: Operation) -> str:
    flags = op.properties.get("overflowFlags")
    if isinstance(flags, llvm.OverflowAttr):
        return _OVERFLOW[flags.to_int()]
    return _OVERFLOW[_number(op, "overflowFlags")]


def _no_flags(op: Operation) -> str:
    return ""


def _unit_flag(name: str, word: str) -> Callable[[Operation], str]:
    return lambda op: f"{word} " if name in op.properties else ""


# -- arithmetic ---------------------------------------------------------------------------------


def _binary(word: str, flags: Callable[[Operation], str], *known: str) -> Rule:
    def emit(scope: FunctionScope, op: Operation) -> str:
        lhs, rhs = op.operands
        return f"{word} {flags(op)}{scope.typed[lhs]}, {scope.names[rhs]}"

    return _rule(emit, *known)


def _cast(word: str, flags: Callable[[Operation], str] = _no_flags, *known: str) -> Rule:
    def emit(scope: FunctionScope, op: Operation) -> str:
        value = op.operands[0]
        return f"{word} {flags(op)}{scope.typed[value]} to {type_text(op.results[0].type)}"

    return _rule(emit, *known)


def _neg(scope: FunctionScope, op: Operation) -> str:
    return f"fneg {_fastmath(op)}{scope.typed[op.operands[0]]}"


def _icmp(scope: FunctionScope, op: Operation) -> str:
    lhs, rhs = op.operands
    word = llvm.ICmpOp.predicate_text(_number(op, "predicate"))
    return f"icmp {word} {scope.typed[lhs]}, {scope.names[rhs]}"


def _fcmp(scope: FunctionScope, op: Operation) -> str:
    lhs, rhs = op.operands
    word = llvm.FCmpOp.predicate_text(_number(op, "predicate")).strip("_")
    return f"fcmp {_fastmath(op)}{word} {scope.typed[lhs]}, {scope.names[rhs]}"


def _select(scope: FunctionScope, op: Operation) -> str:
    return f"select {_fastmath(op)}{scope.args(op.operands)}"


def _freeze(scope: FunctionScope, op: Operation) -> str:
    return f"freeze {scope.typed[op.operands[0]]}"


# -- memory -------------------------------------------------------------------------------------

_ACCESS = ("alias_scopes", "noalias_scopes", "nontemporal")


def _access_metadata(scope: FunctionScope, op: Operation) -> str:
    """Return what hangs behind a load or a store."""
    if not op.attributes and "nontemporal" not in op.properties:
        return ""
    fields = {**op.attributes, **op.properties}
    text = ""
    for name, word in (("alias_scopes", "alias.scope"), ("noalias_scopes", "noalias")):
        if (scopes := fields.get(name)) is not None:
            text += f", !{word} {scope.module.metadata.scopes(_scope_list(op, scopes))}"
    if "nontemporal" in fields:
        text += f", !nontemporal {scope.module.metadata.node('!{i32 1}')}"
    if "invariant" in fields:
        text += f", !invariant.load {scope.module.metadata.node('!{}')}"
    return text


def _scope_list(op: Operation, scopes: Attribute) -> ArrayAttr[llvm.AliasScopeAttr]:
    if isinstance(scopes, ArrayAttr):
        array = cast("ArrayAttr[Attribute]", scopes)
        if all(isinstance(scope, llvm.AliasScopeAttr) for scope in array):
            return cast("ArrayAttr[llvm.AliasScopeAttr]", array)
    raise refusal(op, f"alias scopes have to be a list of #llvm.alias_scope, found {scopes}")


def _align(op: Operation) -> str:
    return f", align {align}" if (align := _number(op, "alignment")) else ""


def _load(scope: FunctionScope, op: Operation) -> str:
    if _number(op, "ordering"):
        raise refusal(op, "an atomic load")
    type_ = type_text(op.results[0].type)
    pointer = scope.typed[op.operands[0]]
    return f"load {type_}, {pointer}{_align(op)}{_access_metadata(scope, op)}"


def _store(scope: FunctionScope, op: Operation) -> str:
    if _number(op, "ordering"):
        raise refusal(op, "an atomic store")
    volatile = "volatile " if "volatile_" in op.properties else ""
    return f"store {volatile}{scope.args(op.operands)}{_align(op)}{_access_metadata(scope, op)}"


def _alloca(scope: FunctionScope, op: Operation) -> str:
    size = op.operands[0]
    type_ = type_text(op.properties["elem_type"])
    if isinstance(size.owner, llvm.ConstantOp):
        # An array type, since only its memory can be split into registers.
        count = scope.names[size]
        return f"alloca {type_ if count == '1' else f'[{count} x {type_}]'}{_align(op)}"
    return f"alloca {type_}, {scope.typed[size]}{_align(op)}"


def _gep(scope: FunctionScope, op: Operation) -> str:
    level: Attribute | None = None
    operands = iter(op.operands)
    parts = [scope.typed[next(operands)]]
    elem_type = op.properties["elem_type"]
    for index in _integers(op, "rawConstantIndices"):
        word = "i32" if isinstance(level, llvm.LLVMStructType) else "i64"
        from_operand = index == llvm.GEP_USE_SSA_VAL
        parts.append(scope.typed[next(operands)] if from_operand else f"{word} {index}")
        level = _level_below(level, elem_type, index)
    words = "".join(f"{word} " for word in no_wrap_words(_number(op, "noWrapFlags")))
    return f"getelementptr {words}{type_text(elem_type)}, {', '.join(parts)}"


def _level_below(level: Attribute | None, elem_type: Attribute, index: int) -> Attribute:
    match level:
        case None:
            return elem_type
        case llvm.LLVMArrayType():
            return level.type
        case llvm.LLVMStructType():
            return level.types.data[index]
        case _:
            return level


def _masked_call(
    scope: FunctionScope,
    op: Operation,
    name: str,
    args: Sequence[SSAValue],
    aligned: SSAValue,
    overloads: Sequence[SSAValue],
) -> str:
    """Return a call of a masked access; the address carries the alignment."""
    result = op.results[0].type if op.results else None
    types = [arg.type for arg in args]
    function = scope.overloaded(op, name, result, types, [value.type for value in overloads])
    texts = [
        f"{type_text(a.type)} align {_number(op, 'alignment')} {scope.names[a]}"
        if a is aligned
        else scope.typed[a]
        for a in args
    ]
    return f"call {function}({', '.join(texts)}){_access_metadata(scope, op)}"


def _masked_load(scope: FunctionScope, op: Operation) -> str:
    if len(op.operands) != 3:
        raise refusal(op, "without a pass_thru operand")
    name = "llvm.masked.gather" if isinstance(op, llvm.MaskedGatherOp) else "llvm.masked.load"
    address = op.operands[0]
    return _masked_call(scope, op, name, op.operands, address, (op.results[0], address))


def _masked_store(scope: FunctionScope, op: Operation) -> str:
    scatter = isinstance(op, llvm.MaskedScatterOp)
    name = "llvm.masked.scatter" if scatter else "llvm.masked.store"
    value, address, _mask = op.operands
    return _masked_call(scope, op, name, op.operands, address, (value, address))


# -- vectors and aggregates ---------------------------------------------------------------------


def _insert_element(scope: FunctionScope, op: Operation) -> str:
    return f"insertelement {scope.args(op.operands)}"


def _extract_element(scope: FunctionScope, op: Operation) -> str:
    return f"extractelement {scope.args(op.operands)}"


def _shuffle(scope: FunctionScope, op: Operation) -> str:
    mask = _integers(op, "mask")
    if not any(mask):
        text = "zeroinitializer"
    else:
        text = f"<{', '.join(f'i32 {lane}' if lane >= 0 else 'i32 poison' for lane in mask)}>"
    return f"shufflevector {scope.args(op.operands)}, <{len(mask)} x i32> {text}"


def _position(op: Operation) -> str:
    return ", ".join(map(str, _integers(op, "position")))


def _extract_value(scope: FunctionScope, op: Operation) -> str:
    return f"extractvalue {scope.typed[op.operands[0]]}, {_position(op)}"


def _insert_value(scope: FunctionScope, op: Operation) -> str:
    return f"insertvalue {scope.args(op.operands)}, {_position(op)}"


# -- calls --------------------------------------------------------------------------------------

_TAIL_WORDS = {"none": "", "tail": "tail ", "musttail": "musttail ", "notail": "notail "}


def _no_bundles(op: Operation) -> None:
    if "op_bundle_sizes" in op.properties and _integers(op, "op_bundle_sizes"):
        raise refusal(op, "operand bundles")


def _call(scope: FunctionScope, op: Operation) -> str:
    assert isinstance(op, llvm.CallOp)
    _no_bundles(op)
    args: Sequence[SSAValue] = op.operands
    if op.callee is None:
        function, args = scope.names[args[0]], args[1:]
    else:
        function = symbol_text(op.callee.string_value())
    if op.var_callee_type is None:
        type_ = type_text(op.results[0].type) if op.results else "void"
    else:
        type_ = function_type_text(op.var_callee_type)
    convention = op.CConv.cconv_name
    convention = "" if convention == "ccc" else f"{convention} "
    tail = _TAIL_WORDS[op.TailCallKind.data.value]
    return f"{tail}call {_fastmath(op)}{convention}{type_} {function}({scope.args(args)})"


def _call_intrinsic(scope: FunctionScope, op: Operation) -> str:
    assert isinstance(op, llvm.CallIntrinsicOp)
    _no_bundles(op)
    result = op.results[0].type if op.results else None
    args = op.operands
    function = scope.intrinsic(op, op.intrin.data, result, [arg.type for arg in args])
    return f"call {_fastmath(op)}{function}({scope.args(args)})"


def _intrinsic(overload: int = 0) -> Rule:
    """Return the rule of an operation `llvm.intr.x`, named after one operand's type."""

    def emit(scope: FunctionScope, op: Operation) -> str:
        args = op.operands
        types = [arg.type for arg in args]
        name = op.name.replace(".intr.", ".")
        function = scope.overloaded(op, name, op.results[0].type, types, (types[overload],))
        return f"call {_fastmath(op)}{function}({scope.args(args)})"

    return _rule(emit, "fastmathFlags")


# -- control flow -------------------------------------------------------------------------------


def _loop_metadata(scope: FunctionScope, op: Operation) -> str:
    attribute = op.attributes.get("loop_annotation")
    if attribute is None:
        return ""
    if not isinstance(attribute, llvm.LoopAnnotationAttr):
        raise refusal(op, f"loop_annotation has to be a #llvm.loop_annotation, found {attribute}")
    return f", !llvm.loop {scope.module.metadata.loop(attribute.data)}"


def _br(scope: FunctionScope, op: Operation) -> str:
    return f"br label %{scope.labels[op.successors[0]]}{_loop_metadata(scope, op)}"


def _cond_br(scope: FunctionScope, op: Operation) -> str:
    then, else_ = (scope.labels[block] for block in op.successors)
    condition, loop = scope.typed[op.operands[0]], _loop_metadata(scope, op)
    if op not in scope.split_edges:
        return f"br {condition}, label %{then}, label %{else_}{loop}"
    edge = edge_label(scope, op)
    return f"br {condition}, label %{edge}, label %{else_}{loop}\n{edge}:\n  br label %{then}"


def edge_label(scope: FunctionScope, op: Operation) -> str:
    """Return the label of the block on the first edge of a conditional branch."""
    assert op.parent is not None, "a branch is in a block"
    return f"{scope.labels[op.parent]}.edge"


def _ret(scope: FunctionScope, op: Operation) -> str:
    return f"ret {scope.args(op.operands)}" if op.operands else "ret void"


def _unreachable(scope: FunctionScope, op: Operation) -> str:
    return "unreachable"


# -- the tables ---------------------------------------------------------------------------------

INLINE: dict[type[Operation], Rule] = {
    llvm.ConstantOp: _rule(
        lambda scope, op: constant_text(op.results[0].type, op.properties["value"]), "value"
    ),
    llvm.ZeroOp: _rule(
        lambda scope, op: (
            "null" if isinstance(op.results[0].type, llvm.LLVMPointerType) else "zeroinitializer"
        )
    ),
    llvm.UndefOp: _rule(lambda scope, op: "undef"),
    llvm.PoisonOp: _rule(lambda scope, op: "poison"),
    llvm.AddressOfOp: _rule(
        lambda scope, op: symbol_text(cast(llvm.AddressOfOp, op).global_name.string_value()),
        "global_name",
    ),
}
"""Operations that become part of the instructions which use them."""

_FM = "fastmathFlags"
_CALL = (_FM, "op_bundle_sizes", "operandSegmentSizes")
_SINGLE = {
    llvm.FAbsOp,
    llvm.FCeilOp,
    llvm.FSqrtOp,
    llvm.FFloorOp,
    llvm.FExp2Op,
    llvm.FLogOp,
    llvm.FLog2Op,
    llvm.FExpOp,
    llvm.FSinOp,
    llvm.FCosOp,
    llvm.VectorFMaxOp,
    llvm.VectorFMinOp,
    llvm.FCopySignOp,
    llvm.FMAOp,
    llvm.FPowOp,
}

RULES: dict[type[Operation], Rule] = {
    llvm.AddOp: _binary("add", _overflow, "overflowFlags"),
    llvm.SubOp: _binary("sub", _overflow, "overflowFlags"),
    llvm.MulOp: _binary("mul", _overflow, "overflowFlags"),
    llvm.ShlOp: _binary("shl", _overflow, "overflowFlags"),
    llvm.UDivOp: _binary("udiv", _unit_flag("isExact", "exact"), "isExact"),
    llvm.SDivOp: _binary("sdiv", _unit_flag("isExact", "exact"), "isExact"),
    llvm.LShrOp: _binary("lshr", _unit_flag("isExact", "exact"), "isExact"),
    llvm.AShrOp: _binary("ashr", _unit_flag("isExact", "exact"), "isExact"),
    llvm.URemOp: _binary("urem", _no_flags),
    llvm.SRemOp: _binary("srem", _no_flags),
    llvm.AndOp: _binary("and", _no_flags),
    llvm.OrOp: _binary("or", _unit_flag("isDisjoint", "disjoint"), "isDisjoint"),
    llvm.XOrOp: _binary("xor", _no_flags),
    llvm.FAddOp: _binary("fadd", _fastmath, _FM),
    llvm.FSubOp: _binary("fsub", _fastmath, _FM),
    llvm.FMulOp: _binary("fmul", _fastmath, _FM),
    llvm.FDivOp: _binary("fdiv", _fastmath, _FM),
    llvm.FRemOp: _binary("frem", _fastmath, _FM),
    llvm.FNegOp: _rule(_neg, _FM),
    llvm.ICmpOp: _rule(_icmp, "predicate"),
    llvm.FCmpOp: _rule(_fcmp, "predicate", _FM),
    llvm.SelectOp: _rule(_select, _FM),
    llvm.FreezeOp: _rule(_freeze),
    llvm.TruncOp: _cast("trunc", _overflow, "overflowFlags"),
    llvm.ZExtOp: _cast("zext", _unit_flag("nonNeg", "nneg"), "nonNeg"),
    llvm.SExtOp: _cast("sext"),
    llvm.FPExtOp: _cast("fpext"),
    llvm.FPTruncOp: _cast("fptrunc"),
    llvm.SIToFPOp: _cast("sitofp"),
    llvm.UIToFPOp: _cast("uitofp"),
    llvm.FPToSIOp: _cast("fptosi"),
    llvm.FPToUIOp: _cast("fptoui"),
    llvm.BitcastOp: _cast("bitcast"),
    llvm.PtrToIntOp: _cast("ptrtoint"),
    llvm.IntToPtrOp: _cast("inttoptr"),
    llvm.LoadOp: _rule(_load, "alignment", "ordering", "invariant", *_ACCESS),
    llvm.StoreOp: _rule(_store, "alignment", "ordering", "volatile_", *_ACCESS),
    llvm.AllocaOp: _rule(_alloca, "alignment", "elem_type"),
    llvm.GEPOp: _rule(_gep, "elem_type", "rawConstantIndices", "noWrapFlags"),
    llvm.MaskedLoadOp: _rule(_masked_load, "alignment", *_ACCESS),
    llvm.MaskedStoreOp: _rule(_masked_store, "alignment", *_ACCESS),
    llvm.MaskedGatherOp: _rule(_masked_load, "alignment", *_ACCESS[:2]),
    llvm.MaskedScatterOp: _rule(_masked_store, "alignment", *_ACCESS[:2]),
    llvm.InsertElementOp: _rule(_insert_element),
    llvm.ExtractElementOp: _rule(_extract_element),
    llvm.ShuffleVectorOp: _rule(_shuffle, "mask"),
    llvm.ExtractValueOp: _rule(_extract_value, "position"),
    llvm.InsertValueOp: _rule(_insert_value, "position"),
    llvm.CallOp: _rule(_call, "callee", "var_callee_type", "CConv", "TailCallKind", *_CALL),
    llvm.CallIntrinsicOp: _rule(_call_intrinsic, "intrin", *_CALL),
    llvm.VectorReduceFAddOp: _intrinsic(overload=1),
    llvm.VectorReduceFMulOp: _intrinsic(overload=1),
    llvm.BrOp: _rule(_br, "loop_annotation"),
    llvm.CondBrOp: _rule(_cond_br, "operandSegmentSizes", "loop_annotation"),
    llvm.ReturnOp: _rule(_ret),
    llvm.UnreachableOp: _rule(_unreachable),
    **{op_type: _intrinsic() for op_type in _SINGLE},
}
"""Operations that become an instruction."""


def check_known(op: Operation, rule: Rule) -> None:
    """Refuse properties and attributes that the rule does not write.

    Raises:
        NotImplementedError: naming the first of them.
    """
    for name, value in {**op.properties, **op.attributes}.items():
        if name not in rule.known:
            raise refusal(op, f"attribute '{name} = {value}'")
