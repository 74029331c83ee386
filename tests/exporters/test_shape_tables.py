"""Exported models of symbolic shapes: told by C as by Python, from C, TVM FFI and load_module."""

import itertools
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.exporters.shape_tables import MAX_DEPTH, _Tables  # pyright: ignore[reportPrivateUsage]
from tyrex.runtime.dims import SymbolicDim
from tyrex.runtime.errors import ShapeError

CC = shutil.which("cc") or ""
pytestmark = pytest.mark.skipif(not CC, reason="no C compiler (cc)")

NATIVE = Path(tyrex.__file__).parent / "runtime" / "native"

# ---- expressions ---------------------------------------------------------------------------------

HARNESS = r"""
#include "shapes.c"
#include <inttypes.h>
#include <stdio.h>
@TABLES@
int32_t tyrex_refuse(const tyrex_signature *signature, int32_t code, const char *format, ...) {
  (void)signature;
  (void)format;
  return code;
}
void tyrex_error_set(int32_t code, const char *message) {
  (void)code;
  (void)message;
}
int main(void) {
  static const int64_t values[][2] = {@VALUES@};
  for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
    for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
      int64_t result;
      if (evaluate(&dims[i], values[j], &result)) {
        printf("none\n");
      } else {
        printf("%" PRId64 "\n", result);
      }
    }
  }
  return 0;
}
"""

OPERATORS = ("+", "*", "floordiv", "mod", "min", "max")
VALUES = [(0, 1), (1, 1), (3, 7), (-5, 4), (128, -3), (2**62, 2**61), (-(2**63), -1)]


def random_code(rng: random.Random, depth: int) -> tuple[int | str, ...]:
    if depth == 0 or rng.random() < 0.2:
        return (rng.choice(["a", "b", -1, 0, 2, 7, 2**40]),)
    left, right = random_code(rng, depth - 1), random_code(rng, depth - 1)
    return (*left, *right, rng.choice(OPERATORS))


def expected(code: tuple[int | str, ...], values: dict[str, int]) -> int | None:
    """What the code is where no step of it leaves 64 bits, or divides by zero."""
    value = 0
    ends = [i + 1 for i, token in enumerate(code) if token in OPERATORS]
    for end in [*ends, len(code)]:
        begin, depth = end, 1
        while depth:  # the operand that ends here
            begin -= 1
            depth += 1 if code[begin] in OPERATORS else -1
        try:
            value = SymbolicDim(code[begin:end]).evaluate(values)
        except ShapeError:
            return None
        if not -(2**63) <= value < 2**63:
            return None
    return value


def test_expressions_mean_in_c_what_they_mean_in_python(tmp_path: Path) -> None:
    rng = random.Random(0)
    dims = [SymbolicDim(random_code(rng, rng.randint(0, 4))) for _ in range(300)]
    tables = _Tables(["a", "b"])
    tables.dims("dims", dims)
    values = ", ".join(
        "{" + ", ".join("INT64_MIN" if v == -(2**63) else f"INT64_C({v})" for v in pair) + "}"
        for pair in VALUES
    )
    text = HARNESS.replace("@TABLES@", "\n".join(tables.lines)).replace("@VALUES@", values)
    (tmp_path / "main.c").write_text(text)
    flags = ["-std=c11", "-fsanitize=undefined", "-fno-sanitize-recover", f"-I{NATIVE}"]
    command = [CC, *flags, "-Wno-unused-function", "main.c", "-o", "main"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    if "-lubsan" in built.stderr:
        command.remove("-fsanitize=undefined")
        built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True)
    found = [None if line == "none" else int(line) for line in done.stdout.splitlines()]
    assert found == [expected(dim.code, {"a": a, "b": b}) for dim in dims for a, b in VALUES]
    assert None in found


def test_a_dim_that_is_too_deep_is_refused() -> None:
    code = ("a",) * (MAX_DEPTH + 1) + ("+",) * MAX_DEPTH
    with pytest.raises(NotImplementedError, match=f"nested deeper than {MAX_DEPTH}"):
        _Tables(["a"]).dims("dims", [SymbolicDim(code)])


# ---- models --------------------------------------------------------------------------------------

MODEL = """
relax.func @main<n, m>(%x: A, %y: A) -> (A, B)
    attributes {input_names = ["x", "y"], output_names = ["sum", "turned"]} {
  %s = relax.add %x, %y : (A, A) -> A
  %e = relax.multiply %s, %y : (A, A) -> A
  %t = relax.permute_dims %e {axes = array<i64: 1, 0>} : (A) -> B
  relax.return %s, %t : A, B
}
""".replace("A", "!relax.tensor<[n, m], f32>").replace("B", "!relax.tensor<[m, n], f32>")

SIGNATURE = (
    "sums(x: float32[n, m], y: float32[n, m]) -> (sum: float32[n, m], turned: float32[m, n])"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    exe = tyrex.compile(MODEL)
    folder = tmp_path_factory.mktemp("sums")
    exe.export_library(folder / "sums.a")
    return exe.export_library(folder / "sums.so")


SHAPES = ((2, 3), (5, 1), (0, 4), (33, 17))


def pair(n: int, m: int) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(n * 100 + m)
    return [rng.integers(-9, 9, (n, m)).astype(np.float32) for _ in range(2)]


def check(x: NDArray[Any], y: NDArray[Any], found: Any) -> None:
    np.testing.assert_array_equal(np.asarray(found[0]), x + y)
    np.testing.assert_array_equal(np.asarray(found[1]), ((x + y) * y).T)


def test_a_library_runs_at_many_shapes(library: Path, tmp_path: Path) -> None:
    with tyrex.load_module(library) as module:
        assert str(module.signature) == SIGNATURE.replace("sums", "main")
        for n, m in SHAPES:
            x, y = pair(n, m)
            check(x, y, module(x, y))
        out = np.empty((2, 3), np.float32)
        x, y = pair(2, 3)
        module.run({"x": x, "y": y}, out={"sum": out})
        np.testing.assert_array_equal(out, x + y)
        with pytest.raises(ShapeError, match=r"argument 'y': expected n = 2 in dimension 0"):
            module(x, y[:1])
        again = module.export_library(tmp_path / "again.so")
    assert "symbols[0] = n, symbols[1] = m" in (tmp_path / "sums.h").read_text()
    with tyrex.load_module(again) as module:
        check(x, y, module(x, y))


PROGRAM = r"""
#include "sums.h"
#include <stdio.h>
#include <stdlib.h>

static void say(int32_t code) { printf("%d %s\n", (int)code, sums_last_error()); }

int main(void) {
  float x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {1, 1, 1, 2, 2, 2}, s[6], t[6];
  int64_t shape[] = {2, 3}, other[] = {3, 2}, huge[] = {INT64_C(1) << 40, INT64_C(1) << 40};
  int64_t sum_shape[SUMS_OUTPUT0_RANK], turned_shape[SUMS_OUTPUT1_RANK];
  tyrex_tensor tx = {x, 1, 0, SUMS_INPUT0_RANK, 2, 32, 1, shape, NULL, 0}, ty = tx;
  tyrex_tensor ts = {s, 0, 0, 0, 0, 0, 0, sum_shape, NULL, 0}, tt = ts;
  const tyrex_tensor *in[] = {&tx, &ty}, *out[] = {&ts, &tt};
  tyrex_tensor *described[] = {&ts, &tt};
  const void *inputs[] = {x, y};
  void *outputs[] = {s, t};
  sums_context *context;
  ty.data = y;
  tt.data = t;
  tt.shape = turned_shape;
  say(sums_create(2, &context));
  say(sums_infer(in, 2, described, 2));
  printf("%d %d %d %d\n", (int)sum_shape[0], (int)sum_shape[1], (int)turned_shape[0],
         (int)turned_shape[1]);
  say(sums_run_tensors(context, in, 2, out, 2));
  printf("%g %g %g\n", s[5], t[1], t[5]);
  ts.shape = other;
  say(sums_run_tensors(context, in, 2, out, 2));
  ts.shape = sum_shape;
  ty.shape = other;
  say(sums_run_tensors(context, in, 2, out, 2));
  tx.shape = huge;
  ty.shape = huge;
  say(sums_infer(in, 2, described, 2));
  say(sums_infer(in, 1, described, 2));
  tx.rank = 1;
  say(sums_infer(in, 2, described, 2));
  t[1] = 0;
  say(sums_run(context, inputs, outputs, shape));
  printf("%g\n", t[1]);
  say(sums_run(context, inputs, outputs, NULL));
  say(sums_run(context, inputs, outputs, huge));
  printf("%d %s\n", SUMS_NUM_SYMBOLS, SUMS_SIGNATURE);
  sums_destroy(context);
  return 0;
}
"""

EXPECTED = f"""\
0{" "}
0{" "}
2 3 3 2
0{" "}
8 12 16
2 sums: outputs[0] 'sum': expected 2 in dimension 0, float32[n, m]; found 3; \
the signature is {SIGNATURE}
2 sums: inputs[1] 'y': expected 2 in dimension 0, float32[n, m]; found 3; \
the signature is {SIGNATURE}
2 sums: x has no size in memory; the signature is {SIGNATURE}
1 sums: expected 2 inputs; found 1; the signature is {SIGNATURE}
2 sums: inputs[0] 'x': expected rank 2, float32[n, m]; found rank 1; the signature is {SIGNATURE}
0{" "}
12
1 sums: the array of symbols is NULL; the signature is {SIGNATURE}
2 sums: x has no size in memory; the signature is {SIGNATURE}
2 {SIGNATURE}
"""


@pytest.mark.parametrize("checked", [False, True])
def test_a_c_program_tells_shapes(library: Path, checked: bool) -> None:
    folder = library.parent
    (folder / "main.c").write_text(PROGRAM)
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "main.c", "sums.a", "-lm", "-pthread"]
    if checked:
        flags.append("-fsanitize=address")
    built = subprocess.run([CC, *flags, "-o", "main"], cwd=folder, capture_output=True, text=True)
    if checked and built.returncode:
        pytest.skip("the C compiler has no -fsanitize=address")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([folder / "main"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")


FFI = """
import sys
import numpy as np
{before}
import tvm_ffi
main = tvm_ffi.load_module(sys.argv[1])["main"]
for n, m in {shapes}:
    x = np.arange(n * m, dtype=np.float32).reshape(n, m)
    found = [np.from_dlpack(t) for t in main(x, x)]
    np.testing.assert_array_equal(found[0], x + x)
    np.testing.assert_array_equal(found[1], ((x + x) * x).T)
    sums, turned = np.empty((n, m), np.float32), np.empty((m, n), np.float32)
    assert main(x, x, sums, turned) is None
    np.testing.assert_array_equal(turned, found[1])
try:
    main(x, x[:1])
except ValueError as error:
    assert "inputs[1] 'y': expected 33 in dimension 0" in str(error), error
else:
    raise AssertionError("no error")
"""


@pytest.mark.parametrize("before", ["", "import tyrex; tyrex.load_module(sys.argv[1])"])
def test_tvm_ffi_runs_it_also_where_the_library_came_first(library: Path, before: str) -> None:
    pytest.importorskip("tvm_ffi", reason="no package apache-tvm-ffi")
    text = FFI.format(before=before, shapes=[s for s in SHAPES if 0 not in s])
    done = subprocess.run([sys.executable, "-c", text, library], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


SPLIT = """
relax.func @main<n>(%x: !relax.tensor<[n * 2 + 1, 4], f32>, %y: !relax.tensor<[n], f32>)
    -> (!relax.tensor<[n * 2 + 1, 4], f32>) {
  %r = relax.add %x, %x : (A, A) -> A
  relax.return %r : A
}
""".replace("A", "!relax.tensor<[n * 2 + 1, 4], f32>")


def test_expressions_are_solved_and_checked(tmp_path: Path) -> None:
    exe = tyrex.compile(SPLIT)
    with tyrex.load_module(exe.export_library(tmp_path / "m.so")) as module:
        for n, extra in itertools.product((0, 1, 6), (0, 1)):
            x, y = np.ones((2 * n + 1, 4), np.float32), np.ones(n + extra, np.float32)
            if not extra:
                np.testing.assert_array_equal(np.asarray(module(x, y)), x + x)
                continue
            for run in (exe, module):
                with pytest.raises(ShapeError, match=r"n \* 2 \+ 1|expected n"):
                    run(x, y)
