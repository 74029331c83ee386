"""`specialize=`: shapes that come often get builds of their own, which compute the same."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import tyrex
from tyrex.driver.instruments import Instrument
from tyrex.runtime.errors import ArgumentError, ShapeError, UnsupportedError
from tyrex.runtime.executable import Executable

from .models import GRAPH, dense, weights  # noqa: TID251  # the tests' folder, not the package's

Array = NDArray[np.float32]
ONCE = tyrex.Specialization(4, after=1)


def x_of(batch: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal((batch, 8)).astype(np.float32)


def y_of(x: Array) -> Array:
    w, b = weights(4)
    return np.maximum(x @ w + b, 0)


def build_of(exe: Executable, batch: int) -> Executable:
    found = exe.specializations.find(((batch, 8),))
    assert found is not None
    return found


@pytest.mark.parametrize("exec_mode", ["compiled", "bytecode"])
def test_calls_are_served_by_builds(exec_mode: str) -> None:
    exe = tyrex.compile(dense(), specialize=2, exec_mode=exec_mode, threads=1)
    for seed, batch in enumerate([3, 3, 3, 1, 3, 1, 1, 5, 3]):
        x = x_of(batch, seed)
        np.testing.assert_allclose(exe(x), y_of(x), rtol=1e-5, atol=1e-6)
    stats = exe.stats()["specializations"]
    assert (stats["builds"], stats["hits"], stats["misses"]) == (2, 4, 5)
    assert exe.specializations.shapes == ({"x": (1, 8)}, {"x": (3, 8)})
    build = build_of(exe, 3)
    assert str(build.signature.inputs[0].spec) == "float32[3, 8]"
    assert build.exec_mode == exe.exec_mode == exec_mode
    assert "batch" in str(exe.signature)


def test_every_way_to_call() -> None:
    exe = tyrex.compile(dense(), specialize=ONCE, threads=1)
    x, buffer = x_of(2), np.zeros((2, 4), np.float32)
    for _ in range(2):
        np.testing.assert_allclose(exe(x=x), y_of(x), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(exe.run([x]), y_of(x), rtol=1e-5, atol=1e-6)
        exe.run({"x": x}, out={"y": buffer})
        np.testing.assert_allclose(buffer, y_of(x), rtol=1e-5, atol=1e-6)
        buffer[...] = 0
    assert exe.stats()["specializations"]["hits"] == 5
    np.testing.assert_allclose(exe["main"](x), y_of(x), rtol=1e-5, atol=1e-6)
    exe.threads = 2
    exe(x)
    assert build_of(exe, 2).threads == 2


def test_errors_are_those_of_any_executable() -> None:
    exe = tyrex.compile(dense(), dims={"batch": (1, 4)}, specialize=ONCE)
    for _ in range(2):
        exe(x_of(4))
        for wrong in ((x_of(5),), (x_of(4).astype(np.float64),), (), (x_of(4)[0],), (3,)):
            with pytest.raises(tyrex.TyrexError) as found:
                exe(*wrong)
            with pytest.raises(tyrex.TyrexError) as expected:
                tyrex.compile(dense(), dims={"batch": (1, 4)})(*wrong)
            assert type(found.value) is type(expected.value)
        with pytest.raises(ShapeError, match="expected batch in 1 to 4; found 5"):
            exe(x_of(5))
    assert exe.specializations.shapes == ({"x": (4, 8)},)
    with pytest.raises(ArgumentError, match="there is no argument 'z'"):
        exe(z=x_of(4))


def test_lists_are_taken_as_ever() -> None:
    exe = tyrex.compile(dense(), specialize=ONCE)
    found = [np.asarray(exe(x_of(2))) for _ in range(2)]
    assert np.array_equal(found[0], found[1]) or np.allclose(found[0], found[1])
    assert exe.stats()["specializations"]["built"] == 1


def test_a_static_model_needs_no_builds() -> None:
    exe = tyrex.compile(dense(), dims={"batch": 2}, specialize=ONCE)
    for _ in range(3):
        exe(x_of(2))
    assert exe.stats()["specializations"]["misses"] == 0


def test_a_model_that_changed_is_served_by_what_was_compiled(tmp_path: Path) -> None:
    path = tmp_path / "dense.onnx"
    path.write_bytes(dense().SerializeToString())
    exe = tyrex.compile(path, specialize=ONCE)
    path.write_bytes(dense(bias=100.0).SerializeToString())
    x = x_of(2)
    for _ in range(3):
        np.testing.assert_allclose(exe(x), y_of(x), rtol=1e-5, atol=1e-6)
    (why,) = exe.stats()["specializations"]["failures"].values()
    assert "the file changed since it was compiled" in why


def test_a_model_in_memory_may_change_afterwards() -> None:
    model = dense()
    exe = tyrex.compile(model, specialize=ONCE)
    model.CopyFrom(dense(bias=100.0))
    x = x_of(2)
    for _ in range(2):
        np.testing.assert_allclose(exe(x), y_of(x), rtol=1e-5, atol=1e-6)
    assert exe.stats()["specializations"]["built"] == 1


def test_builds_come_out_of_the_cache(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TYREX_CACHE_DIR", str(tmp_path))
    for expected in ("miss", "hit"):
        exe = tyrex.compile(dense(), specialize=ONCE)
        exe(x_of(2))
        assert build_of(exe, 2).stats()["cache"] == expected


class Watcher(Instrument):
    """Notes the passes that it sees."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def before_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        self.seen.append(module_pass.name)


def test_what_is_in_force_around_a_call_does_not_reach_the_build() -> None:
    exe = tyrex.compile(dense(), specialize=ONCE, opt_level=1, cache=False)
    watcher = Watcher()
    with tyrex.PassContext(opt_level=0, instruments=[watcher]):
        exe(x_of(2))
    assert build_of(exe, 2).metadata["opt_level"] == "1"
    assert not watcher.seen


def test_passes_that_were_left_out_stay_out() -> None:
    with tyrex.PassContext(disabled_passes=frozenset({"fuse-ops", "fuse-tir"})):
        exe = tyrex.compile(dense(), specialize=ONCE, cache=False)
    exe(x_of(2))
    kernels = tyrex.compile(dense(), dims={"batch": 2}, cache=False).stats()["kernels"]
    assert build_of(exe, 2).stats()["kernels"] > kernels


def test_in_the_background_from_many_threads() -> None:
    policy = tyrex.Specialization(2, after=1, background=True)
    exe = tyrex.compile(dense(), specialize=policy, threads=1)

    def call(number: int) -> bool:
        x = x_of(1 + number % 3, number)
        return np.allclose(exe(x), y_of(x), rtol=1e-5, atol=1e-6)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(call, range(60)))
    assert exe.specializations.wait(60)
    stats = exe.stats()["specializations"]
    assert (stats["builds"], stats["pending"], stats["failures"]) == (2, 0, {})
    assert stats["hits"] + stats["misses"] == 60


def test_who_cannot_specialize_says_so(tmp_path: Path) -> None:
    exe = tyrex.compile(dense())
    with pytest.raises(UnsupportedError, match="specialize=N"):
        _ = exe.specializations
    assert type(tyrex.compile(dense(), specialize=0)) is Executable
    module = tyrex.load_module(exe.export_library(tmp_path / "dense.tyx"))
    with pytest.raises(UnsupportedError, match="a loaded model has no compiler with it"):
        _ = module.specializations
    with pytest.raises(UnsupportedError, match="has no compiler with it"):
        _ = module.executable.specializations
    with pytest.raises(ArgumentError, match="MLIR: its types say its shapes"):
        tyrex.compile(GRAPH, specialize=2)
    with pytest.raises(ArgumentError, match="builds are made where the model runs"):
        tyrex.compile(dense(), "aarch64-linux-gnu", specialize=2)
    wrong: Any = "often"
    with pytest.raises(ArgumentError, match="how many builds to keep"):
        tyrex.compile(dense(), specialize=wrong)
