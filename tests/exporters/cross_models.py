"""Models and programs for the tests of other machines."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import tyrex
from tyrex.backends.llvm.targets import parse_target
from tyrex.exporters.platforms import platform_of
from tyrex.exporters.toolchain import Toolchain, find_toolchain
from tyrex.runtime.errors import UnsupportedError

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
TOLERANCE = 1e-5

PROGRAM = """
#include "model.h"
#include <stdio.h>

int main(int argc, char **argv) {
  static float in[MODEL_INPUT0_BYTES / sizeof(float)];
  static float out[MODEL_OUTPUT0_BYTES / sizeof(float)];
  const void *inputs[MODEL_NUM_INPUTS] = {in};
  void *outputs[MODEL_NUM_OUTPUTS] = {out};
  model_context *context;
  if (argc != 2 || model_create(2, &context)) {
    fprintf(stderr, "%s\\n", model_last_error());
    return 3;
  }
  FILE *file = fopen(argv[1], "rb");
  while (file && fread(in, sizeof in, 1, file) == 1) {
    if (model_run(context, inputs, outputs)) {
      return 2;
    }
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
      printf("%a\\n", (double)out[i]);
    }
  }
  inputs[0] = NULL;
  if (model_run(context, inputs, outputs) != 1) {
    return 4;
  }
  model_destroy(context);
  return 0;
}
"""
"""Prints what the model makes of the inputs in a file."""


@dataclass(frozen=True)
class Case:
    """A model, inputs, and what the machine at hand makes of them."""

    model: str | Path | bytes
    inputs: NDArray[np.float32]
    """Along the first axis."""
    expected: NDArray[np.float32]


def case_of(model: str | Path | bytes, inputs: NDArray[np.float32]) -> Case:
    exe = tyrex.compile(model, dims={"batch": 1})
    results = [np.asarray(exe(x[None])).copy() for x in inputs]
    return Case(model, inputs, np.concatenate(results))


def digits() -> Case:
    images = np.load(DIGITS / "held_out_images.npy").astype(np.float32)[:3]
    return case_of(DIGITS / "digits.onnx", images)


def small_cnn() -> Case:
    """Convolutions of three kinds, pooling, norms and the functions that are polynomials here."""
    rng = np.random.default_rng(7)
    weights = {
        "w1": rng.standard_normal((12, 3, 3, 3)) / 5,
        "b1": rng.standard_normal(12),
        "w2": rng.standard_normal((12, 1, 3, 3)) / 3,
        "w3": rng.standard_normal((20, 12, 1, 1)) / 4,
        "w4": rng.standard_normal((20, 10)) / 5,
        "b4": rng.standard_normal(10),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Tanh", ["c1"], ["t1"]),
        helper.make_node("Conv", ["t1", "w2"], ["c2"], pads=[1, 1, 1, 1], group=12),
        helper.make_node("Add", ["c2", "t1"], ["a2"]),
        helper.make_node("Erf", ["a2"], ["e2"]),
        helper.make_node("MaxPool", ["e2"], ["p2"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p2", "w3"], ["c3"]),
        helper.make_node("Sigmoid", ["c3"], ["s3"]),
        helper.make_node("GlobalAveragePool", ["s3"], ["g3"]),
        helper.make_node("Flatten", ["g3"], ["f3"]),
        helper.make_node("Gemm", ["f3", "w4", "b4"], ["m4"]),
        helper.make_node("Softmax", ["m4"], ["y"], axis=-1),
    ]
    graph = helper.make_graph(
        nodes,
        "small_cnn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 18, 18])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    inputs = rng.standard_normal((2, 3, 18, 18)).astype(np.float32)
    return case_of(model.SerializeToString(), inputs)


def toolchain_or_skip(target: str) -> Toolchain:
    try:
        return find_toolchain(platform_of(parse_target(target).triple))
    except UnsupportedError as error:
        pytest.skip(str(error))


@dataclass(frozen=True)
class Emulator:
    """qemu-user for one architecture, with the C library of its programs."""

    name: str
    libraries: str
    """The name of Debian's folder of libraries, and of the package that has them."""

    def command_or_skip(self, *options: str) -> list[str]:
        path = shutil.which(self.name)
        if path is None:
            pytest.skip(f"no {self.name}: `apt install qemu-user`")
        for folder in (os.environ.get("TYREX_TEST_SYSROOTS", "/usr"), "/usr"):
            root = Path(folder) / self.libraries
            if any((root / "lib").glob("ld-linux*")):
                return [path, *options, "-L", str(root)]
        pytest.skip(f"no /usr/{self.libraries}: `apt install {self.package}`")

    @property
    def package(self) -> str:
        cross = {"aarch64": "arm64", "arm": "armhf"}
        arch = self.libraries.partition("-")[0]
        return f"libc6-{cross.get(arch, arch)}-cross"


AARCH64 = Emulator("qemu-aarch64", "aarch64-linux-gnu")
ARM = Emulator("qemu-arm", "arm-linux-gnueabihf")
RISCV64 = Emulator("qemu-riscv64", "riscv64-linux-gnu")


def build(case: Case, target: str, folder: Path, toolchain: Toolchain) -> Path:
    """Return a program for a target that runs a model, a shared library beside it."""
    exe = tyrex.compile(case.model, target, dims={"batch": 1})
    library = exe.export_library(folder / "model.so", name="model")
    (folder / "main.c").write_text(PROGRAM)
    command = [*toolchain.command, "main.c", library.name, "-Wl,-rpath,$ORIGIN", "-o", "main"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "main"


def run(case: Case, command: list[str], program: Path) -> subprocess.CompletedProcess[str]:
    """Run a program on a model's inputs."""
    inputs = program.with_name("inputs.bin")
    case.inputs.tofile(inputs)
    return subprocess.run([*command, str(program), str(inputs)], capture_output=True, text=True)


def check(case: Case, done: subprocess.CompletedProcess[str]) -> None:
    """Compare what a program printed with what this machine computes."""
    assert done.returncode == 0, done.stderr
    found = np.array([float.fromhex(line) for line in done.stdout.split()])
    assert found.shape == (case.expected.size,)
    assert np.ptp(found) > 0.01
    np.testing.assert_allclose(found, case.expected.ravel(), rtol=0, atol=TOLERANCE)
