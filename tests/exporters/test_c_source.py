"""Whole models as C: compiled with every warning, run under sanitizers, equal to what they were."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.exporters.c_constants import LITERAL_BYTES
from tyrex.runtime.executable import Executable

Array = NDArray[Any]
DIGITS = Path(__file__).parents[2] / "examples" / "digits"
COMPILERS = [cc for cc in ("gcc", "clang") if shutil.which(cc)]
FLAGS = (
    *("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"),
    *("-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all"),
)

pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler (gcc, clang)")
every_compiler = pytest.mark.parametrize("compiler", COMPILERS)

MAIN = r"""
#include "m.h"
#include <stdio.h>
#include <stdlib.h>

static const size_t sizes[] = {@SIZES@};

@PARALLEL@

int main(int argc, char **argv) {
  void *buffers[@COUNT@];
  if (argc != 3) {
    return 2;
  }
  FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
  for (int i = 0; i < @COUNT@; i++) {
    buffers[i] = malloc(sizes[i]);
    if (i < @INPUTS@ && fread(buffers[i], sizes[i], 1, in) != 1) {
      return 3;
    }
  }
  m_context *context = NULL;
  @PREPARE@
  if (m_create(2, &context)) {
    fprintf(stderr, "%s\n", m_last_error());
    return 4;
  }
  @SETTINGS@
  for (int turn = 0; turn < 2; turn++) {
    if (m_run(context, (const void *const *)buffers, buffers + @INPUTS@)) {
      fprintf(stderr, "%s\n", m_last_error());
      return 5;
    }
  }
  for (int i = 0; i < @COUNT@; i++) {
    if (i >= @INPUTS@) {
      fwrite(buffers[i], sizes[i], 1, out);
    }
    free(buffers[i]);
  }
  m_destroy(context);
  m_destroy(NULL);
  @END@
  fclose(in);
  return fclose(out);
}
"""


def compiled(folder: Path, compiler: str, flags: Sequence[str] = FLAGS) -> None:
    """Compile a model and its program to `main`."""
    command = [compiler, *flags, "m.c", "main.c", "-o", "main", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]


def run_c(
    exe: Executable,
    inputs: Sequence[Array],
    folder: Path,
    compiler: str,
    *,
    flags: Sequence[str] = FLAGS,
    run: Sequence[str] = (),
    **marks: str,
) -> list[Array]:
    """Write a model as C, run it; return its outputs."""
    exe.export_library(folder / "m.c", weights=marks.pop("weights", None))
    signature = exe.signature
    sizes = [str(getattr(spec, "size_bytes", 0)) for _, spec in signature.inputs]
    outputs = [np.asarray(y) for y in as_list(exe(*inputs))]
    sizes += [str(y.nbytes) for y in outputs]
    text = MAIN.replace("@SIZES@", ", ".join(sizes)).replace("@COUNT@", str(len(sizes)))
    text = text.replace("@INPUTS@", str(len(inputs)))
    for mark in ("PARALLEL", "PREPARE", "SETTINGS", "END"):
        text = text.replace(f"@{mark}@", marks.get(mark.lower(), ""))
    (folder / "main.c").write_text(text)
    (folder / "in").write_bytes(b"".join(x.tobytes() for x in inputs))
    compiled(folder, compiler, flags)
    done = subprocess.run([*run, "./main", "in", "out"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]
    data, found = (folder / "out").read_bytes(), list[Array]()
    for y in outputs:
        found.append(np.frombuffer(data[: y.nbytes], y.dtype).reshape(y.shape))
        data = data[y.nbytes :]
    assert not data
    return found


def as_list(result: Any) -> list[Any]:
    return list(cast(tuple[Any, ...], result)) if isinstance(result, tuple) else [result]


@pytest.fixture(scope="module")
def digits() -> Executable:
    return tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})


@pytest.fixture(scope="module")
def image() -> Array:
    return np.load(DIGITS / "held_out_images.npy").astype(np.float32)[:1]


@every_compiler
def test_a_model(compiler: str, digits: Executable, image: Array, tmp_path: Path) -> None:
    (found,) = run_c(digits, [image], tmp_path, compiler)
    np.testing.assert_allclose(found, np.asarray(digits(image)), rtol=1e-5, atol=1e-7)
    assert {p.name for p in tmp_path.iterdir()} >= {"m.c", "m.h"}
    # It needs no other file: not its header either.
    (tmp_path / "m.h").unlink()
    subprocess.run([compiler, *FLAGS, "-c", "m.c"], cwd=tmp_path, check=True)


ARCHITECTURES = ("aarch64", "riscv64")


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_other_machines(arch: str, digits: Executable, image: Array, tmp_path: Path) -> None:
    compiler, emulator = f"{arch}-linux-gnu-gcc", f"qemu-{arch}"
    if shutil.which(compiler) is None or shutil.which(emulator) is None:
        pytest.skip(f"no {compiler}, or no {emulator}")
    flags = [*FLAGS[:5], "-O1", "-static"]
    (found,) = run_c(digits, [image], tmp_path, compiler, flags=flags, run=[emulator])
    np.testing.assert_allclose(found, np.asarray(digits(image)), rtol=1e-5, atol=1e-7)


PARALLEL_FOR = r"""
static int calls;

/* Runs a loop in parts of three, the last one first. */
static int32_t backwards(void *user, m_body body, void *closure, int64_t n) {
  ++*(int *)user;
  for (int64_t begin = (n - 1) / 3 * 3; begin >= 0; begin -= 3) {
    int32_t code = body(closure, begin, begin + 3 < n ? begin + 3 : n);
    if (code) {
      return code;
    }
  }
  return 0;
}
"""


@pytest.mark.parametrize("weights", ["inside", "beside"])
def test_loops_in_parts_and_weights_beside(
    weights: str, digits: Executable, image: Array, tmp_path: Path
) -> None:
    (serial,) = run_c(digits, [image], tmp_path, COMPILERS[0])
    prepare, end = "", ""
    if weights == "beside":
        prepare = """
          static _Alignas(64) unsigned char weights[1 << 20];
          FILE *file = fopen("m.weights", "rb");
          size_t bytes = fread(weights, 1, sizeof weights, file);
          fclose(file);
          if (m_create(1, &context) != TYREX_ERROR_ARGUMENT) { return 20; }
          if (m_set_weights(weights, bytes - 1) != TYREX_ERROR_ARGUMENT) { return 21; }
          if (m_set_weights(weights, bytes)) { return 22; }
        """
    (found,) = run_c(
        digits,
        [image],
        tmp_path,
        COMPILERS[0],
        weights=weights,
        parallel=PARALLEL_FOR,
        prepare=prepare,
        settings="if (m_set_parallel_for(context, backwards, &calls)) { return 23; }",
        end=end or "if (calls == 0) { return 24; }",
    )
    np.testing.assert_array_equal(found, serial)


T = "!relax.tensor<[4], f32>"
CONTROL = f"""
vm.func @twice(%x: {T}) -> ({T}) {{
  %y = vm.alloc_output : {T}
  vm.call @plus(%x, %x) -> (%y) : ({T}, {T}) -> {T}
  vm.return %y : {T}
}}
vm.func @main(%a: {T}, %b: {T}, %n: !relax.tensor<[], i1>) -> ({T}, {T}, {T}) {{
  %t = vm.tuple %a, %b : ({T}, {T}) -> tuple<{T}, {T}>
  %c = vm.tuple_get %t {{index = 1 : i64}} : tuple<{T}, {T}> -> {T}
  %no = vm.constant <[], i1, [false]> : !relax.tensor<[], i1>
  vm.br ^loop(%a, %c, %n : {T}, {T}, !relax.tensor<[], i1>)
^loop(%x: {T}, %y: {T}, %more: !relax.tensor<[], i1>):
  %z = vm.invoke @twice(%x) : ({T}) -> {T}
  vm.cond_br %more : !relax.tensor<[], i1>, ^loop(%y, %z, %no : {T}, {T}, !relax.tensor<[], i1>), ^end
^end:
  %w = vm.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : {T}
  vm.return %x, %z, %w : {T}, {T}, {T}
}}
tir.func @plus(%0: !tir.buffer<[4], f32>, %1: !tir.buffer<[4], f32>)
    -> (%2: !tir.buffer<[4], f32>) {{
  tir.for %i in 4 serial {{
    %3 = tir.load %0[%i] : !tir.buffer<[4], f32>
    %4 = tir.load %1[%i] : !tir.buffer<[4], f32>
    %5 = arith.addf %3, %4 : f32
    tir.store %5, %2[%i] : !tir.buffer<[4], f32>
  }}
}}
"""  # noqa: E501


@pytest.mark.parametrize("more", [False, True])
def test_blocks_calls_and_memory_of_loops(more: bool, tmp_path: Path) -> None:
    a, b = np.arange(4, dtype=np.float32), np.arange(10, 14, dtype=np.float32)
    exe = tyrex.compile(CONTROL)
    inputs = [a, b, np.array(more)]
    found = run_c(exe, inputs, tmp_path, COMPILERS[-1])
    last = b if more else a
    for one, other in zip(found, [last, 2 * last, [1, 2, 3, 4]], strict=True):
        np.testing.assert_array_equal(one, other)
    text = (tmp_path / "m.c").read_text()
    assert text.count("< 64u") == 4, "the loop comes by again with two values: a third place"


VALUES: dict[str, list[Any]] = {
    "float32": [0.1, -1e-45, np.inf, -np.inf, np.nan, 3.4028235e38, -0.0, 16777217.0],
    "float64": [0.1, 5e-324, np.inf, -np.inf, np.nan, 1.7976931348623157e308],
    "float16": [0.1, 6e-8, np.inf, -np.inf, np.nan, 65504.0],
    "int64": [-(2**63), 2**63 - 1, 0, -1],
    "uint64": [2**64 - 1, 0],
    "int32": [-(2**31), 2**31 - 1],
    "int16": [-(2**15), 2**15 - 1],
    "int8": [-128, 127],
    "uint8": [255, 0],
    "bool": [True, False, True],
}


@pytest.mark.parametrize("size", ["small", "large"])
def test_constants_of_every_type(size: str, tmp_path: Path) -> None:
    relax = pytest.importorskip("tyrex.dialects.relax")
    builtin = pytest.importorskip("xdsl.dialects.builtin")
    ir = pytest.importorskip("xdsl.ir")
    arrays = [np.array(values, dtype) for dtype, values in VALUES.items()]
    if size == "large":  # written as bytes
        arrays = [np.resize(x, LITERAL_BYTES + 3) for x in arrays]
    arrays.append(np.zeros((0,), np.float32))
    constants = [relax.ConstantOp(relax.ConstantAttr.of(x)) for x in arrays]
    block = ir.Block()
    block.add_ops([*constants, relax.ReturnOp(*(c.result for c in constants))])
    types = builtin.FunctionType.from_lists([], [c.result.type for c in constants])
    names = [f"y{i}" for i in range(len(arrays))]
    module = builtin.ModuleOp([relax.FuncOp("main", types, ir.Region(block), (), (), names)])
    found = run_c(tyrex.compile(module), [], tmp_path, COMPILERS[0])
    for one, other in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(one, other)
        if one.dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(one), np.signbit(other))
    text = (tmp_path / "m.c").read_text()
    assert ("[17][1024]" in text) == (size == "large")


TWO_MODELS = """
#include "m.h"
#include "n.h"
#include <stdio.h>

int main(void) {
  float x[4] = {1, 2, 3, 4}, y[4], z[4];
  _Bool more = 0;
  const void *in[] = {x};
  void *out[] = {y};
  n_context *n;
  if (n_create(1, &n) || n_run(n, in, out)) {
    return 1;
  }
  const void *inputs[] = {x, y, &more};
  float w[4];
  void *outputs[] = {y, z, w};
  m_context *m;
  if (m_create(1, &m) || m_run(m, inputs, outputs) != TYREX_ERROR_ARGUMENT) {
    return 2;
  }
  puts(m_last_error());
  if (m_create(0, &m) != TYREX_ERROR_ARGUMENT || m_run(NULL, inputs, outputs) == 0) {
    return 3;
  }
  puts(m_last_error());
  tyrex_tensor wrong = {x, 1, 0, 0, 2, 32, 1, NULL, NULL, 0};
  const tyrex_tensor *given[] = {&wrong}, *results[] = {&wrong};
  if (n_run_tensors(n, given, 1, results, 1) != TYREX_ERROR_SHAPE) {
    return 4;
  }
  puts(n_last_error());
  n_destroy(n);
  return 0;
}
"""
NEGATE = f"""
relax.func @main(%x: {T}) -> ({T}) {{
  %y = relax.neg %x : ({T}) -> {T}
  relax.return %y : {T}
}}
"""


def test_two_models_in_one_program_and_what_is_wrong(tmp_path: Path) -> None:
    tyrex.compile(CONTROL).export_library(tmp_path / "m.c")
    tyrex.compile(NEGATE).export_library(tmp_path / "n.c")
    (tmp_path / "main.c").write_text(TWO_MODELS)
    command = [COMPILERS[0], *FLAGS[:5], "m.c", "n.c", "main.c", "-o", "main", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True, check=True)
    first, second, third = done.stdout.splitlines()
    assert first.startswith("m: outputs[0] ")
    assert "overlaps inputs[1] 'b'" in first
    assert second == "m: run: context is NULL"
    assert third.startswith("n: inputs[0] 'x': expected rank 1, float32[4]; found rank 0")


def test_what_c_cannot_express_is_named(tmp_path: Path) -> None:
    exe = tyrex.compile(NEGATE.replace("@main", "@main<n>").replace("[4]", "[n]"))
    with pytest.raises(NotImplementedError, match="the dim 'n' is not known before the model runs"):
        exe.export_library(tmp_path / "m.c")
    calls = f"""
    vm.func @main(%x: {T}) -> ({T}) {{
      %y = vm.call_packed @tests.c_source.f(%x) : ({T}) -> {T}
      vm.return %y : {T}
    }}
    """
    from tyrex.runtime import register_host_function

    def unchanged(x: Any) -> Any:
        return x

    register_host_function("tests.c_source.f", unchanged)
    with pytest.raises(NotImplementedError, match=r"C export: vm\.call_packed"):
        tyrex.compile(calls).export_library(tmp_path / "m.c")
    assert not list(tmp_path.iterdir())
