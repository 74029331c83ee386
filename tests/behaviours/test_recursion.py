"""Functions that call themselves: in both modes, up to the same depth, in libraries too."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import tyrex
from tyrex.runtime.errors import RuntimeFailure

from .conftest import Compile
from .texts import BOOL, t

X = np.array([1.0, 1.5, -0.5, 0.0], np.float32)
COUNT, V = t(dtype="i64"), t(4)
DEEPEST = 99  # calls within the first one


def counted(value: int) -> np.ndarray:
    return np.array(value, np.int64)


def function(name: str, base: str, step: str, params: str, result: str, symbols: str = "") -> str:
    """Return a function of a counter %n: `base` yields its result for 0, `step` from %m = n - 1."""
    return f"""relax.func @{name}{symbols}({params}) -> ({result}) {{
  %zero = relax.constant <[], i64, [0]> : {COUNT}
  %one = relax.constant <[], i64, [1]> : {COUNT}
  %more = relax.less %zero, %n : ({COUNT}, {COUNT}) -> {BOOL}
  %r = relax.if %more : {BOOL} -> ({result}) {{
    %m = relax.subtract %n, %one : ({COUNT}, {COUNT}) -> {COUNT}
    {step}
    relax.yield %y : {result}
  }} else {{
    {base}
    relax.yield %b : {result}
  }}
  relax.return %r : {result}
}}
"""


POWER = function(
    "power",
    f"%b = relax.constant <[4], f32, [1.0, 1.0, 1.0, 1.0]> : {V}",
    f"""%p = relax.call @power(%m, %x) : ({COUNT}, {V}) -> {V}
    %y = relax.multiply %p, %x : ({V}, {V}) -> {V}""",
    f"%n: {COUNT}, %x: {V}",
    V,
)
MAIN_POWER = f"""{POWER}relax.func @main(%n: {COUNT}, %x: {V}) -> ({V}) {{
  %r = relax.call @power(%n, %x) : ({COUNT}, {V}) -> {V}
  relax.return %r : {V}
}}"""

# main calls itself.
FACTORIAL = function(
    "main",
    f"%b = relax.constant <[], i64, [1]> : {COUNT}",
    f"""%p = relax.call @main(%m) : ({COUNT}) -> {COUNT}
    %y = relax.multiply %p, %n : ({COUNT}, {COUNT}) -> {COUNT}""",
    f"%n: {COUNT}",
    COUNT,
)

# Of two numbers, so that zero and one are no cases of their own.
FIBONACCI = function(
    "main",
    f"%b = relax.constant <[], i64, [1]> : {COUNT}",
    f"""%k = relax.subtract %m, %one : ({COUNT}, {COUNT}) -> {COUNT}
    %p = relax.call @main(%m) : ({COUNT}) -> {COUNT}
    %q = relax.call @main(%k) : ({COUNT}) -> {COUNT}
    %y = relax.add %p, %q : ({COUNT}, {COUNT}) -> {COUNT}""",
    f"%n: {COUNT}",
    COUNT,
)

# Each calls the other; a helper that calls nobody; symbols.
R = t("k", 4)
BOUNCE = (
    function(
        "ping",
        f"%b = relax.neg %x : ({R}) -> {R}",
        f"""%p = relax.call @pong(%m, %x) : ({COUNT}, {R}) -> {R}
    %y = relax.call @twice(%p) : ({R}) -> {R}""",
        f"%n: {COUNT}, %x: {R}",
        R,
        "<k>",
    )
    + function(
        "pong",
        f"%b = relax.add %x, %x : ({R}, {R}) -> {R}",
        f"""%p = relax.call @ping(%m, %x) : ({COUNT}, {R}) -> {R}
    %y = relax.add %p, %x : ({R}, {R}) -> {R}""",
        f"%n: {COUNT}, %x: {R}",
        R,
        "<k>",
    )
    + f"""relax.func @twice<k>(%x: {R}) -> ({R}) {{
  %y = relax.add %x, %x : ({R}, {R}) -> {R}
  relax.return %y : {R}
}}
relax.func @main<k>(%n: {COUNT}, %x: {R}) -> ({R}) {{
  %r = relax.call @ping(%n, %x) : ({COUNT}, {R}) -> {R}
  relax.return %r : {R}
}}"""
)

# The result is as many rows as there were calls: each learns the size from the one below.
GROWING = (
    function(
        "grow",
        f"%b = relax.softmax %x {{axis = 1}} : ({t(1, 4)}) -> {t(1, 4)}",
        f"""%p = relax.call @grow(%m, %x) : ({COUNT}, {t(1, 4)}) -> {t("?", 4)}
    %q = relax.match_cast %p {{new_symbols = ["s"]}} : {t("?", 4)} -> {t("s", 4)}
    %c = relax.concat %q, %x {{axis = 0}} : ({t("s", 4)}, {t(1, 4)}) -> {t("s + 1", 4)}
    %y = relax.add %c, %c : ({t("s + 1", 4)}, {t("s + 1", 4)}) -> {t("s + 1", 4)}""",
        f"%n: {COUNT}, %x: {t(1, 4)}",
        t("?", 4),
    )
    .replace(f"relax.yield %b : {t('?', 4)}", f"relax.yield %b : {t(1, 4)}")
    .replace(f"relax.yield %y : {t('?', 4)}", f"relax.yield %y : {t('s + 1', 4)}")
    + f"""relax.func @main(%n: {COUNT}, %x: {t(1, 4)}) -> ({t("?", 4)}) {{
  %r = relax.call @grow(%n, %x) : ({COUNT}, {t(1, 4)}) -> {t("?", 4)}
  relax.return %r : {t("?", 4)}
}}"""
)


def grown(n: int) -> np.ndarray:
    e = np.exp(X - X.max())
    rows = (e / e.sum())[None]
    for _ in range(n):
        rows = np.concatenate([rows, X[None]]) * 2
    return rows


def bounced(n: int, x: np.ndarray) -> np.ndarray:
    def pong(n: int) -> np.ndarray:
        return ping(n - 1) + x if n > 0 else x + x

    def ping(n: int) -> np.ndarray:
        return 2 * pong(n - 1) if n > 0 else -x

    return ping(n)


def test_power(build: Compile) -> None:
    exe = build(MAIN_POWER)
    for n in (0, 1, 5, 2, DEEPEST):
        np.testing.assert_allclose(np.asarray(exe(counted(n), X)), X**n, rtol=1e-5)


def test_a_main_that_calls_itself(build: Compile) -> None:
    factorial, fibonacci = build(FACTORIAL), build(FIBONACCI)
    assert [int(np.asarray(factorial(counted(n)))) for n in (0, 1, 5, 20)] == [
        *(1, 1, 120),
        2432902008176640000,
    ]
    numbers = [int(np.asarray(fibonacci(counted(n)))) for n in range(9)]
    assert numbers == [1, 2, 3, 5, 8, 13, 21, 34, 55]


def test_functions_that_call_each_other(build: Compile) -> None:
    exe = build(BOUNCE)
    rng = np.random.default_rng(0)
    for n, rows in ((0, 3), (1, 5), (4, 5), (9, 0), (6, 40)):
        x = rng.standard_normal((rows, 4)).astype(np.float32)
        np.testing.assert_allclose(np.asarray(exe(counted(n), x)), bounced(n, x), rtol=1e-5)


def test_results_of_a_size_that_a_run_decides(build: Compile) -> None:
    exe = build(GROWING)
    for n in (0, 1, 7, 3, 40):
        np.testing.assert_allclose(np.asarray(exe(counted(n), X[None])), grown(n), rtol=1e-5)


@pytest.mark.parametrize("n", [DEEPEST + 1, 10_000])
def test_recursion_that_is_too_deep_is_an_error(build: Compile, n: int) -> None:
    exe = build(MAIN_POWER)
    for _ in range(2):
        with pytest.raises(
            RuntimeFailure, match=r"^main: recursion deeper than 100 calls in power"
        ):
            exe(counted(n), X)
        np.testing.assert_array_equal(np.asarray(exe(counted(2), X)), X * X)
    exe = build(FACTORIAL)
    with pytest.raises(RuntimeFailure, match=r"^main: recursion deeper than 100 calls in main"):
        exe(counted(n))
    assert int(np.asarray(exe(counted(3)))) == 6


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")
def test_a_library_calls_itself(tmp_path: Path) -> None:
    def wanted(name: str, n: int) -> np.ndarray:
        return X**n if name == "power" else grown(n)

    for name, text in (("power", MAIN_POWER), ("grow", GROWING)):
        path = tyrex.compile(text, threads=1).export_library(tmp_path / f"{name}.so")
        given = X if name == "power" else X[None]
        with tyrex.load_module(path) as module:
            for n in (3, 0, 12):
                found = np.asarray(module(counted(n), given))
                np.testing.assert_allclose(found, wanted(name, n), rtol=1e-5)
            with pytest.raises(RuntimeFailure, match="recursion deeper than 100 calls in"):
                module(counted(10_000), given)
            found = np.asarray(module(counted(3), given))
            np.testing.assert_allclose(found, wanted(name, 3), rtol=1e-5)
