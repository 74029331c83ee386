"""A pass that does nothing fails its lit tests: they look at what it changes."""

from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from tyrex.passes import PASSES, get_all_passes

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
