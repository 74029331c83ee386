"""Loops and recursion in an exported library, its runtime built with the address sanitizer."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import tyrex

from .test_loop_memory import COLLECTING, PROGRAMS, WIDTH, inputs, results_of
from .test_recursion import GROWING, X, grown

CC = shutil.which("cc") or ""
pytestmark = pytest.mark.skipif(not CC, reason="no C compiler (cc)")
FLAG = "-fsanitize=address"

# Calls `m` with 0, 1, ... and 20 iterations again and again, and prints what it returned last.
PROGRAM = r"""
#include "m.h"
#include <stdio.h>
#include <string.h>

static float x[@WIDTH@], z[@ROWS@ * @WIDTH@];

int main(void) {
  int64_t n = 0, row[] = {1, @WIDTH@}, rows[] = {@ROWS@, @WIDTH@};
  int64_t shapes[M_NUM_OUTPUTS][2];
  tyrex_tensor tensors[] = {{&n, 1, 0, 0, 0, 64, 1, NULL, NULL, 0},
                            {x, 1, 0, 2, 2, 32, 1, row, NULL, 0},
                            {z, 1, 0, 2, 2, 32, 1, rows, NULL, 0}};
  const tyrex_tensor *in[] = {&tensors[0], &tensors[1], &tensors[2]};
  tyrex_tensor results[M_NUM_OUTPUTS];
  const tyrex_tensor *out[M_NUM_OUTPUTS];
  m_context *context;
  FILE *file = fopen("inputs.bin", "rb");
  if (!file || fread(x, sizeof x, 1, file) != 1) {
    return 9;
  }
  if (M_NUM_INPUTS > 2 && fread(z, sizeof z, 1, file) != 1) {
    return 9;
  }
  fclose(file);
  if (m_create(1, &context)) {
    return 8;
  }
  for (int i = 0; i < 65; i++) {
    n = i % 21;
    for (int k = 0; k < M_NUM_OUTPUTS; k++) {
      results[k] = (tyrex_tensor){NULL, 1, 0, 2, 2, 32, 1, shapes[k], NULL, 0};
      out[k] = &results[k];
    }
    if (m_run_tensors(context, in, M_NUM_INPUTS, out, M_NUM_OUTPUTS)) {
      printf("%s\n", m_last_error());
      return 7;
    }
  }
  for (int k = 0; k < M_NUM_OUTPUTS; k++) {
    double sum = 0;
    for (int64_t i = 0; i < shapes[k][0] * shapes[k][1]; i++) {
      sum += ((const float *)results[k].data)[i];
    }
    printf("%d %.6e\n", (int)shapes[k][0], sum);
  }
  n = 10000;
  printf("%d\n", (int)(M_NUM_INPUTS == 2 ? m_run_tensors(context, in, 2, out, 1) : 0));
  m_destroy(context);
  return 0;
}
"""


def run(folder: Path, text: str, arrays: list[np.ndarray]) -> list[str]:
    """Return the lines that a C program prints that calls an exported model."""
    exe = tyrex.compile(text, threads=1)
    try:
        exe.export_library(folder / "m.a", options=[FLAG, "-g"])
    except tyrex.TyrexError as error:
        pytest.skip(f"the C compiler has no {FLAG}: {error}")
    (folder / "inputs.bin").write_bytes(b"".join(array.tobytes() for array in arrays))
    rows = str(len(arrays[-1]))
    program = PROGRAM.replace("@WIDTH@", str(arrays[0].shape[1])).replace("@ROWS@", rows)
    (folder / "main.c").write_text(program)
    command = [CC, FLAG, "-g", "main.c", "m.a", "-lm", "-pthread", "-o", "main"]
    subprocess.run(command, cwd=folder, check=True)
    done = subprocess.run([folder / "main"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", ["collected", "in turns", "by a function that sizes it"])
def test_loops(tmp_path: Path, name: str) -> None:
    text = COLLECTING if name == "collected" else PROGRAMS[name][0]
    x, z = inputs(7)
    wanted = results_of(tyrex.compile(text, threads=1)(np.array(64 % 21), x, z))
    lines = run(tmp_path, text, [x, z])
    for line, array in zip(lines, wanted, strict=False):
        rows, total = line.split()
        assert int(rows) == len(array)
        assert float(total) == pytest.approx(float(array.sum(dtype=np.float64)), rel=1e-4)
    assert len(lines) == len(wanted) + 1
    assert x.shape == (1, WIDTH)


def test_recursion(tmp_path: Path) -> None:
    rows, total, refused = " ".join(run(tmp_path, GROWING, [X[None]])).split()
    assert int(rows) == 64 % 21 + 1
    assert float(total) == pytest.approx(float(grown(64 % 21).sum(dtype=np.float64)), rel=1e-4)
    assert int(refused) == 10
