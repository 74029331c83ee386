import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from tyrex.driver import opt, pass_specs


@dataclass(frozen=True)
class TagModulePass(ModulePass):
    """Tags the module."""

    name = "tag-module"
    key: str = "tag"
    times: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        op.attributes[self.key] = StringAttr("x" * self.times)


class RefuseModulePass(ModulePass):
    name = "refuse-module"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise PassFailedException("this module will not do")


class NotYetPass(ModulePass):
    name = "not-yet"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise NotImplementedError("relax.sort on the GPU")


class CrashPass(ModulePass):
    name = "crash"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise KeyError("boo")


def _table() -> dict[str, Callable[[], type[ModulePass]]]:
    return {
        "tag-module": lambda: TagModulePass,
        "refuse-module": lambda: RefuseModulePass,
        "not-yet": lambda: NotYetPass,
        "crash": lambda: CrashPass,
    }


@pytest.fixture(autouse=True)
def _passes(monkeypatch: pytest.MonkeyPatch) -> None:
    pipelines = {"twice": (TagModulePass("first"), TagModulePass("second"))}
    for module in (opt, pass_specs):
        monkeypatch.setattr(module, "get_all_passes", _table)
    monkeypatch.setattr(pass_specs, "get_all_pipelines", lambda: pipelines)


@dataclass
class Run:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    def call(*arguments: str, text: str = "func.func private @f()") -> Run:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        try:
            code = opt.main(arguments)
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return call


def test_passes_and_options_and_pipelines(run: Callable[..., Run]) -> None:
    done = run("-p", 'tag-module{key="a" times=3}, twice,', "-p", "tag-module")
    assert done.code == 0
    assert 'attributes {a = "xxx", first = "x", second = "x", tag = "x"}' in done.out


def test_printing_goes_to_stderr(run: Callable[..., Run]) -> None:
    done = run("-p", "twice,tag-module", "--print-before", "tag-module", "--print-after-all")
    assert "-----//" not in done.out
    assert done.err.count("IR before tag-module") == 3
    assert '// -----// IR after tag-module{key="second"} //----- //' in done.err


def test_dumps(run: Callable[..., Run], tmp_path: Path) -> None:
    assert run("-p", "twice", "--dump-ir", str(tmp_path)).code == 0
    assert len(list(tmp_path.iterdir())) == 3


def test_timing_names_the_passes(run: Callable[..., Run]) -> None:
    stages = [line.split()[-1] for line in run("-p", "twice", "--timing").err.splitlines()]
    assert stages[:4] == ["stage", "total", "parse", "verify"]
    assert 'tag-module{key="first"}' in stages


def test_a_pass_that_refuses_is_an_error_of_the_program(run: Callable[..., Run]) -> None:
    done = run("-p", "refuse-module")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: this module will not do\nnote: while running pass 'refuse-module'\n"
    )


def test_what_is_not_there_yet_is_said(run: Callable[..., Run]) -> None:
    done = run("-p", "not-yet")
    assert done.code == 1
    assert done.err.startswith("error: not implemented: relax.sort on the GPU\n")


def test_a_bug_says_how_to_see_more(run: Callable[..., Run]) -> None:
    done = run("-p", "crash")
    assert done.code == 2
    assert done.err == (
        "tyrex-opt: internal error: KeyError: 'boo'\n"
        "note: while running pass 'crash'\n"
        "note: run again with --full-traceback to see where\n"
    )
    assert "Traceback (most recent call last)" in run("-p", "crash", "--full-traceback").err


def test_a_wrong_option_shows_the_right_ones(run: Callable[..., Run]) -> None:
    done = run("-p", "tag-module{tims=3}")
    assert done.code == 2
    assert "pass 'tag-module': Provided arguments [\"tims\"] not found" in done.err
    assert "    times: int = 1" in done.err


def test_a_misspelt_pass_gets_a_suggestion(run: Callable[..., Run]) -> None:
    assert "did you mean tag-module?" in run("-p", "tag-modul").err


def test_a_pipeline_takes_no_options(run: Callable[..., Run]) -> None:
    assert "'twice' is a pipeline; it takes no options" in run("-p", "twice{a=1}").err


def test_the_list_of_passes(run: Callable[..., Run]) -> None:
    done = run("--list-passes")
    assert done.code == 0
    lines = done.out.splitlines()
    at = lines.index("tag-module: Tags the module.")
    assert lines[at + 1 : at + 3] == ["    key: str = tag", "    times: int = 1"]
    assert lines[-1] == ('twice: pipeline of tag-module{key="first"},tag-module{key="second"}')


def test_disable_verify_changes_nothing_outside_of_the_run(run: Callable[..., Run]) -> None:
    bad = '"test.op"(%a) : (i32) -> ()\n%a = "test.op"() : () -> i32'
    assert run("--disable-verify", text=bad).code == 0
    assert run(text=bad).code == 1


def test_split_keeps_line_numbers() -> None:
    parts = opt.split("a\n// -----\nb\n// -----\nc")
    assert parts == ["a\n", "\n\nb\n", "\n\n\n\nc"]
