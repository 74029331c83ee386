"""What must be written: what a pass needs and leaves, what an operation computes."""

import ast
import inspect
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from xdsl.ir import Attribute, Operation

from tyrex.dialects import OTHER_DIALECTS, OWN_DIALECTS, get_all_dialects
from tyrex.passes import PASSES, get_all_passes

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "analysis", "backends", "dialects", "driver", "exporters", "frontends", "interpreters",
    "passes", "runtime", "symbolic",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(PASSES))
def test_a_pass_says_what_it_needs_and_leaves(name: str) -> None:
    module = inspect.getmodule(get_all_passes()[name]())
    assert module is not None
    text = module.__doc__ or ""
    assert text.startswith(f"{name}: "), "the first line is `name: what becomes what.`"
    assert "Needs:" in text
    assert "Leaves:" in text


@pytest.mark.parametrize("dialect", sorted(OWN_DIALECTS | OTHER_DIALECTS))
def test_everything_in_a_dialect_has_a_docstring(dialect: str) -> None:
    module = (OWN_DIALECTS | OTHER_DIALECTS)[dialect][0]
    if find_spec(module) is None:
        pytest.skip(f"{module} is not there yet")
    loaded = get_all_dialects()[dialect]()
    things: list[type[Operation] | type[Attribute]] = [*loaded.operations, *loaded.attributes]
    bare = [
        thing.name
        for thing in things
        if thing.__module__.startswith("tyrex.") and not (thing.__doc__ or "").strip()
    ]
    assert not bare, f"no docstring: {', '.join(bare)}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_says_what_it_is_for(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{path.relative_to(ROOT)} has no docstring"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(
        r"`((?:lit_)?tests/[\w/]+\.(?:py|mlir))(?:::(\w+))?`", page.read_text(encoding="utf-8")
    )
    for path, test in named:
        assert (ROOT / path).is_file(), f"{page.name}: there is no {path}"
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in text, f"{page.name}: {path} has no {test}"
