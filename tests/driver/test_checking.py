"""`tyrex check` names the first pass that changes what is computed."""

from dataclasses import dataclass

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from tyrex.backends.llvm.targets import parse_target
from tyrex.dialects import relax
from tyrex.dialects.locating_parser import parse_module
from tyrex.dialects.target import set_target
from tyrex.driver.checking import check_passes
from tyrex.driver.pass_context import PassContext, compiler_context

from .models import GRAPH, X  # noqa: TID251  # the tests' folder


@dataclass(frozen=True)
class TanhIsSigmoid(ModulePass):
    """A mistake."""

    name = "tanh-is-sigmoid"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for tanh in list(op.walk()):
            if isinstance(tanh, relax.TanhOp):
                new = relax.SigmoidOp(tanh.x)
                tanh.parent_block().insert_op_before(new, tanh)  # pyright: ignore
                tanh.result.replace_all_uses_with(new.result)
                tanh.detach()
                tanh.erase()


def module() -> ModuleOp:
    parsed = parse_module(compiler_context(), GRAPH, "graph.mlir")
    set_target(parsed, parse_target("x86-64-v3"))
    return parsed


@pytest.mark.parametrize("opt_level", range(3))
def test_every_pass_is_fine(opt_level: int) -> None:
    found = list(check_passes(module(), [X], opt_level))
    assert not any(checked.differs for checked in found)
    assert {checked.level for checked in found} >= {"kernels", "scheduled", "host"}
    assert any(checked.changed for checked in found)
    until = list(check_passes(module(), [X], opt_level, until="kernels"))
    assert until == [checked for checked in found if checked.level in ("graph", "kernels")]


def test_the_first_wrong_pass_is_named() -> None:
    with PassContext(insert_after={"check-shapes": TanhIsSigmoid()}):
        found = list(check_passes(module(), [X], 1))
    assert found[-1].pass_name == "tanh-is-sigmoid"
    assert found[-1].differs
    assert not any(checked.differs for checked in found[:-1])
    assert np.isfinite(found[-1].error)


def test_passes_that_are_left_out_are_not_run() -> None:
    with PassContext(disabled_passes=frozenset({"fuse-ops"})):
        found = [checked.pass_name for checked in check_passes(module(), [X], 1)]
    assert "fuse-tir" in found
    assert "fuse-ops" not in found
