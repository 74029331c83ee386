"""Models in files of LLVM IR: the same results; files that are damaged, foreign or no models."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.runtime.errors import LoadError, UnsupportedError
from tyrex.runtime.executable import Executable

DIGITS = Path(__file__).parents[2] / "examples" / "digits"


@pytest.fixture(scope="module")
def exe() -> Executable:
    return tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})


@pytest.fixture(scope="module")
def files(exe: Executable, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("ir")
    return {kind: exe.export_library(folder / f"digits.{kind}") for kind in ("ll", "bc")}


@pytest.fixture(scope="module")
def image() -> NDArray[np.float32]:
    return np.load(DIGITS / "held_out_images.npy").astype(np.float32)[:1]


@pytest.mark.parametrize("kind", ["ll", "bc"])
def test_the_results_are_those_of_the_executable(
    kind: str, files: dict[str, Path], exe: Executable, image: NDArray[np.float32], tmp_path: Path
) -> None:
    before = set(files[kind].parent.iterdir())
    with tyrex.load_module(files[kind]) as module:
        module.threads = 2
        np.testing.assert_allclose(np.asarray(module(image)), np.asarray(exe(image)), rtol=1e-6)
        assert module.signature == exe.signature
        assert module.name == "digits"
        with pytest.raises(UnsupportedError, match="can be written as nothing"):
            module.export_library(tmp_path / "m.so")
    with pytest.raises(LoadError, match="the module is closed"):
        module(image)
    assert set(files[kind].parent.iterdir()) == before


@pytest.mark.parametrize("kind", ["ll", "bc"])
def test_damaged_files_are_refused(kind: str, files: dict[str, Path], tmp_path: Path) -> None:
    data = files[kind].read_bytes()
    path = tmp_path / f"m.{kind}"
    for damaged in (b"", data[: len(data) // 2], data[:8] + b"\xff" * 64 + data[72:]):
        path.write_bytes(damaged)
        with pytest.raises(LoadError, match=rf"m\.{kind}: "):
            tyrex.load_module(path)


def test_other_files_are_refused(files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "m.ll"
    path.write_text("define i32 @f() {\n  ret i32 0\n}\n")
    with pytest.raises(LoadError, match=r"m\.ll: holds no model"):
        tyrex.load_module(path)
    text = files["ll"].read_text()
    here = text.partition(r"\22target\22: \22")[2].partition(r"\22")[0]
    assert here
    foreign = here.replace(here[: here.index("-")], "x" * here.index("-"))
    path.write_text(text.replace(rf"\22target\22: \22{here}", rf"\22target\22: \22{foreign}"))
    with pytest.raises(LoadError, match=r"m\.ll: is for x+-"):
        tyrex.load_module(path)


ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "llvmlite":
            raise ImportError(f"{name} is not installed here", name="llvmlite")

sys.meta_path.insert(0, Absent())
import tyrex

tyrex.load_module(sys.argv[1])
"""


def test_without_llvmlite_it_is_asked_for(files: dict[str, Path]) -> None:
    command = [sys.executable, "-c", ALONE, str(files["bc"])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "digits.bc: is LLVM IR, of which llvmlite makes code, and it is not installed" in (
        done.stderr
    )
