import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import tyrex
from tyrex.driver.cache import FORMAT
from tyrex.runtime.executable import Executable

from .models import (  # noqa: TID251  # the tests' folder, not the package's
    GRAPH,
    X,
    dense,
    dense_expected,
)

LONG_AGO = 1_000_000_000
DIMS = {"batch": 4}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("TYREX_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "dense.onnx"
    path.write_bytes(dense().SerializeToString())
    return path


def check(exe: Executable, bias: float = 0.0) -> str:
    """Check what a compiled `dense` computes; return what the cache did."""
    np.testing.assert_allclose(np.asarray(exe(X)), dense_expected(X, bias), rtol=1e-5)
    return exe.stats()["cache"]


def entries(cache: Path, kind: str) -> list[Path]:
    folder = cache / FORMAT / kind
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_the_second_compile_is_a_hit(cache: Path, model: Path) -> None:
    assert check(tyrex.compile(model, dims=DIMS)) == "miss"
    assert check(tyrex.compile(str(model), dims=DIMS)) == "hit"
    assert check(tyrex.compile(model.rename(model.with_name("b.onnx")), dims=DIMS)) == "hit"


@pytest.mark.parametrize("given", [GRAPH, dense(), dense().SerializeToString()])
def test_what_is_no_file_hits_too(cache: Path, given: Any) -> None:
    dims = {} if given is GRAPH else DIMS
    found = [tyrex.compile(given, dims=dims).stats()["cache"] for _ in range(2)]
    assert found == ["miss", "hit"]


@pytest.mark.parametrize(
    "changed",
    [
        {"dims": {"batch": 5}},
        {"dims": {}, "shapes": {"x": (6, 8)}},
        {"opt_level": 1},
        {"target": "x86-64-v2"},
        {"pipeline": "fold-constants"},
    ],
)
def test_every_option_is_part_of_the_key(cache: Path, model: Path, changed: dict[str, Any]) -> None:
    if "target" in changed and "x86_64" not in os.uname().machine:
        pytest.skip("the target is of another machine")
    tyrex.compile(model, dims=DIMS)
    options: dict[str, Any] = {"dims": DIMS, **changed}
    assert tyrex.compile(model, **options).stats()["cache"] == "miss"
    assert tyrex.compile(model, **options).stats()["cache"] == "hit"


def test_passes_that_are_disabled_are_part_of_the_key(cache: Path) -> None:
    tyrex.compile(GRAPH)
    with tyrex.PassContext(disabled_passes=frozenset({"fuse-ops"})):
        assert tyrex.compile(GRAPH).stats()["cache"] == "miss"
        assert tyrex.compile(GRAPH).stats()["kernels"] == 2


def test_a_model_that_changed_is_compiled_again(cache: Path, model: Path) -> None:
    check(tyrex.compile(model, dims=DIMS))
    model.write_bytes(dense(bias=1.0).SerializeToString())
    exe = tyrex.compile(model, dims=DIMS)
    assert check(exe, bias=1.0) == "miss"
    assert exe.stats()["cached_objects"] == exe.stats()["objects"], "the kernels are the same"


def test_weights_in_a_file_are_part_of_the_model(cache: Path, tmp_path: Path) -> None:
    path, data = tmp_path / "m.onnx", tmp_path / "m.bin"

    def save(bias: float) -> None:
        data.unlink(missing_ok=True)
        onnx.save(  # pyright: ignore[reportUnknownMemberType]
            dense(bias), path, save_as_external_data=True, location="m.bin", size_threshold=0
        )

    save(0.0)
    before = path.read_bytes()
    assert check(tyrex.compile(path, dims=DIMS)) == "miss"
    assert check(tyrex.compile(path, dims=DIMS)) == "hit"
    save(1.0)
    assert path.read_bytes() == before, "the file with the graph is the same"
    assert check(tyrex.compile(path, dims=DIMS), bias=1.0) == "miss"
    assert check(tyrex.compile(path, dims=DIMS), bias=1.0) == "hit"
    data.unlink()
    with pytest.raises(Exception, match=r"m\.bin"):
        tyrex.compile(path, dims=DIMS)


@pytest.mark.parametrize("at", [0, 70, 700, -10])
def test_a_damaged_entry_is_a_miss(cache: Path, model: Path, at: int) -> None:
    check(tyrex.compile(model, dims=DIMS))
    (entry,) = entries(cache, "models")
    data = bytearray(entry.read_bytes())
    data[at] ^= 255
    entry.write_bytes(data)
    assert check(tyrex.compile(model, dims=DIMS)) == "miss"
    assert check(tyrex.compile(model, dims=DIMS)) == "hit"


def test_a_damaged_kernel_is_compiled_again(cache: Path, model: Path) -> None:
    check(tyrex.compile(model, dims=DIMS))
    for entry in (*entries(cache, "models"), *entries(cache, "kernels")):
        entry.write_bytes(entry.read_bytes()[:-3])
    exe = tyrex.compile(model, dims=DIMS)
    assert check(exe) == "miss"
    assert exe.stats()["cached_objects"] == 0


def test_no_cache_is_asked_for(cache: Path, model: Path) -> None:
    assert check(tyrex.compile(model, dims=DIMS, cache=False)) == "the caller turned it off"
    assert not cache.exists()


def test_no_home(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TYREX_CACHE_DIR", "/proc/nowhere")
    note = check(tyrex.compile(model, dims=DIMS))
    assert "/proc/nowhere" in note


def test_the_cache_is_bounded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TYREX_CACHE_MAX_BYTES", "40000")
    for batch in range(1, 12):
        tyrex.compile(dense(), dims={"batch": batch})
    total = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    assert total <= 40_000


HIT = """
import sys
import tyrex
exe = tyrex.compile(sys.argv[1], dims={"batch": 4})
import numpy as np
y = np.asarray(exe(np.ones((4, 8), np.float32)))
compilers = [m for m in ("xdsl", "onnx", "llvmlite") if m in sys.modules]
print(exe.stats()["cache"], float(y.sum()), compilers)
"""


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_a_hit_loads_no_compiler(cache: Path, model: Path) -> None:
    first = python(HIT, str(model)).communicate()[0].split()
    second = python(HIT, str(model)).communicate()[0].split()
    assert first[0] == "miss"
    assert second == ["hit", first[1], "[]"]


def test_processes_that_compile_at_once(cache: Path, model: Path) -> None:
    running = [python(HIT, str(model)) for _ in range(3)]
    printed = [process.communicate()[0].split() for process in running]
    assert len({words[1] for words in printed}) == 1
    assert len(entries(cache, "models")) == 1
    assert python(HIT, str(model)).communicate()[0].startswith("hit")
