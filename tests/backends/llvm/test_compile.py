"""From text to object code: this machine in the process, others in a child."""

import pytest
from xdsl.dialects.builtin import ModuleOp, f32

from tyrex.backends.llvm.codegen import CodegenError, Machine, Options, generate
from tyrex.backends.llvm.compile import compile_to, compile_to_object, machine_of
from tyrex.backends.llvm.host import detect_host
from tyrex.backends.llvm.library import is_known
from tyrex.backends.llvm.targets import parse_target
from tyrex.dialects.llvm.build import LLVMBuilder
from tyrex.dialects.target import set_target
from tyrex.runtime.relocatable import read_object

SOURCE = "define float @k(float %x) { %y = fadd float %x, 1.0\nret float %y }"


def test_outputs() -> None:
    host = detect_host()
    assert compile_to("object", SOURCE, host)[:4] == b"\x7fELF"
    assert b"k:" in compile_to("assembly", SOURCE, host)
    assert b"define float @k" in compile_to("llvm", SOURCE, host)
    assert compile_to("bitcode", SOURCE, host)[:2] == b"BC"


def test_a_module_names_its_target() -> None:
    module = ModuleOp([])
    b = LLVMBuilder(module)
    function = b.function("k", [f32], f32)
    b.ret(function.body.block.args[0])
    with pytest.raises(ValueError, match="names no target"):
        compile_to_object(module)
    set_target(module, detect_host())
    symbols = read_object(compile_to_object(module))
    assert symbols is not None
    assert symbols.defined == ("k",)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "magic"),
    [
        ("aarch64-linux-gnu", b"\x7fELF"),
        ("riscv64-linux-gnu", b"\x7fELF"),
        ("wasm32", b"\x00asm"),
    ],
)
def test_other_machines(name: str, magic: bytes) -> None:
    target = parse_target(name)
    if not is_known(target.triple):
        pytest.skip(f"this build of LLVM has no {target.arch}")
    assert compile_to_object(SOURCE, target)[:4] == magic


def test_objects_are_reproducible() -> None:
    host = detect_host()
    assert compile_to_object(SOURCE, host) == compile_to_object(SOURCE, host)


def test_invalid_text() -> None:
    with pytest.raises(CodegenError, match="no valid LLVM IR"):
        compile_to_object("define float @k() { ret i32 0 }", detect_host())


def test_an_unknown_architecture() -> None:
    with pytest.raises(CodegenError, match="has no code generator for 'vax-dec-bsd'"):
        generate(SOURCE, Machine("vax-dec-bsd"), Options())


def test_options() -> None:
    with pytest.raises(ValueError, match="opt_level is 0, 1, 2 or 3, found 4"):
        Options(opt_level=4)
    loop = """
    define void @k(ptr noalias %p, ptr noalias %q) {
    entry:
      br label %loop
    loop:
      %i = phi i64 [ 0, %entry ], [ %j, %loop ]
      %a = getelementptr float, ptr %p, i64 %i
      %b = getelementptr float, ptr %q, i64 %i
      %x = load float, ptr %a, align 4
      store float %x, ptr %b, align 4
      %y = fadd float %x, 1.0
      store float %y, ptr %a, align 4
      %j = add i64 %i, 1
      %c = icmp ult i64 %j, 1024
      br i1 %c, label %loop, label %done
    done:
      ret void
    }"""
    machine = machine_of(parse_target("x86-64-v3"))
    wide = generate(loop, machine, Options(), "llvm")
    assert b"<8 x float>" in wide
    assert b" x float>" not in generate(loop, machine, Options(loop_vectorize=False), "llvm")
    assert b" x float>" not in generate(loop, machine, Options(opt_level=1), "llvm")
