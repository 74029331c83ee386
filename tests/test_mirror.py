"""A pass's file, name, class and lit test bear one name; every operation is met by a lit test."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from xdsl.ir import Dialect

from tyrex.dialects import OTHER_DIALECTS, OWN_DIALECTS, get_all_dialects
from tyrex.passes import PASSES, get_all_passes

ROOT = Path(__file__).resolve().parents[1]
LEVELS = {"relax", "tir", "vm", "llvm"}

UNTESTED = {"relax", "tir", "vm", "llvm"}
"""Dialects whose lit tests may be missing as a whole; one test of theirs ends the excuse."""


@pytest.mark.parametrize("name", sorted(PASSES))
def test_a_pass_has_one_name(name: str) -> None:
    stem = name.replace("-", "_")
    camel = "".join(part.capitalize() for part in name.split("-"))
    level = PASSES[name].split(".")[0]
    assert level in LEVELS
    assert PASSES[name] == f"{level}.{stem}:{camel}Pass"
    pass_type = get_all_passes()[name]()
    assert pass_type.name == name
    assert pass_type.__module__ == f"tyrex.passes.{level}.{stem}"


@pytest.mark.parametrize("name", sorted(PASSES))
def test_a_pass_has_a_lit_test(name: str) -> None:
    level = PASSES[name].split(".")[0]
    stem = ROOT / "lit_tests/passes" / level / name.replace("-", "_")
    assert stem.with_suffix(".mlir").is_file() or stem.is_dir(), f"no {stem}.mlir"


def test_every_pass_class_is_registered() -> None:
    registered = {place.split(":")[1] for place in PASSES.values()}
    for path in (ROOT / "passes").rglob("*.py"):
        for found in re.findall(r"^class (\w+Pass)\(ModulePass\)", path.read_text(), re.MULTILINE):
            assert found in registered, f"{path.relative_to(ROOT)}: {found} is not in PASSES"


def test_the_table_of_passes_is_sorted() -> None:
    assert list(PASSES) == sorted(PASSES)


def load_dialect(name: str) -> Dialect:
    module = (OWN_DIALECTS | OTHER_DIALECTS)[name][0]
    if find_spec(module) is None:
        pytest.skip(f"{module} is not there yet")
    return get_all_dialects()[name]()


@cache
def lit_words() -> frozenset[str]:
    """Every `dialect.operation` that stands in a lit test, outside of words that go on."""
    text = "\n".join(path.read_text() for path in (ROOT / "lit_tests").rglob("*.mlir"))
    return frozenset(re.findall(r"[a-z_]\w*(?:\.\w+)+", text))


@pytest.mark.parametrize("dialect", sorted(OWN_DIALECTS | OTHER_DIALECTS))
def test_every_operation_is_met_by_a_lit_test(dialect: str) -> None:
    operations = load_dialect(dialect).operations
    if not (ROOT / "lit_tests/dialects" / dialect).is_dir() and dialect in UNTESTED:
        pytest.skip(f"lit_tests/dialects/{dialect} is not there yet")
    own = [op.name for op in operations if op.__module__.startswith("tyrex.")]
    missing = [name for name in own if name not in lit_words()]
    assert not missing, f"no lit test names {', '.join(missing)}"
