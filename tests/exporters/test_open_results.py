"""Exported models whose results data size: from Python, from C, through TVM FFI."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.runtime.errors import ShapeError
from tyrex.runtime.executable import Executable

Array = NDArray[Any]

X, C, Y = "!relax.tensor<[n, 4], f32>", "!relax.tensor<[n], i1>", "!relax.tensor<[k, 4], f32>"
KEPT = f"""relax.func @main<n>(%x: {X}, %c: {C}) -> ({Y}, {X}) {{
  %y = relax.compress %x, %c {{axis = 0, new_symbols = ["k"]}} : ({X}, {C}) -> {Y}
  %z = relax.add %y, %y : ({Y}, {Y}) -> {Y}
  %w = relax.neg %x : ({X}) -> {X}
  relax.return %z, %w : {Y}, {X}
}}"""

CC = shutil.which("cc") or ""
needs_cc = pytest.mark.skipif(not CC, reason="no C compiler (cc)")

PROGRAM = """
#include "kept.h"
#include <stdio.h>
#include <string.h>

enum { N = 5 };

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\\n", what, kept_last_error());
  return 1;
}

int main(void) {
  float x[N][4], negated[N][4], own[N][4];
  unsigned char chosen[N];
  int64_t record[KEPT_OUTPUT0_RANK + 1], n = N, x_shape[] = {N, 4}, c_shape[] = {N};
  kept_context *context;
  if (kept_create(1, &context)) {
    return fail("create");
  }
  for (int run = 0; run < 3; run++) {
    for (int i = 0; i < N; i++) {
      chosen[i] = (unsigned char)(run > 0 && i % run == 0);
      for (int j = 0; j < 4; j++) {
        x[i][j] = (float)(i * 4 + j);
      }
    }
    const void *inputs[] = {x, chosen};
    void *outputs[] = {record, negated};
    if (kept_run(context, inputs, outputs, &n)) {
      return fail("run");
    }
    const float *found = (const float *)(uintptr_t)record[0];
    printf("%d %d %g:", (int)record[1], (int)record[2], negated[1][0]);
    for (int64_t i = 0; i < record[1] * record[2]; i++) {
      printf(" %g", found[i]);
    }
    printf("\\n");
  }
  int64_t shape[2] = {-1, -1}, w_shape[] = {N, 4};
  tyrex_tensor in[] = {{x, 1, 0, 2, 2, 32, 1, x_shape, NULL, 0},
                       {chosen, 1, 0, 1, 6, 8, 1, c_shape, NULL, 0}};
  tyrex_tensor out[] = {{NULL, 1, 0, 2, 2, 32, 1, shape, NULL, 0},
                        {negated, 1, 0, 2, 2, 32, 1, w_shape, NULL, 0}};
  const tyrex_tensor *ins[] = {&in[0], &in[1]}, *outs[] = {&out[0], &out[1]};
  tyrex_tensor *infer[] = {&out[0], &out[1]};
  if (kept_infer(ins, 2, infer, 2) || shape[0] != -1 || shape[1] != 4 || w_shape[0] != N) {
    return fail("infer");
  }
  if (kept_run_tensors(context, ins, 2, outs, 2) || shape[0] != 3 || shape[1] != 4) {
    return fail("run_tensors");
  }
  float last = ((const float *)out[0].data)[11];
  out[0].data = own;
  if (kept_run_tensors(context, ins, 2, outs, 2) || own[2][3] != last) {
    return fail("memory of the caller's");
  }
  shape[0] = 4;
  if (kept_run_tensors(context, ins, 2, outs, 2) != TYREX_ERROR_SHAPE) {
    return fail("another shape");
  }
  printf("%g %s\\n", last, kept_last_error());
  outs[0] = NULL;
  if (kept_run_tensors(context, ins, 2, outs, 2) != TYREX_ERROR_ARGUMENT) {
    return fail("no tensor");
  }
  void *nowhere[] = {NULL, negated};
  const void *inputs[] = {x, chosen};
  if (kept_run(context, inputs, nowhere, &n) != TYREX_ERROR_ARGUMENT) {
    return fail("no record");
  }
  kept_destroy(context);
  return 0;
}
"""


@pytest.fixture(scope="module")
def exe() -> Executable:
    found = tyrex.compile(KEPT)
    assert found.exec_mode == "compiled"
    return found


def inputs(count: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(count)
    return rng.standard_normal((count, 4)).astype(np.float32), rng.integers(0, 2, count) > 0


@needs_cc
def test_a_library_returns_what_it_finds(exe: Executable, tmp_path: Path) -> None:
    module = tyrex.load_module(exe.export_library(tmp_path / "kept.so"))
    assert str(module.signature.outputs[0].spec) == "float32[?, 4]"
    for count in (5, 0, 30, 4):
        x, chosen = inputs(count)
        z, w = module(x, chosen)
        np.testing.assert_array_equal(z, 2 * x[chosen])
        np.testing.assert_array_equal(w, -x)


@needs_cc
def test_results_go_to_memory_of_the_right_shape(exe: Executable, tmp_path: Path) -> None:
    module = tyrex.load_module(exe.export_library(tmp_path / "kept.so"))
    x, chosen = inputs(9)
    named = dict(zip([p.name for p in exe.signature.inputs], (x, chosen), strict=True))
    for program in (exe, module):
        buffer = np.zeros((int(chosen.sum()), 4), np.float32)
        program.run(named, out={"output0": buffer})
        np.testing.assert_array_equal(buffer, 2 * x[chosen])
        with pytest.raises(ShapeError, match=r"out\['output0'\]: expected shape"):
            program.run(named, out={"output0": np.zeros((9, 4), np.float32)})


@needs_cc
def test_a_c_program_gets_addresses_and_dims(exe: Executable, tmp_path: Path) -> None:
    exe.export_library(tmp_path / "libkept.a", name="kept")
    (tmp_path / "main.c").write_text(PROGRAM)
    words = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]
    command = [CC, *words, "main.c", "libkept.a", "-lm", "-pthread", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "0 4 -4:"
    assert lines[1] == "5 4 -4: " + " ".join(str(2 * i) for i in range(20))
    rows = [2 * (4 * i + j) for i in (0, 2, 4) for j in range(4)]
    assert lines[2] == "3 4 -4: " + " ".join(map(str, rows))
    assert lines[3].startswith("38 kept: outputs[0] 'output0': found 4 in dimension 0; it turned")


@needs_cc
def test_through_tvm_ffi(exe: Executable, tmp_path: Path) -> None:
    tvm_ffi = pytest.importorskip("tvm_ffi")
    module = tvm_ffi.load_module(str(exe.export_library(tmp_path / "kept.so")))
    for count in (6, 1, 40):
        x, chosen = inputs(count)
        z, w = module.main(*(tvm_ffi.from_dlpack(value) for value in (x, chosen)))
        np.testing.assert_array_equal(np.from_dlpack(z), 2 * x[chosen])
        np.testing.assert_array_equal(np.from_dlpack(w), -x)


def test_source_of_c_names_what_it_lacks(exe: Executable, tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="the dim 'n' is not known before the model runs"):
        exe.export_library(tmp_path / "kept.c")
    fixed = tyrex.compile(KEPT.replace("<n>", "").replace("[n", "[3"))
    with pytest.raises(NotImplementedError, match="C export"):
        fixed.export_library(tmp_path / "kept.c")


def test_a_bundle(exe: Executable, tmp_path: Path) -> None:
    module = tyrex.load_module(exe.export_library(tmp_path / "kept.tyx"))
    x, chosen = inputs(7)
    np.testing.assert_array_equal(module(x, chosen)[0], 2 * x[chosen])
