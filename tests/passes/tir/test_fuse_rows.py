"""Steps that share a loop over slabs mean what they meant apart."""

from random import Random

from xdsl.context import Context
from xdsl.dialects.builtin import f32, i32

from tyrex.dialects import tir
from tyrex.dialects.target import Target
from tyrex.dialects.tir.values import Value
from tyrex.passes.pipelines import SCHEDULED
from tyrex.passes.tir.fuse_rows import FuseRowsPass
from tyrex.symbolic import IntExpr

from ..kernels import (  # noqa: TID251  # the tests' folder, not the package's
    Case,
    Kernel,
    assert_same,
    kernel_in,
    module_of,
)

SMALL = Target("x86_64-linux-gnu", vector_bits=128, vector_registers=16, l2_bytes=4096, cores=2)
SEEDS = 12


def softmax_across(seed: int) -> Case:
    """The shape of a softmax along an axis that is not the last, in integers."""
    r = Random(seed)
    n, m, w = r.choice((2, 5, 16)), r.choice((3, 9)), r.choice((1, 4, 7, 19))
    dtype = r.choice((f32, i32))
    k = Kernel(f"across_{seed}")
    x, y = k.input((n, m, w), dtype), k.output((n, m, w), dtype)
    top, total, e = k.temp((n, w), dtype), k.temp((n, w), dtype), k.temp((n, m, w), dtype)

    def greater(acc: Value, b: IntExpr, j: IntExpr, i: IntExpr) -> Value:
        return k.max(acc, k.load(x, b, i, j))

    def add(acc: Value, b: IntExpr, j: IntExpr, i: IntExpr) -> Value:
        return acc + k.load(e, b, i, j)

    k.reduce("max", top, (m,), -9, greater)
    k.map("below", e, lambda b, i, j: k.load(x, b, i, j) - k.load(top, b, j))
    k.reduce("sum", total, (m,), 0, add)
    k.map("apart", y, lambda b, i, j: k.load(e, b, i, j) - k.load(total, b, j))
    return Case(k.build(), {})


def test_slabs() -> None:
    shared = 0
    for seed in range(SEEDS):
        case = softmax_across(seed)
        expected = case.outputs_of(case.func, seed)
        module = module_of(case.func, SMALL)
        for tir_pass in SCHEDULED:
            tir_pass.apply(Context(), module)
            if isinstance(tir_pass, FuseRowsPass):
                assert_same(case.outputs_of(kernel_in(module), seed), expected)
                statements = list(kernel_in(module).body.block.ops)
                shared += sum(isinstance(op, tir.ForOp) for op in statements) == 1
        module.verify()
        assert_same(case.outputs_of(kernel_in(module), seed), expected)
    assert SEEDS // 5 < shared < SEEDS
