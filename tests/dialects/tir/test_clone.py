"""Copies of kernel code with substitutions."""

from xdsl.dialects.builtin import f32, i32, i64
from xdsl.ir import Block, Operation, Region

from tyrex.dialects import tir
from tyrex.dialects.location import onnx_location
from tyrex.dialects.tir.clone import Cloner, clone_division, inline_block_body, zero_constant
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.symbolic import IntExpr, as_expr, var


def kernel() -> tir.FuncOp:
    k = KernelBuilder("k", onnx_location("node", "Add", "y"))
    x, y = k.input((8, 8), f32), k.output((8, 8), f32)

    def element(i: IntExpr, j: IntExpr) -> Value:
        shifted = k.load(x, i, j - 1, where=[j - 1])
        return shifted + k.index_value(i * 2 + j, f32)

    k.compute("add", y, element)
    return k.build()


def block_of(func: tir.FuncOp) -> tir.BlockOp:
    (block,) = (op for op in func.walk() if isinstance(op, tir.BlockOp))
    return block


def test_a_copy_prints_as_its_source() -> None:
    func = kernel()
    block = Block(arg_types=[arg.type for arg in func.body.block.args])
    pairs = zip(func.body.block.args, block.args, strict=True)
    Cloner(block, values=dict(pairs)).clone(func.body.block.ops)
    copy = tir.FuncOp("k", func.body.clone(), 1, 1)
    assert [op.name for op in block.walk()] == [op.name for op in copy.body.block.walk()]
    assert all(op.location == func.location for op in block.walk())
    tir.FuncOp("copy", Region(block), 1, 1).verify()


def test_iteration_variables_become_expressions() -> None:
    block = block_of(kernel())
    target = Block(arg_types=[tir.INDEX])
    i = var(target.args[0])
    inline_block_body(Cloner(target), block, [i * 4, as_expr(3)])
    load = next(op for op in target.ops if isinstance(op, tir.PredicatedLoadOp))
    assert load.exprs_over_values(load.indices) == (i * 4, as_expr(2))
    assert load.exprs_over_values(load.conditions) == (as_expr(2),)
    index = next(op for op in target.ops if isinstance(op, tir.IndexValueOp))
    assert index.exprs_over_values(index.expr) == (i * 8 + 3,)
    assert list(index.operands) == [target.args[0]]


def test_operations_that_fold_to_constants_keep_no_operands() -> None:
    block = block_of(kernel())
    target = Block()
    inline_block_body(Cloner(target), block, [as_expr(1), as_expr(2)])
    index = next(op for op in target.ops if isinstance(op, tir.IndexValueOp))
    assert not index.operands
    assert index.exprs_over_values(index.expr) == (as_expr(4),)


def test_regions_are_copied_with_arguments_of_their_own() -> None:
    func = kernel()
    (loop,) = func.body.block.ops
    target = Block()
    Cloner(target).clone([loop])
    (copy,) = target.ops
    assert isinstance(copy, tir.ForOp)
    assert isinstance(loop, tir.ForOp)
    assert copy.induction_var is not loop.induction_var
    uses = {use.operation for use in copy.induction_var.uses}
    assert uses
    assert all(copy.is_ancestor(op) for op in uses)


def test_an_index_that_is_a_result_is_a_variable_of_the_copy() -> None:
    k = KernelBuilder("gather")
    x, at, y = k.input((8,), f32), k.input((8,), i64), k.output((8,), f32)

    def element(i: IntExpr) -> Value:
        return k.load(x, k.as_index(k.load(at, i)) + 1)

    k.compute("gather", y, element)
    target = Block()
    inline_block_body(Cloner(target), block_of(k.build()), [as_expr(0)])
    cast = next(op for op in target.ops if op.name == "arith.index_cast")
    load = [op for op in target.ops if isinstance(op, tir.LoadOp)][-1]
    assert load.exprs_over_values(load.indices) == (var(cast.results[0]) + 1,)


def test_zero_constants_have_the_type_of_what_they_stand_for() -> None:
    k = KernelBuilder("zero")
    for dtype in (f32, i32):
        value = k.load(k.input((), dtype)).ssa
        zero = zero_constant(value)
        zero.verify()
        assert zero.result.type == dtype


def test_a_division_under_a_condition_divides_by_one_elsewhere() -> None:
    k = KernelBuilder("divide")
    x = k.input((4,), i32)
    quotient = k.load(x, 0) / k.load(x, 1)
    op = quotient.ssa.owner
    assert isinstance(op, Operation)
    target = Block(arg_types=[tir.INDEX])
    cloner = Cloner(target)
    clone_division(cloner, op, (var(target.args[0]) - 1,))
    names = [inner.name for inner in target.ops]
    assert names == ["tir.predicate", "arith.constant", "arith.select", "arith.divsi"]
    assert cloner.value(op.operands[1]) is op.operands[1]
    plain = Block()
    clone_division(Cloner(plain), op, ())
    assert [inner.name for inner in plain.ops] == ["arith.divsi"]
