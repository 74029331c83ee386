"""Functions' headers and globals: everything of a symbol but a function's body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, StringAttr, UnitAttr
from xdsl.ir import Attribute, Operation

from ...dialects import llvm
from ...dialects.target import Target
from .constants import initializer_text, type_text
from .scope import ModuleScope, refusal, string_text, symbol_text

# -- attributes of arguments and results --------------------------------------------------------

_UNIT_ATTRIBUTES = {
    "llvm.allocalign": "allocalign",
    "llvm.inreg": "inreg",
    "llvm.noalias": "noalias",
    "llvm.nocapture": "captures(none)",
    "llvm.nofree": "nofree",
    "llvm.nonnull": "nonnull",
    "llvm.noundef": "noundef",
    "llvm.readnone": "readnone",
    "llvm.readonly": "readonly",
    "llvm.returned": "returned",
    "llvm.signext": "signext",
    "llvm.writeonly": "writeonly",
    "llvm.zeroext": "zeroext",
}
_NUMBER_ATTRIBUTES = {
    "llvm.align": "align {}",
    "llvm.dereferenceable": "dereferenceable({})",
    "llvm.dereferenceable_or_null": "dereferenceable_or_null({})",
}


def _value_attributes(op: Operation, attributes: Mapping[str, Attribute]) -> str:
    """Return the attributes of one argument or result, each followed by a space."""
    words: list[str] = []
    for name, value in attributes.items():
        if isinstance(value, UnitAttr) and (word := _UNIT_ATTRIBUTES.get(name)) is not None:
            words.append(f"{word} ")
        elif isinstance(value, IntegerAttr) and (form := _NUMBER_ATTRIBUTES.get(name)) is not None:
            words.append(f"{form.format(value.value.data)} ")
        else:
            raise refusal(op, f"attribute '{name} = {value}' of an argument or result")
    return "".join(words)


def _dictionaries(
    op: Operation, attribute: Attribute | None, count: int
) -> Sequence[Mapping[str, Attribute]]:
    if attribute is None:
        return [dict[str, Attribute]()] * count
    # The operation's verifier has seen to the element type.
    array = cast("ArrayAttr[DictionaryAttr]", attribute).data
    if len(array) != count:
        raise refusal(op, f"attributes for {len(array)} arguments or results where it has {count}")
    return [entry.data for entry in array]


# -- attributes of functions --------------------------------------------------------------------

_UNIT_FUNCTION_ATTRIBUTES = {
    "no_inline": "noinline",
    "no_unwind": "nounwind",
    "optimize_none": "optnone",
    "always_inline": "alwaysinline",
}
_KEYWORDS = frozenset(
    (
        "alwaysinline",
        "cold",
        "hot",
        "inlinehint",
        "minsize",
        "mustprogress",
        "nobuiltin",
        "nocallback",
        "nofree",
        "noinline",
        "norecurse",
        "noredzone",
        "noreturn",
        "nosync",
        "nounwind",
        "optnone",
        "optsize",
        "speculatable",
        "willreturn",
    )
)
_NO_TEXT = frozenset(
    (
        "sym_name",
        "function_type",
        "linkage",
        "CConv",
        "visibility_",
        "unnamed_addr",
        "arg_attrs",
        "res_attrs",
        "sym_visibility",  # MLIR's own, about symbol tables
    )
)
_VISIBILITY = ("", "hidden ", "protected ")
_UNNAMED = ("", "local_unnamed_addr", "unnamed_addr")


def _passthrough(op: Operation, value: Attribute) -> list[str]:
    if not isinstance(value, ArrayAttr):
        raise refusal(op, f"passthrough = {value}; a list is expected")
    texts: list[str] = []
    for entry in cast("ArrayAttr[Attribute]", value):
        match entry:
            case StringAttr() if entry.data in _KEYWORDS:
                texts.append(entry.data)
            case StringAttr():
                texts.append(string_text(entry.data))
            case ArrayAttr(data=(StringAttr(data=key), StringAttr(data=text))):
                texts.append(f"{string_text(key)}={string_text(text)}")
            case _:
                raise refusal(op, f"function attribute {entry}")
    return texts


def _features(op: Operation, value: Attribute) -> list[str]:
    if not isinstance(value, llvm.TargetFeaturesAttr):
        raise refusal(op, f"target_features = {value}")
    text = ",".join(feature.data for feature in value.features)
    return [f'"target-features"={string_text(text)}']


def _string(key: str) -> Callable[[Operation, Attribute], list[str]]:
    def text(op: Operation, value: Attribute) -> list[str]:
        if not isinstance(value, StringAttr):
            raise refusal(op, f"{key} = {value}; a string is expected")
        return [f'"{key}"={string_text(value.data)}']

    return text


def _frame_pointer(op: Operation, value: Attribute) -> list[str]:
    if not isinstance(value, llvm.FramePointerKindAttr):
        raise refusal(op, f"frame_pointer = {value}")
    return [f'"frame-pointer"={string_text(value.data.value)}']


_FUNCTION_ATTRIBUTES: dict[str, Callable[[Operation, Attribute], list[str]]] = {
    "passthrough": _passthrough,
    "target_cpu": _string("target-cpu"),
    "tune_cpu": _string("tune-cpu"),
    "target_features": _features,
    "frame_pointer": _frame_pointer,
}


def _function_attributes(
    op: Operation, fields: Mapping[str, Attribute], target: Target | None
) -> str:
    words: list[str] = []
    for name, value in fields.items():
        if name in _NO_TEXT:
            continue
        if isinstance(value, UnitAttr) and name in _UNIT_FUNCTION_ATTRIBUTES:
            words.append(_UNIT_FUNCTION_ATTRIBUTES[name])
        elif (text := _FUNCTION_ATTRIBUTES.get(name)) is not None:
            words += text(op, value)
        else:
            raise refusal(op, f"attribute '{name} = {value}' of a function")
    if target is not None:
        if target.cpu and "target_cpu" not in fields:
            words.append(f'"target-cpu"={string_text(target.cpu)}')
        if target.features and "target_features" not in fields:
            words.append(f'"target-features"={string_text(target.feature_text)}')
    return " ".join(words)


def function_header(
    module: ModuleScope, op: llvm.FuncOp, names: Sequence[str] | None, target: Target | None
) -> str:
    """Return `define ... @f(...) #0` with the arguments' names, or `declare ...` without."""
    fields = {**op.attributes, **op.properties}
    type_ = op.function_type
    inputs = type_.inputs.data
    args = [
        f"{type_text(input_)} {attributes}".rstrip()
        for input_, attributes in zip(
            inputs,
            (_value_attributes(op, a) for a in _dictionaries(op, op.arg_attrs, len(inputs))),
            strict=True,
        )
    ]
    if names is not None:
        args = [f"{text} {name}" for text, name in zip(args, names, strict=True)]
    if type_.is_variadic:
        args.append("...")
    (result,) = _dictionaries(op, op.res_attrs, 1)
    unnamed = 0 if op.unnamed_addr is None else op.unnamed_addr.value.data
    words = [
        "declare" if names is None else "define",
        _linkage(op, op.linkage.linkage.data, declared=names is None),
        _VISIBILITY[op.visibility_.value.data].strip(),
        "" if op.CConv.cconv_name == "ccc" else op.CConv.cconv_name,
        _value_attributes(op, result).strip(),
        f"{type_text(type_.output)} {symbol_text(op.sym_name.data)}({', '.join(args)})",
        _UNNAMED[unnamed],
        module.attribute_group(_function_attributes(op, fields, target)),
    ]
    return " ".join(word for word in words if word)


def _linkage(op: Operation, linkage: str, *, declared: bool) -> str:
    if not declared:
        return "" if linkage == "external" else linkage
    if linkage not in ("external", "extern_weak"):
        raise refusal(op, f"linkage '{linkage}' of a symbol without a definition")
    return "" if linkage == "external" else linkage


# -- globals ------------------------------------------------------------------------------------

_GLOBAL_FIELDS = frozenset(
    (
        "global_type",
        "constant",
        "sym_name",
        "linkage",
        "dso_local",
        "thread_local_",
        "visibility_",
        "value",
        "alignment",
        "addr_space",
        "unnamed_addr",
        "section",
    )
)
_BIG_ENDIAN = ("aarch64_be", "armeb", "mips", "mips64", "powerpc", "powerpc64", "s390x", "sparc")


def global_text(op: llvm.GlobalOp, target: Target | None) -> str:
    """Return the definition or declaration of a global."""
    fields = {**op.attributes, **op.properties}
    for name, value in fields.items():
        if name not in _GLOBAL_FIELDS:
            raise refusal(op, f"attribute '{name} = {value}' of a global")
    if op.body.blocks:
        raise refusal(op, "an initialiser region; give a value")
    if target is not None and target.arch in _BIG_ENDIAN:
        raise refusal(op, f"data for '{target.arch}', which is big endian")
    declared = op.value is None
    linkage = op.linkage.linkage.data
    if declared:
        initializer, align = type_text(op.global_type), None
        linkage = _linkage(op, linkage, declared=True) or "external"
    else:
        initializer, align = _initializer(op)
    if op.alignment is not None:
        align = op.alignment.value.data
    space = op.addr_space.value.data
    words = [
        f"{symbol_text(op.sym_name.data)} =",
        linkage if declared or linkage != "external" else "",
        "dso_local" if "dso_local" in fields else "",
        _VISIBILITY[_number(fields.get("visibility_"))].strip(),
        "thread_local" if "thread_local_" in fields else "",
        _UNNAMED[_number(fields.get("unnamed_addr"))],
        f"addrspace({space})" if space else "",
        "constant" if "constant" in fields else "global",
        initializer,
    ]
    tail = "" if op.section is None else f", section {string_text(op.section.data)}"
    tail += "" if align is None else f", align {align}"
    return " ".join(word for word in words if word) + tail


def _initializer(op: llvm.GlobalOp) -> tuple[str, int | None]:
    assert op.value is not None, "declarations have no initializer"
    try:
        return initializer_text(op.global_type, op.value)
    except NotImplementedError as error:
        raise refusal(op, str(error)) from error


def _number(attribute: Attribute | None) -> int:
    return attribute.value.data if isinstance(attribute, IntegerAttr) else 0
