"""What the interpreter of kernels checks, allocates and refuses."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects import arith
from xdsl.dialects.builtin import bf16, f32, i1, i8, i32, i64
from xdsl.ir import Attribute

from tyrex.dialects import dtypes, tir
from tyrex.dialects.location import onnx_location
from tyrex.dialects.tir.compute import Buffer, KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.interpreters.tir import InterpreterError, run_kernel
from tyrex.symbolic import IntExpr, as_expr, var

Array = NDArray[Any]
BOTH = pytest.mark.parametrize("lockstep", [True, False], ids=["lockstep", "in order"])


def copy_kernel(place: Callable[[IntExpr], IntExpr], n: int = 4) -> tir.FuncOp:
    """Return `y[i] = x[place(i)]`."""
    k = KernelBuilder("copy", onnx_location("node", "Copy", "y"))
    x, y = k.input((n,), f32), k.output((n,), f32)
    k.for_(n, lambda i: k.store(y, [i], k.load(x, place(i))))
    return k.build()


def empty(*shape: int) -> Array:
    return np.empty(shape, np.float32)


@BOTH
def test_an_access_outside_names_operation_place_and_shape(lockstep: bool) -> None:
    with pytest.raises(
        InterpreterError, match="load of input 0, axis 0: found index 4, the extent is 4"
    ) as error:
        run_kernel(copy_kernel(lambda i: i + 1), [empty(4), empty(4)], lockstep=lockstep)
    assert "tir.load" in str(error.value)
    assert "node" in str(error.value)
    with pytest.raises(InterpreterError, match="found index -1, the extent is 4"):
        run_kernel(copy_kernel(lambda i: i - 1), [empty(4), empty(4)], lockstep=lockstep)


@BOTH
def test_lanes_that_do_not_run_may_be_outside(lockstep: bool) -> None:
    k = KernelBuilder("guarded")
    x, y = k.input((4,), f32), k.output((6,), f32)

    def body(i: IntExpr) -> None:
        def inside() -> None:
            k.store(y, [i], k.load(x, i - 1))

        def outside() -> None:
            k.store(y, [i], k.load(x, i - 2, where=[i - 2, as_expr(3) - i], default=9))

        k.if_(k.predicate(i - 1, as_expr(4) - i), inside, outside)

    k.for_(6, body)
    out = empty(6)
    run_kernel(k.build(), [np.arange(4, dtype=np.float32), out], lockstep=lockstep)
    np.testing.assert_array_equal(out, [9, 0, 1, 2, 3, 9])


@BOTH
def test_what_nobody_wrote_is_poison(lockstep: bool) -> None:
    k = KernelBuilder("partial")
    y = k.output((4,), f32)
    k.output((4,), i1)
    k.output((4,), i8)
    t = k.temp((4,), f32)
    k.for_(3, lambda i: k.store(y, [i], k.const(1, f32)))
    k.for_(1, lambda i: k.store(y, [i], k.load(t, i)))
    out = [np.zeros(4, np.float32), np.zeros(4, np.bool_), np.zeros(4, np.int8)]
    run_kernel(k.build(), out, lockstep=lockstep)
    np.testing.assert_array_equal(out[0], [np.nan, 1, 1, np.nan])
    assert out[1].all()
    assert (out[2] == np.int8(-85)).all()


def test_missing_workspaces_are_allocated() -> None:
    k = KernelBuilder("work")
    x, y = k.input((4,), f32), k.output((4,), f32)
    k.for_(4, lambda i: k.store(y, [i], k.load(x, i)))
    func = k.build()
    workspace = tir.BufferType.of((3,), i64)
    func.body.block.insert_arg(workspace, 2)
    out = empty(4)
    run_kernel(func, [np.ones(4, np.float32), out])
    assert (out == 1).all()
    held = np.zeros(3, np.int64)
    run_kernel(func, [np.ones(4, np.float32), out, held])
    assert (held == np.frombuffer(b"\xab" * 8, np.int64)[0]).all()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([empty(4)], "takes 2 arguments, found 1"),
        ([empty(4), empty(5)], r"argument 1 is float32\[5\], expected float32\[4\]"),
        ([np.zeros(4), empty(4)], r"argument 0 is float64\[4\], expected float32\[4\]"),
        ([3, empty(4)], "argument 0 is an int"),
    ],
)
def test_arguments_have_to_fit(args: list[Array | int], message: str) -> None:
    with pytest.raises(InterpreterError, match=message):
        run_kernel(copy_kernel(lambda i: i), args)


def test_symbols_are_given_or_read_off_the_arguments() -> None:
    k = KernelBuilder("symbols")
    n, m = var("n"), var("m")
    x, y = k.input((n,), f32), k.output((n * m,), f32)
    k.for_(n * m, lambda i: k.store(y, [i], k.load(x, i // m)))
    func = k.build()
    out = empty(6)
    source = np.array([1, 2], np.float32)
    run_kernel(func, [source, out], {"m": 3})
    np.testing.assert_array_equal(out, [1, 1, 1, 2, 2, 2])
    with pytest.raises(InterpreterError, match=r"no value for the symbols \['m'\]"):
        run_kernel(func, [source, out])
    with pytest.raises(InterpreterError, match=r"argument 1 is float32\[6\], expected .*\[8\]"):
        run_kernel(func, [source, out], {"m": 4})


def test_an_index_argument_is_an_int() -> None:
    k = KernelBuilder("at")
    x, y = k.input((4,), f32), k.output((), f32)
    func = k.build()
    index = func.body.block.insert_arg(tir.INDEX, 1)
    func.properties["num_inputs"] = tir.FuncOp("f", func.body.clone(), 2, 1).num_inputs
    load = tir.LoadOp(x.ssa, [var(index)])
    func.body.block.add_ops([load, tir.StoreOp(load.result, y.ssa, [])])
    func.verify()
    out = np.zeros((), np.float32)
    run_kernel(func, [np.arange(4, dtype=np.float32), 2, out])
    assert out == 2


def test_memory_is_shared_only_where_a_pair_says_so() -> None:
    func = copy_kernel(lambda i: i)
    array = np.arange(4, dtype=np.float32)
    with pytest.raises(InterpreterError, match="arguments 0 and 1 share memory, and are no pair"):
        run_kernel(func, [array, array])
    inplace = tir.FuncOp("copy", func.body.clone(), 1, 1, (), [(0, 0)])
    run_kernel(inplace, [array, array])
    np.testing.assert_array_equal(array, [0, 1, 2, 3])


def test_init_runs_first_when_all_reduce_variables_are_zero() -> None:
    k = KernelBuilder("sum")
    x, y = k.input((2, 3), i32), k.output((2,), i32)

    def add(acc: Value, i: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(x, i, j)

    k.reduce("sum", y, (3,), 10, add)
    out = np.zeros(2, np.int32)
    run_kernel(k.build(), [np.arange(6, dtype=np.int32).reshape(2, 3), out])
    np.testing.assert_array_equal(out, [13, 22])


def test_a_reduction_over_nothing_is_its_init() -> None:
    k = KernelBuilder("sum")
    x, y = k.input((2, 0), i32), k.output((2,), i32)

    def add(acc: Value, i: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(x, i, j)

    k.reduce("sum", y, (0,), 10, add)
    out = np.zeros(2, np.int32)
    run_kernel(k.build(), [np.zeros((2, 0), np.int32), out])
    np.testing.assert_array_equal(out, [10, 10])


@BOTH
def test_an_iteration_variable_stays_in_its_domain(lockstep: bool) -> None:
    k = KernelBuilder("domain")
    y = k.output((9,), i64)

    def body(i: IntExpr) -> None:
        k.store(y, [i], k.index_value(i))

    k.nest("fill", [(tir.IterKind.SPATIAL, 9)], body)
    func = k.build()
    (loop,) = func.body.block.ops
    assert isinstance(loop, tir.ForOp)
    out = np.zeros(9, np.int64)
    run_kernel(func, [out], lockstep=lockstep)
    loop.properties["extent"] = tir.ExprsAttr((as_expr(10),))
    with pytest.raises(InterpreterError, match=r"iteration variable 0 is .*9, its domain is 9"):
        run_kernel(func, [out], lockstep=lockstep)


def test_a_kernel_that_was_changed_is_compiled_again() -> None:
    func = copy_kernel(lambda i: i)
    source, out = np.arange(4, dtype=np.float32), empty(4)
    run_kernel(func, [source, out])
    (load,) = (op for op in func.walk() if isinstance(op, tir.LoadOp))
    load.properties["indices"] = tir.ExprsAttr((as_expr(3),))
    run_kernel(func, [source, out])
    np.testing.assert_array_equal(out, [3, 3, 3, 3])


def test_the_order_of_a_parallel_loop_shows_a_race() -> None:
    k = KernelBuilder("race")
    y = k.output((1,), i64)
    k.for_(4, lambda i: k.store(y, [i * 0], k.index_value(i)), tir.ForKind.PARALLEL)
    func, out = k.build(), np.zeros(1, np.int64)
    run_kernel(func, [out])
    assert out[0] == 3

    def backwards(n: int) -> Iterable[int]:
        return reversed(range(n))

    run_kernel(func, [out], parallel_order=backwards)
    assert out[0] == 0


def scalar_kernel(
    dtype: Attribute, values: list[int], fn: Callable[[KernelBuilder, list[Buffer]], Value]
) -> Array:
    """Return the scalar that `fn` computes from scalar inputs."""
    k = KernelBuilder("scalar")
    inputs = [k.input((), dtype) for _ in values]
    block = k.block
    value = fn(k, inputs)
    assert k.block is block
    k.store(k.output((), value.dtype), [], value)
    out = np.zeros((), dtypes.to_numpy(value.dtype))
    numpy_type = dtypes.to_numpy(dtype)
    run_kernel(k.build(), [*(np.array(v).astype(numpy_type) for v in values), out])
    return out


def test_integer_division_by_zero_is_an_error() -> None:
    with pytest.raises(InterpreterError, match=r"arith.divsi.* divides by zero"):
        scalar_kernel(i32, [1, 0], lambda k, x: k.load(x[0]) / k.load(x[1]))
    with pytest.raises(InterpreterError, match="overflows"):
        scalar_kernel(i32, [-(2**31), -1], lambda k, x: k.load(x[0]) / k.load(x[1]))
    with pytest.raises(InterpreterError, match="shifts 8 bits by 8 or more"):
        scalar_kernel(i8, [1, 8], lambda k, x: k.binary("shl", k.load(x[0]), k.load(x[1])))


def test_an_index_that_divides_by_zero_is_an_error() -> None:
    k = KernelBuilder("zero")
    n = var("n")
    y = k.output((4,), i64)
    k.for_(4, lambda i: k.store(y, [i], k.index_value(i // n)))
    with pytest.raises(InterpreterError, match="divides by zero"):
        run_kernel(k.build(["n"]), [np.zeros(4, np.int64)], {"n": 0})


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [("add", [127, 1], -128), ("mul", [100, 3], 44), ("div", [-7, 2], -3), ("rem", [-7, 2], -1)],
)
def test_integers_wrap_and_truncate(name: str, values: list[int], expected: int) -> None:
    found = scalar_kernel(i8, values, lambda k, x: k.binary(name, k.load(x[0]), k.load(x[1])))
    assert found == expected


def test_half_floats_round_after_each_operation() -> None:
    found = scalar_kernel(bf16, [256, 1], lambda k, x: k.load(x[0]) + k.load(x[1]))
    assert float(found) == 256.0


def test_an_operation_without_meaning_is_named() -> None:
    k = KernelBuilder("odd")
    x = k.input((), i32)
    value = k.load(x)
    k.append(arith.AddUIExtendedOp(value.ssa, value.ssa))
    with pytest.raises(NotImplementedError, match=r"arith\.addui_extended"):
        run_kernel(k.build(), [np.zeros((), np.int32)])
