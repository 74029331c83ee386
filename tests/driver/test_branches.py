"""Conditions, loops and kernels in place, written as text, natively and in the interpreters.

What can go wrong is memory: a branch that writes where the other, or what follows, still reads.
Every program runs down both sides, twice over, on every level of the compiler.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.backends.llvm.host import detect_host
from tyrex.dialects.locating_parser import parse_module
from tyrex.dialects.target import set_target
from tyrex.driver.levels import lower
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters import relax as relax_interpreter
from tyrex.interpreters import vm as vm_interpreter

Array = NDArray[Any]

N = 40  # not a whole number of vectors
T = f"!relax.tensor<[{N}], f32>"
W = f"!relax.tensor<[{3 * N}], f32>"
BOOL = "!relax.tensor<[], i1>"


def softmax(x: Array) -> Array:
    """What no pass fuses or computes in place: it reads its operand twice."""
    e = np.exp(x - x.max())
    return e / e.sum()


ATTRIBUTES = {
    "add": "",
    "neg": "",
    "softmax": " {axis = 0}",
    "cum_sum": " {axis = 0, exclusive = false, reverse = false}",
}


def steps(text: str) -> str:
    """Complete `%a = softmax %b` and the like to operations of tensors of type T."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        words = line.split()
        if words and words[0].startswith("%") and words[2] in ATTRIBUTES:
            name, _, op, *operands = words
            types = ", ".join([T] * len(operands))
            line = f"{name} = relax.{op} {', '.join(operands)}{ATTRIBUTES[op]} : ({types}) -> {T}"
        lines.append(line)
    return "\n".join(lines)


def function(body: str, results: int = 1) -> str:
    types = ", ".join([T] * results)
    return f"relax.func @main(%c: {BOOL}, %d: {BOOL}, %x: {T}, %w: {T}) -> ({types}) {{\n" + (
        steps(body) + "\n}"
    )


def one_uses_more(c: bool, d: bool, x: Array, w: Array) -> list[Array]:
    before = softmax(x)
    if c:
        y = softmax(softmax(before) + w)
    else:
        a, b = softmax(w), softmax(w + x)
        y = softmax(a + b) + softmax(b + before)
    return [softmax(y) + before]


ONE_USES_MORE = function(f"""
%before = softmax %x
%y = relax.if %c : {BOOL} -> ({T}) {{
  %1 = softmax %before
  %2 = add %1 %w
  %3 = softmax %2
  relax.yield %3 : {T}
}} else {{
  %a = softmax %w
  %4 = add %w %x
  %b = softmax %4
  %5 = add %a %b
  %6 = softmax %5
  %7 = add %b %before
  %8 = softmax %7
  %9 = add %6 %8
  relax.yield %9 : {T}
}}
%10 = softmax %y
%11 = add %10 %before
relax.return %11 : {T}
""")


def nested(c: bool, d: bool, x: Array, w: Array) -> list[Array]:
    kept = softmax(x + w)
    if c:
        inner = softmax(softmax(x)) if d else softmax(w + softmax(kept))
        y = softmax(inner + kept)
    else:
        y = softmax(x) if d else softmax(w)
    return [y + kept, softmax(y)]


NESTED = function(
    f"""
%0 = add %x %w
%kept = softmax %0
%y = relax.if %c : {BOOL} -> ({T}) {{
  %inner = relax.if %d : {BOOL} -> ({T}) {{
    %1 = softmax %x
    %2 = softmax %1
    relax.yield %2 : {T}
  }} else {{
    %3 = softmax %kept
    %4 = add %w %3
    %5 = softmax %4
    relax.yield %5 : {T}
  }}
  %6 = add %inner %kept
  %7 = softmax %6
  relax.yield %7 : {T}
}} else {{
  %8 = relax.if %d : {BOOL} -> ({T}) {{
    %9 = softmax %x
    relax.yield %9 : {T}
  }} else {{
    %10 = softmax %w
    relax.yield %10 : {T}
  }}
  relax.yield %8 : {T}
}}
%11 = add %y %kept
%12 = softmax %y
relax.return %11, %12 : {T}, {T}
""",
    2,
)


def crossed(c: bool, d: bool, x: Array, w: Array) -> list[Array]:
    a, b = softmax(x), softmax(w)
    p, q = (a, b) if c else (b, a)
    r, s = (x, p) if d else (p, p)
    return [p, q, r, s]


CROSSED = function(
    f"""
%a = softmax %x
%b = softmax %w
%p, %q = relax.if %c : {BOOL} -> ({T}, {T}) {{
  relax.yield %a, %b : {T}, {T}
}} else {{
  relax.yield %b, %a : {T}, {T}
}}
%r, %s = relax.if %d : {BOOL} -> ({T}, {T}) {{
  relax.yield %x, %p : {T}, {T}
}} else {{
  relax.yield %p, %p : {T}, {T}
}}
relax.return %p, %q, %r, %s : {T}, {T}, {T}, {T}
""",
    4,
)


def wide(c: bool, d: bool, x: Array, w: Array) -> list[Array]:
    y = np.concatenate([x, w, x]) if c else softmax(np.concatenate([w, w, x]))
    return [softmax(y)[N : 2 * N] + w]


WIDE = function(f"""
%y = relax.if %c : {BOOL} -> ({W}) {{
  %1 = relax.concat %x, %w, %x {{axis = 0}} : ({T}, {T}, {T}) -> {W}
  relax.yield %1 : {W}
}} else {{
  %2 = relax.concat %w, %w, %x {{axis = 0}} : ({T}, {T}, {T}) -> {W}
  %3 = relax.softmax %2 {{axis = 0}} : ({W}) -> {W}
  relax.yield %3 : {W}
}}
%4 = relax.softmax %y {{axis = 0}} : ({W}) -> {W}
%5, %6, %7 = relax.split %4 {{axis = 0, sections = #relax.dims<[{N}, {N}, {N}]>}}
  : ({W}) -> ({T}, {T}, {T})
%8 = add %6 %w
relax.return %8 : {T}
""")


def loop(c: bool, d: bool, x: Array, w: Array) -> list[Array]:
    a, b, kept = x, w, softmax(w)
    for _ in range(3):
        a, b = (softmax(b) if c else softmax(softmax(b + kept))), a
    return [a + kept, b]


COUNT = "!relax.tensor<[], i64>"
LOOP = function(
    f"""
%kept = softmax %w
%zero = relax.constant <[], i64, [0]> : {COUNT}
%one = relax.constant <[], i64, [1]> : {COUNT}
%three = relax.constant <[], i64, [3]> : {COUNT}
%n, %a, %b = relax.while %zero, %x, %w : ({COUNT}, {T}, {T}) -> ({COUNT}, {T}, {T}) {{
^bb0(%i: {COUNT}, %u: {T}, %v: {T}):
  %more = relax.less %i, %three : ({COUNT}, {COUNT}) -> {BOOL}
  relax.yield %more : {BOOL}
}} do {{
^bb1(%i: {COUNT}, %u: {T}, %v: {T}):
  %next = relax.add %i, %one : ({COUNT}, {COUNT}) -> {COUNT}
  %new = relax.if %c : {BOOL} -> ({T}) {{
    %1 = softmax %v
    relax.yield %1 : {T}
  }} else {{
    %2 = add %v %kept
    %3 = softmax %2
    %4 = softmax %3
    relax.yield %4 : {T}
  }}
  relax.yield %next, %new, %u : {COUNT}, {T}, {T}
}}
%5 = add %a %kept
relax.return %5, %b : {T}, {T}
""",
    2,
)


def loops(c: bool, d: bool, x: Array, w: Array) -> list[Array]:
    """The inner loop's result is the outer one's next value; what it starts with is there early."""
    v = w
    for _ in range(3):
        start = softmax(x)
        r, read_later = start, softmax(v)
        for _ in range(3):
            r = softmax(r + read_later)
        v = r
    return [v]


LOOPS = function(f"""
%zero = relax.constant <[], i64, [0]> : {COUNT}
%one = relax.constant <[], i64, [1]> : {COUNT}
%three = relax.constant <[], i64, [3]> : {COUNT}
%n, %a = relax.while %zero, %w : ({COUNT}, {T}) -> ({COUNT}, {T}) {{
^bb0(%i: {COUNT}, %v: {T}):
  %more = relax.less %i, %three : ({COUNT}, {COUNT}) -> {BOOL}
  relax.yield %more : {BOOL}
}} do {{
^bb1(%i: {COUNT}, %v: {T}):
  %next = relax.add %i, %one : ({COUNT}, {COUNT}) -> {COUNT}
  %start = softmax %x
  %later = softmax %v
  %m, %r = relax.while %zero, %start : ({COUNT}, {T}) -> ({COUNT}, {T}) {{
  ^bb2(%j: {COUNT}, %u: {T}):
    %go = relax.less %j, %three : ({COUNT}, {COUNT}) -> {BOOL}
    relax.yield %go : {BOOL}
  }} do {{
  ^bb3(%j: {COUNT}, %u: {T}):
    %k = relax.add %j, %one : ({COUNT}, {COUNT}) -> {COUNT}
    %1 = add %u %later
    %2 = softmax %1
    relax.yield %k, %2 : {COUNT}, {T}
  }}
  relax.yield %next, %r : {COUNT}, {T}
}}
relax.return %a : {T}
""")


def both_ways(c: bool, d: bool, x: Array, w: Array) -> list[Array]:
    """Negations, one kernel: in place of a sum, of an argument, of what is read later."""
    a = np.cumsum(-np.cumsum(x))  # in place
    b = -a  # a is read later
    y = -np.cumsum(b) if c else np.cumsum(-a) + b
    return [-x, y + a, -np.cumsum(w)]


BOTH_WAYS = function(
    f"""
%0 = cum_sum %x
%1 = neg %0
%a = cum_sum %1
%b = neg %a
%y = relax.if %c : {BOOL} -> ({T}) {{
  %2 = cum_sum %b
  %3 = neg %2
  relax.yield %3 : {T}
}} else {{
  %4 = neg %a
  %5 = cum_sum %4
  %6 = add %5 %b
  relax.yield %6 : {T}
}}
%7 = neg %x
%8 = add %y %a
%9 = cum_sum %w
%10 = neg %9
relax.return %7, %8, %10 : {T}, {T}, {T}
""",
    3,
)

NEG = f"""
tir.func @neg(%x: !tir.buffer<[{N}], f32>) -> (%y: !tir.buffer<[{N}], f32>) aliases (0 = 0) {{
  tir.for %i in {N} serial {{
    tir.block "neg" (%v: spatial({N}) = %i) {{
      %e = tir.load %x[%v] : !tir.buffer<[{N}], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[{N}], f32>
    }}
  }}
}}
"""


def shared(c: bool, d: bool, x: Array, w: Array) -> list[Array]:
    return [-x, x, (x if c else -x) - x]


SHARED = (
    function(
        f"""
%a = relax.call_tir @neg(%x) : ({T}) -> {T}
%b = relax.call_tir @neg(%a) : ({T}) -> {T}
%e = relax.call_tir @neg(%b) : ({T}) -> {T}
%y = relax.if %c : {BOOL} -> ({T}) {{
  %f = relax.call_tir_inplace @neg(%e) {{inplace = array<i64: 0>}} : ({T}) -> {T}
  relax.yield %f : {T}
}} else {{
  relax.yield %e : {T}
}}
%z = add %y %a
relax.return %a, %b, %z : {T}, {T}, {T}
""",
        3,
    )
    + NEG
)
"""The kernel itself, written once, called in place and not."""

Meaning = Callable[[bool, bool, Array, Array], list[Array]]
PROGRAMS: dict[str, tuple[str, Meaning]] = {
    "one branch uses more": (ONE_USES_MORE, one_uses_more),
    "nested": (NESTED, nested),
    "crossed": (CROSSED, crossed),
    "wide": (WIDE, wide),
    "loop": (LOOP, loop),
    "loops": (LOOPS, loops),
    "both ways": (BOTH_WAYS, both_ways),
    "shared": (SHARED, shared),
}


def feeds() -> list[tuple[Any, ...]]:
    """Return inputs that go every way, some of them twice with other data."""
    rng = np.random.default_rng(0)
    ways = [(True, True), (False, True), (True, False), (False, False), (True, True)]
    return [
        (np.array(c), np.array(d), *(rng.standard_normal((2, N)) * 3).astype(np.float32))
        for c, d in ways
    ]


def assert_close(found: object, expected: list[Array], where: str) -> None:
    # cast: isinstance leaves the elements unknown.
    several = cast(list[Any], found) if isinstance(found, tuple | list) else [found]
    for a, b in zip(several, expected, strict=True):
        atol = 1e-5 * np.abs(b).max()
        np.testing.assert_allclose(np.asarray(a), b, rtol=0, atol=atol, err_msg=where)


@pytest.mark.parametrize("opt_level", [0, 1, 2])
@pytest.mark.parametrize("name", PROGRAMS)
def test_native(name: str, opt_level: int) -> None:
    if name == "shared" and opt_level != 2:
        pytest.skip("its kernels are there: the levels differ in nothing")
    text, meaning = PROGRAMS[name]
    exe = tyrex.compile(text, opt_level=opt_level, threads=1)
    for c, d, x, w in feeds():
        given = x.copy(), w.copy()
        outputs = exe(c, d, x, w)
        assert_close(outputs, meaning(bool(c), bool(d), x, w), f"c={c} d={d}")
        np.testing.assert_array_equal((x, w), given, "inputs were written")
    assert exe.stats()["host_callbacks"] == 0


@pytest.mark.parametrize("exec_mode", ["bytecode", "compiled"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_results_of_an_earlier_run_stay(name: str, exec_mode: str) -> None:
    text, meaning = PROGRAMS[name]
    exe = tyrex.compile(text, threads=1, exec_mode=exec_mode)
    assert exe.exec_mode == exec_mode
    runs = [(exe(*inputs), inputs) for inputs in feeds()]
    for outputs, (c, d, x, w) in runs:
        assert_close(outputs, meaning(bool(c), bool(d), x, w), f"c={c} d={d}")


@pytest.mark.parametrize("level", ["graph", "kernels", "scheduled", "host"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_interpreted(name: str, level: str) -> None:
    text, meaning = PROGRAMS[name]
    module = parse_module(compiler_context(), text, "program.mlir")
    set_target(module, detect_host())
    if level != "graph":
        lower(module, level, 2)
    run = vm_interpreter.run if level == "host" else relax_interpreter.run
    for c, d, x, w in feeds():
        found = run(module, "main", [c, d, x, w])
        assert_close(found, meaning(bool(c), bool(d), x, w), f"{level}: c={c} d={d}")


def test_a_kernel_has_callers_of_both_kinds() -> None:
    for level in (1, 2):
        text = str(tyrex.compile_to(BOTH_WAYS, "kernels", opt_level=level))
        assert "relax.call_tir_inplace @neg(" in text
        assert "relax.call_tir @neg(" in text
        assert text.count("tir.func @neg") == 1
