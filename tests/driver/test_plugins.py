"""Passes from files: `--load FILE.py`."""

from pathlib import Path

import pytest

from tyrex.driver import cli, opt
from tyrex.driver.pass_specs import UsageError
from tyrex.driver.plugins import available_passes

from .models import GRAPH  # noqa: TID251  # the tests' folder

EXAMPLE = Path(__file__).parents[2] / "examples" / "passes" / "exp_of_log_softmax.py"
NAME = "exp-of-log-softmax"

Capture = pytest.CaptureFixture[str]

T = "!relax.tensor<[4, 8], f32>"
MODEL = f"""
relax.func @main(%x: {T}) -> ({T}) {{
  %l = relax.log_softmax %x {{axis = 1 : i64}} : ({T}) -> {T}
  %y = relax.exp %l : ({T}) -> {T}
  relax.return %y : {T}
}}
"""

WRONG = """
from dataclasses import dataclass
from xdsl.passes import ModulePass
from tyrex.dialects import relax
from tyrex.passes.relax.rewriting import Rewriter

@dataclass(frozen=True)
class TanhIsReluPass(ModulePass):
    name = "tanh-is-relu"
    def apply(self, ctx, op):
        Rewriter({relax.TanhOp: (lambda rw, op: rw.add(relax.ReluOp(op.x)),)}).run(op)
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "m.mlir"
    path.write_text(MODEL)
    return str(path)


def file_of(tmp_path: Path, text: str) -> str:
    path = tmp_path / "passes.py"
    path.write_text(text)
    return str(path)


def run(capsys: Capture, *arguments: str) -> tuple[int, str]:
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out + captured.err


PUT_IN = ("--load", str(EXAMPLE), "--insert-after", f"check-shapes:{NAME}")


def test_the_example_changes_the_graph(capsys: Capture, model: str) -> None:
    code, out = run(capsys, "compile", model, "--to", "graph", *PUT_IN)
    assert code == 0
    assert "relax.softmax" in out
    assert "relax.exp" not in out
    _, plain = run(capsys, "compile", model, "--to", "graph")
    assert "relax.exp" in plain


def test_a_pass_may_stand_in_a_pipeline(capsys: Capture, model: str) -> None:
    code, out = run(
        capsys, "compile", model, "--to", "graph", "-p", NAME, "--load", str(EXAMPLE)
    )  # fmt: skip
    assert code == 0
    assert "relax.softmax" in out


def test_it_is_checked_like_the_others(capsys: Capture, model: str) -> None:
    code, out = run(capsys, "check", model, *PUT_IN)
    assert code == 0
    assert f"graph      {NAME}       equal" in out


@pytest.mark.parametrize("command", ["run", "profile", "bench"])
def test_it_runs(capsys: Capture, model: str, command: str) -> None:
    more = {"run": ["--random"], "bench": ["--against", "unedited", "--rounds", "3"]}
    code, out = run(capsys, command, model, *more.get(command, []), *PUT_IN)
    assert code == 0, out
    assert "unedited" in out or command != "bench"


def test_a_wrong_one_is_found(capsys: Capture, tmp_path: Path) -> None:
    graph, file = tmp_path / "graph.mlir", file_of(tmp_path, WRONG)
    graph.write_text(GRAPH)
    put_in = ("--load", file, "--insert-before", "relax-cse:tanh-is-relu")
    code, out = run(capsys, "check", str(graph), *put_in, "--dump-ir", str(tmp_path))
    assert code == 1
    assert "tanh-is-relu changes what" in out
    alone = next(line for line in out.splitlines() if line.startswith("  alone:"))
    words = alone.split()[2:]
    assert words[-2:] == ["--load", file]
    assert opt.main(words) == 0
    assert "relax.relu" in capsys.readouterr().out


def test_a_pass_is_left_out(capsys: Capture, model: str) -> None:
    code, out = run(capsys, "check", model, "--disable", "fuse-ops", "--until", "kernels")
    assert code == 0
    assert "fuse-ops" not in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "it defines no pass: a subclass of xdsl.passes.ModulePass"),
        ("from tyrex.passes.relax.relax_dce import RelaxDcePass\n", "it defines no pass"),
        ("x = 1\ny = nowhere\n", "line 2: NameError(\"name 'nowhere' is not defined\")"),
        (WRONG.replace("tanh-is-relu", "fuse-ops"), "there is a pass 'fuse-ops' already"),
    ],
)
def test_files_that_have_none(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        available_passes([file_of(tmp_path, text)])
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--load", "nowhere.py"], "--load nowhere.py: expected a file of Python"),
        (["--insert-after", "fuse-ops"], "--insert-after: expected PASS:PASSES"),
        (["--insert-after", "fuse-op:relax-dce"], "did you mean fuse-ops"),
        (["--insert-after", "fuse-ops:nothing-like-it"], "no pass or pipeline"),
        (["--disable", "fuse-op"], "did you mean fuse-ops"),
    ],
)
def test_wrong_options(capsys: Capture, model: str, options: list[str], words: str) -> None:
    code, out = run(capsys, "compile", model, *options)
    assert code != 0
    assert words in out
