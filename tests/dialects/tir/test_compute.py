"""Compute definitions: what KernelBuilder builds."""

import pytest
from xdsl.dialects.builtin import f32, i32, i64

from tyrex.dialects import tir
from tyrex.dialects.location import onnx_location
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.symbolic import IntExpr, as_expr, var


def add(k: KernelBuilder) -> None:
    x, y = k.input((4, var("n")), f32), k.output((4, var("n")), f32)

    def element(i: IntExpr, j: IntExpr) -> Value:
        return k.load(x, i, j) + 1.0

    k.compute("add", y, element)


def test_a_map_is_one_loop_per_axis_around_one_block() -> None:
    k = KernelBuilder("add")
    add(k)
    func = k.build()
    func.verify()
    assert func.symbol_names == ("n",)
    assert len(func.inputs) == len(func.outputs) == 1
    (outer,) = func.body.block.ops
    assert isinstance(outer, tir.ForOp)
    (inner,) = outer.body.block.ops
    assert isinstance(inner, tir.ForOp)
    assert (outer.extent_expr(), inner.extent_expr()) == (as_expr(4), var("n"))
    (block,) = inner.body.block.ops
    assert isinstance(block, tir.BlockOp)
    assert block.exprs_over_values(block.bindings) == (
        var(outer.induction_var),
        var(inner.induction_var),
    )
    assert block.kinds.data == (tir.IterKind.SPATIAL, tir.IterKind.SPATIAL)


def test_every_operation_bears_the_location() -> None:
    location = onnx_location("node", "Add", "y")
    k = KernelBuilder("add", location)
    add(k)
    func = k.build()
    assert all(op.location == location for op in func.walk())


def test_a_reduction_has_spatial_and_reduce_variables_and_an_init() -> None:
    k = KernelBuilder("sum")
    x, y = k.input((4, 8), f32), k.output((4,), f32)

    def update(acc: Value, i: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(x, i, j)

    k.reduce("sum", y, (8,), 0.0, update)
    func = k.build()
    func.verify()
    (block,) = (op for op in func.walk() if isinstance(op, tir.BlockOp))
    assert block.kinds.data == (tir.IterKind.SPATIAL, tir.IterKind.REDUCE)
    assert block.init is not None
    assert [op.name for op in block.init.block.ops] == ["arith.constant", "tir.store"]


def test_a_reduction_over_an_empty_axis_is_a_map() -> None:
    k = KernelBuilder("sum")
    x, y = k.input((4, 0), f32), k.output((4,), f32)

    def update(acc: Value, i: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(x, i, j)

    k.reduce("sum", y, (0,), 0.0, update)
    (block,) = (op for op in k.build().walk() if isinstance(op, tir.BlockOp))
    assert block.kinds.data == (tir.IterKind.SPATIAL,)


def test_a_rank_0_output_needs_no_loop() -> None:
    k = KernelBuilder("scalar")
    x, y = k.input((), f32), k.output((), f32)
    k.compute("neg", y, lambda: -k.load(x))
    func = k.build()
    func.verify()
    (block,) = func.body.block.ops
    assert isinstance(block, tir.BlockOp)


def test_loads_are_predicated_where_conditions_are_given() -> None:
    k = KernelBuilder("pad")
    x, y = k.input((4,), i32), k.output((6,), i32)

    def element(i: IntExpr) -> Value:
        return k.load(x, i - 1, where=[i - 1, as_expr(4) - i], default=7)

    k.compute("pad", y, element)
    func = k.build()
    func.verify()
    (load,) = (op for op in func.walk() if isinstance(op, tir.PredicatedLoadOp))
    assert len(load.exprs_over_values(load.conditions)) == 2


def test_statements_loops_conditions_and_data_dependent_indices() -> None:
    k = KernelBuilder("statements")
    x, y = k.input((4,), i64), k.output((4,), i64)

    def body(i: IntExpr) -> None:
        place = k.as_index(k.load(x, i))
        inside = k.predicate(place, as_expr(3) - place)

        def then() -> None:
            k.store(y, [place], k.index_value(place * 2))

        k.if_(inside, then, lambda: k.store(y, [i], k.const(0, i64)))

    k.opaque("scatter", lambda: k.for_(4, body, tir.ForKind.UNROLLED))
    func = k.build()
    func.verify()
    names = [op.name for op in func.walk()]
    assert names.count("tir.if") == 1
    assert "arith.index_cast" in names


def test_inputs_come_before_outputs() -> None:
    k = KernelBuilder("order")
    k.output((4,), f32)
    with pytest.raises(AssertionError, match="inputs are declared before outputs"):
        k.input((4,), f32)


def test_symbols_can_be_declared_in_an_order_of_ones_own() -> None:
    k = KernelBuilder("order")
    k.input((var("n"), var("m")), f32)
    assert k.build(["m", "n", "p"]).symbol_names == ("m", "n", "p")


def test_a_block_is_left_even_after_an_error() -> None:
    k = KernelBuilder("error")
    entry = k.block

    def fail(i: IntExpr) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        k.for_(4, fail)
    assert k.block is entry
    assert not list(entry.ops)
