"""Models as WebAssembly modules, run by wasmtime: no imports, the same numbers as here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wasmtime
from numpy.typing import NDArray

import tyrex

from . import cross_models  # noqa: TID251  # the tests' folder, not the package's
from .cross_models import Case, toolchain_or_skip  # noqa: TID251

FUNCTIONS = (
    "create",
    "run",
    "run_tensors",
    "infer",
    "set_num_threads",
    "destroy",
    "describe",
    "last_error",
)


class Instance:
    """A module in an engine, and its functions without their prefix."""

    def __init__(self, path: Path) -> None:
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        self.module = wasmtime.Module(engine, path.read_bytes())
        self.exports: Any = wasmtime.Instance(self.store, self.module, []).exports(self.store)
        self.memory: Any = self.exports["memory"]

    def function(self, name: str) -> Callable[..., int]:
        return lambda *args: self.exports[f"model_{name}"](self.store, *args) or 0

    def allocate(self, size: int) -> int:
        address = self.function("allocate")(size)
        assert address
        assert address % 64 == 0
        return address

    def write(self, address: int, data: bytes) -> None:
        self.memory.write(self.store, data, address)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.memory.read(self.store, address, address + size))

    def text(self, address: int) -> str:
        return self.read(address, 600).partition(b"\0")[0].decode()

    def words(self, *values: int) -> int:
        """Return the address of an array of addresses."""
        address = self.allocate(4 * len(values))
        self.write(address, np.array(values, np.uint32).tobytes())
        return address

    def context(self) -> int:
        place = self.allocate(4)
        assert self.function("create")(1, place) == 0
        return int.from_bytes(self.read(place, 4), "little")

    def run(self, context: int, x: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        source, result = self.allocate(x.nbytes), self.allocate(4 * size)
        self.write(source, x.tobytes())
        inputs, outputs = self.words(source), self.words(result)
        assert self.function("run")(context, inputs, outputs) == 0
        found = np.frombuffer(self.read(result, 4 * size), np.float32)
        for address in (source, result, inputs, outputs):
            self.function("free")(address)
        return found


def export(case: Case, target: str, folder: Path) -> Path:
    toolchain_or_skip(target)
    exe = tyrex.compile(case.model, target, dims={"batch": 1})
    return exe.export_library(folder / "m.wasm", name="model")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "target"),
    [
        (cross_models.digits, "wasm32"),
        (cross_models.small_cnn, "wasm32"),
        (cross_models.small_cnn, "wasm32,features=-simd128"),
    ],
)
def test_the_same_numbers_as_here(make: Callable[[], Case], target: str, tmp_path: Path) -> None:
    case = make()
    instance = Instance(export(case, target, tmp_path))
    assert not instance.module.imports
    names = {f"model_{name}" for name in (*FUNCTIONS, "allocate", "free")}
    assert {entry.name for entry in instance.module.exports} == {"memory", *names}
    context = instance.context()
    size = case.expected.shape[1]
    found = np.stack([instance.run(context, x, size) for x in case.inputs])
    assert np.ptp(found) > 0.01
    np.testing.assert_allclose(found, case.expected, rtol=0, atol=cross_models.TOLERANCE)
    # What was given back is taken again: runs and contexts do not make the memory grow.
    before = instance.memory.data_len(instance.store)
    for _ in range(50):
        instance.run(context, case.inputs[0], size)
        instance.function("destroy")(instance.context())
    assert instance.memory.data_len(instance.store) == before


@pytest.mark.slow
def test_misuse_is_answered(tmp_path: Path) -> None:
    instance = Instance(export(cross_models.digits(), "wasm32", tmp_path))
    context = instance.context()
    assert instance.function("run")(context, 0, 0) == 1
    error = instance.text(instance.function("last_error")())
    assert error.startswith("model: the array of inputs is NULL; the signature is model(image: ")
    assert instance.function("run")(context, instance.words(3), instance.words(64)) == 1
    error = instance.text(instance.function("last_error")())
    assert "inputs[0] 'image' lies at 0x3; expected a multiple of the 4 bytes" in error
    assert instance.function("create")(0, instance.allocate(4)) == 1
    assert '"target": "wasm32-unknown-unknown"' in instance.text(instance.function("describe")())
    assert instance.function("allocate")(2**32 - 1) == 0
    assert instance.text(instance.function("last_error")()) == (
        "no memory for a block of 4294967295 bytes"
    )


def test_a_module_is_no_shared_object(tmp_path: Path) -> None:
    exe = tyrex.compile(cross_models.DIGITS / "digits.onnx", "wasm32", dims={"batch": 1})
    with pytest.raises(ValueError, match=r"for wasm32-unknown-unknown is a \.wasm file; found"):
        exe.export_library(tmp_path / "m.so")
    with pytest.raises(NotImplementedError, match=r"for ELF systems alone; export a \.wasm"):
        exe.export_library(tmp_path / "m.a")
