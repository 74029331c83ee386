"""Weights beside a library: the same results, one copy for all, and files that are not theirs."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.runtime.errors import ArgumentError, LoadError
from tyrex.runtime.executable import Executable

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
CC = shutil.which("cc") or ""
pytestmark = [
    pytest.mark.skipif(not CC, reason="no C compiler (cc)"),
    pytest.mark.skipif(sys.platform != "linux", reason="files are mapped on ELF systems"),
]


@pytest.fixture(scope="module")
def exe() -> Executable:
    return tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})


@pytest.fixture(scope="module")
def image() -> NDArray[np.float32]:
    return np.load(DIGITS / "held_out_images.npy").astype(np.float32)[:1]


@pytest.fixture
def library(exe: Executable, tmp_path: Path) -> Path:
    return exe.export_library(tmp_path / "digits.so", weights="beside")


def test_the_results_are_the_same(
    library: Path, exe: Executable, image: NDArray[np.float32], tmp_path: Path
) -> None:
    assert {p.name for p in tmp_path.iterdir()} == {"digits.so", "digits.h", "digits.weights"}
    whole = exe.export_library(tmp_path / "whole.so")
    assert library.stat().st_size < whole.stat().st_size
    with tyrex.load_module(library) as module:
        np.testing.assert_array_equal(np.asarray(module(image)), np.asarray(exe(image)))
        assert str(tmp_path / "digits.weights") in Path("/proc/self/maps").read_text()


def test_the_file_is_that_of_a_c_export(library: Path, exe: Executable, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    exe.export_library(folder / "digits.c", weights="beside")
    written = (folder / "digits.weights").read_bytes()
    assert written == library.with_suffix(".weights").read_bytes()


@pytest.mark.parametrize("damage", ["gone", "moved", "cut", "longer", "changed", "another"])
def test_other_files_are_refused(
    damage: str, library: Path, exe: Executable, image: NDArray[np.float32], tmp_path: Path
) -> None:
    path = library.with_suffix(".weights")
    data = bytearray(path.read_bytes())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    match damage:
        case "gone":
            path.unlink()
        case "moved":
            path.rename(elsewhere / path.name)
        case "cut":
            data.pop()
        case "longer":
            data.append(0)
        case "changed":
            data[len(data) // 2] ^= 1
        case _:
            data[40] ^= 1  # of the digest
    if path.exists():
        path.write_bytes(data)
    expected = {
        "gone": "cannot be read: No such file",
        "moved": "cannot be read: No such file",
        "cut": "has another size",
        "longer": "has another size",
        "changed": "is damaged: its checksum differs",
        "another": "has the weights of another model",
    }[damage]
    with pytest.raises(LoadError, match=rf"digits\.weights: .*{expected}"):
        tyrex.load_module(library)
    if damage == "moved":  # said where it is, the model works
        load = ctypes.CDLL(str(library)).digits_load_weights
        assert load(os.fsencode(elsewhere / path.name)) == 0
        module = tyrex.load_module(library)
        np.testing.assert_array_equal(np.asarray(module(image)), np.asarray(exe(image)))


PROGRAM = r"""
#include "digits.h"
#include <stdio.h>

int main(int argc, char **argv) {
  static float image[DIGITS_INPUT0_BYTES / sizeof(float)];
  static float chances[DIGITS_OUTPUT0_BYTES / sizeof(float)];
  const void *inputs[] = {image};
  void *outputs[] = {chances};
  digits_context *context;
  if (argc > 1 && digits_load_weights(argv[1])) {
    fprintf(stderr, "%s\n", digits_last_error());
    return 2;
  }
  if (digits_create(1, &context)) {
    fprintf(stderr, "%s\n", digits_last_error());
    return 1;
  }
  if (digits_run(context, inputs, outputs)) {
    return 3;
  }
  printf("%a\n", chances[3]);
  digits_destroy(context);
  return 0;
}
"""


@pytest.mark.parametrize("suffix", [".a", ".o"])
def test_a_program_has_them_beside_itself(suffix: str, exe: Executable, tmp_path: Path) -> None:
    exe.export_library(tmp_path / f"digits{suffix}", weights="beside")
    (tmp_path / "main.c").write_text(PROGRAM)
    command = [CC, "-Wall", "-Werror", "main.c", f"digits{suffix}", "-lm", "-pthread", "-ldl"]
    subprocess.run([*command, "-o", "main"], cwd=tmp_path, check=True)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        program = [str(tmp_path / "main"), *words]
        return subprocess.run(program, cwd="/", capture_output=True, text=True)

    beside = run()
    assert beside.returncode == 0, beside.stderr
    expected = np.asarray(exe(np.zeros((1, 1, 8, 8), np.float32)))[0, 3]
    assert float.fromhex(beside.stdout) == expected
    moved = tmp_path / "moved"
    (tmp_path / "digits.weights").rename(moved)
    gone = run()
    assert gone.returncode == 1
    assert "digits.weights: the weights cannot be read: No such file" in gone.stderr
    assert run(str(moved)).stdout == beside.stdout
    moved.write_bytes(b"no weights")
    assert "moved: has another size than the weights of this model" in run(str(moved)).stderr


def test_what_is_wrong_is_said(exe: Executable, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="expected 'inside' or 'beside'; found 'away'"):
        exe.export_library(tmp_path / "m.so", weights="away")
    text = (
        "relax.func @main(%x: T) -> (T) {\n %y = relax.relu %x : (T) -> T\n relax.return %y : T\n}"
    )
    bare = tyrex.compile(text.replace("T", "!relax.tensor<[4], f32>"))
    with pytest.raises(ArgumentError, match="weights='beside': this model has no weights"):
        bare.export_library(tmp_path / "m.so", weights="beside")
    assert not list(tmp_path.iterdir())
