import pytest
from xdsl.context import Context
from xdsl.dialects import arith, cf, func, scf, test
from xdsl.dialects.builtin import FunctionType, ModuleOp, i1, i32
from xdsl.ir import Block, Operation, Region
from xdsl.utils.exceptions import VerifyException

from tyrex.dialects import register_all_dialects
from tyrex.dialects.diagnostics import CompileError
from tyrex.dialects.locating_parser import parse_module
from tyrex.dialects.verify import successor_operands, verify_module


def parse(text: str) -> ModuleOp:
    return parse_module(register_all_dialects(Context()), text, "t.mlir")


def function(*ops: Operation) -> ModuleOp:
    block = Block([*ops, func.ReturnOp()])
    return ModuleOp([func.FuncOp("f", FunctionType.from_lists([], []), Region(block))])


def one() -> arith.ConstantOp:
    return arith.ConstantOp.from_int_and_width(1, 32)


def test_a_value_of_an_inner_region_is_not_visible_outside() -> None:
    condition = arith.ConstantOp.from_int_and_width(1, 1)
    inner = one()
    branch = scf.IfOp(condition, [], [inner, scf.YieldOp()])
    use = test.TestOp([inner.result])
    with pytest.raises(
        CompileError, match="inside a region that does not enclose this use"
    ) as info:
        verify_module(function(condition, branch, use))
    assert info.value.op is use
    assert info.value.notes[0].op_name == "arith.constant"


def test_a_value_of_an_outer_region_is_visible_inside() -> None:
    condition, value = arith.ConstantOp.from_int_and_width(1, 1), one()
    branch = scf.IfOp(condition, [], [test.TestOp([value.result]), scf.YieldOp()])
    verify_module(function(condition, value, branch))


def test_a_value_of_a_sibling_region_is_not_visible() -> None:
    condition, inner = arith.ConstantOp.from_int_and_width(1, 1), one()
    then, otherwise = [inner, scf.YieldOp()], [test.TestOp([inner.result]), scf.YieldOp()]
    with pytest.raises(CompileError, match="does not enclose"):
        verify_module(function(condition, scf.IfOp(condition, [], then, otherwise)))


def test_an_erased_value_still_in_use_is_reported() -> None:
    value = one()
    use = test.TestOp([value.result])
    module = function(value, use)
    value.detach()
    value.erase(safe_erase=False)
    with pytest.raises(CompileError, match="operand #0 was erased"):
        verify_module(module)


def test_a_value_of_another_module_is_reported() -> None:
    with pytest.raises(CompileError, match="is defined outside of the module"):
        verify_module(function(test.TestOp([one().result])))


def test_an_empty_block_is_reported() -> None:
    with pytest.raises(CompileError, match=r"'func\.func' has an empty block"):
        verify_module(
            ModuleOp([func.FuncOp("f", FunctionType.from_lists([], []), Region(Block()))])
        )


def test_the_hook_runs_after_the_body_and_its_error_gets_the_operation() -> None:
    class Checked(test.TestOp):
        def verify_symbols(self) -> None:
            raise VerifyException("symbol n is not declared")

    op = Checked()
    with pytest.raises(CompileError, match=r"'test\.op' symbol n") as info:
        verify_module(function(op))
    assert info.value.op is op


def test_a_body_fault_comes_before_what_the_operation_says_of_it() -> None:
    module = parse(
        "func.func @f() -> i64 {\n  %a = arith.addi %b, %b : i32\n"
        "  %b = arith.constant 1 : i32\n  return %a : i32\n}"
    )
    with pytest.raises(CompileError, match=r"t.mlir:2:3: error: 'arith.addi' operand #0 \(%b\)"):
        verify_module(module)


def test_successor_operands_of_conditional_branches() -> None:
    then, otherwise = Block(arg_types=[i32]), Block(arg_types=[i32, i1])
    condition, value = arith.ConstantOp.from_int_and_width(1, 1), one()
    op = cf.ConditionalBranchOp(
        condition, then, [value.result], otherwise, [value.result, condition.result]
    )
    assert list(successor_operands(op, 0)) == [value.result]
    assert list(successor_operands(op, 1)) == [value.result, condition.result]


def test_an_operation_that_does_not_tell_its_successor_operands_is_refused() -> None:
    op = test.TestTermOp.create(successors=[Block(arg_types=[i32]), Block(arg_types=[i32])])
    with pytest.raises(NotImplementedError, match="give it a method `successor_operands"):
        successor_operands(op, 0)


@pytest.mark.parametrize("depth", [1, 40])
def test_dominance_in_a_ladder_of_branches(depth: int) -> None:
    rungs = "".join(
        f"^b{i}(%v{i}: i32):\n  %w{i} = arith.addi %v{i}, %x : i32\n"
        f"  cf.cond_br %c, ^b{i + 1}(%w{i} : i32), ^b{i + 1}(%v{i} : i32)\n"
        for i in range(depth)
    )
    text = (
        "func.func @f(%c: i1, %x: i32) -> i32 {\n  cf.br ^b0(%x : i32)\n"
        f"{rungs}^b{depth}(%r: i32):\n  return %NAME : i32\n}}"
    )
    verify_module(parse(text.replace("%NAME", "%w0")))
    verify_module(parse(text.replace("%NAME", "%r")))
