"""Random programs mean the same as graphs, as host programs, planned or not, and as bytecode.

The interpreter of `vm` runs in memory that really overlaps: a wrong plan gives wrong numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from tyrex.analysis.storage_liveness import StorageLiveness
from tyrex.backends.vm.emit import emit_program
from tyrex.dialects import vm
from tyrex.dialects.diagnostics import CompileError
from tyrex.dialects.verify import verify_module
from tyrex.interpreters import relax as relax_interpreter
from tyrex.interpreters import vm as vm_interpreter
from tyrex.passes.vm.lower_to_vm import LowerToVmPass
from tyrex.passes.vm.plan_memory import PlanMemoryPass
from tyrex.runtime.executable import Executable

from .python_kernels import kernel_library  # noqa: TID251  # the tests' folder, not the package's
from .random_programs import HOST_FUNCTIONS, Generator, context  # noqa: TID251

Arrays = list[np.ndarray[Any, Any]]


def lowered(module: ModuleOp, *, plan: bool) -> ModuleOp:
    result = module.clone()
    LowerToVmPass().apply(context(), result)
    if plan:
        PlanMemoryPass().apply(context(), result)
    verify_module(result)
    return result


def check(found: Arrays, expected: Arrays) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(30))
def test_random_programs_mean_the_same_on_every_level(seed: int) -> None:
    generator = Generator(seed)
    module = generator.module()
    verify_module(module)
    inputs = generator.inputs()
    expected = relax_interpreter.run(module, "main", inputs, HOST_FUNCTIONS)
    before = [x.copy() for x in inputs]
    for plan in (False, True):
        program = lowered(module, plan=plan)
        check(vm_interpreter.run(program, "main", inputs, HOST_FUNCTIONS), expected)
    executable = Executable(
        emit_program(program), kernel_library(program), host_functions=HOST_FUNCTIONS
    )
    for _ in range(2):  # the second run finds what the first one left
        found: Any = executable(*inputs)
        check([*found] if isinstance(found, tuple) else [found], expected)
    check(inputs, before)


def storage_of(value: SSAValue) -> SSAValue | None:
    """Return the storage that a value of a function without branches lies in, if any."""
    owner = value.owner
    while isinstance(owner, vm.TensorOp | vm.ReshapeOp):
        value = owner.operands[0]
        owner = value.owner
    return value if isinstance(owner, vm.AllocStorageOp) else None


def touched_by(op: Operation) -> list[SSAValue]:
    """Return the storages whose memory an operation reads or writes, through views."""
    if isinstance(op, vm.TensorOp | vm.ReshapeOp):
        return []
    pending, found = list(op.operands), list[SSAValue]()
    for value in pending:
        owner = value.owner
        if isinstance(owner, vm.CallPackedOp):  # may have returned what it was given
            pending += owner.operands
        storage = storage_of(value)
        if storage is not None:
            found.append(storage)
    return found


@pytest.mark.parametrize("seed", range(100, 120))
def test_tensors_in_use_at_one_time_do_not_overlap(seed: int) -> None:
    module = Generator(seed, with_loops=False, with_branches=False).module()
    before, after = lowered(module, plan=False), lowered(module, plan=True)
    lifetimes: dict[SSAValue, tuple[int, int]] = {}
    for position, op in enumerate(before.walk()):
        for storage in touched_by(op):
            lifetimes[storage] = lifetimes.get(storage, (position,))[0], position
    # The plan changes no order: the n-th tensor is the n-th tensor.
    tensors = [[op for op in m.walk() if isinstance(op, vm.TensorOp)] for m in (before, after)]
    placed: list[tuple[tuple[int, int], range]] = []
    for tensor, planned in zip(*tensors, strict=True):
        start, size = planned.offset.value.data, vm.size_bytes(vm.tensor_type(tensor.result))
        assert size is not None
        placed.append((lifetimes[tensor.storage], range(start, start + size)))
    for i, (life, place) in enumerate(placed):
        for other_life, other_place in placed[:i]:
            if life[0] <= other_life[1] and other_life[0] <= life[1]:
                assert max(place.start, other_place.start) >= min(place.stop, other_place.stop)


def test_a_plan_that_forgets_a_conflict_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above would notice: without conflicts everything lies in one place."""
    original = StorageLiveness.__init__

    def forgetful(self: StorageLiveness, func: vm.FuncOp) -> None:
        original(self, func)
        self.conflicts = [0] * len(self.storages)

    monkeypatch.setattr(StorageLiveness, "__init__", forgetful)
    wrong = 0
    for seed in range(10):
        generator = Generator(seed)
        module = generator.module()
        inputs = generator.inputs()
        expected = relax_interpreter.run(module, "main", inputs, HOST_FUNCTIONS)
        try:
            found = vm_interpreter.run(lowered(module, plan=True), "main", inputs, HOST_FUNCTIONS)
            wrong += not all(map(np.array_equal, found, expected))
        except CompileError:  # two buffers of a kernel overlap
            wrong += 1
    assert wrong >= 3
