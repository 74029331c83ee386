"""Loops hold as much memory as they have values at once, however often they run."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from .conftest import Compile
from .texts import BOOL, t

Array = NDArray[Any]
COUNT = t(dtype="i64")
WIDTH = 64
ROW_BYTES = 4 * WIDTH
ROW, ROWS, S = t(1, WIDTH), t("?", WIDTH), t("s", WIDTH)
FUNCTIONS = f"""relax.func @later<s>(%x: {S}) -> ({S}) {{
  %a = relax.softmax %x {{axis = 1}} : ({S}) -> {S}
  %y = relax.add %a, %x : ({S}, {S}) -> {S}
  relax.return %y : {S}
}}
relax.func @kept<s>(%x: {S}) -> ({ROWS}) {{
  %zero = relax.constant <[], f32, [0.0]> : {t()}
  %m = relax.max %x {{axes = array<i64: 1>, keepdims = false}} : ({S}) -> {t("s")}
  %c = relax.less %zero, %m : ({t()}, {t("s")}) -> {t("s", dtype="i1")}
  %k = relax.compress %x, %c {{axis = 0, new_symbols = ["p"]}} : ({S}, {t("s", dtype="i1")})
      -> {t("p", WIDTH)}
  %y = relax.call @later(%k) : ({t("p", WIDTH)}) -> {t("p", WIDTH)}
  relax.return %y : {t("p", WIDTH)}
}}
"""


def loop(num_values: int, body: str, yields: str) -> str:
    """Return a program that carries values of sizes unknown here, at first the same rows.

    In the body %x is one row, %d tells odd iterations; values are %v0 and on, as `s` rows.
    """
    numbers = range(num_values)
    carried = ", ".join(f"%a{i}: {ROWS}" for i in numbers)
    types = ", ".join([COUNT, *[ROWS] * num_values])
    casts = "\n    ".join(
        f"%v{i} = relax.match_cast %a{i}"
        + (' {new_symbols = ["s"]}' if i == 0 else "")
        + f" : {ROWS} -> {S}"
        for i in numbers
    )
    return f"""{FUNCTIONS}relax.func @main<k>(%n: {COUNT}, %x: {ROW}, %z: {t("k", WIDTH)})
    -> ({", ".join([ROWS] * num_values)}) {{
  %zero = relax.constant <[], i64, [0]> : {COUNT}
  %one = relax.constant <[], i64, [1]> : {COUNT}
  %start = relax.call @kept(%z) : ({t("k", WIDTH)}) -> {ROWS}
  %i, {", ".join(f"%r{i}" for i in numbers)} = relax.while %zero{", %start" * num_values}
      : ({types}) -> ({types}) {{
  ^bb0(%j: {COUNT}, {carried}):
    %l = relax.less %j, %n : ({COUNT}, {COUNT}) -> {BOOL}
    relax.yield %l : {BOOL}
  }} do {{
  ^bb0(%j: {COUNT}, {carried}):
    %next = relax.add %j, %one : ({COUNT}, {COUNT}) -> {COUNT}
    %odd = relax.bitwise_and %j, %one : ({COUNT}, {COUNT}) -> {COUNT}
    %d = relax.less %zero, %odd : ({COUNT}, {COUNT}) -> {BOOL}
    {casts}
    {body}
    relax.yield %next, {yields}
  }}
  relax.return {", ".join(f"%r{i}" for i in numbers)} : {", ".join([ROWS] * num_values)}
}}"""


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def later(x: Array) -> Array:
    return softmax(x) + x


def kept(x: Array) -> Array:
    return later(x[x.max(axis=1) > 0])


PROGRAMS: dict[str, tuple[str, Callable[[int, Array, list[Array]], list[Array]]]] = {
    "computed": (
        loop(1, f"%y = relax.softmax %v0 {{axis = 1}} : ({S}) -> {S}", f"%y : {COUNT}, {S}"),
        lambda j, x, v: [softmax(v[0])],
    ),
    "in turns": (
        loop(
            3,
            f"""%y = relax.softmax %v0 {{axis = 1}} : ({S}) -> {S}
    %w = relax.add %y, %v1 : ({S}, {S}) -> {S}""",
            f"%v1, %v2, %w : {COUNT}, {S}, {S}, {S}",
        ),
        lambda j, x, v: [v[1], v[2], softmax(v[0]) + v[1]],
    ),
    "in a branch": (
        loop(
            2,
            f"""%y = relax.if %d : {BOOL} -> ({ROWS}) {{
      %a = relax.softmax %v0 {{axis = 1}} : ({S}) -> {S}
      %b = relax.softmax %a {{axis = 0}} : ({S}) -> {S}
      relax.yield %b : {S}
    }} else {{
      relax.yield %v1 : {S}
    }}""",
            f"%y, %v0 : {COUNT}, {ROWS}, {S}",
        ),
        lambda j, x, v: [softmax(softmax(v[0]).T).T if j % 2 else v[1], v[0]],
    ),
    "by a function": (
        loop(1, f"%y = relax.call @later(%v0) : ({S}) -> {S}", f"%y : {COUNT}, {S}"),
        lambda j, x, v: [later(v[0])],
    ),
    "by a function that sizes it": (
        loop(
            2,
            f"""%y = relax.call @kept(%v0) : ({S}) -> {ROWS}
    %w = relax.softmax %v1 {{axis = 1}} : ({S}) -> {S}""",
            f"%y, %w : {COUNT}, {ROWS}, {S}",
        ),
        lambda j, x, v: [kept(v[0]), softmax(v[1])],
    ),
}

COLLECTING = loop(
    1,
    f"%y = relax.concat %v0, %x {{axis = 0}} : ({S}, {ROW}) -> {t('s + 1', WIDTH)}",
    f"%y : {COUNT}, {t('s + 1', WIDTH)}",
)


def inputs(rows: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(rows)
    x = rng.standard_normal((1, WIDTH)).astype(np.float32)
    return x, np.abs(rng.standard_normal((rows, WIDTH))).astype(np.float32)


def results_of(found: Any) -> list[Array]:
    several = cast("tuple[Any, ...]", found if isinstance(found, tuple) else (found,))
    return [np.asarray(value) for value in several]


def peak_of(build: Compile, text: str, n: int, rows: int) -> tuple[int, list[Array]]:
    """Return the most bytes that a run of `n` iterations held, and its results."""
    exe = build(text)
    results = results_of(exe(np.array(n), *inputs(rows)))
    return exe.memory_stats().peak_bytes, results


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_of_a_size_known_in_the_run(build: Compile, name: str) -> None:
    text, step = PROGRAMS[name]
    x, z = inputs(16)
    values = [kept(z)] * text.split("= relax.while")[1].split(":")[0].count("%start")
    for j in range(200):
        values = step(j, x, values)
    peak, found = peak_of(build, text, 200, 16)
    for a, b in zip(found, values, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert peak < 16 * ROW_BYTES * 24, "a few values of 16 rows at once"
    assert peak_of(build, text, 2000, 16)[0] == peak


def test_what_is_collected(build: Compile) -> None:
    x, z = inputs(4)
    peaks: list[int] = []
    for n in (200, 2000):
        peak, (found,) = peak_of(build, COLLECTING, n, 4)
        np.testing.assert_array_equal(found[4:], np.repeat(x, n, axis=0))
        np.testing.assert_allclose(found[:4], kept(z), rtol=1e-5)
        peaks.append(peak)
        assert peak < 6 * n * ROW_BYTES, "what is there, and its next, with room to grow"
    assert peaks[1] < 12 * peaks[0]
