import re
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

import tyrex
from tyrex.dialects.diagnostics import CompileError
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.levels import LEVELS, level_of, passes_between, print_pipeline
from tyrex.driver.pass_context import compiler_context
from tyrex.passes import pipelines
from tyrex.runtime.errors import ArgumentError

T = "!relax.tensor<[4, 8], f32>"


def graph(unary: str = "tanh %x", types: str = f"({T})", binary: str = "multiply") -> str:
    return f"""
relax.func @main(%x: {T}) -> ({T}) attributes {{input_names = ["x"], output_names = ["y"]}} {{
  %0 = relax.{unary} : {types} -> {T}
  %1 = relax.{binary} %0, %x : ({T}, {T}) -> {T}
  relax.return %1 : {T}
}}
"""


GRAPH = graph()
IR = ("graph", "kernels", "scheduled", "host", "llvm")


def parse(text: str) -> ModuleOp:
    return parse_module(compiler_context(), text, "test.mlir")


@pytest.mark.parametrize("level", IR)
def test_what_is_printed_at_a_level_is_at_that_level(level: str) -> None:
    text = tyrex.compile_to(GRAPH, level)
    assert isinstance(text, str)
    assert level_of(parse(text)) == level


@pytest.mark.parametrize("level", IR[:-1])
def test_a_compile_goes_on_from_any_level(level: str) -> None:
    direct = tyrex.compile_to(GRAPH, "asm")
    text = tyrex.compile_to(GRAPH, level)
    assert isinstance(text, str)
    assert tyrex.compile_to(text, "asm") == direct


def test_native_levels() -> None:
    assert "define" in str(tyrex.compile_to(GRAPH, "llvm-ir"))
    assert ".text" in str(tyrex.compile_to(GRAPH, "asm"))
    image = tyrex.compile_to(GRAPH, "obj")
    assert isinstance(image, bytes)
    assert image.startswith(b"\x7fELF")


def test_code_for_another_machine() -> None:
    assert "fmul\tv" in str(tyrex.compile_to(GRAPH, "asm", "aarch64-linux-gnu"))


def test_a_module_does_not_go_back() -> None:
    text = tyrex.compile_to(GRAPH, "scheduled")
    with pytest.raises(ArgumentError, match="at level scheduled; it cannot go back to graph"):
        tyrex.compile_to(str(text), "graph")


def test_a_level_that_does_not_exist_is_an_error() -> None:
    expected = f"there is no level 'object'; use one of {', '.join(LEVELS)}"
    with pytest.raises(ArgumentError, match=re.escape(expected)):
        tyrex.compile_to(GRAPH, "object")


def test_an_empty_module_has_no_level() -> None:
    with pytest.raises(CompileError, match="has nothing to compile") as error:
        level_of(ModuleOp([]))
    assert "relax.func" in str(error.value.hint)


def test_the_module_given_is_not_changed(tmp_path: Path) -> None:
    module = parse(GRAPH)
    before = str(module)
    tyrex.compile_to(module, "scheduled")
    assert str(module) == before


def test_levels_of_optimisation_differ() -> None:
    kernels = [str(tyrex.compile_to(GRAPH, "kernels", opt_level=n)) for n in range(4)]
    assert kernels[0].count("tir.func") == 2, "one kernel per operator"
    assert kernels[1].count("tir.func") == 1, "fused"


def test_exact_math_contracts_nothing() -> None:
    text = graph("multiply %x, %x", f"({T}, {T})", "add")
    assert "vfmadd" not in str(tyrex.compile_to(text, "asm", "x86-64-v3", opt_level=1))
    assert "vfmadd" in str(tyrex.compile_to(text, "asm", "x86-64-v3", opt_level=2))


def test_passes_follow_the_levels() -> None:
    assert [level for level, _ in passes_between("graph", "host", 2)] == list(IR[:-1])
    assert [level for level, _ in passes_between("kernels", "host", 2)] == ["scheduled", "host"]
    assert passes_between("host", "host", 2) == []


@pytest.mark.parametrize("opt_level", range(4))
def test_the_pipeline_is_printed_with_reasons(opt_level: int) -> None:
    lines = print_pipeline(opt_level).splitlines()
    assert lines[0].startswith(f"-O{opt_level}: ")
    passes = [p for group in pipelines.OPT_LEVELS[opt_level].values() for p in group]
    shown = [line.split(maxsplit=1) for line in lines if line.startswith("  ")]
    assert [words[0] for words in shown] == [str(p.spec()) for p in passes]
    assert all(len(words) == 2 for words in shown), "each has its reason"
