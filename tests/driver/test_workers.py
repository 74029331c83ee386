import numpy as np
import pytest

import tyrex
from tyrex.driver.workers import MIN_KERNELS, compile_pool, num_workers
from tyrex.runtime.errors import ArgumentError
from tyrex.runtime.threads import num_cores


def test_the_environment_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TYREX_COMPILE_WORKERS", raising=False)
    assert num_workers() == num_cores()
    monkeypatch.setenv("TYREX_COMPILE_WORKERS", "3")
    assert num_workers() == 3
    for wrong in ("many", "-1", "65"):
        monkeypatch.setenv("TYREX_COMPILE_WORKERS", wrong)
        with pytest.raises(ArgumentError, match="expected a number from 0 to 64"):
            num_workers()


def test_a_few_kernels_need_no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    with compile_pool(MIN_KERNELS - 1) as pool:
        assert pool is None
    monkeypatch.setenv("TYREX_COMPILE_WORKERS", "0")
    with compile_pool(100) as pool:
        assert pool is None


def graph(count: int) -> str:
    """Return a graph of `count` kernels that are all different."""
    lines = ["relax.func @main(%x0: !relax.tensor<[2, 3], f32>) -> (!relax.tensor<[2, 3], f32>) {"]
    for i in range(count):
        op = "exp" if i % 2 else "neg"
        lines.append(
            f"  %x{i + 1} = relax.{op} %x{i} "
            ": (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>"
        )
    return "\n".join([*lines, f"  relax.return %x{count} : !relax.tensor<[2, 3], f32>\n}}"])


def test_children_make_what_this_process_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    results: list[bytes] = []
    for workers in ("2", "0"):
        monkeypatch.setenv("TYREX_COMPILE_WORKERS", workers)
        exe = tyrex.compile(graph(MIN_KERNELS + 1), opt_level=0, cache=False)
        results.append(np.asarray(exe(x)).tobytes())
    assert results[0] == results[1]
