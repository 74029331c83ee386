"""The walk with a table of rules."""

import numpy as np
import pytest
from xdsl.dialects.builtin import FunctionType, ModuleOp, f32
from xdsl.ir import Block, Operation, Region, SSAValue

from tyrex.dialects import relax
from tyrex.dialects.location import onnx_location, sources
from tyrex.passes.relax.rewriting import Rewriter, constant_like

VECTOR = relax.TensorType.of((4,), f32)


def module_of(*ops: Operation, block: Block) -> ModuleOp:
    for op in ops:
        block.add_op(op)
    result = ops[-1].results[0]
    block.add_op(relax.ReturnOp(result))
    function_type = FunctionType.from_lists([VECTOR], [result.type])
    return ModuleOp([relax.FuncOp("main", function_type, Region(block))])


def names(module: ModuleOp) -> list[str]:
    func = module.body.block.first_op
    assert isinstance(func, relax.FuncOp)
    return [op.name.removeprefix("relax.") for op in func.body.block.ops]


def neg_of_neg(rw: Rewriter, op: relax.NegOp) -> SSAValue | None:
    inner = op.x.owner
    return inner.x if isinstance(inner, relax.NegOp) else None


def exp_to_neg(rw: Rewriter, op: relax.ExpOp) -> SSAValue | None:
    return rw.add(relax.NegOp(op.x))


def test_what_a_rule_makes_is_rewritten_too_and_leaves_nothing_dead() -> None:
    block = Block(arg_types=[VECTOR])
    a = relax.ExpOp(block.args[0])
    b = relax.ExpOp(a)
    module = module_of(a, b, relax.ReluOp(b), block=block)
    Rewriter({relax.ExpOp: (exp_to_neg,), relax.NegOp: (neg_of_neg,)}).run(module)
    assert names(module) == ["relu", "return"]


def test_what_is_used_elsewhere_stays() -> None:
    block = Block(arg_types=[VECTOR])
    a = relax.NegOp(block.args[0])
    b = relax.NegOp(a)
    module = module_of(a, b, relax.AddOp(a, b), block=block)
    Rewriter({relax.NegOp: (neg_of_neg,)}).run(module)
    assert names(module) == ["neg", "add", "return"]


def test_new_operators_bear_the_locations_of_what_they_stand_for() -> None:
    block = Block(arg_types=[VECTOR])
    a, b = relax.NegOp(block.args[0]), relax.ReluOp(block.args[0])
    a.location = onnx_location("first", "Neg", "t")
    c = relax.AddOp(a, b, location=onnx_location("second", "Add", "y"))

    def subtract(rw: Rewriter, op: relax.AddOp) -> SSAValue | None:
        assert isinstance(op.a.owner, relax.NegOp)
        rw.absorb(op.a.owner)
        return rw.add(relax.SubtractOp(op.b, op.a.owner.x))

    module = module_of(a, b, c, block=block)
    Rewriter({relax.AddOp: (subtract,)}).run(module)
    assert names(module) == ["relu", "subtract", "return"]
    found = next(op for op in module.walk() if isinstance(op, relax.SubtractOp))
    assert [source.name for source in sources(found.location)] == ["first", "second"]


@pytest.mark.parametrize("shape", [(3, 5), (700, 900)])
def test_constants_are_row_major_and_of_the_type_they_stand_for(shape: tuple[int, ...]) -> None:
    wide = np.arange(np.prod(shape), dtype=np.float64).reshape(shape).T
    like = Block(arg_types=[VECTOR]).args[0]
    held = constant_like(like, wide).value.array
    assert held.dtype == np.float32
    assert held.flags.c_contiguous
    np.testing.assert_array_equal(held, wide.astype(np.float32))
