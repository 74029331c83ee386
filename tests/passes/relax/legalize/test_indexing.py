"""Kernels of the operators whose indices are data compute what the operators mean."""

from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, f32
from xdsl.ir import Block, Region

from tyrex.dialects import relax
from tyrex.dialects.verify import verify_module
from tyrex.interpreters.relax import run
from tyrex.passes.relax.legalize_ops import LegalizeOpsPass
from tyrex.symbolic import as_expr, min_, var

from .legalized import Array, check, module_of

RNG = np.random.default_rng(8)
REDUCTIONS = ["none", "add", "mul", "max", "min"]


def floats(*shape: int) -> Array:
    """Return random numbers."""
    return RNG.random(shape, np.float32)


def picks(extent: int, *shape: int, dtype: Any = np.int64) -> Array:
    """Return random indices of an axis, some counted from the end."""
    return RNG.integers(-extent, extent, shape).astype(dtype)


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gather(axis: int, symbolic: bool) -> None:
    x = floats(3, 4, 2)
    for shape in ((), (5,), (2, 3), (0,)):
        check(relax.GatherOp, x, picks(x.shape[axis], *shape), axis=axis, symbolic=symbolic)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint8, np.uint64])
def test_gather_by_other_integers(dtype: Any) -> None:
    check(relax.GatherOp, floats(5), np.array([0, 4, 3], dtype), axis=0)


def test_gather_clamps() -> None:
    """What is out of range is an error in the interpreter, and clamped in a kernel."""
    x, indices = floats(3), np.array([-9, 7, 3])
    module = module_of(relax.GatherOp, [x, indices], False, axis=0)
    with pytest.raises(IndexError, match="out of range for 3 elements"):
        run(module, "main", [x, indices])
    LegalizeOpsPass().apply(Context(), module)
    (found,) = run(module, "main", [x, indices])
    np.testing.assert_array_equal(found, x[[0, 2, 2]])


@pytest.mark.parametrize("symbolic", [False, True])
def test_gather_elements(symbolic: bool) -> None:
    x = floats(3, 4)
    check(relax.GatherElementsOp, x, picks(3, 2, 4), axis=0, symbolic=symbolic)
    check(relax.GatherElementsOp, x, picks(4, 3, 7), axis=1, symbolic=symbolic)
    check(relax.GatherElementsOp, x, picks(4, 0, 7), axis=1, symbolic=symbolic)


def test_gather_nd() -> None:
    x = floats(2, 3, 4)
    check(relax.GatherNdOp, x, picks(2, 5, 3), batch_dims=0)
    check(relax.GatherNdOp, x, picks(2, 5, 1), batch_dims=0)
    check(relax.GatherNdOp, x, picks(3, 2, 6, 2), batch_dims=1)
    check(relax.GatherNdOp, x, picks(3, 2, 1), batch_dims=1)
    check(relax.GatherNdOp, x, picks(3, 2, 3, 1), batch_dims=2)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("axis", [0, 1])
def test_scatter_elements(reduction: str, axis: int) -> None:
    x = floats(3, 4)
    indices = picks(x.shape[axis], 3, 4)
    for kind in (np.float32, np.int64):
        updates = (floats(3, 4) * 9).astype(kind)
        check(
            relax.ScatterElementsOp,
            x.astype(kind),
            indices,
            updates,
            axis=axis,
            reduction=reduction,
        )
    properties: Any = {"axis": axis, "reduction": reduction}
    check(relax.ScatterElementsOp, x, indices[:0], floats(0, 4), **properties)
    check(relax.ScatterElementsOp, x, indices[:2, :2], floats(2, 2), symbolic=True, **properties)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_scatter_nd(reduction: str) -> None:
    x = floats(3, 4, 2)
    scatter: Any = relax.ScatterNdOp
    check(scatter, x, picks(2, 9, 3), floats(9), reduction=reduction)
    check(scatter, x, picks(3, 5, 1), floats(5, 4, 2), reduction=reduction)
    check(scatter, x, picks(3, 2, 3, 2), floats(2, 3, 2), reduction=reduction)
    check(scatter, x, picks(3, 0, 2), floats(0, 2), reduction=reduction)


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_top_k(largest: bool, axis: int) -> None:
    ties = RNG.integers(-3, 3, (5, 6))
    odd = floats(5, 6)
    odd[RNG.random(odd.shape) < 0.4] = np.nan
    odd[0, :3], odd[1, 1:4] = np.inf, -np.inf
    smallest = np.full((5, 6), -128, np.int8)
    for x in (ties, odd, smallest, ties.astype(np.uint8), floats(5, 6).astype(np.float16)):
        for k in (0, 1, 3, x.shape[axis]):
            check(relax.TopKOp, x, k=k, axis=axis, largest=largest)
    check(relax.TopKOp, odd, k=2, axis=axis, largest=largest, symbolic=True)
    check(relax.TopKOp, odd[:0], k=2, axis=1, largest=largest)


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(("length", "k"), [(64, 64), (131, 70)])
def test_long_top_k(largest: bool, axis: int, length: int, k: int) -> None:
    x = RNG.integers(-20, 20, (2, length)).astype(np.float32)
    x[RNG.random(x.shape) < 0.1] = np.nan
    x = x if axis == 1 else np.ascontiguousarray(x.T)
    check(relax.TopKOp, x, k=k, axis=axis, largest=largest)
    check(relax.TopKOp, x[:0] if axis else x[:, :0], k=k, axis=axis, largest=largest)


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("shape", [(2, 64), (3, 0), (1, 1), (0, 5), (9,)])
def test_top_k_of_a_symbol(shape: tuple[int, ...], largest: bool) -> None:
    """As many as a run says, of as many as it says."""
    n, axis = var("n"), len(shape) - 1
    x = RNG.integers(-20, 20, shape).astype(np.float32)
    x[RNG.random(shape) < 0.1] = np.nan
    for length, k in ((n, min_(n, 40)), (n, n), (shape[-1], min_(n, 8)), (n, as_expr(7))):
        if k == 7 and shape[-1] < 7:
            continue
        row = relax.TensorType.of([*shape[:-1], length], f32)
        extra = relax.TensorType.of([n], f32)  # tells n where x does not
        block = Block(arg_types=[row, extra])
        op = relax.TopKOp(block.args[0], k=k, axis=axis, largest=largest)
        block.add_ops([op, relax.ReturnOp(*op.results)])
        signature = FunctionType.from_lists([row, extra], [value.type for value in op.results])
        module = ModuleOp([relax.FuncOp("main", signature, Region(block), ["n"])])
        verify_module(module)
        given = [x, np.zeros(shape[-1], np.float32)]
        expected = run(module, "main", given)
        LegalizeOpsPass().apply(Context(), module)
        verify_module(module)
        for found, wanted in zip(run(module, "main", given), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("batch", [0, 1])
def test_reverse_sequence(batch: int) -> None:
    x = floats(4, 4, 2)
    lengths = np.array([0, 1, 3, 4])
    check(relax.ReverseSequenceOp, x, lengths, batch_axis=batch, time_axis=1 - batch)


def test_max_unpool() -> None:
    x = floats(1, 2, 2, 2)
    indices = np.array([5, 7, 13, 15, 16 + 5, 16 + 7, 16 + 13, 31]).reshape(x.shape)
    check(relax.MaxUnpoolOp, x, indices, shape=(1, 2, 4, 4))
    check(relax.MaxUnpoolOp, x, indices, shape=(1, 2, 2 * var("d2"), 2 * var("d2")), symbolic=True)


@pytest.mark.parametrize("op_type", [relax.NonZeroOp, relax.CompressOp])
def test_shapes_that_data_decide_are_no_kernels(op_type: type[relax.RelaxOp]) -> None:
    arrays = [floats(3), np.array([True, False])][: 1 + (op_type is relax.CompressOp)]
    module = module_of(op_type, arrays, False, new_symbols=["found"])
    LegalizeOpsPass().apply(Context(), module)
    assert [type(op) for op in module.walk() if isinstance(op, relax.RelaxOp)] == [op_type]
