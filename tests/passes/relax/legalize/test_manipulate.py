"""Kernels of the operators that move elements compute what the operators mean."""

from typing import Any

import numpy as np
import pytest
from xdsl.dialects import test

from tyrex.dialects import dtypes, relax
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.interpreters.tir import run_kernel
from tyrex.passes.relax.legalize.manipulate import copy_reshaped
from tyrex.symbolic import IntExpr, var

from .legalized import Array, check

RNG = np.random.default_rng(7)
SHAPES = [(2, 3, 4), (1, 5, 1), (3, 0, 2), (1, 1, 1)]


def floats(*shape: int) -> Array:
    """Return random numbers."""
    return RNG.random(shape, np.float32)


def dim(n: int) -> IntExpr:
    """Return the symbol that the module of a symbolic check has for an extent."""
    return var(f"d{n}")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("symbolic", [False, True])
def test_permute_dims(shape: tuple[int, ...], symbolic: bool) -> None:
    for axes in ((2, 0, 1), (0, 1, 2), (1, 2, 0)):
        check(relax.PermuteDimsOp, floats(*shape), axes=axes, symbolic=symbolic)


def test_permute_dims_of_a_scalar() -> None:
    check(relax.PermuteDimsOp, np.array(3.0, np.float32), axes=())


def test_broadcast_to() -> None:
    check(relax.BroadcastToOp, floats(3, 1), shape=(2, 3, 4))
    check(relax.BroadcastToOp, floats(), shape=(2, 0))
    check(relax.BroadcastToOp, floats(1, 1), shape=(1, 1))
    check(relax.BroadcastToOp, floats(4, 1), shape=(dim(4), 3), symbolic=True)


@pytest.mark.parametrize("symbolic", [False, True])
def test_concat(symbolic: bool) -> None:
    check(relax.ConcatOp, floats(2, 3), floats(2, 1), floats(2, 4), axis=1, symbolic=symbolic)
    check(relax.ConcatOp, floats(0, 3), floats(2, 3), axis=0, symbolic=symbolic)
    check(relax.ConcatOp, floats(5), axis=0, symbolic=symbolic)


def test_split() -> None:
    check(relax.SplitOp, floats(2, 7), axis=1, sections=(1, 4, 2))
    check(relax.SplitOp, floats(2, 3), axis=0, sections=(0, 2))
    check(relax.SplitOp, floats(2, 7), axis=1, sections=(3, dim(7) - 3), symbolic=True)


def test_strided_slice() -> None:
    cut: Any = relax.StridedSliceOp
    check(cut, floats(5, 6), starts=(1, 5), sizes=(2, 3), steps=(2, -2))
    check(cut, floats(5, 6), starts=(4, 0), sizes=(5, 0), steps=(-1, 1))
    starts, sizes = (dim(5) - 1, 1), (dim(5), dim(6) - 2)
    check(cut, floats(5, 6), starts=starts, sizes=sizes, steps=(-1, 1), symbolic=True)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
@pytest.mark.parametrize("symbolic", [False, True])
def test_pad(mode: str, symbolic: bool) -> None:
    value = np.array(2.5, np.float32)
    for shape in ((4, 5), (1, 2), (3, 1)):
        for padding in ((0, 0, 0, 0), (1, 0, 0, 2), (3, 1, 2, 0), (7, 5, 4, 9)):
            check(relax.PadOp, floats(*shape), value, padding=padding, mode=mode, symbolic=symbolic)


def test_pad_of_nothing() -> None:
    check(relax.PadOp, floats(0, 2), np.array(1, np.float32), padding=(1, 0, 1, 1), mode="constant")


@pytest.mark.parametrize("symbolic", [False, True])
def test_tile(symbolic: bool) -> None:
    check(relax.TileOp, floats(2, 3, 1), repeats=(2, 1, 4), symbolic=symbolic)
    check(relax.TileOp, floats(2, 0), repeats=(3, 2), symbolic=symbolic)
    check(relax.TileOp, floats(2, 3), repeats=(0, 2), symbolic=symbolic)


@pytest.mark.parametrize("dtype", [dtypes.f32, dtypes.i64, dtypes.ui8, dtypes.f16])
def test_iota(dtype: Any) -> None:
    check(relax.IotaOp, shape=(3, 4), axis=1, dtype=dtype)
    check(relax.IotaOp, shape=(3, 0), axis=0, dtype=dtype)


def test_full() -> None:
    check(relax.FullOp, np.array(7, np.int8), shape=(2, 3))
    check(relax.FullOp, np.array(True), shape=())


@pytest.mark.parametrize("upper", [False, True])
def test_trilu(upper: bool) -> None:
    for shape in ((4, 5), (2, 3, 3), (0, 3)):
        for k in (-6, -1, 0, 2, 9):
            check(relax.TriluOp, floats(*shape), k=k, upper=upper)
    check(relax.TriluOp, floats(4, 5), k=1, upper=upper, symbolic=True)


@pytest.mark.parametrize(
    ("before", "after"), [((2, 3, 4), (6, 4)), ((6, 4), (2, 12)), ((1, 5), (5,)), ((0, 3), (3, 0))]
)
def test_a_reshape_as_a_copy(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    """No rule makes one: a reshape stays a view. A kernel that needs it may write it out."""
    x, y = floats(*before), np.zeros(after, np.float32)
    op = relax.ReshapeOp(
        test.TestOp(result_types=[relax.TensorType.of(before, dtypes.f32)]), shape=after
    )
    k = KernelBuilder("copy")
    ins, outs = [k.input(before, dtypes.f32)], [k.output(after, dtypes.f32)]
    copy_reshaped(k, op, ins, outs)
    run_kernel(k.build(), [x, y], {})
    np.testing.assert_array_equal(y, x.reshape(after))
