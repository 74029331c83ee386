"""A pass that does nothing fails its lit tests; an operator that computes something else, too."""

import re
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from tyrex.dialects import relax
from tyrex.interpreters.relax import IMPLS
from tyrex.passes import PASSES, get_all_passes
from tyrex.passes.relax.legalize import RULES

from .lit_runner import LIT_TESTS, passes  # noqa: TID251  # the tests' folder


def files_of(name: str) -> list[Path]:
    """Return the lit tests of a pass: its file, and those that go on from its name."""
    folder = LIT_TESTS / "passes" / PASSES[name].split(".")[0]
    stem = name.replace("-", "_")
    others = {other.replace("-", "_") for other in PASSES} - {stem}
    found = sorted(folder.glob(f"{stem}*.mlir"))
    return [p for p in found if p.stem == stem or not any(p.stem.startswith(o) for o in others)]


def do_nothing(self: object, ctx: Context, op: ModuleOp) -> None:
    """Leave the module as it is."""


@pytest.mark.parametrize("name", sorted(PASSES))
def test_a_pass_that_does_nothing_fails_its_tests(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = files_of(name)
    assert files, f"no lit test of {name}"
    assert passes(files[0]), f"{files[0].name} fails as it is"
    monkeypatch.setattr(get_all_passes()[name](), "apply", do_nothing)
    for file in files:
        assert not passes(file), f"{file.name} does not notice that {name} is switched off"


# -- operators -------------------------------------------------------------------------------------

RUN = LIT_TESTS / "run"


def test_the_values_of_every_operator_are_in_a_lit_test() -> None:
    text = "\n".join(path.read_text() for path in RUN.glob("*.mlir"))
    found = set(re.findall(r"= (relax\.\w+) ", text))
    assert {op.name for op in RULES} <= found


def test_native_code_that_computes_something_else_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert passes(RUN / "reduce.mlir")
    monkeypatch.setitem(RULES, relax.LogSoftmaxOp, RULES[relax.SoftmaxOp])
    assert not passes(RUN / "reduce.mlir")


def test_an_interpreter_that_computes_something_else_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(IMPLS, relax.LogSoftmaxOp, IMPLS[relax.SoftmaxOp])
    assert not passes(RUN / "reduce.mlir")
