"""Schedule: queries, handles, copies, the trace."""

import pytest

import tyrex
from tyrex.dialects import tir
from tyrex.passes.tir.primitives.schedule import BlockRV, Schedule, ScheduleError

from .harness import assert_means_the_same, dense, matmul, refused  # noqa: TID251


def names(s: Schedule, handles: list[BlockRV]) -> list[str]:
    ops = [s.get(handle) for handle in handles]
    return [op.block_name.data for op in ops if isinstance(op, tir.BlockOp)]


def test_queries() -> None:
    s = tyrex.Schedule(dense(3, 7, 17))
    block = s.get_block("matmul")
    assert len(s.get_loops(block)) == 3
    assert names(s, s.get_producers(block)) == ["twice"]
    assert names(s, s.get_consumers(block)) == ["bias"]
    assert names(s, s.get_output_blocks()) == ["relu"]
    assert names(s, s.get_child_blocks(s.get_loops(block)[0])) == ["matmul"]
    refused(lambda: s.get_block("conv"), "the blocks are: twice, matmul, bias, relu")


def test_the_kernel_given_stays_as_it_is() -> None:
    func = matmul(3, 7, 17)
    before = str(func)
    s = Schedule(func)
    s.split(s.get_loops(s.get_block("matmul"))[0], [None, 2])
    assert str(func) == before
    assert str(s.func) != before
    assert s.func.parent_op() is s.mod


def test_stale_handles_are_told() -> None:
    s = Schedule(matmul(3, 7, 17))
    i, j, _ = s.get_loops(s.get_block("matmul"))
    s.split(i, [None, 2])
    with pytest.raises(ScheduleError, match="is gone"):
        s.fuse(i, j)
    with pytest.raises(ScheduleError, match="another schedule"):
        Schedule(matmul(3, 7, 17)).fuse(i, j)


def test_a_copy_goes_its_own_way() -> None:
    func = matmul(3, 7, 17)
    s = Schedule(func)
    i, j, k = s.get_loops(s.get_block("matmul"))
    twin = s.copy()
    s.reorder(k, i)
    twin.fuse(i, j)
    assert_means_the_same(s, func)
    assert_means_the_same(twin, func)
    assert "sched.reorder" not in str(twin.trace)
    assert "sched.fuse" not in str(s.trace)


def test_a_refused_primitive_changes_nothing() -> None:
    s = Schedule(matmul(3, 7, 17))
    _, _, k = s.get_loops(s.get_block("matmul"))
    before, trace = str(s.func), str(s.trace)
    refused(lambda: s.parallel(k))
    assert (str(s.func), str(s.trace)) == (before, trace)
