"""Random schedules of all kinds of kernels: each step is refused, or keeps the meaning."""

from collections.abc import Callable, Iterable
from random import Random

import pytest
from xdsl.context import Context

from tyrex.dialects import tir
from tyrex.dialects.verify import verify_module
from tyrex.passes.tir.compact_buffers import CompactBuffersPass
from tyrex.passes.tir.lower_blocks import LowerBlocksPass
from tyrex.passes.tir.primitives.schedule import BlockRV, LoopRV, Schedule, ScheduleError

from ...kernels import Case, all_cases, assert_same, kernel_in  # noqa: TID251

STEPS = 12
CASES = all_cases(seeds=1)


def _block(s: Schedule, r: Random) -> BlockRV:
    found = [op for op in s.func.walk() if isinstance(op, tir.BlockOp)]
    return s.get_block(r.choice(found).block_name.data)


def _loops(s: Schedule, r: Random) -> list[LoopRV]:
    return s.get_loops(_block(s, r))


def _loop(s: Schedule, r: Random) -> LoopRV:
    return r.choice(_loops(s, r))


def _split(s: Schedule, r: Random) -> None:
    s.split(_loop(s, r), r.choice(([None, 2], [None, 4], [3, None], [None, 8], [2, None, 2])))


def _fuse(s: Schedule, r: Random) -> None:
    loops = _loops(s, r)
    start = r.randrange(len(loops) - 1)
    s.fuse(*loops[start : start + r.choice((2, 3))])


def _reorder(s: Schedule, r: Random) -> None:
    loops = _loops(s, r)
    s.reorder(*r.sample(loops, r.randint(2, len(loops))))


def _transform(s: Schedule, r: Random) -> None:
    which = r.choice(("read", "write")), r.choice((0, 0, 1))
    if r.random() < 0.5:
        s.transform_layout(_block(s, r), which, lambda i, j: (j, i))
    else:
        s.transform_layout(_block(s, r), which, lambda i, j: (i // 4, j, i % 4))


def _rfactor(s: Schedule, r: Random) -> None:
    s.rfactor(r.choice(_loops(s, r)), r.choice((0, -1)))


PRIMITIVES: tuple[Callable[[Schedule, Random], object], ...] = (
    _split,
    _split,
    _split,
    _fuse,
    _reorder,
    _reorder,
    _rfactor,
    _transform,
    lambda s, r: s.parallel(_loop(s, r)),
    lambda s, r: s.vectorize((_loops(s, r) or [_loop(s, r)])[-1]),
    lambda s, r: s.unroll(_loop(s, r)),
    lambda s, r: s.add_unit_loop(_block(s, r)),
    lambda s, r: s.compute_inline(_block(s, r)),
    lambda s, r: s.reverse_compute_inline(_block(s, r)),
    lambda s, r: s.compute_at(_block(s, r), _loop(s, r)),
    lambda s, r: s.compute_at(_block(s, r), _loop(s, r)),
    lambda s, r: s.reverse_compute_at(_block(s, r), _loop(s, r)),
    lambda s, r: s.reverse_compute_at(_block(s, r), _loop(s, r)),
    lambda s, r: s.cache_read(_block(s, r), r.choice((0, 1)), r.choice(("global", "stack"))),
    lambda s, r: s.cache_write(_block(s, r), 0, r.choice(("global", "stack"))),
    lambda s, r: s.decompose_reduction(b := _block(s, r), r.choice(s.get_loops(b))),
    lambda s, r: s.blockize(_loop(s, r)),
)


def _backwards(n: int) -> Iterable[int]:
    return reversed(range(n))


def schedule_at_random(case: Case, r: Random, steps: int) -> int:
    """Apply random primitives, check each; return how many were not refused."""
    s = Schedule(case.func)
    expected = case.outputs_of(case.func, seed=3)
    done = 0
    for _ in range(steps):
        before = str(s.func)
        primitive = r.choice(PRIMITIVES)
        try:
            primitive(s, r)
        except ScheduleError:
            assert str(s.func) == before
            continue
        except (IndexError, ValueError, TypeError) as error:  # no such loops, maps of another rank
            if str(error).startswith(("Cannot choose", "empty range", "Sample larger")):
                continue
            if isinstance(error, TypeError) and "positional argument" in str(error):
                continue
            raise
        done += 1
        try:
            verify_module(s.mod)
            assert_same(case.outputs_of(s.func, 3), expected)
            assert_same(case.outputs_of(s.func, 3, parallel_order=_backwards), expected)
        except Exception as error:
            error.add_note(f"after {s.trace}\n{before}\n{s.func}")
            raise
    module = s.mod
    for tir_pass in (CompactBuffersPass(), LowerBlocksPass()):
        tir_pass.apply(Context(), module)
        verify_module(module)
        assert_same(case.outputs_of(kernel_in(module), 3), expected)
    return done


@pytest.mark.parametrize("make", [make for _, make in CASES], ids=[name for name, _ in CASES])
def test_random_schedules(make: Callable[[], Case], request: pytest.FixtureRequest) -> None:
    schedule_at_random(make(), Random(request.node.name), STEPS)
