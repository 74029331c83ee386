"""Lit tests of operations notice operations that are wrong.

One that refuses everything fails a test that must pass; one that accepts everything fails a test
that must be refused. Operations that share their check are tested as one.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import VerifyException

from tyrex.dialects import get_all_dialects
from tyrex.driver import opt

LIT_TESTS = Path(__file__).parents[2] / "lit_tests" / "dialects"
METHODS = ("verify_", "verify_symbols", "infer_types")
DIALECTS = ("llvm", "relax", "sched", "tir", "vm")

NEEDS_NO_TEST = {
    "relax.shape_of": "its definition says the type of its result, whatever infer_types returns",
}


@cache
def operations() -> dict[str, type[Operation]]:
    """Return the operations that are ours, by name."""
    found = [op for name in DIALECTS for op in get_all_dialects()[name]().operations]
    return {op.name: op for op in found if op.__module__.startswith("tyrex.")}


@cache
def parts(dialect: str, refused: bool) -> tuple[str, ...]:
    """Return the parts of a dialect's lit tests: those that are refused, or those that are not."""
    return tuple(
        part
        for path in sorted((LIT_TESTS / dialect).rglob("*.mlir"))
        for part in path.read_text().split("// -----")
        if ("expected-error" in part) == refused and "DIAGNOSTICS" not in path.read_text()
    )


def parts_with(names: Sequence[str], refused: bool) -> list[str]:
    dialect = names[0].split(".")[0]
    # In the generic form, a name stands in quotes.
    mention = re.compile(rf"(?<![.\w])({'|'.join(map(re.escape, names))})(?![.\w])")
    code = re.compile(r"//(?! *expected-error).*")
    return [part for part in parts(dialect, refused) if mention.search(code.sub("", part))]


def run(texts: Sequence[str], folder: Path, *options: str) -> int:
    """Run tyrex-opt on parts; return its exit code."""
    path = folder / "parts.mlir"
    path.write_text("// -----\n".join(texts))
    return opt.main([str(path), "--split-input-file", "-o", str(folder / "out"), *options])


Check = tuple[type[Operation], str]


@cache
def checks() -> dict[Check, list[str]]:
    """Return the methods of ours that check operations, and the operations that each checks."""
    found: dict[Check, list[str]] = defaultdict(list)
    for name, op in operations().items():
        for method in METHODS:
            owners = (c for c in op.__mro__ if is_ours(vars(c).get(method)))
            if (owner := next(owners, None)) is not None:
                found[owner, method].append(name)
    return {check: ops for check, ops in found.items() if not set(ops) <= NEEDS_NO_TEST.keys()}


def is_ours(method: object) -> bool:
    """Tell whether a method is written in Tyrex; xDSL adds one to each class."""
    return str(getattr(method, "__module__", "")).startswith("tyrex.")


def accept(self: Operation) -> list[Attribute]:
    """Take the place of each of METHODS: no error, and the types that are there."""
    return [result.type for result in self.results]


@pytest.mark.parametrize("name", sorted(operations()))
def test_an_operation_that_refuses_everything_is_noticed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: object) -> None:
        raise VerifyException("refused by the test")

    texts = parts_with([name], refused=False)
    assert texts, f"no lit test with {name}"
    monkeypatch.setattr(operations()[name], "verify_", refuse)
    assert run(texts, tmp_path) == 1
    assert "refused by the test" in capsys.readouterr().err


@pytest.mark.parametrize("check", checks(), ids=lambda check: f"{check[0].__name__}.{check[1]}")
def test_a_check_that_accepts_everything_is_noticed(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = parts_with(checks()[check], refused=True)
    assert texts, f"no lit test in which {', '.join(checks()[check])} is refused"
    assert run(texts, tmp_path, "--verify-diagnostics") == 0, "fails as it is"
    owner, method = check
    # xDSL copies the check of a base class into each operation.
    holders = [operations()[name] for name in checks()[check]] if method == "verify_" else [owner]
    for holder in holders:
        monkeypatch.setattr(holder, method, accept)
    assert run(texts, tmp_path, "--verify-diagnostics") == 1


@pytest.mark.parametrize("dialect", ["llvm", "relax", "sched", "tir"])
def test_every_numbered_constraint_has_a_lit_test(dialect: str) -> None:
    """A part of a test says which one it is about: `(C2)` in the message, or `_c2` in a name."""
    for name, op in operations().items():
        if not name.startswith(f"{dialect}."):
            continue
        texts = parts_with([name], refused=True)
        for number in re.findall(r"^ *\(C(\d+)\)", op.__doc__ or "", re.MULTILINE):
            wanted = re.compile(rf"\(C{number}\)|_c{number}(?!\d)")
            assert any(map(wanted.search, texts)), f"{name}: no lit test breaks (C{number})"
