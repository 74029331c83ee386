"""Kernels of convolutions and poolings compute what the operators mean."""

from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, bf16, f16, f32, f64, i32
from xdsl.ir import Attribute, Block, Region

from tyrex.dialects import dtypes, relax
from tyrex.dialects.dtypes import ui8
from tyrex.interpreters.relax import run
from tyrex.passes.relax.legalize_ops import LegalizeOpsPass
from tyrex.symbolic import var

from .legalized import Array, assert_close, check

DTYPES: list[Attribute] = [f32, f64, f16, bf16, i32, ui8]


def values(shape: tuple[int, ...], dtype: Attribute = f32, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    plain = dtypes.to_numpy(dtype)
    if dtypes.is_float(dtype):
        return rng.standard_normal(shape).astype(plain)
    return rng.integers(0, 100, shape).astype(plain)


def window(
    strides: tuple[int, ...], padding: tuple[int, ...], dilations: tuple[int, ...] | None = None
) -> dict[str, Any]:
    ones = (1,) * len(strides)
    return {"strides": strides, "padding": padding, "dilations": dilations or ones}


CONVS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 7, 6), (4, 3, 3, 3), {**window((1, 1), (1, 1, 1, 1)), "groups": 1}),
    ((1, 4, 9, 8), (6, 2, 3, 2), {**window((2, 3), (0, 1, 2, 0)), "groups": 2}),
    ((1, 4, 9, 9), (4, 1, 3, 3), {**window((1, 1), (2, 2, 2, 2), (2, 2)), "groups": 4}),
    ((1, 2, 5, 5), (6, 1, 1, 1), {**window((2, 2), (0, 0, 0, 0)), "groups": 2}),
    ((2, 3, 10), (4, 3, 4), {**window((3,), (0, 5)), "groups": 1}),
    ((1, 2, 4, 5, 6), (3, 2, 2, 3, 2), {**window((1, 2, 2), (1, 0, 1, 0, 1, 0)), "groups": 1}),
    ((0, 3, 5), (2, 3, 3), {**window((1,), (0, 0)), "groups": 1}),
]


@pytest.mark.parametrize(("x", "w", "options"), CONVS)
@pytest.mark.parametrize("symbolic", [False, True])
def test_conv(
    x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any], symbolic: bool
) -> None:
    check(relax.ConvOp, values(x), values(w, seed=1), symbolic=symbolic, scale=10, **options)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_conv_of_other_types(dtype: Attribute) -> None:
    x, w, options = CONVS[0]
    check(relax.ConvOp, values(x, dtype), values(w, dtype, 1), scale=10, **options)
    more: dict[str, Any] = {**options, "output_padding": (0, 0)}
    check(relax.ConvTransposeOp, values((2, 4, 3, 3), dtype), values(w, dtype, 1), scale=10, **more)


def test_conv_against_sums_by_hand() -> None:
    x = np.arange(5, dtype=np.float32).reshape(1, 1, 5)
    w = np.array([[[1, 10, 100]]], np.float32)
    (found,) = check(relax.ConvOp, x, w, **window((2,), (1, 1)), groups=1)
    assert found.tolist() == [[[100.0, 321.0, 43.0]]]


GROUPED: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 2, 5), (3, 4, 2, 3), window((2,), (1, 1))),
    ((1, 2, 3, 6, 5), (2, 2, 3, 3, 2), window((1, 2), (0, 1, 2, 0), (2, 1))),
]


@pytest.mark.parametrize(("x", "w", "options"), GROUPED)
@pytest.mark.parametrize("interleaved", [False, True])
def test_grouped_conv(
    x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any], interleaved: bool
) -> None:
    arrays = values(x), values(w, seed=1)
    for symbolic in (False, True):
        check(
            relax.GroupedConvOp,
            *arrays,
            symbolic=symbolic,
            scale=10,
            interleaved=interleaved,
            **options,
        )


TRANSPOSED: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 4, 5), (3, 2, 3, 3), {**window((1, 1), (0, 0, 0, 0)), "groups": 1}),
    ((1, 4, 3, 4), (4, 3, 3, 2), {**window((2, 3), (1, 0, 1, 0)), "groups": 2}),
    ((1, 2, 5), (2, 1, 3), {**window((2,), (1, 2), (2,)), "groups": 2}),
    ((1, 2, 6), (2, 3, 5), {**window((3,), (2, 1), (2,)), "groups": 1}),
    ((1, 2, 6), (2, 3, 3), {**window((4,), (0, 0), (2,)), "groups": 1}),
    ((1, 2, 6), (2, 3, 2), {**window((4,), (0, 0)), "groups": 1}),
    ((1, 2, 3, 2, 2), (2, 3, 2, 2, 2), {**window((2, 2, 1), (0,) * 6), "groups": 1}),
]


@pytest.mark.parametrize(
    ("m", "padding", "step"),
    [
        (4, (1, 1, 1, 1), 1),
        (4, (1, 1, 1, 1), 4),
        (2, (0, 0, 0, 0), 1),
        (2, (2, 0, 1, 2), 2),
        (4, (3, 2, 2, 3), 2),
    ],
)
@pytest.mark.parametrize("pool", [None, 2])
def test_minimal_filtering_of_images_of_any_size(
    m: int, padding: tuple[int, ...], step: int, pool: int | None
) -> None:
    if pool and (step % pool or sum(padding[::2]) % pool or sum(padding[1::2]) % pool):
        pytest.skip("squares do not fill the result")
    u = values(((m + 2) ** 2, 1, 2, 4, 4), seed=1)
    image = relax.TensorType.of((var("n"), 2, var("h") * step, var("w") * step, 4), f32)
    block = Block(arg_types=[image, relax.TensorType.of(u.shape, f32)])
    op = relax.WinogradConvOp(*block.args, m=m, padding=padding, pool=pool)
    block.add_ops([op, relax.ReturnOp(op.result)])
    types = FunctionType.from_lists([arg.type for arg in block.args], [op.result.type])
    module = ModuleOp([relax.FuncOp("main", types, Region(block), ["n", "h", "w"])])
    legalized = module.clone()
    LegalizeOpsPass().apply(Context(), legalized)
    legalized.verify()
    for n, h, w in ((1, 1, 1), (2, 3, 8), (1, 7, 2), (0, 1, 2)):
        shape = (n, 2, h * step, w * step, 4)
        if min(shape[2] + sum(padding[::2]), shape[3] + sum(padding[1::2])) < 3:
            continue  # there is no window
        x = values(shape)
        (expected,), (found,) = run(module, "main", [x, u]), run(legalized, "main", [x, u])
        assert_close(found, expected, scale=1000)  # of sums of some hundreds


@pytest.mark.parametrize(("x", "w", "options"), TRANSPOSED)
@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("more", [0, 1])
def test_conv_transpose(
    x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any], symbolic: bool, more: int
) -> None:
    options = options | {
        "output_padding": (more,) * (len(x) - 2),
        "symbolic": symbolic,
        "scale": 10,
    }
    check(relax.ConvTransposeOp, values(x), values(w, seed=1), **options)


def test_conv_transpose_against_sums_by_hand() -> None:
    x = np.array([[[1, 2, 3]]], np.float32)
    w = np.array([[[1, 10, 100]]], np.float32)
    options: dict[str, Any] = {**window((2,), (0, 0)), "groups": 1, "output_padding": (1,)}
    (found,) = check(relax.ConvTransposeOp, x, w, **options)
    assert found.tolist() == [[[1.0, 10.0, 102.0, 20.0, 203.0, 30.0, 300.0, 0.0]]]


POOLS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 7, 6), {"kernel": (2, 3), **window((2, 2), (0, 0, 0, 0))}),
    ((1, 2, 8, 8), {"kernel": (3, 3), **window((2, 2), (1, 1, 1, 1))}),
    ((1, 2, 8, 7), {"kernel": (3, 3), **window((2, 2), (1, 0, 0, 1)), "ceil_extra": (1, 1)}),
    ((1, 2, 9), {"kernel": (3,), **window((1,), (2, 1), (2,))}),
    ((1, 1, 4, 5, 4), {"kernel": (2, 2, 2), **window((2, 1, 2), (0, 1, 0, 0, 1, 0))}),
]


@pytest.mark.parametrize(("x", "options"), POOLS)
@pytest.mark.parametrize("symbolic", [False, True])
def test_pools(x: tuple[int, ...], options: dict[str, Any], symbolic: bool) -> None:
    check(relax.MaxPoolOp, values(x), symbolic=symbolic, **options)
    check(relax.MaxPoolWithIndicesOp, values(x), num_results=2, symbolic=symbolic, **options)
    for counted in (False, True):
        more: dict[str, Any] = {**options, "count_include_pad": counted}
        check(relax.AvgPoolOp, values(x), symbolic=symbolic, scale=10, **more)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_pools_of_other_types(dtype: Attribute) -> None:
    x, options = POOLS[1]
    check(relax.MaxPoolOp, values(x, dtype), **options)
    check(relax.MaxPoolWithIndicesOp, values(x, dtype), num_results=2, **options)
    if dtypes.is_float(dtype):
        check(relax.AvgPoolOp, values(x, dtype), count_include_pad=False, scale=10, **options)


def test_maxima_of_equals_and_nan() -> None:
    x = np.array([[[1, 1, np.nan, 0, -np.inf, -np.inf]]], np.float32)
    options: dict[str, Any] = {"kernel": (2,), **window((2,), (0, 0))}
    found, places = check(relax.MaxPoolWithIndicesOp, x, num_results=2, **options)
    assert np.isnan(found[0, 0, 1])
    assert places.tolist() == [[[0, 2, 4]]]


def test_what_averages_count() -> None:
    x = np.ones((1, 1, 3), np.float32)
    options: dict[str, Any] = {"kernel": (2,), **window((2,), (1, 0)), "ceil_extra": (1,)}
    alone = check(relax.AvgPoolOp, x, count_include_pad=False, **options)[0]
    padded = check(relax.AvgPoolOp, x, count_include_pad=True, **options)[0]
    assert alone.tolist() == [[[1.0, 1.0]]]
    assert padded.tolist() == [[[0.5, 1.0]]]
