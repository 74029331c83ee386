"""The C interface of exported models: what it refuses and how it says so, under every checker."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tyrex

CC = shutil.which("cc") or ""
pytestmark = pytest.mark.skipif(not CC, reason="no C compiler (cc)")

# Two inputs and two outputs; the target is one that valgrind and every recent machine has.
MODEL = """
relax.func @main(%x: T, %y: T) -> (T, T) {
  %s = relax.add %x, %y : (T, T) -> T
  %p = relax.multiply %x, %y : (T, T) -> T
  relax.return %s, %p : T, T
}
""".replace("T", "!relax.tensor<[2, 2], f32>")

SIGNATURE = (
    "pair(x: float32[2, 2], y: float32[2, 2]) -> (output0: float32[2, 2], output1: float32[2, 2])"
)

PROGRAM = r"""
#include "pair.h"
#include <stdio.h>
#include <string.h>

static void say(int32_t code) { printf("%d %s\n", (int)code, pair_last_error()); }

int main(void) {
  float x[] = {1, 2, 3, 4}, y[] = {5, 6, 7, 8}, s[5], p[4];
  int64_t shape[] = PAIR_INPUT0_SHAPE, strides[] = {2, 1}, turned[] = {1, 2}, wide[] = {2, 3};
  tyrex_tensor tx = {x, 1, 0, PAIR_INPUT0_RANK, 2, 32, 1, shape, NULL, 0};
  tyrex_tensor ty = tx, ts = tx, tp = tx;
  ty.data = y;
  ty.strides = strides;
  ts.data = s;
  ts.byte_offset = 4;
  tp.data = p;
  const tyrex_tensor *in[] = {&tx, &ty}, *out[] = {&ts, &tp};
  const void *inputs[] = {x, y};
  void *outputs[] = {s, p};
  pair_context *context;
  say(pair_create(0, &context));
  say(pair_create(1, NULL));
  say(pair_create(1, &context));
  say(pair_run(NULL, inputs, outputs));
  say(pair_run(context, NULL, outputs));
  say(pair_run(context, inputs, NULL));
  inputs[1] = NULL;
  say(pair_run(context, inputs, outputs));
  inputs[1] = y;
  outputs[1] = x;
  say(pair_run(context, inputs, outputs));
  outputs[1] = s + 1;
  say(pair_run(context, inputs, outputs));
  outputs[1] = p;
  say(pair_run(context, inputs, outputs));
  say(pair_run_tensors(context, in, 1, out, 2));
  say(pair_run_tensors(context, in, 2, NULL, 0));
  ty.dtype_code = 0;
  say(pair_run_tensors(context, in, 2, out, 2));
  ty.dtype_code = 2;
  ty.device_type = 2;
  say(pair_run_tensors(context, in, 2, out, 2));
  ty.device_type = 1;
  ty.strides = turned;
  say(pair_run_tensors(context, in, 2, out, 2));
  ty.strides = strides;
  ty.shape = wide;
  say(pair_run_tensors(context, in, 2, out, 2));
  ty.shape = shape;
  ty.rank = 1;
  say(pair_run_tensors(context, in, 2, out, 2));
  ty.rank = 2;
  say(pair_run_tensors(context, in, 2, out, 2));
  printf("%g %g %g %g\n", s[1], s[4], p[0], p[3]);
  say(pair_set_num_threads(context, 0));
  say(pair_set_num_threads(context, 2));
  printf("%s %s %d %s\n", PAIR_INPUT1_NAME, PAIR_INPUT1_DTYPE, PAIR_NUM_OUTPUTS, PAIR_SIGNATURE);
  pair_destroy(context);
  pair_destroy(NULL);
  return 0;
}
"""

EXPECTED = f"""\
1 a context needs at least one thread; found 0
1 pair: create: context is NULL
0{" "}
1 pair: run: context is NULL
1 pair: the array of inputs is NULL; the signature is {SIGNATURE}
1 pair: the array of outputs is NULL; the signature is {SIGNATURE}
1 pair: inputs[1] 'y' is NULL; the signature is {SIGNATURE}
1 pair: outputs[1] 'output1' overlaps inputs[0] 'x'; the signature is {SIGNATURE}
1 pair: outputs[1] 'output1' overlaps outputs[0] 'output0'; the signature is {SIGNATURE}
0{" "}
1 pair: expected 2 inputs; found 1; the signature is {SIGNATURE}
1 pair: expected 2 outputs; found 0; the signature is {SIGNATURE}
8 pair: inputs[1] 'y': expected float32[2, 2]; found DLPack type code 0 with 32 bits, 1 lanes; \
the signature is {SIGNATURE}
1 pair: inputs[1] 'y': expected memory of the CPU; found DLPack device type 2; \
the signature is {SIGNATURE}
1 pair: inputs[1] 'y': expected a compact, row-major tensor; found strides; \
the signature is {SIGNATURE}
2 pair: inputs[1] 'y': expected 2 in dimension 1, float32[2, 2]; found 3; \
the signature is {SIGNATURE}
2 pair: inputs[1] 'y': expected rank 2, float32[2, 2]; found rank 1; the signature is {SIGNATURE}
0{" "}
6 12 5 32
1 pair: set_num_threads: expected a context and a number from 1 on
0{" "}
y float32 2 {SIGNATURE}
"""

STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model as a library and an archive, and the program."""
    path = tmp_path_factory.mktemp("pair")
    target = "x86-64-v3" if sys.platform == "linux" and _is_x86() else "native"
    exe = tyrex.compile(MODEL, target=target)
    exe.export_library(path / "pair.so")
    exe.export_library(path / "pair.a")
    (path / "main.c").write_text(PROGRAM)
    return path


def _is_x86() -> bool:
    from tyrex.backends.llvm.host import detect_host

    return detect_host().arch == "x86_64"


def build(folder: Path, *flags: str) -> Path:
    name = "main" + "".join(flag for flag in flags if flag.startswith("-f"))
    command = [CC, *STRICT, *flags, "main.c", "pair.a", "-lm", "-pthread", "-o", name]
    subprocess.run(command, cwd=folder, check=True)
    return folder / name


def test_what_is_wrong_is_said_with_the_signature(folder: Path) -> None:
    done = subprocess.run([build(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == EXPECTED


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="no valgrind")
def test_valgrind_finds_neither_errors_nor_leaks(folder: Path) -> None:
    command = ["valgrind", "-q", "--error-exitcode=9", "--leak-check=full", build(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, EXPECTED), done.stderr


def test_the_address_sanitizer_finds_nothing(folder: Path) -> None:
    flags = ("-fsanitize=address",)
    probe = subprocess.run(
        [CC, *flags, "-x", "c", "-", "-o", "probe"],
        cwd=folder,
        input="int main(void) { return 0; }",
        text=True,
        capture_output=True,
    )
    if probe.returncode:
        pytest.skip("the C compiler has no -fsanitize=address")
    done = subprocess.run([build(folder, *flags)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, EXPECTED), done.stderr


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler (c++)")
def test_cpp_can_include_the_header_twice(folder: Path) -> None:
    (folder / "main.cc").write_text(
        '#include "pair.h"\n#include "pair.h"\n'
        "int main() { return pair_create(1, nullptr) == TYREX_ERROR_ARGUMENT ? 0 : 1; }\n"
    )
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "main.cc", "./pair.so"]
    subprocess.run(["c++", *flags, "-Wl,-rpath,.", "-o", "cpp"], cwd=folder, check=True)
    subprocess.run([folder / "cpp"], cwd=folder, check=True)


THREADS = r"""
#include "pair.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static float x[] = {1, 2, 3, 4}, y[] = {5, 6, 7, 8};

/* Runs on a context of so many threads; returns how many runs were wrong. */
static void *work(void *threads) {
  static const float sums[] = {6, 8, 10, 12};
  long wrong = 0;
  float s[4], p[4];
  const void *inputs[] = {x, y};
  void *outputs[] = {s, p};
  pair_context *context;
  if (pair_create((uint32_t)(size_t)threads, &context)) {
    return (void *)1000;
  }
  for (int i = 0; i < 1000; i++) {
    wrong += pair_run(context, inputs, outputs) || memcmp(s, sums, sizeof s);
  }
  if (pair_run(context, NULL, outputs) != 1 || !strstr(pair_last_error(), "inputs is NULL")) {
    wrong++; /* each thread has an error of its own */
  }
  pair_destroy(context);
  return (void *)wrong;
}

int main(void) {
  pthread_t threads[4];
  long wrong = 0;
  for (size_t i = 0; i < 4; i++) {
    pthread_create(&threads[i], NULL, work, (void *)(i + 1));
  }
  for (int i = 0; i < 4; i++) {
    void *found;
    pthread_join(threads[i], &found);
    wrong += (long)found;
  }
  pid_t child = fork();
  if (child == 0) {
    _exit(work((void *)2) != NULL);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return wrong != 0 || status != 0 || work((void *)3) != NULL;
}
"""


def test_threads_and_a_forked_child_run_it(folder: Path) -> None:
    (folder / "threads.c").write_text(THREADS)
    command = [CC, "-std=gnu11", *STRICT[1:], "threads.c", "pair.a", "-lm", "-pthread"]
    subprocess.run([*command, "-o", "threads"], cwd=folder, check=True)
    subprocess.run([folder / "threads"], check=True, timeout=60)


# ---- TVM FFI ---------------------------------------------------------------------------------

X = np.array([[1, 2], [3, 4]], np.float32)
Y = np.array([[5, 6], [7, 8]], np.float32)


def test_tvm_ffi_runs_it_into_outputs_and_returns_tensors(folder: Path) -> None:
    tvm_ffi = pytest.importorskip("tvm_ffi", reason="no package apache-tvm-ffi")
    module = tvm_ffi.load_module(str(folder / "pair.so"))
    tensors = [tvm_ffi.from_dlpack(a) for a in (X, Y)]
    for name in ("main", "pair"):
        sums, products = np.empty_like(X), np.empty_like(X)
        outputs = [tvm_ffi.from_dlpack(a) for a in (sums, products)]
        assert module[name](*tensors, *outputs) is None
        np.testing.assert_array_equal(sums, X + Y)
        np.testing.assert_array_equal(products, X * Y)
        returned = module[name](*tensors)
        assert len(returned) == 2
        np.testing.assert_array_equal(np.from_dlpack(returned[0]), X + Y)
        np.testing.assert_array_equal(np.from_dlpack(returned[1]), X * Y)


def test_tvm_ffi_raises_what_is_wrong(folder: Path) -> None:
    tvm_ffi = pytest.importorskip("tvm_ffi", reason="no package apache-tvm-ffi")
    main = tvm_ffi.load_module(str(folder / "pair.so"))["main"]
    x, y = (tvm_ffi.from_dlpack(a) for a in (X, Y))
    ints = tvm_ffi.from_dlpack(np.zeros((2, 2), np.int32))
    wide = tvm_ffi.from_dlpack(np.zeros((2, 3), np.float32))
    with pytest.raises(TypeError, match=r"pair: expected all inputs.*found 1; the signature is"):
        main(x)
    with pytest.raises(TypeError, match=r"pair: expected tensors"):
        main(x, "y")
    with pytest.raises(TypeError, match=r"inputs\[1\] 'y': expected float32"):
        main(x, ints)
    with pytest.raises(ValueError, match=r"inputs\[1\] 'y': expected 2 in dimension 1"):
        main(x, wide)
    with pytest.raises(ValueError, match=r"outputs\[0\] 'output0' overlaps inputs\[0\] 'x'"):
        main(x, y, x, y)


def test_tvm_ffi_shares_memory_with_torch(folder: Path) -> None:
    tvm_ffi = pytest.importorskip("tvm_ffi", reason="no package apache-tvm-ffi")
    torch = pytest.importorskip("torch", reason="no package torch")
    main = tvm_ffi.load_module(str(folder / "pair.so"))["main"]
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    sums, products = torch.empty(2, 2), torch.empty(2, 2)
    assert main(x, y, sums, products) is None
    assert torch.equal(sums, x + y)
    assert torch.equal(products, x * y)
    returned = main(x, y)
    assert torch.equal(torch.from_dlpack(returned[0]), x + y)
