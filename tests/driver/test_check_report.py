"""What `tyrex check` says about a pass that is wrong."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from tyrex.dialects import relax, tir
from tyrex.driver import cli, opt
from tyrex.driver.pass_context import PassContext
from tyrex.passes import pipelines

from .models import GRAPH, dense  # noqa: TID251  # the tests' folder, not the package's

Capture = pytest.CaptureFixture[str]


def replace(old: Operation, new: Operation) -> None:
    new.location = old.location
    assert old.parent is not None
    old.parent.insert_op_before(new, old)
    old.results[0].replace_all_uses_with(new.results[0])
    old.detach()
    old.erase()


@dataclass(frozen=True)
class ReluIsTanhPass(ModulePass):
    """A mistake."""

    name = "relu-is-tanh"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for relu in list(op.walk()):
            if isinstance(relu, relax.ReluOp):
                replace(relu, relax.TanhOp(relu.x))


@dataclass(frozen=True)
class ShiftLoadsPass(ModulePass):
    """Reads one element too far."""

    name = "shift-loads"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for load in list(op.walk()):
            if isinstance(load, tir.LoadOp) and len(load.indices.data) == 1:
                (index,) = load.exprs_over_values(load.indices)
                replace(load, tir.LoadOp(load.buffer, [index + 1]))


@dataclass(frozen=True)
class BiasIsSubtractedPass(ModulePass):
    """Subtracts in the kernel of an addition."""

    name = "bias-is-subtracted"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp) and func.sym_name.data == "add":
                for add in list(func.walk()):
                    if isinstance(add, arith.AddfOp):
                        replace(add, arith.SubfOp(add.lhs, add.rhs))


@dataclass(frozen=True)
class NoReturnPass(ModulePass):
    """Leaves what is no module."""

    name = "no-return"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, relax.FuncOp):
                last = func.body.block.last_op
                assert last is not None
                last.detach()
                last.erase()


@dataclass(frozen=True)
class StumblePass(ModulePass):
    """Has a bug that Python sees."""

    name = "stumble"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise KeyError("lost")


def with_pass(level: str, wrong: ModulePass, opt_level: int = 1) -> PassContext:
    """Put a pass at the end of a level."""
    last = pipelines.OPT_LEVELS[opt_level][level][-1]
    return PassContext(insert_after={last.name: wrong})


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "dense.onnx"
    path.write_bytes(dense().SerializeToString())
    return str(path)


def check(capsys: Capture, *arguments: str) -> tuple[int, str]:
    code = cli.main(["check", *arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_a_wrong_result(capsys: Capture, model: str, tmp_path: Path) -> None:
    with with_pass("graph", ReluIsTanhPass()):
        code, out = check(
            capsys, model, "-O1", "--at", "batch=3", "--dump-ir", str(tmp_path / "ir")
        )
    assert code == 1
    assert "graph      relu-is-tanh             DIFFERS" in out
    assert f"check: relu-is-tanh changes what {model} computes" in out
    assert "output y: float32[3, 4]: " in out
    assert "of 12 values differ by up to" in out
    assert "expected 3." in out
    assert "first value that differs: Relu -> y, by relax.tanh: float32[3, 4]" in out
    assert "    -  %y = relax.relu %s" in out
    assert "    +  %y = relax.tanh %s" in out
    before = tmp_path / "ir" / "before-relu-is-tanh.mlir"
    after = tmp_path / "ir" / "after-relu-is-tanh.mlir"
    assert f"tyrex-opt {before} -p relu-is-tanh" in out
    assert "relax.relu" in before.read_text()
    assert "relax.tanh" in after.read_text()
    capsys.readouterr()
    for path in (before, after):
        assert opt.main([str(path)]) == 0
    assert "relax.constant" in capsys.readouterr().out


@pytest.mark.parametrize("level", ["kernels", "scheduled"])
def test_the_node_is_found_among_kernels(capsys: Capture, model: str, level: str) -> None:
    """The product is what it was; what is wrong first is the sum of it and the bias."""
    with with_pass(level, BiasIsSubtractedPass(), opt_level=0):
        code, out = check(capsys, model, "-O0", "--at", "batch=3")
    assert code == 1
    assert f"{level:10} bias-is-subtracted       DIFFERS" in out
    assert "first value that differs: Add -> s, by add: float32[3, 4]: 12 of 12 values" in out
    assert "= arith.subf" in out


def test_an_access_that_is_wrong(capsys: Capture, model: str) -> None:
    with with_pass("kernels", ShiftLoadsPass()):
        code, out = check(capsys, model, "--at", "batch=3", "-O1")
    assert code == 1
    assert "kernels    shift-loads              FAILS" in out
    assert f"check: shift-loads breaks {model}: what it leaves cannot be run:" in out
    assert "axis 0: found index 4, the extent is 4" in out
    assert "--dump-ir DIR writes the module before and after it" in out


def test_what_is_not_valid(capsys: Capture, model: str) -> None:
    with with_pass("graph", NoReturnPass()):
        code, out = check(capsys, model, "-O1", "--at", "batch=1")
    assert code == 1
    assert "graph      no-return                FAILS" in out
    assert "what it leaves is not valid" in out


def test_what_python_raises(capsys: Capture, model: str) -> None:
    with with_pass("graph", StumblePass()):
        code, out = check(capsys, model, "-O1", "--at", "batch=1")
    assert code == 1
    assert f"check: stumble breaks {model}: it raised KeyError: 'lost'" in out


def test_other_passes_may_be_checked(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "graph.mlir"
    path.write_text(GRAPH)
    code, out = check(capsys, str(path), "-p", "infer-shapes,relax-cse", "--until", "kernels")
    assert code == 0
    assert out.count("graph  ") == 2
    code, out = check(capsys, str(path), "--sanitize=bounds", "--until", "scheduled")
    assert (code, "scheduled  check-bounds" in out) == (0, True)


def test_a_module_of_kernels_has_no_passes_to_check(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "host.mlir"
    path.write_text("vm.func @main() -> () {\n  vm.return\n}\n")
    code, out = check(capsys, str(path))
    assert code == 1
    assert "has no relax.func @main" in out
