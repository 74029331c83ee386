"""Real models as libraries: a C program and a process without the compiler get the same bits.

TYREX_TEST_MODELS chooses, as in test_models.py: unset, the quick ones; `all`; or names.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex

from . import zoo

Array = NDArray[Any]

QUICK = {"light_resnet50", "minilm_l6"}
CHOICE = os.environ.get("TYREX_TEST_MODELS", "")
CC = shutil.which("cc") or ""
MAX_EXTRA_BYTES = 2 << 20  # of a library, beside its packed weights

pytestmark = pytest.mark.skipif(not CC, reason="no C compiler (cc)")


def chosen(name: str, quick: set[str]) -> bool:
    return CHOICE == "all" or name in (CHOICE.split(",") if CHOICE else quick)


def parameters(target: str, quick: set[str] = QUICK) -> list[object]:
    reason = "TYREX_TEST_MODELS does not choose it"
    return [
        pytest.param(
            (name, target),
            id=name,
            marks=[pytest.mark.slow, pytest.mark.skipif(not chosen(name, quick), reason=reason)],
        )
        for name in zoo.NAMES
    ]


PROGRAM = r"""
#include "model.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef THREADS
#define THREADS 4
#endif
#ifndef RUNS
#define RUNS 2
#endif

static const size_t input_bytes[] = {@INPUT_BYTES@}, output_bytes[] = {@OUTPUT_BYTES@};
static const void *inputs[MODEL_NUM_INPUTS];
static void *results[THREADS][MODEL_NUM_OUTPUTS];

static void *work(void *argument) {
  void **outputs = argument;
  model_context *context;
  if (model_create(1 + (outputs != results[0]), &context)) {
    fprintf(stderr, "%s\n", model_last_error());
    return argument;
  }
  for (int run = 0; run < RUNS; run++) {
    if (model_run(context, inputs, outputs)) {
      fprintf(stderr, "%s\n", model_last_error());
      return argument;
    }
  }
  model_destroy(context);
  return NULL;
}

static void *read_file(const char *stem, int index, size_t bytes) {
  char name[32];
  snprintf(name, sizeof name, "%s%d.bin", stem, index);
  void *data = malloc(bytes + 1);
  FILE *file = fopen(name, "rb");
  if (!file || !data || fread(data, 1, bytes, file) != bytes) {
    exit(1);
  }
  fclose(file);
  return data;
}

int main(void) {
  pthread_t threads[THREADS];
  for (int i = 0; i < MODEL_NUM_INPUTS; i++) {
    inputs[i] = read_file("input", i, input_bytes[i]);
  }
  for (int t = 0; t < THREADS; t++) {
    for (int i = 0; i < MODEL_NUM_OUTPUTS; i++) {
      results[t][i] = calloc(output_bytes[i], 1);
    }
    pthread_create(&threads[t], NULL, work, results[t]);
  }
  int failed = 0;
  for (int t = 0; t < THREADS; t++) {
    void *status;
    pthread_join(threads[t], &status);
    failed |= status != NULL;
  }
  for (int i = 0; i < MODEL_NUM_OUTPUTS && !failed; i++) {
    void *expected = read_file("output", i, output_bytes[i]);
    for (int t = 0; t < THREADS; t++) {
      failed |= memcmp(results[t][i], expected, output_bytes[i]) != 0 ? 2 : 0;
      free(results[t][i]);
    }
    free(expected);
  }
  for (int i = 0; i < MODEL_NUM_INPUTS; i++) {
    free((void *)inputs[i]);
  }
  return failed;
}
"""

ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("xdsl", "llvmlite", "onnx"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Absent())
import numpy as np
import tyrex

with tyrex.load_module("model.so") as module:
    inputs = [np.load(f"input{i}.npy") for i in range(len(module.signature.inputs))]
    results = module(*inputs)
for i, result in enumerate(results if isinstance(results, tuple) else (results,)):
    np.asarray(result).tofile(f"alone{i}.bin")
"""


def bytes_of(prefix: str, arrays: list[Array]) -> str:
    return ", ".join(f"MODEL_{prefix}{i}_BYTES" for i in range(len(arrays)))


def save(folder: Path, stem: str, arrays: Iterable[Array]) -> None:
    for i, array in enumerate(arrays):
        array.tofile(folder / f"{stem}{i}.bin")
        np.save(folder / f"{stem}{i}.npy", array)


@dataclass(frozen=True)
class Shipped:
    """A folder with `model.so`, its header and program, and what the process computed."""

    folder: Path
    inputs: list[Array]
    outputs: list[Array]
    extra_bytes: int

    def build(self, *flags: str) -> subprocess.CompletedProcess[str]:
        strict = ["-Wall", "-Wextra", "-Werror", "-Wno-cast-qual", "-pthread", "-Wl,-rpath,."]
        command = [CC, *strict, *flags, "main.c", "./model.so", "-o", "main"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True)

    def run(self, *command: str) -> tuple[int, str]:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        return done.returncode, done.stderr


@pytest.fixture(scope="module")
def shipped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    name, target = cast(tuple[str, str], request.param)
    try:
        case = zoo.load(name)
    except zoo.ModelUnavailable as reason:
        pytest.skip(str(reason))
    folder = tmp_path_factory.mktemp(name)
    exe = tyrex.compile(case.path, dims=case.dims, shapes=case.shapes, target=target)
    assert exe.exec_mode == "compiled"
    inputs = list(case.make_inputs(0).values())
    found: object = exe(*inputs)
    several = cast(tuple[object, ...], found) if isinstance(found, tuple) else (found,)
    outputs: list[Array] = [np.asarray(output) for output in several]
    save(folder, "input", inputs)
    save(folder, "output", outputs)
    library = exe.export_library(folder / "model.so")
    text = PROGRAM.replace("@INPUT_BYTES@", bytes_of("INPUT", inputs))
    (folder / "main.c").write_text(text.replace("@OUTPUT_BYTES@", bytes_of("OUTPUT", outputs)))
    extra_bytes = library.stat().st_size - exe.stats()["constant_bytes"]
    return Shipped(folder, inputs, outputs, extra_bytes)


for_each_model = pytest.mark.parametrize("shipped", parameters("native"), indirect=True)
# What valgrind 3.19 can translate: it has no AVX-512.
for_each_model_without_avx512 = pytest.mark.parametrize(
    "shipped", parameters("x86-64-v3", quick=set()), indirect=True
)


@for_each_model
def test_a_process_without_the_compiler_computes_the_same_bits(shipped: Shipped) -> None:
    assert shipped.extra_bytes <= MAX_EXTRA_BYTES
    subprocess.run([sys.executable, "-c", ALONE], cwd=shipped.folder, check=True)
    for i, output in enumerate(shipped.outputs):
        assert (shipped.folder / f"alone{i}.bin").read_bytes() == output.tobytes()


@for_each_model
def test_four_threads_of_a_c_program_compute_the_same_bits(shipped: Shipped) -> None:
    built = shipped.build()
    assert (built.returncode, built.stderr) == (0, "")
    assert shipped.run("./main") == (0, "")


@for_each_model
def test_the_address_sanitizer_finds_neither_errors_nor_leaks(shipped: Shipped) -> None:
    if shipped.build("-fsanitize=address").returncode:
        pytest.skip("the C compiler has no -fsanitize=address")
    assert shipped.run("./main") == (0, "")


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
@for_each_model_without_avx512
def test_valgrind_finds_neither_errors_nor_leaks(shipped: Shipped) -> None:
    assert shipped.build("-DTHREADS=1", "-DRUNS=1").returncode == 0  # it is slow
    # Shorter translations than usual: a large unrolled tile overflows valgrind's own tables.
    options = ["--vex-guest-max-insns=25", "--vex-guest-chase=no", "--leak-check=full"]
    assert shipped.run("valgrind", "-q", "--error-exitcode=9", *options, "./main") == (0, "")


@for_each_model
def test_tvm_ffi_takes_arrays(shipped: Shipped) -> None:
    tvm_ffi = pytest.importorskip("tvm_ffi", reason="no package apache-tvm-ffi")
    module = tvm_ffi.load_module(str(shipped.folder / "model.so"))
    returned = module["main"](*(tvm_ffi.from_dlpack(array) for array in shipped.inputs))
    several = returned if len(shipped.outputs) > 1 else [returned]
    for expected, found in zip(shipped.outputs, several, strict=True):
        np.testing.assert_array_equal(np.from_dlpack(found), expected)


@for_each_model
def test_tvm_ffi_takes_torch_tensors(shipped: Shipped) -> None:
    tvm_ffi = pytest.importorskip("tvm_ffi", reason="no package apache-tvm-ffi")
    torch = pytest.importorskip("torch", reason="no package torch")
    module = tvm_ffi.load_module(str(shipped.folder / "model.so"))
    outputs = [torch.empty(array.shape) for array in shipped.outputs]
    assert module["main"](*map(torch.from_numpy, shipped.inputs), *outputs) is None
    for expected, found in zip(shipped.outputs, outputs, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected)


def test_a_library_is_one_file(tmp_path: Path) -> None:
    """Weights are part of the file: a copy of it in an empty folder still runs."""
    relu = """
relax.func @main(%x: T) -> (T) {
  %w = relax.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : T
  %y = relax.multiply %x, %w : (T, T) -> T
  relax.return %y : T
}
""".replace("T", "!relax.tensor<[4], f32>")
    path = tyrex.compile(relu).export_library(tmp_path / "m.so")
    (tmp_path / "empty").mkdir()
    moved = path.rename(tmp_path / "empty" / "other.so")
    with tyrex.load_module(moved) as module:
        np.testing.assert_array_equal(np.asarray(module(np.ones(4, np.float32))), [1, 2, 3, 4])
