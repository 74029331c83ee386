"""Checked kernels compute the same, and an index outside is an error: native and interpreted."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from tyrex.dialects import tir
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters.tir import InterpreterError, run_kernel
from tyrex.passes.pipelines import CHECK_BOUNDS, SCHEDULED
from tyrex.passes.tir.check_bounds import count_accesses
from tyrex.symbolic import parse_expr

from ..kernels import (  # noqa: TID251  # the tests' folder, not the package's
    TARGETS,
    Case,
    all_cases,
    assert_same,
    kernel_in,
    module_of,
)
from ..native import BOUNDS, NativeKernel, host  # noqa: TID251

CASES = all_cases(seeds=1)
IDS = [name for name, _ in CASES]


@pytest.mark.parametrize("make", [make for _, make in CASES], ids=IDS)
def test_what_is_right_computes_the_same(
    make: Callable[[], Case], request: pytest.FixtureRequest
) -> None:
    case = make()
    number = len(request.node.name)
    module = module_of(case.func, TARGETS[number % len(TARGETS)])
    for tir_pass in (*SCHEDULED, *CHECK_BOUNDS):
        tir_pass.apply(Context(), module)
    module.verify()
    expected = case.outputs_of(case.func, seed=number)
    assert_same(case.outputs_of(kernel_in(module), seed=number), expected)
    if number % 3 == 0:
        module = module_of(case.func, host())
        for tir_pass in (*SCHEDULED, *CHECK_BOUNDS):
            tir_pass.apply(Context(), module)
        kernel = NativeKernel(module)
        assert_same(kernel(case.arguments(number), case.symbols), expected)
        assert kernel.failures == []


# -- what is wrong ---------------------------------------------------------------------------

# Every statement goes one step too far on its last axis for the last of 8 iterations; those that
# are vectorized do so in one lane. %r is a number that was read: 7.
STATEMENTS = {
    "load": "%v = tir.load %x[{at}] : {T}",
    "predicated_load": "%v = tir.predicated_load %x[{at}] where (%i >= 0) else %one : {T}",
    "store": "tir.store %one, %y[{at}] : {T}",
    "predicated_store": "tir.predicated_store %one, %y[{at}] where (%i >= 0) : {T}",
}
KINDS = ("serial", "parallel", "vectorized", "unrolled")
FURTHER = {"one": "%i + 1", "wide": "%i * 3", "before": "%i - 1", "read": "%i + %r - 6"}
FOUND = {"one": {8}, "wide": set(range(9, 22, 3)), "before": {-1}, "read": {8}}


def wrong_kernel(statement: str, rank: int, kind: str, where: str) -> ModuleOp:
    """Return a kernel with one access that is wrong."""
    shape, at = ", ".join(["2"] * (rank - 1) + ["8"]), ", ".join(["1"] * (rank - 1) + ["{}"])
    buffer = f"!tir.buffer<[{shape}], f32>"
    body = STATEMENTS[statement].format(at=at.format(FURTHER[where]), T=buffer)
    text = f"""
    tir.func @wrong(%x: {buffer}, %ids: !tir.buffer<[1], i64>) -> (%y: {buffer}) {{
      %one = arith.constant 1.0 : f32
      %id = tir.load %ids[0] : !tir.buffer<[1], i64>
      %r = arith.index_cast %id : i64 to index
      tir.for %i in 8 {kind} {{
        {body}
        {f"tir.store %v, %y[{at.format('%i')}] : {buffer}" if "load" in statement else ""}
      }}
    }}
    """
    module = parse_module(compiler_context(), text, "wrong.mlir")
    for tir_pass in CHECK_BOUNDS:
        tir_pass.apply(Context(), module)
    module.verify()
    return module


def arguments(rank: int) -> list[NDArray[np.generic]]:
    shape = (*[2] * (rank - 1), 8)
    x, y = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    return [x, np.array([7]), y]


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_an_index_outside_is_an_error(statement: str, rank: int) -> None:
    for number, where in enumerate(FURTHER):
        kind = KINDS[(number + rank) % len(KINDS)]
        module = wrong_kernel(statement, rank, kind, where)
        func = kernel_in(module)
        assert count_accesses(func) == (3 if "load" in statement else 2, 1)
        verb = "load of input 0 'x'" if "load" in statement else "store to output 0 'y'"
        place = f"@wrong: {verb}, axis {rank - 1}"
        with pytest.raises(InterpreterError, match=place) as error:
            run_kernel(func, arguments(rank))
        messages = [f"found index {index}, the extent is 8" for index in FOUND[where]]
        assert any(message in str(error.value) for message in messages)
        kernel = NativeKernel(module)
        assert kernel.code(arguments(rank), {}) == BOUNDS
        told, index, extent = kernel.failures[0]
        assert told.startswith(f"{place}, of wrong.mlir:7:")
        assert index in FOUND[where]
        assert extent == 8


def test_a_condition_keeps_an_index_from_being_wrong() -> None:
    text = """
    tir.func @fine(%x: !tir.buffer<[n], f32>, %ids: !tir.buffer<[4], i64>) -> (%y: !tir.buffer<[4], f32>) {
      tir.for %i in 4 vectorized {
        %zero = arith.constant 0.0 : f32
        %id = tir.load %ids[%i] : !tir.buffer<[4], i64>
        %r = arith.index_cast %id : i64 to index
        %v = tir.predicated_load %x[%r] where (%r >= 0) else %zero : !tir.buffer<[n], f32>
        tir.store %v, %y[%i] : !tir.buffer<[4], f32>
      }
    }
    """.replace("@fine", "@fine<n>")  # noqa: E501
    for last, code in ((2, 0), (3, BOUNDS)):
        module = parse_module(compiler_context(), text, "fine.mlir")
        CHECK_BOUNDS[0].apply(Context(), module)
        arrays = [np.arange(3, dtype=np.float32) + 5, np.array([-1, 0, -9, last])]
        result = np.zeros(4, np.float32)
        kernel = NativeKernel(module)
        assert kernel.code([*arrays, result], {"n": 3}) == code
        if code == 0:
            assert result.tolist() == [0, 5, 0, 7]
        else:
            assert kernel.failures[0][1:] == (3, 3)


def test_checks_are_added_once() -> None:
    module = wrong_kernel("load", 1, "serial", "one")
    text = str(module)
    CHECK_BOUNDS[0].apply(Context(), module)
    assert str(module) == text
    assert sum(isinstance(op, tir.CheckIndexOp) for op in module.walk()) == 1


# -- what is proven --------------------------------------------------------------------------

LEAVES = ("%i", "%j", "n", "m", "1", "2", "3")
EXTENTS = ("n", "m", "n * m", "4", "n floordiv 2", "n + m", "m * 3")


def expression(r: Random, depth: int = 2) -> str:
    """Return an index that may well be inside of something."""
    if depth == 0 or r.random() < 0.2:
        return r.choice(LEAVES)
    a, b = expression(r, depth - 1), expression(r, depth - 1)
    form = r.choice(("({} + {})", "({} - {})", "min({}, {})", "max({}, {})", "div", "mod", "mul"))
    if form in ("div", "mod"):
        divisor = r.choice(("n", "m", "2", "3", "4"))
        return f"({a}) {'floordiv' if form == 'div' else 'mod'} {divisor}"
    return f"({a}) * {r.choice((2, 3, -1))}" if form == "mul" else form.format(a, b)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_not_checked_is_inside(seed: int) -> None:
    """The interpreter checks every access: of what is said to be proven it finds nothing."""
    r, proven = Random(seed), 0
    for _ in range(150):
        outer, inner, extent = (r.choice(EXTENTS) for _ in range(3))
        index = r.choice((*LEAVES[:2], expression(r), expression(r)))
        wheres = [expression(r, 1) + " >= 0" for _ in range(r.choice((0, 1, 2)))]
        load = f"%v = tir.load %x[{index}] : !tir.buffer<[{extent}], f32>"
        if wheres:
            where = f"where ({', '.join(wheres)}) else %zero"
            load = f"%v = tir.predicated_load %x[{index}] {where} : !tir.buffer<[{extent}], f32>"
        text = f"""
        tir.func @k<n, m>(%x: !tir.buffer<[{extent}], f32>) -> (%y: !tir.buffer<[1], f32>) {{
          %zero = arith.constant 0.0 : f32
          tir.for %i in {outer} serial {{
            tir.for %j in {inner} serial {{
              {load}
              tir.store %v, %y[0] : !tir.buffer<[1], f32>
            }}
          }}
        }}
        """
        module = parse_module(compiler_context(), text, "k.mlir")
        func = kernel_in(module)
        CHECK_BOUNDS[0].apply(Context(), module)
        if count_accesses(func)[1]:
            continue
        proven += 1
        for n, m in ((1, 1), (2, 3), (3, 1), (5, 2), (0, 2)):
            size = {"n": n, "m": m}
            x = np.zeros(parse_expr(extent).evaluate(size), np.float32)
            try:
                run_kernel(func, [x, np.zeros(1, np.float32)], size)
            except InterpreterError as error:
                if "by zero" not in str(error):  # what divides by nothing has no index
                    pytest.fail(f"{error}\n{size}{text}")
    assert proven > 10
