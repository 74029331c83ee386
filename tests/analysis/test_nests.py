"""Nests: the loops around one block, and what it reads and writes."""

from xdsl.dialects.builtin import f32
from xdsl.ir import Block, Region

from tyrex.analysis.nests import Nest, nest_of, same_indices, statements
from tyrex.dialects import tir
from tyrex.dialects.tir.compute import Buffer, KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.symbolic import IntExpr, as_expr, var


def only_nest(func: tir.FuncOp) -> Nest:
    (found,) = statements(func)
    assert isinstance(found, Nest)
    return found


def product() -> tir.FuncOp:
    k = KernelBuilder("product")
    n = var("n")
    a, b, y = k.input((4, n), f32), k.input((n, 8), f32), k.output((4, 8), f32)

    def update(acc: Value, i: IntExpr, j: IntExpr, q: IntExpr) -> Value:
        return acc + k.load(a, i, q) * k.load(b, q, j)

    k.reduce("product", y, (n,), 0.0, update)
    return k.build()


def map_with(place: list[IntExpr | int] | None = None) -> tir.FuncOp:
    """Return a copy of `[4, 1]` that stores at its variables, or at `place`."""
    k = KernelBuilder("copy")
    x, y = k.input((4, 1), f32), k.output((4, 1), f32)

    def body(i: IntExpr, j: IntExpr) -> None:
        k.store(y, [i, j] if place is None else place, k.load(x, i, j))

    k.nest("copy", [(tir.IterKind.SPATIAL, 4), (tir.IterKind.SPATIAL, 1)], body)
    return k.build()


def test_a_reduction() -> None:
    nest = only_nest(product())
    assert nest.is_plain
    assert nest.is_flat
    assert nest.spatial == (0, 1)
    assert nest.reduce == (2,)
    assert nest.extents == (as_expr(4), as_expr(8), var("n"))
    assert len(nest.loads) == 3
    assert len(nest.stores) == 2  # the body's and the init's
    assert nest.writes_identity()
    assert nest.root is nest.loops[0]


def test_a_map_writes_at_its_own_variables_or_elsewhere() -> None:
    assert only_nest(map_with()).writes_identity()
    assert not only_nest(map_with([as_expr(3), as_expr(0)])).writes_identity()


def test_an_axis_of_one_element_may_be_read_at_0() -> None:
    k = KernelBuilder("copy")
    x, y = k.input((4, 1), f32), k.output((4, 1), f32)

    def element(i: IntExpr, j: IntExpr) -> Value:
        return k.load(x, i, 0)

    k.compute("copy", y, element)
    nest = only_nest(k.build())
    assert same_indices(nest.loads[0], nest.block.iter_vars)


def test_a_scheduled_nest_is_not_plain() -> None:
    for change in ("kind", "attribute", "binding"):
        nest = only_nest(map_with())
        loop = nest.loops[0]
        if change == "kind":
            loop.properties["kind"] = tir.ForKindAttr(tir.ForKind.PARALLEL)
        elif change == "attribute":
            loop.attributes["hint"] = tir.NO_EXPRS
        else:
            bindings = nest.block.bindings.data
            nest.block.properties["bindings"] = tir.ExprsAttr((bindings[0] + 1, *bindings[1:]))
        assert not nest.is_plain


def test_a_body_that_branches_or_stores_twice_is_not_flat() -> None:
    def kernel(twice: bool) -> tir.FuncOp:
        k = KernelBuilder("k")
        x, y = k.input((4,), f32), k.output((4,), f32)

        def body(i: IntExpr) -> None:
            value = k.load(x, i)
            if twice:
                k.store(y, [i], value)
            else:
                k.if_(value > 0, lambda: k.store(y, [i], value))
            k.store(y, [i], value)

        k.nest("k", [(tir.IterKind.SPATIAL, 4)], body)
        return k.build()

    assert not only_nest(kernel(twice=True)).is_flat
    assert not only_nest(kernel(twice=False)).is_flat


def test_two_statements_in_a_loop_are_no_nest() -> None:
    k = KernelBuilder("two")
    y = k.output((4,), f32)

    def body(i: IntExpr) -> None:
        k.store(y, [i], k.const(0, f32))
        k.store(y, [i], k.const(1, f32))

    k.for_(4, body)
    (op,) = statements(k.build())
    assert isinstance(op, tir.ForOp)
    assert nest_of(op) is None
    assert nest_of(tir.ForOp(4, Region(Block(arg_types=[tir.INDEX])))) is None


def test_statements_in_order() -> None:
    k = KernelBuilder("chain")
    x, y = k.input((4,), f32), k.output((4,), f32)
    t: Buffer = k.temp((4,), f32)

    def first(i: IntExpr) -> Value:
        return k.load(x, i) + 1.0

    def second(i: IntExpr) -> Value:
        return k.load(t, i) + 2.0

    k.compute("first", t, first)
    k.compute("second", y, second)
    alloc, one, two = statements(k.build())
    assert isinstance(alloc, tir.AllocOp)
    assert isinstance(one, Nest)
    assert isinstance(two, Nest)
    assert [one.block.block_name.data, two.block.block_name.data] == ["first", "second"]


def test_a_block_without_loops_is_a_nest() -> None:
    k = KernelBuilder("scalar")
    y = k.output((), f32)
    k.compute("one", y, lambda: k.const(1, f32))
    nest = only_nest(k.build())
    assert nest.loops == ()
    assert nest.root is nest.block
    assert nest.is_plain
