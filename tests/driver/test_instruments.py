import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects import test
from xdsl.dialects.builtin import ModuleOp, StringAttr, i32
from xdsl.passes import ModulePass
from xdsl.utils.test_value import create_ssa_value

from tyrex.dialects.diagnostics import CompileError
from tyrex.driver.instruments import DumpIR, Instrument, PrintAfter, PrintBefore, Timing, VerifyEach
from tyrex.driver.pass_context import PassContext, run_pipeline


@dataclass(frozen=True)
class Mark(ModulePass):
    """Notes on the module that it ran."""

    name = "mark"
    note: str = "x"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        op.attributes[self.note] = StringAttr("seen")


class Break(ModulePass):
    """Leaves a use of a value that nobody defines."""

    name = "break"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        op.body.block.add_op(test.TestOp([create_ssa_value(i32)]))


class Crash(ModulePass):
    """Fails."""

    name = "crash"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise KeyError("boo")


class Recorder(Instrument):
    def __init__(self) -> None:
        self.events: list[str] = []

    def before_pipeline(self, module: ModuleOp) -> None:
        self.events.append("begin")

    def before_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        self.events.append(f"before {module_pass.name}")

    def after_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        self.events.append(f"after {module_pass.name}")

    def after_pipeline(self, module: ModuleOp) -> None:
        self.events.append("end")


def test_instruments_see_every_pass() -> None:
    recorder = Recorder()
    module = run_pipeline(ModuleOp([]), [Mark(), Mark("y")], [recorder])
    assert recorder.events == [
        "begin", "before mark", "after mark", "before mark", "after mark", "end"
    ]  # fmt: skip
    assert set(module.attributes) == {"x", "y"}


def test_verify_each_names_the_pass_that_broke_the_module() -> None:
    with pytest.raises(CompileError, match="operand #0") as info:
        run_pipeline(ModuleOp([]), [Mark(), Break(), Crash()], [VerifyEach()])
    assert info.value.__notes__ == ["the module is not valid after pass 'break'"]


def test_an_error_says_which_pass_was_running() -> None:
    with pytest.raises(KeyError) as info:
        run_pipeline(ModuleOp([]), [Mark(), Crash()])
    assert info.value.__notes__ == ["while running pass 'crash'"]


def test_printing_around_the_named_passes() -> None:
    out = io.StringIO()
    passes = [Mark(), Mark("y")]
    run_pipeline(ModuleOp([]), passes, [PrintAfter("mark", stream=out)])
    assert out.getvalue().count("// -----// IR after mark") == 2
    assert '// -----// IR after mark{note="y"} //----- //\nbuiltin.module' in out.getvalue()
    before, other = io.StringIO(), io.StringIO()
    run_pipeline(ModuleOp([]), passes, [PrintBefore(stream=before), PrintAfter("z", stream=other)])
    assert before.getvalue().count("IR before mark") == 2
    assert not other.getvalue()


def test_dumps_are_numbered_from_pipeline_to_pipeline(tmp_path: Path) -> None:
    folder = tmp_path / "ir" / "deep"
    with PassContext(dump_ir=folder):
        module = run_pipeline(ModuleOp([]), [Mark()])
        run_pipeline(module, [Mark("y")])
    assert sorted(p.name for p in folder.iterdir()) == [
        "00-input.mlir", "01-mark.mlir", "02-mark.mlir"
    ]  # fmt: skip
    assert 'y = "seen"' in (folder / "02-mark.mlir").read_text()


def test_dumps_are_plain_text_that_parses(tmp_path: Path) -> None:
    run_pipeline(ModuleOp([]), [], [DumpIR(tmp_path)])
    assert (tmp_path / "00-input.mlir").read_text() == "builtin.module {\n}\n"


def test_the_timing_table_is_a_tree() -> None:
    timing = Timing()
    with timing.span("graph"):
        run_pipeline(ModuleOp([]), [Mark(), Mark("y")], [timing])
    (graph,) = timing.root.parts
    assert [part.name for part in graph.parts] == ["mark", 'mark{note="y"}']
    assert graph.seconds >= sum(part.seconds for part in graph.parts) > 0
    header, total, *rows = timing.table().splitlines()
    assert header.split() == ["ms", "%", "stage"]
    assert total.split()[1:] == ["100.0", "total"]
    assert rows[0].endswith("    graph")
    assert rows[1].endswith("      mark")


def test_an_abandoned_timing_can_be_used_again() -> None:
    timing = Timing()
    with pytest.raises(KeyError):
        run_pipeline(ModuleOp([]), [Crash()], [timing])
    timing.abandon()
    run_pipeline(ModuleOp([]), [Mark()], [timing])
    assert [part.name for part in timing.root.parts] == ["crash", "mark"]


def test_a_context_prints_the_table_of_its_timing_when_it_is_left() -> None:
    out = io.StringIO()
    with PassContext(instruments=[Timing(out)]):
        run_pipeline(ModuleOp([]), [Mark()])
        assert not out.getvalue()
    assert out.getvalue().splitlines()[-1].endswith("mark")
