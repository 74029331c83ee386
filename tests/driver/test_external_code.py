"""Kernels of the user's: C sources and objects, in the process and in files; what is wrong."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tyrex
from tyrex.runtime.errors import ArgumentError, LoadError, RuntimeFailure

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")

SOURCE = r"""
#include "tyrex.h"
#include <stdio.h>
#include <stdlib.h>

static int64_t count(const tyrex_tensor *tensor) {
  int64_t total = 1;
  for (int i = 0; i < tensor->rank; i++) {
    total *= tensor->shape[i];
  }
  return total;
}

static int32_t halve(void *closure, int64_t begin, int64_t end) {
  float *data = closure;
  for (int64_t i = begin; i < end; i++) {
    data[i] *= 0.5f;
  }
  return 0;
}

/* outputs[0] = (inputs[0] + inputs[1]) / 2, through memory of its own and threads of Tyrex's. */
int32_t average(void *context, const tyrex_tensor *const *inputs, int32_t num_inputs,
                const tyrex_tensor *const *outputs, int32_t num_outputs) {
  tyrex_context *run = context;
  int64_t n = count(outputs[0]);
  if (num_inputs != 2 || num_outputs != 1 || outputs[0]->dtype_bits != 32) {
    run->set_error(TYREX_ERROR_ARGUMENT, "average: expected two inputs");
    return TYREX_ERROR_ARGUMENT;
  }
  float *sum = malloc(n * sizeof *sum);
  for (int64_t i = 0; i < n; i++) {
    sum[i] = ((const float *)inputs[0]->data)[i] + ((const float *)inputs[1]->data)[i];
  }
  int32_t code = run->parallel_for(context, halve, sum, n);
  for (int64_t i = 0; i < n; i++) {
    ((float *)outputs[0]->data)[i] = sum[i];
  }
  free(sum);
  return code;
}

int32_t refuse(void *context, const tyrex_tensor *const *inputs, int32_t num_inputs,
               const tyrex_tensor *const *outputs, int32_t num_outputs) {
  char message[64];
  (void)inputs, (void)outputs, (void)num_outputs;
  snprintf(message, sizeof message, "refused %d", num_inputs);
  ((tyrex_context *)context)->set_error(TYREX_ERROR_SHAPE, message);
  return TYREX_ERROR_SHAPE;
}
"""

MODEL = """
relax.func @main(%x: A, %y: A) -> (A, B) {
  %a = relax.add %x, %x : (A, A) -> A
  %m = relax.call_dps_packed @average(%a, %y) : (A, A) -> A
  %r = relax.relu %m : (A) -> A
  %f = relax.reshape %y {shape = #relax.dims<[12]>} : (A) -> B
  %n = relax.call_dps_packed @average(%f, %f) : (B, B) -> B
  relax.return %r, %n : A, B
}
""".replace("A", "!relax.tensor<[3, 4], f32>").replace("B", "!relax.tensor<[12], f32>")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "average.c"
    path.write_text(SOURCE)
    return path


X = np.arange(12, dtype=np.float32).reshape(3, 4) - 5
Y = np.full((3, 4), 2, np.float32)


def check(found: tuple[tyrex.Tensor, tyrex.Tensor]) -> None:
    np.testing.assert_array_equal(np.asarray(found[0]), np.maximum(X + Y / 2, 0))
    np.testing.assert_array_equal(np.asarray(found[1]), Y.reshape(-1))


@pytest.mark.parametrize("exec_mode", ["bytecode", "compiled"])
def test_a_source_is_called_in_both_modes(source: Path, exec_mode: str) -> None:
    files = [source]
    exe = tyrex.compile(MODEL, external=files, exec_mode=exec_mode, threads=2)
    assert files == [source]
    assert exe.exec_mode == exec_mode
    assert exe.stats()["host_callbacks"] == 0
    assert exe.metadata["external_code"] == "average, refuse"
    check(exe(X, Y))


def test_the_code_is_part_of_the_key(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TYREX_CACHE_DIR", str(tmp_path / "cache"))
    assert tyrex.compile(MODEL, external=source).stats()["cache"] == "miss"
    exe = tyrex.compile(MODEL, external=source)
    assert exe.stats()["cache"] == "hit"
    check(exe(X, Y))
    source.write_text(SOURCE.replace("0.5f", "0.25f"))
    changed = tyrex.compile(MODEL, external=source)
    assert changed.stats()["cache"] == "miss"
    np.testing.assert_array_equal(np.asarray(changed(X, Y)[1]), Y.reshape(-1) / 2)


def test_an_object_is_called(source: Path, tmp_path: Path) -> None:
    native = Path(tyrex.__path__[0]) / "runtime" / "native"
    command = ["cc", "-O1", "-fPIC", f"-I{native}", "-c", source.name, "-o", "average.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    check(tyrex.compile(MODEL, external=str(tmp_path / "average.o"))(X, Y))


def test_two_models_have_functions_of_one_name(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.c"
    other.write_text(SOURCE.replace("0.5f", "0.25f"))
    first, second = (tyrex.compile(MODEL, external=path) for path in (source, other))
    check(first(X, Y))
    np.testing.assert_array_equal(np.asarray(second(X, Y)[1]), Y.reshape(-1) / 2)


ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("xdsl", "llvmlite", "onnx"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Absent())
import numpy as np
import tyrex

x = np.arange(12, dtype=np.float32).reshape(3, 4) - 5
for file in sys.argv[1:]:
    with tyrex.load_module(file) as module:
        first, second = module(x, np.full((3, 4), 2, np.float32))
        np.testing.assert_array_equal(np.asarray(first), np.maximum(x + 1, 0))
"""


def test_it_travels_in_every_file(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exe = tyrex.compile(MODEL, external=source)
    source.unlink()
    files = [exe.export_library(tmp_path / name) for name in ("m.so", "m.tyx", "m.a")][:2]
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        patch.delenv("CC", raising=False)
        files.append(exe.export_library(tmp_path / "objects.tyx"))
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *map(str, files)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("exec_mode", ["bytecode", "compiled"])
def test_errors_come_through(source: Path, exec_mode: str) -> None:
    text = MODEL.replace("@average(%f, %f)", "@refuse(%f, %f)")
    exe = tyrex.compile(text, external=source, exec_mode=exec_mode)
    with pytest.raises(tyrex.TyrexError, match="refused 2"):
        exe(X, Y)


def test_what_is_wrong_is_said(source: Path, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="there is no such file"):
        tyrex.compile(MODEL, external=tmp_path / "none.c")
    with pytest.raises(ArgumentError, match=r"ends in \.cpp; known are \.c, a source, and \.o"):
        tyrex.compile(MODEL, external=tmp_path / "a.cpp")
    copy = tmp_path / "copy.c"
    shutil.copy(source, copy)
    with pytest.raises(ArgumentError, match=r"copy\.c and .*average\.c both define 'average'"):
        tyrex.compile(MODEL, external=(source, copy))
    copy.write_text("int32_t average(")
    with pytest.raises(RuntimeFailure, match=r"copy\.c"):
        tyrex.compile(MODEL, external=copy)
    (tmp_path / "no.o").write_bytes(b"no object")
    with pytest.raises(LoadError, match=r"no\.o: is no 64-bit little-endian ELF object"):
        tyrex.compile(MODEL, external=tmp_path / "no.o")
    source.write_text("int nobody(void);\nint average(void) { return nobody(); }\n")
    with pytest.raises(LoadError, match="needs nobody, which nobody defines"):
        tyrex.compile(MODEL, external=source)


def test_shapes_must_be_known(source: Path) -> None:
    text = """
    relax.func @main<n>(%x: A) -> (A) {
      %y = relax.call_dps_packed @average(%x, %x) : (A, A) -> A
      relax.return %y : A
    }""".replace("A", "!relax.tensor<[n], f32>")
    with pytest.raises(NotImplementedError, match=r"external code @average with a tensor .* shape"):
        tyrex.compile(text, external=source)


def test_the_c_format_refuses_it(source: Path, tmp_path: Path) -> None:
    exe = tyrex.compile(MODEL, external=source)
    with pytest.raises(NotImplementedError, match=r"call_packed at <text>:4"):
        exe.export_library(tmp_path / "m.c")
