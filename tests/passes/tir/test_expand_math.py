"""Errors of the kernels in units of the last place, their edge cases, scalars against vectors."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f16, f32
from xdsl.ir import Attribute

from tyrex.backends.llvm.targets import parse_target
from tyrex.dialects import dtypes
from tyrex.dialects.target import Target, set_target
from tyrex.dialects.tir.values import Value
from tyrex.interpreters.tir import run_kernel
from tyrex.passes.tir.expand_math import ExpandMathPass, has_fma
from tyrex.passes.tir.lower_blocks import LowerBlocksPass
from tyrex.passes.tir.schedule_default import ScheduleDefaultPass
from tyrex.symbolic import IntExpr

from ..kernels import Kernel, kernel_in  # noqa: TID251  # the tests' folder, not the package's
from ..native import NativeKernel, host  # noqa: TID251

Array = NDArray[Any]
Reference = Callable[[Array], Array]
INF, NAN = math.inf, math.nan
CHUNK = 1 << 20
LARGEST, SMALLEST_NORMAL, SMALLEST = 3.4028235e38, 1.1754944e-38, 1e-45


def _each(function: Callable[[float], float]) -> Reference:
    """Return a function of Python's floats as one of arrays."""
    ufunc = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(ufunc(x)).astype(np.float64)


@dataclass(frozen=True)
class Function:
    """A function with its largest error, and results that have to be exact."""

    reference: Reference
    max_ulps: float
    edges: tuple[tuple[float, float], ...]
    domain: tuple[float, float] = (-INF, INF)
    mantissas: int = 4096  # of each exponent, in the test of the error


LOGARITHM = (
    *((0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-INF, NAN), (-1.0, NAN)),
    *((-SMALLEST, NAN), (NAN, NAN)),
)
TURNS = (-(2.0**46), 2.0**46)
ODD = ((0.0, 0.0), (-0.0, -0.0), (SMALLEST, SMALLEST), (-SMALLEST, -SMALLEST), (NAN, NAN))
TO_INFINITY = ((INF, INF), (-INF, -INF))
FUNCTIONS: dict[str, Function] = {
    "acos": Function(np.arccos, 1.5, ((1.0, 0.0), (1.1, NAN), (-1.1, NAN), (NAN, NAN))),
    "acosh": Function(np.arccosh, 2.3, ((1.0, 0.0), (0.9, NAN), (-2.5, NAN), (INF, INF))),
    "asin": Function(np.arcsin, 2.4, (*ODD, (1.1, NAN), (-1.1, NAN))),
    "asinh": Function(np.arcsinh, 1.9, (*ODD, *TO_INFINITY)),
    "atan": Function(np.arctan, 2.0, ODD),
    "atanh": Function(np.arctanh, 2.3, (*ODD, (1.0, INF), (-1.0, -INF), (1.1, NAN), (-INF, NAN))),
    "cos": Function(np.cos, 1.6, ((0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN)), TURNS),
    "cosh": Function(np.cosh, 1.5, ((0.0, 1.0), (INF, INF), (-INF, INF), (NAN, NAN))),
    "erf": Function(
        _each(math.erf), 1.4, (*ODD[:2], (INF, 1.0), (-INF, -1.0), (4.0, 1.0)), mantissas=512
    ),
    "exp": Function(
        np.exp,
        1.0,
        (
            *((0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (88.8, INF)),
            *((LARGEST, INF), (-103.9, SMALLEST), (-104.1, 0.0), (SMALLEST, 1.0)),
        ),
    ),
    "exp2": Function(
        np.exp2,
        1.0,
        (
            *((0.0, 1.0), (3.0, 8.0), (128.0, INF), (-149.0, SMALLEST), (-151.0, 0.0)),
            *((INF, INF), (-INF, 0.0), (NAN, NAN)),
        ),
    ),
    "expm1": Function(np.expm1, 1.6, (*ODD, (INF, INF), (-INF, -1.0), (-20.0, -1.0))),
    "log": Function(np.log, 1.0, LOGARITHM),
    "log10": Function(np.log10, 2.2, LOGARITHM),
    "log1p": Function(np.log1p, 1.6, (*ODD, (-1.0, -INF), (-1.1, NAN), (INF, INF), (-INF, NAN))),
    "log2": Function(np.log2, 1.9, (*LOGARITHM, (8.0, 3.0), (SMALLEST, -149.0))),
    "sin": Function(np.sin, 1.6, (*ODD, (INF, NAN), (-INF, NAN)), TURNS),
    "sinh": Function(np.sinh, 2.4, (*ODD, *TO_INFINITY)),
    "tan": Function(np.tan, 2.6, (*ODD, (INF, NAN), (-INF, NAN)), TURNS),
    "tanh": Function(np.tanh, 2.6, (*ODD, (INF, 1.0), (-INF, -1.0), (10.0, 1.0))),
}


def module_of(
    name: str, size: int, dtype: Attribute = f32, target: Target | None = None
) -> ModuleOp:
    """Return a module with the kernel `y[i] = name(x[i])`, expanded."""
    k = Kernel(name)
    x, y = k.input((size,), dtype), k.output((size,), dtype)
    if name == "exp_nonpositive":
        k.map(name, y, lambda i: k.exp_nonpositive(k.load(x, i)))
    else:
        k.map(name, y, lambda i: k.math(name, k.load(x, i)))
    module = ModuleOp([k.build()])
    set_target(module, target or host())
    ExpandMathPass().apply(Context(), module)
    module.verify()
    return module


@cache
def compiled(name: str, size: int, vectorized: bool, dtype: Attribute = f32) -> NativeKernel:
    module = module_of(name, size, dtype)
    if vectorized:
        ScheduleDefaultPass().apply(Context(), module)
    LowerBlocksPass().apply(Context(), module)
    return NativeKernel(module)


def run(name: str, x: Array, vectorized: bool = True, dtype: Attribute = f32) -> Array:
    """Return the function of an array, in pieces of one size."""
    size = min(CHUNK, len(x))
    kernel = compiled(name, size, vectorized, dtype)
    pieces: list[Array] = []
    for start in range(0, len(x), size):
        piece = np.resize(x[start : start + size], size)
        (result,) = kernel([piece, np.empty_like(piece)], {})
        pieces.append(result[: len(x) - start])
    return np.concatenate(pieces)


def ulps(found: Array, exact: Array, mantissa_bits: int = 23, lowest: int = -126) -> Array:
    """Return the distance to f64 results, in units of the last place of the narrower type."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(found.dtype)
        _, exponent = np.frexp(np.where(np.isfinite(exact), exact, 1.0))
        unit = np.ldexp(1.0, np.maximum(exponent - 1, lowest) - mantissa_bits)
        distance = np.abs(found.astype(np.float64) - exact) / unit
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    return np.where(same & ~np.isfinite(exact + distance), 0.0, distance)


def all_exponents(count: int, seed: int = 0) -> Array:
    """Return f32 numbers: of every sign and exponent, NaNs and denormals too, `count` mantissas."""
    rng = np.random.default_rng(seed)
    mantissas = rng.integers(0, 1 << 23, (512, count), dtype=np.uint32)
    mantissas[:, :2] = (0, (1 << 23) - 1)
    high = np.arange(512, dtype=np.uint32)[:, None] << np.uint32(23)
    return (high | mantissas).ravel().view(np.float32)


def test_exp_of_what_is_at_most_zero() -> None:
    x = all_exponents(2048)
    x = x[~(x > 0.0)]
    found = run("exp_nonpositive", x)
    with np.errstate(all="ignore"):
        exact = np.exp(x.astype(np.float64))
    normal = ~(exact < 2.0**-126)
    assert ulps(found, exact)[normal].max() <= 1.0
    np.testing.assert_array_equal(found[~normal], 0.0)
    assert np.isnan(found[np.isnan(x)]).all()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_error(name: str) -> None:
    function = FUNCTIONS[name]
    x = all_exponents(function.mantissas)
    low, high = function.domain
    x = x[~((x < low) | (x > high))]
    with np.errstate(all="ignore"):
        exact = function.reference(x.astype(np.float64))
    error = ulps(run(name, x), exact)
    worst = np.nanargmax(np.where(np.isnan(error), INF, error))
    assert error[worst] <= function.max_ulps, f"{name}({x[worst]!r}): {error[worst]} ulp"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_edges(name: str) -> None:
    edges = FUNCTIONS[name].edges
    x, expected = np.array([*edges] * 4, np.float32).T.copy()
    for vectorized in (False, True):
        found = run(name, x, vectorized)
        np.testing.assert_array_equal(found, expected)
        ordered = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(found[ordered]), np.signbit(expected[ordered]))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_scalars_equal_vectors(name: str) -> None:
    x = all_exponents(16, seed=1)
    x = x[~np.isnan(x)]
    found, expected = run(name, x), run(name, x, vectorized=False)
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(found), nan)
    np.testing.assert_array_equal(found[~nan].view(np.int32), expected[~nan].view(np.int32))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_interpreted(name: str) -> None:
    """Each last bit may differ: the interpreter rounds an fma of f32 twice, in f64 and after."""
    x = all_exponents(2, seed=2)
    low, high = FUNCTIONS[name].domain
    x = x[(x >= low) & (x <= high)]
    y = np.empty_like(x)
    with np.errstate(all="ignore"):
        run_kernel(kernel_in(module_of(name, len(x))), [x, y], {})
        exact = FUNCTIONS[name].reference(x.astype(np.float64))
    assert np.max(ulps(y, exact)) <= FUNCTIONS[name].max_ulps + 0.1


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_half_is_computed_in_single(name: str) -> None:
    x = np.arange(1 << 16, dtype=np.uint16).view(dtypes.to_numpy(f16))
    x = x[~np.isnan(x)]
    with np.errstate(all="ignore"):
        exact = FUNCTIONS[name].reference(x.astype(np.float64))
    found = run(name, x, dtype=f16)
    assert np.max(ulps(found, exact, mantissa_bits=10, lowest=-14)) < 0.51


# -- powers: two operands ------------------------------------------------------------------------

Exponent = float | None


@cache
def compiled_power(size: int, exponent: Exponent) -> NativeKernel:
    """Return the kernel x^y, or x^exponent where that is given; y is an input anyhow."""
    k = Kernel("power")
    x, y, z = k.input((size,), f32), k.input((size,), f32), k.output((size,), f32)

    def element(i: IntExpr) -> Value:
        other = k.load(y, i) if exponent is None else k.const(exponent, f32)
        return k.math("powf", k.load(x, i), other)

    k.map("power", z, element)
    module = ModuleOp([k.build()])
    set_target(module, host())
    for tir_pass in (ExpandMathPass(), ScheduleDefaultPass(), LowerBlocksPass()):
        tir_pass.apply(Context(), module)
    return NativeKernel(module)


def run_power(x: Array, y: Array, exponent: Exponent = None) -> Array:
    (result,) = compiled_power(len(x), exponent)([x, y, np.empty_like(x)], {})
    return result


def exact_power(x: Array, y: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.power(x.astype(np.float64), y.astype(np.float64))


@pytest.mark.parametrize("kind", ["any", "near one", "whole"])
def test_error_of_powers(kind: str) -> None:
    rng = np.random.default_rng(3)
    x = all_exponents(1024, seed=3)
    y = rng.normal(size=len(x)).astype(np.float32) * 4
    if kind == "near one":
        x = np.exp(y / 100)
        y = (rng.normal(size=len(x)) * 300).astype(np.float32)
    if kind == "whole":
        y = np.rint(y)
    assert np.max(ulps(run_power(x, y), exact_power(x, y))) <= 0.6


def test_edges_of_powers() -> None:
    values = [0.0, 1.0, 0.5, 2.0, 3.0, 1.5, 16777215.0, 1e10, LARGEST, SMALLEST, INF]
    points = np.array([*values, *(-v for v in values), NAN], np.float32)
    x, y = (grid.ravel().copy() for grid in np.meshgrid(points, points))
    found = run_power(x, y)
    with np.errstate(all="ignore"):
        expected = exact_power(x, y).astype(np.float32)
    np.testing.assert_array_equal(found, expected)
    ordered = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[ordered]), np.signbit(expected[ordered]))


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0, 4.0, -1.0, -2.0, 0.5, -0.5])
def test_constant_exponents(exponent: float) -> None:
    x = all_exponents(64, seed=4)
    y = np.full_like(x, exponent)
    found, exact = run_power(x, y, exponent), exact_power(x, y)
    normal = ~(np.abs(exact) < SMALLEST_NORMAL)
    assert np.max(ulps(found[normal], exact[normal])) <= 2.0
    assert np.max(ulps(found[~normal], exact[~normal]), initial=0.0) <= 2.0
    infinite = np.isinf(x)
    np.testing.assert_array_equal(found[infinite], exact[infinite])


# -- machines without fma --------------------------------------------------------------------------


def test_who_has_fma() -> None:
    triple = "x86_64-unknown-linux-gnu"
    assert not has_fma(Target(triple))
    assert not has_fma(Target(triple, "sandybridge", ("-fma",), vector_bits=256))
    assert has_fma(Target(triple, "", ("+fma",)))
    assert has_fma(Target(triple, "haswell", vector_bits=256))
    assert has_fma(Target("aarch64-unknown-linux-gnu"))
    assert has_fma(parse_target("armv7-linux-gnueabihf"))
    assert not has_fma(parse_target("armv7-linux-gnueabihf,features=-vfp4"))
    assert not has_fma(parse_target("wasm32"))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_error_without_fma(name: str) -> None:
    function = FUNCTIONS[name]
    x = all_exponents(8, seed=5)
    low, high = (-(2.0**20), 2.0**20) if function.domain == TURNS else function.domain
    x = x[(x >= low) & (x <= high)]
    module = module_of(name, len(x), target=Target("x86_64-unknown-linux-gnu"))
    assert "math.fma" not in str(module)
    y = np.empty_like(x)
    with np.errstate(all="ignore"):
        run_kernel(kernel_in(module), [x, y], {})
        exact = function.reference(x.astype(np.float64))
    assert np.max(ulps(y, exact)) <= function.max_ulps + 1.5
