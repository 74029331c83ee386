import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.parser import Parser

from tyrex.backends.vm.emit import emit_program
from tyrex.dialects import register_all_dialects, relax, vm
from tyrex.dialects.location import onnx_location
from tyrex.runtime.assembly import disassemble

VECTOR = "!relax.tensor<[2], f32>"


def parse(text: str) -> ModuleOp:
    return Parser(register_all_dialects(Context()), text).parse_module()


def emitted(text: str) -> str:
    """Return the code of the only function, without numbers of instructions."""
    lines = disassemble(emit_program(parse(text))).splitlines()
    return "\n".join(line.split(": ", 1)[1] for line in lines if line.startswith("  "))


def test_calls_memory_and_results() -> None:
    text = f"""
    vm.func @main(%x: {VECTOR}) -> ({VECTOR}) attributes {{input_names = ["in put"]}} {{
      %s = vm.alloc_storage {{size_bytes = 64 : i64, align_bytes = 64 : i64}} : !vm.storage
      %t = vm.tensor %s {{offset = 8 : i64}} : {VECTOR}
      %w = vm.constant <[2], f32, [1.0, 2.0]> : {VECTOR}
      %v = vm.constant <[2], f32, [1.0, 2.0]> : {VECTOR}
      vm.call @k(%x, %w) -> (%t) {{symbols = array<i64: 2, -1>}} : ({VECTOR}, {VECTOR}) -> {VECTOR}
      %y = vm.alloc_output {{index = 0 : i64}} : {VECTOR}
      vm.copy %t, %y : {VECTOR}, {VECTOR}
      vm.return %y : {VECTOR}
    }}"""
    program = emit_program(parse(text), {"model": "m"})
    assert (
        disassemble(program)
        == """program 1
metadata "model" = "m"
metadata "kernels" = "{\\"k\\": [2, 1, null]}"
kernel @k
constant 0: float32[2] = "0000803f00000040"

func @main("in put": float32[2]) -> (output0: float32[2]) registers 6 {
  0: %1 = storage(64, 64)
  1: %2 = tensor(%1, 8, float32[2])
  2: %3 = constant(#0)
  3: %4 = constant(#0)
  4: kernel @k(%0, %3, %2, 2, -1)
  5: %5 = output(float32[2], 0)
  6: copy(%2, %5)
  7: ret %5
}
"""
    )
    assert program.stats()["arena_bytes"] == 64


def test_branches_pass_arguments_all_at_once() -> None:
    text = f"""
    vm.func @main(%c: !relax.tensor<[], i1>, %x: {VECTOR}, %y: {VECTOR}) -> ({VECTOR}) {{
      vm.br ^head(%x, %y : {VECTOR}, {VECTOR})
    ^head(%a: {VECTOR}, %b: {VECTOR}):
      vm.cond_br %c : !relax.tensor<[], i1>, ^head(%b, %a : {VECTOR}, {VECTOR}), ^end(%a : {VECTOR})
    ^end(%r: {VECTOR}):
      vm.return %r : {VECTOR}
    }}"""
    assert (
        emitted(text)
        == """%3 = move(%1)
%4 = move(%2)
if %0 else 8
%6 = move(%4)
%7 = move(%3)
%3 = move(%6)
%4 = move(%7)
goto 2
%5 = move(%3)
goto 10
ret %5"""
    )


def test_a_jump_to_the_next_instruction_is_left_out() -> None:
    text = """
    vm.func @main(%c: !relax.tensor<[], i1>) {
      vm.cond_br %c : !relax.tensor<[], i1>, ^then, ^else
    ^then:
      vm.br ^end
    ^else:
      vm.br ^end
    ^end:
      vm.return
    }"""
    assert emitted(text) == "if %0 else 2\ngoto 2\nret"


def test_what_the_host_returns_is_checked() -> None:
    text = f"""
    vm.func @main(%x: !relax.object) -> ({VECTOR}) {{
      %a, %b = vm.call_packed @f(%x) : (!relax.object) -> (!relax.object, {VECTOR})
      vm.call_packed @g(%a) : (!relax.object) -> ()
      %r = vm.invoke @main(%a) : (!relax.object) -> {VECTOR}
      %t = vm.tuple %a, %r : (!relax.object, {VECTOR}) -> tuple<!relax.object, {VECTOR}>
      %u = vm.tuple_get %t {{index = 1 : i64}} : tuple<!relax.object, {VECTOR}> -> {VECTOR}
      %k = vm.check_tensor %u "u" : {VECTOR} -> {VECTOR}
      vm.kill %r : {VECTOR}
      vm.return %k : {VECTOR}
    }}"""
    assert (
        emitted(text)
        == """%1 = host @f(%0)
%2 = field(%1, 0)
%3 = field(%1, 1)
%4 = check(%3, float32[2], "result 1 of @f")
host @g(%2)
%5 = func @main(%2)
%6 = tuple(%2, %5)
%7 = field(%6, 1)
%8 = check(%7, float32[2], "u")
kill(%5)
ret %8"""
    )


def test_calls_say_where_they_come_from() -> None:
    module = parse(f"""
    vm.func @main(%x: {VECTOR}) -> ({VECTOR}) {{
      %y = vm.alloc_output {{index = 0 : i64}} : {VECTOR}
      vm.call @k(%x) -> (%y) : ({VECTOR}) -> {VECTOR}
      vm.call @k(%x) -> (%y) : ({VECTOR}) -> {VECTOR}
      vm.return %y : {VECTOR}
    }}""")
    first, second = (op for op in module.walk() if isinstance(op, vm.CallOp))
    first.location = onnx_location("conv1", "Conv", "y")
    second.location = FileLineColLoc(StringAttr("a.mlir"), IntAttr(3), IntAttr(5))
    text = disassemble(emit_program(module))
    assert r'kernel @k(%0, %1) at "Conv \"conv1\" -> y"' in text
    assert 'kernel @k(%0, %1) at "a.mlir:3:5"' in text


def test_equal_constants_are_one() -> None:
    large = np.arange(5000, dtype=np.float32)
    arrays = [large, large, large.copy(), large[:4].copy(), large[:4].copy()]
    module = parse("vm.func @main() { vm.return }")
    block = next(op for op in module.body.ops).regions[0].block
    first = block.first_op
    assert first is not None
    for array in arrays:
        block.insert_op_before(vm.ConstantOp(relax.ConstantAttr.of(array)), first)
    # A large one is compared by identity: its digest would cost a pass over the data.
    assert [c.data.size for c in emit_program(module).constants] == [20000, 20000, 16]


def test_other_operations_are_refused_by_name() -> None:
    text = """
    vm.func @main(%x: !relax.object) {
      %r = vm.call_packed @f(%x) : (!relax.object) -> !relax.object
      "test.op"() : () -> ()
      vm.return
    }"""
    with pytest.raises(NotImplementedError, match=r"bytecode: test\.op"):
        emit_program(parse(text))
