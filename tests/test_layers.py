"""Who may import whom. The tables are the architecture."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "symbolic": set(),
    "runtime": set(),
    "dialects": {"symbolic"},
    "analysis": {"dialects", "symbolic"},
    "interpreters": {"dialects", "symbolic"},
    "frontends": {"analysis", "dialects", "interpreters", "symbolic"},
    "passes": {"analysis", "dialects", "interpreters", "symbolic"},
    "exporters": {"runtime"},
    "backends": {"analysis", "dialects", "exporters", "runtime", "symbolic"},
    "driver": {
        "analysis", "backends", "dialects", "exporters", "frontends", "interpreters", "passes",
        "runtime", "symbolic",
    },
}  # fmt: skip

ONLY_IN: dict[str, tuple[str, ...]] = {
    "llvmlite": ("backends/llvm",),
    "onnx": ("frontends/onnx",),
    "xdsl": (
        "analysis", "backends", "dialects", "driver", "frontends", "interpreters", "passes",
    ),
    "click": ("driver",),
    "rich": ("driver",),
    "platformdirs": ("driver",),
    "numpy": (
        "analysis", "backends", "dialects", "driver", "exporters", "frontends", "interpreters",
        "passes", "runtime",
    ),
    "pickle": (),
}  # fmt: skip
"""Packages that only some folders may name: what a compiled model needs names none of these."""


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what the file imports, as (level of a relative import, dotted name)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module is not None:
                yield node.level, node.module
            else:
                yield from ((node.level, alias.name) for alias in node.names)


def files_of(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_a_folder_imports_only_what_lies_below_it(folder: str) -> None:
    for path in files_of(folder):
        here = path.relative_to(ROOT).parent.parts
        for level, name in imports_of(path):
            if level == 0:
                assert name.split(".")[0] != "tyrex", f"{path}: import relatively, not {name}"
                continue
            above = here[: len(here) - level + 1]
            top = (*above, *name.split("."))[0]
            assert top in MAY_IMPORT[folder] | {folder}, (
                f"{path.relative_to(ROOT)} imports {top}; {folder} may import"
                f" {', '.join(sorted(MAY_IMPORT[folder])) or 'no other folder'}"
            )


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_a_package_is_named_only_where_it_may_be(package: str) -> None:
    for folder in MAY_IMPORT:
        for path in files_of(folder):
            place = path.relative_to(ROOT).as_posix()
            if place.startswith(ONLY_IN[package]) and ONLY_IN[package]:
                continue
            named = {name.split(".")[0] for level, name in imports_of(path) if level == 0}
            assert package not in named, f"{place} imports {package}"


def test_the_table_has_every_folder_of_the_package() -> None:
    folders = {
        path.parent.name
        for path in ROOT.glob("*/__init__.py")
        if path.parent.name not in ("tests", "benchmarks", "examples")
    }
    assert folders == set(MAY_IMPORT)


@pytest.mark.parametrize("folder", ["benchmarks", "examples"])
def test_programs_use_only_the_face(folder: str) -> None:
    for path in files_of(folder):
        if path.parent.name == "passes":  # a pass speaks of IR: it is no program
            continue
        inner = [name for _, name in imports_of(path) if name.startswith("tyrex.")]
        assert not inner, f"{path.relative_to(ROOT)} imports {', '.join(inner)}; use `tyrex` alone"
