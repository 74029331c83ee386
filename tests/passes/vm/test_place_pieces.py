"""Programs with joined and parted tensors mean the same before and after place-pieces."""

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from tyrex.dialects import vm
from tyrex.dialects.verify import verify_module
from tyrex.interpreters import relax as relax_interpreter
from tyrex.interpreters import vm as vm_interpreter
from tyrex.passes.vm.lower_to_vm import LowerToVmPass
from tyrex.passes.vm.place_pieces import PlacePiecesPass
from tyrex.passes.vm.plan_memory import PlanMemoryPass

from .random_programs import HOST_FUNCTIONS, Generator, context  # noqa: TID251

SEEDS = range(1000, 1060)


def moves(module: ModuleOp) -> int:
    """Return how many kernels that only move pieces are called."""
    return sum(
        isinstance(op, vm.CallOp) and op.callee_name in ("join", "part") for op in module.walk()
    )


def run(seed: int) -> tuple[int, int]:
    """Check one program; return the moves in it before and after."""
    generator = Generator(seed)
    module = generator.module()
    inputs = generator.inputs()
    expected = relax_interpreter.run(module, "main", inputs, HOST_FUNCTIONS)
    LowerToVmPass().apply(context(), module)
    before = moves(module)
    PlacePiecesPass().apply(context(), module)
    after = moves(module)
    for plan in (False, True):
        if plan:
            PlanMemoryPass().apply(context(), module)
        verify_module(module)
        found = vm_interpreter.run(module, "main", inputs, HOST_FUNCTIONS)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    return before, after


@pytest.mark.parametrize("seed", SEEDS)
def test_random_programs_mean_the_same(seed: int) -> None:
    run(seed)


def test_some_pieces_are_placed_and_some_cannot_be() -> None:
    counts = [run(seed) for seed in SEEDS[:40]]
    assert any(after < before for before, after in counts)
    assert any(after > 0 for _, after in counts)
