"""Pipelines that a user changes: passes that are put in, left out, replaced."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import tyrex
from tyrex.driver.pass_context import PassContext
from tyrex.driver.pass_specs import UsageError
from tyrex.driver.pipeline_edits import PipelineEdits
from tyrex.passes.relax.relax_cse import RelaxCsePass
from tyrex.passes.relax.relax_dce import RelaxDcePass
from tyrex.runtime.errors import ArgumentError, DTypeError

from .models import GRAPH, X, Y, dense  # noqa: TID251  # the tests' folder


@dataclass(frozen=True)
class NotePass(ModulePass):
    """Remembers when it ran."""

    name = "note"
    seen = list[str]()
    word: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        self.seen.append(self.word)


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    NotePass.seen.clear()


def test_what_runs_where() -> None:
    cse, dce, note = RelaxCsePass(), RelaxDcePass(), NotePass()
    assert PipelineEdits().applied([cse, dce]) == [cse, dce]
    assert not PipelineEdits()
    name = dce.name
    assert PipelineEdits(before={name: (note,)}).applied([cse, dce, dce]) == [
        cse, note, dce, note, dce,
    ]  # fmt: skip
    both = PipelineEdits(frozenset({name}), {name: (note,)}, {name: (cse,)})
    assert both.applied([cse, dce]) == [cse, note, cse]
    assert both.inserts
    assert both


@pytest.mark.parametrize("level", ["fold-constants", "fuse-ops", "fuse-rows", "plan-memory"])
def test_a_pass_runs_at_every_level(level: str) -> None:
    with PassContext(insert_before={level: NotePass("a")}, insert_after={level: [NotePass("b")]}):
        exe = tyrex.compile(GRAPH)
    assert NotePass.seen == ["a", "b"]
    np.testing.assert_allclose(exe(X), Y, rtol=1e-5)


def test_passes_as_text() -> None:
    with PassContext(
        disabled_passes=frozenset({"fuse-ops"}), insert_after={"fuse-ops": "relax-dce"}
    ):
        exe = tyrex.compile(GRAPH)
    assert exe.stats()["kernels"] == 2
    np.testing.assert_allclose(exe(X), Y, rtol=1e-5)


def test_a_model_is_neither_found_nor_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TYREX_CACHE_DIR", str(tmp_path))
    tyrex.compile(GRAPH)
    with PassContext(insert_after={"fuse-ops": NotePass("a")}):
        assert [tyrex.compile(GRAPH).stats()["cache"] for _ in range(2)] == ["miss", "miss"]
    assert NotePass.seen == ["a", "a"]
    assert tyrex.compile(GRAPH).stats()["cache"] == "hit"
    assert NotePass.seen == ["a", "a"]


def test_what_is_made_later_has_them_too(tmp_path: Path) -> None:
    """Files that are made of IR, and builds for single shapes."""
    with PassContext(insert_after={"fuse-ops": NotePass("a")}):
        exe = tyrex.compile(GRAPH, cache=False)
        once = tyrex.Specialization(1, after=1)
        model = tyrex.compile(dense(), specialize=once, cache=False)
    NotePass.seen.clear()
    exe.export_library(tmp_path / "m.ll")
    assert NotePass.seen == ["a"]
    model(np.ones((3, 8), np.float32))
    assert NotePass.seen == ["a", "a"]


AFTER, BEFORE = "insert_after", "insert_before"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({AFTER: {"fuse-op": NotePass()}}, ArgumentError, "insert_after: no pass 'fuse-op' runs"),
        ({AFTER: {"fuse-op": NotePass()}}, ArgumentError, "did you mean fuse-ops"),
        ({BEFORE: {"lower-to-llvm": NotePass()}}, ArgumentError, "insert_before: no pass 'lower-"),
        ({AFTER: {"fuse-ops": 3}}, DTypeError, "insert_after: fuse-ops: expected passes, "),
        ({AFTER: {"fuse-ops": [3]}}, DTypeError, "expected passes"),
        ({AFTER: {"fuse-ops": "nope"}}, UsageError, "no pass or pipeline 'nope'"),
    ],
)
def test_what_cannot_be_put_in(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words), PassContext(**options):
        tyrex.compile(GRAPH)


def test_a_pipeline_of_the_users_has_places_too() -> None:
    with PassContext(insert_after={"fold-batch-norm": NotePass("a")}):
        tyrex.compile(GRAPH, pipeline="fold-batch-norm")
        assert NotePass.seen == ["a"]
        with pytest.raises(ArgumentError, match="no pass 'fold-batch-norm' runs"):
            tyrex.compile(GRAPH, pipeline="relax-dce")
