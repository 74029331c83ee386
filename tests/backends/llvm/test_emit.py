"""What the emitter refuses: nothing is dropped in silence."""

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import StringAttr
from xdsl.parser import Parser

from tyrex.backends.llvm.emit import emit_module
from tyrex.dialects import register_all_dialects

IN_A_FUNCTION = """
llvm.func @f(%x: f32, %i: i64, %p: !llvm.ptr) {{
  {0}
  llvm.return
}}"""

REFUSED = {
    "unknown attribute": (
        '%r = "llvm.add"(%i, %i) {colour = "red"} : (i64, i64) -> i64',
        "attribute 'colour = \"red\"'",
    ),
    "atomic load": ("%r = llvm.load %p atomic monotonic : !llvm.ptr -> i32", "an atomic load"),
    "operation without a rule": (
        '%r = llvm.inline_asm "nop", "" : () -> i32',
        "'llvm.inline_asm': the operation has no rule",
    ),
    "no pass_thru": (
        "%m = llvm.mlir.zero : vector<4xi1>\n"
        "%r = llvm.intr.masked.load %p, %m {alignment = 4 : i32}"
        " : (!llvm.ptr, vector<4xi1>) -> vector<4xf32>",
        "without a pass_thru operand",
    ),
    "fast integers": (
        '%r = llvm.call_intrinsic "llvm.abs.i64"(%i) {fastmathFlags = #llvm.fastmath<nnan>}'
        " : (i64) -> i64",
        "on a result that is not floating-point",
    ),
    "one intrinsic at two types": (
        '%a = llvm.call_intrinsic "llvm.fabs"(%x) : (f32) -> f32\n'
        '%r = llvm.call_intrinsic "llvm.fabs"(%i) : (i64) -> i64',
        "an overloaded name carries its types",
    ),
    "two-dimensional vector": (
        "%r = llvm.mlir.poison : vector<2x2xf32>\nllvm.store %r, %p : vector<2x2xf32>, !llvm.ptr",
        "LLVM IR has no type for 'vector<2x2xf32>'",
    ),
    "signed integer": ("%r = llvm.mlir.poison : ui8", "LLVM IR has no type for 'ui8'"),
    "constant of another type": (
        "%r = llvm.mlir.constant(1 : i32) : i64",
        "LLVM IR has no constant '1 : i32' of type 'i64'",
    ),
    "foreign loop annotation": (
        "llvm.br ^a {loop_annotation = 1 : i32}\n^a:",
        "loop_annotation has to be a #llvm.loop_annotation",
    ),
    "foreign alias scope": (
        "%r = llvm.load %p {alias_scopes = [1 : i32]} : !llvm.ptr -> f32",
        "alias scopes have to be a list of #llvm.alias_scope",
    ),
    "branch values": ("llvm.br ^a\n^a(%y: i64):", "branches to it with 0 values"),
}

MODULES = {
    "argument attribute": (
        "llvm.func @f(%p: !llvm.ptr {llvm.byval = i32}) { llvm.return }",
        "attribute 'llvm.byval = i32' of an argument or result",
    ),
    "function attribute": (
        "llvm.func @f() attributes {personality = @g} { llvm.return }",
        "attribute 'personality = @g' of a function",
    ),
    "passthrough": (
        "llvm.func @f() attributes {passthrough = [1 : i32]} { llvm.return }",
        "function attribute 1 : i32",
    ),
    "internal declaration": (
        "llvm.func internal @f()",
        "linkage 'internal' of a symbol without a definition",
    ),
    "global attribute": (
        "llvm.mlir.global internal @g(1 : i32) {comdat = 1 : i32} : i32",
        "attribute 'comdat = 1 : i32' of a global",
    ),
    "global of another size": (
        "llvm.mlir.global internal @g(dense<1> : tensor<3xi8>) : !llvm.array<2 x i8>",
        "takes 2 bytes, its value has 3",
    ),
    "initialiser region": (
        "llvm.mlir.global internal @g() : i32 {\n"
        "%x = llvm.mlir.constant(1 : i32) : i32\nllvm.return %x : i32 }",
        "an initialiser region; give a value",
    ),
    "entry block in a loop": (
        "llvm.func @f() { ^a: llvm.br ^a }",
        "a branch to the entry block",
    ),
}


def emit(text: str) -> str:
    context = register_all_dialects(Context())
    return emit_module(Parser(context, text, "test.mlir").parse_module())


@pytest.mark.parametrize("what", REFUSED)
def test_an_operation_is_refused(what: str) -> None:
    body, message = REFUSED[what]
    with pytest.raises(NotImplementedError) as caught:
        emit(IN_A_FUNCTION.format(body))
    assert message in str(caught.value)


@pytest.mark.parametrize("what", MODULES)
def test_a_symbol_is_refused(what: str) -> None:
    text, message = MODULES[what]
    with pytest.raises(NotImplementedError) as caught:
        emit(text)
    assert message in str(caught.value)


def test_module_attributes() -> None:
    context = register_all_dialects(Context())
    module = Parser(context, "builtin.module {}", "test.mlir").parse_module()
    module.attributes["llvm.target_triple"] = StringAttr("aarch64-linux-gnu")
    assert emit_module(module) == 'target triple = "aarch64-linux-gnu"\n'
    module.attributes["other.thing"] = StringAttr("x")
    with pytest.raises(NotImplementedError, match=r"attribute 'other\.thing' of the module"):
        emit_module(module)


def test_data_for_a_big_endian_machine_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="big endian"):
        emit(
            'builtin.module attributes {tyrex.target = #tyrex.target<triple = "s390x-linux">} {'
            "llvm.mlir.global internal @g(dense<1> : tensor<2xi32>) : !llvm.array<2 x i32> }"
        )
