import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from tyrex.dialects import register_all_dialects
from tyrex.dialects.diagnostics import CompileError
from tyrex.interpreters.vm import run

V = "!relax.tensor<[4], i64>"
KERNEL = """
tir.func @double(%a: !tir.buffer<[4], i64>) -> (%c: !tir.buffer<[4], i64>) aliases (0 = 0) {
  tir.for %i in 4 serial {
    %x = tir.load %a[%i] : !tir.buffer<[4], i64>
    %y = arith.addi %x, %x : i64
    tir.store %y, %c[%i] : !tir.buffer<[4], i64>
  }
}
tir.func @apart(%a: !tir.buffer<[4], i64>) -> (%c: !tir.buffer<[4], i64>) {
}
"""
STORAGE = "%s = vm.alloc_storage {size_bytes = 64 : i64, align_bytes = 64 : i64} : !vm.storage"
X = np.arange(4)


def module(body: str, results: str = V) -> ModuleOp:
    text = f"{KERNEL} vm.func @main(%x: {V}) -> ({results}) {{ {body} }}"
    return Parser(register_all_dialects(Context()), text).parse_module()


def test_tensors_of_a_storage_overlap() -> None:
    """A wrong plan: %a and %b share two elements, and the result shows it."""
    body = f"""
      {STORAGE}
      %a = vm.tensor %s {{offset = 0 : i64}} : {V}
      %b = vm.tensor %s {{offset = 16 : i64}} : {V}
      vm.copy %x, %a : {V}, {V}
      vm.copy %x, %b : {V}, {V}
      %y = vm.alloc_output : {V}
      vm.call @double(%a) -> (%y) : ({V}) -> {V}
      vm.return %y : {V}"""
    np.testing.assert_array_equal(run(module(body), "main", [X])[0], [0, 2, 0, 2])


def test_memory_that_nobody_wrote_is_poison() -> None:
    body = f"%y = vm.alloc_output : {V}\n vm.return %y : {V}"
    assert (run(module(body), "main", [X])[0] == np.int64(-3761688987579986997)).all()


def test_in_place_where_the_kernel_allows_it() -> None:
    body = f"""
      %y = vm.alloc_output : {V}
      vm.copy %x, %y : {V}, {V}
      vm.call @double(%y) -> (%y) : ({V}) -> {V}
      vm.return %y : {V}"""
    np.testing.assert_array_equal(run(module(body), "main", [X])[0], 2 * X)


FORBIDDEN = {
    "writes to an argument": f"""
      vm.call @double(%x) -> (%x) : ({V}) -> {V}
      vm.return %x : {V}""",
    "writes to a constant": f"""
      %w = vm.constant <[4], i64, [1, 2, 3, 4]> : {V}
      vm.copy %x, %w : {V}, {V}
      vm.return %x : {V}""",
    "output 0 overlaps input 0, which is no alias pair": f"""
      %y = vm.alloc_output : {V}
      vm.call @apart(%y) -> (%y) : ({V}) -> {V}
      vm.return %y : {V}""",
    "returns as result 0 what lies in an argument": f"vm.return %x : {V}",
    "returns as result 0 what lies in a constant": f"""
      %w = vm.constant <[4], i64, [1, 2, 3, 4]> : {V}
      vm.return %w : {V}""",
    "returns as result 0 what lies in a storage": f"""
      {STORAGE}
      %a = vm.tensor %s {{offset = 0 : i64}} : {V}
      vm.return %a : {V}""",
    "there is no tir.func @missing": f"""
      %y = vm.alloc_output : {V}
      vm.call @missing(%x) -> (%y) : ({V}) -> {V}
      vm.return %y : {V}""",
    "there is no host function @missing": f"""
      %y = vm.call_packed @missing(%x) : ({V}) -> {V}
      vm.return %y : {V}""",
}


@pytest.mark.parametrize("message", FORBIDDEN)
def test_what_no_host_program_may_do(message: str) -> None:
    with pytest.raises(CompileError, match=message):
        run(module(FORBIDDEN[message]), "main", [X])


def test_two_results_are_two_memories() -> None:
    body = f"%y = vm.alloc_output : {V}\n vm.return %y, %y : {V}, {V}"
    with pytest.raises(CompileError, match="result 1 what lies in result 0"):
        run(module(body, f"{V}, {V}"), "main", [X])


def test_two_buffers_of_a_kernel_are_two_memories() -> None:
    text = f"""
    tir.func @two(%a: !tir.buffer<[4], i64>) -> (%b: !tir.buffer<[4], i64>)
        workspaces (%w: !tir.buffer<[4], i64>) {{
    }}
    vm.func @main(%x: {V}) -> ({V}) {{
      %y = vm.alloc_output : {V}
      vm.call @two(%x) -> (%y) : ({V}) -> {V} workspaces(%y : {V})
      vm.return %y : {V}
    }}"""
    program = Parser(register_all_dialects(Context()), text).parse_module()
    with pytest.raises(CompileError, match="writes two buffers, 0 and 1, in one memory"):
        run(program, "main", [X])


def test_wrong_arguments() -> None:
    program = module(f"vm.return %x : {V}")
    with pytest.raises(ValueError, match="takes 1 arguments, not 0"):
        run(program, "main", [])
    with pytest.raises(ValueError, match=r"there is no vm\.func @other"):
        run(program, "other", [])
    with pytest.raises(CompileError, match=r"expected a !relax\.tensor"):
        run(program, "main", [np.zeros(3)])
