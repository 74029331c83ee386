"""Exported models: what they need, and that C programs get the numbers that Python gets."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.runtime.errors import ArgumentError, RuntimeFailure, UnsupportedError
from tyrex.runtime.executable import Executable

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits"

CC = shutil.which("cc") or ""
needs_cc = pytest.mark.skipif(not CC, reason="no C compiler (cc)")

PROGRAM = """
#include "digits.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  static float image[DIGITS_INPUT0_BYTES / sizeof(float)];
  static float chances[DIGITS_OUTPUT0_BYTES / sizeof(float)];
  const void *inputs[DIGITS_NUM_INPUTS] = {image};
  void *outputs[DIGITS_NUM_OUTPUTS] = {chances};
  digits_context *context;
  if (argc != 2 || digits_create(2, &context)) {
    fprintf(stderr, "create: %s\\n", digits_last_error());
    return 1;
  }
  FILE *file = fopen(argv[1], "rb");
  while (file && fread(image, sizeof image, 1, file) == 1) {
    if (digits_run(context, inputs, outputs)) {
      return 2;
    }
    for (size_t i = 0; i < sizeof chances / sizeof *chances; i++) {
      printf("%a\\n", (double)chances[i]);
    }
  }
  inputs[0] = NULL;
  if (digits_run(context, inputs, outputs) != 1) {
    return 3;
  }
  fprintf(stderr, "%s\\n", digits_last_error());
  digits_destroy(context);
  return 0;
}
"""


@pytest.fixture(scope="module")
def exe() -> Executable:
    return tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})


@pytest.fixture(scope="module")
def images() -> NDArray[np.float32]:
    return np.load(DIGITS / "held_out_images.npy").astype(np.float32)[:3]


def run_program(folder: Path, library: list[str], images: NDArray[np.float32]) -> list[float]:
    """Compile PROGRAM against a library, run it; return what it prints."""
    (folder / "main.c").write_text(PROGRAM)
    images.tofile(folder / "images.bin")
    command = [CC, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "main.c", *library]
    subprocess.run([*command, "-o", "main"], cwd=folder, check=True)
    done = subprocess.run(
        [folder / "main", "images.bin"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("digits: inputs[0] 'image' is NULL; the signature is digits(")
    return [float.fromhex(line) for line in done.stdout.split()]


@needs_cc
@pytest.mark.parametrize("suffix", [".so", ".a", ".o"])
def test_a_c_program_prints_the_same_numbers(
    suffix: str, exe: Executable, images: NDArray[np.float32], tmp_path: Path
) -> None:
    path = exe.export_library(tmp_path / f"libdigits{suffix}")
    assert {p.name for p in tmp_path.iterdir()} == {path.name, "digits.h"}
    flags = ["-Wl,-rpath,."] if suffix == ".so" else ["-lm", "-pthread"]
    expected = [float(v) for image in images for v in np.asarray(exe(image[None])).flat]
    if suffix == ".so":
        path.rename(tmp_path / "digits.so")
        path = tmp_path / "digits.so"
    assert run_program(tmp_path, [str(path), *flags], images) == expected


TWO_MODELS = """
#include "one.h"
#include "two.h"
#include <stdio.h>

int main(void) {
  float x[4] = {0}, y[4], z[4];
  const void *inputs[] = {x};
  void *first[] = {y}, *second[] = {z};
  one_context *one;
  two_context *two;
  if (one_create(1, &one) || two_create(1, &two) || one_run(one, inputs, first) ||
      two_run(two, inputs, second)) {
    return 1;
  }
  printf("%g %g\\n", y[3], z[3]);
  return 0;
}
"""

PLUS = """
relax.func @main(%x: TENSOR) -> (TENSOR) {
  %w = relax.constant <[4], f32, [1.0, 2.0, 3.0, LAST]> : TENSOR
  %y = relax.add %x, %w : (TENSOR, TENSOR) -> TENSOR
  relax.return %y : TENSOR
}
""".replace("TENSOR", "!relax.tensor<[4], f32>")


@needs_cc
@pytest.mark.parametrize("suffix", [".so", ".a", ".o"])
def test_two_models_fit_into_one_program(suffix: str, tmp_path: Path) -> None:
    for name, last in (("one", "4.0"), ("two", "9.0")):
        exe = tyrex.compile(PLUS.replace("LAST", last))
        exe.export_library(tmp_path / f"{name}{suffix}")
    (tmp_path / "main.c").write_text(TWO_MODELS)
    files = ["main.c", f"./one{suffix}", f"./two{suffix}", "-lm", "-pthread", "-Wl,-rpath,."]
    subprocess.run([CC, *files, "-o", "main"], cwd=tmp_path, check=True)
    done = subprocess.run(
        [tmp_path / "main"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "4 9\n"


@needs_cc
@pytest.mark.skipif(shutil.which("ldd") is None, reason="no ldd")
def test_it_needs_the_system_alone(exe: Executable, tmp_path: Path) -> None:
    path = exe.export_library(tmp_path / "m.so")
    text = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    needed = {line.split()[0].rpartition("/")[2].split(".")[0] for line in text.splitlines()}
    assert needed <= {
        "linux-vdso",
        "libc",
        "libm",
        "libpthread",
        "ld-linux-x86-64",
        "ld-linux-aarch64",
    }


@needs_cc
def test_a_name_is_chosen_by_file_or_user(exe: Executable, tmp_path: Path) -> None:
    exe.export_library(tmp_path / "model-2.a", name="reader")
    header = (tmp_path / "reader.h").read_text()
    assert "int32_t reader_run(reader_context *context" in header
    assert '"image": float32[1, 1, 8, 8]' in header
    with pytest.raises(ArgumentError, match="name: expected an identifier of C such as 'a_b'"):
        exe.export_library(tmp_path / "m.so", name="a-b")


@needs_cc
@pytest.mark.parametrize("stem", ["model", "wait", "main", "tyrex_context", "interface", "all"])
def test_no_name_clashes_with_the_runtime(stem: str, tmp_path: Path) -> None:
    exe = tyrex.compile(PLUS.replace("LAST", "4.0"))
    path = exe.export_library(tmp_path / f"{stem}.so")
    exe.export_library(tmp_path / f"{stem}.a")
    with tyrex.load_module(path) as module:
        np.testing.assert_array_equal(np.asarray(module(np.zeros(4, np.float32))), [1, 2, 3, 4])


def test_what_is_wrong_is_said(exe: Executable, tmp_path: Path) -> None:
    for name, found in (("m.xyz", ".xyz"), ("m", "no suffix")):
        with pytest.raises(ArgumentError, match=f"ends in {found}; known are .so .*, .a .*, .o "):
            exe.export_library(tmp_path / name)
    with pytest.raises(ArgumentError, match="there is no folder"):
        exe.export_library(tmp_path / "missing" / "m.so")
    with pytest.raises(UnsupportedError, match=r"only what tyrex\.compile returns"):
        Executable(exe.program, exe.image.kernels).export_library(tmp_path / "m.so")
    false = shutil.which("false")
    if false is not None:
        with pytest.raises(RuntimeFailure, match="failed with status 1"):
            exe.export_library(tmp_path / "m.so", cc=false)
    assert not list(tmp_path.iterdir()), "nothing is left behind"


@needs_cc
def test_an_object_without_a_compiler_has_its_sources_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled later, elsewhere, they give what a compiler at hand would have given."""
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        patch.delenv("CC", raising=False)
        patch.setattr("tyrex.exporters.toolchain.find_spec", str.isspace)
        for name, last in (("one", "4.0"), ("two", "9.0")):
            exe = tyrex.compile(PLUS.replace("LAST", last))
            for _ in range(2):  # over what is there
                exe.export_library(tmp_path / f"{name}.o")
            with pytest.raises(UnsupportedError, match=r"no C compiler for .*apt install gcc"):
                exe.export_library(tmp_path / f"{name}.so")
    assert sorted(p.name for p in tmp_path.iterdir() if "two" in p.name) == [
        "two.h",
        "two.o",
        "two.sources",
    ]
    (tmp_path / "main.c").write_text(TWO_MODELS)
    sources = [str(p) for p in (tmp_path / "one.sources").rglob("*.c")]
    sources.append("two.sources/interface.c")  # one runtime serves both
    files = ["main.c", "one.o", "two.o", *sources, "-I.", "-lm", "-pthread"]
    subprocess.run([CC, *files, "-o", "main"], cwd=tmp_path, check=True)
    done = subprocess.run(
        [tmp_path / "main"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "4 9\n"
