"""Runs models that were written as C: compiled with a compiler of the system, called by a program.

The program reads the bytes of all inputs from a file, and writes those of all outputs to another.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr
from xdsl.ir import Block, Region, SSAValue

from tyrex.backends.llvm.host import detect_host
from tyrex.dialects import relax, tir
from tyrex.driver.c_model import c_source
from tyrex.driver.levels import module_at
from tyrex.driver.options import CompileOptions
from tyrex.driver.sources import Source
from tyrex.exporters.c_source import Source as CSource
from tyrex.exporters.c_source import header_of, source_text

Array = NDArray[Any]
COMPILERS = [cc for cc in ("gcc", "clang") if shutil.which(cc)]
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
SANITIZERS = ("-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")

needs_compiler = pytest.mark.skipif(not COMPILERS, reason="no C compiler (gcc, clang)")

MAIN = r"""
#include "@NAME@.h"
#include <stdio.h>
#include <stdlib.h>

static const size_t sizes[] = {@SIZES@, 0};

int main(int argc, char **argv) {
  void *buffers[@COUNT@ + 1];
  FILE *in = fopen(argv[argc - 2], "rb"), *out = fopen(argv[argc - 1], "wb");
  if (!in || !out) {
    return 2;
  }
  for (int i = 0; i < @COUNT@; i++) {
    buffers[i] = malloc(sizes[i] ? sizes[i] : 1);
    if (i < @INPUTS@ && sizes[i] && fread(buffers[i], sizes[i], 1, in) != 1) {
      return 3;
    }
  }
  @NAME@_context *context;
  if (@NAME@_create(1, &context) ||
      @NAME@_run(context, (const void *const *)buffers, buffers + @INPUTS@)) {
    fprintf(stderr, "%s\n", @NAME@_last_error());
    return 4;
  }
  @NAME@_destroy(context);
  for (int i = 0; i < @COUNT@; i++) {
    if (i >= @INPUTS@ && sizes[i] && fwrite(buffers[i], sizes[i], 1, out) != 1) {
      return 5;
    }
    free(buffers[i]);
  }
  fclose(in);
  return fclose(out);
}
"""


def lowered_to_c(model: ModuleOp | str | Path, name: str = "model") -> CSource:
    """Return a model as C, compiled for the machine at hand."""
    options = CompileOptions(detect_host())
    return c_source(module_at(Source.of(model), options, "host"), name, {})


def build(folder: Path, source: CSource, compiler: str, flags: Sequence[str] = SANITIZERS) -> Path:
    """Compile a model and a program that runs it; return the program."""
    name, signature = source.package.name, source.package.signature
    (folder / f"{name}.c").write_text("".join(source_text(source)), "ascii")
    (folder / f"{name}.h").write_text(header_of(source.package, weights_beside=False), "ascii")
    params = [*signature.inputs, *signature.outputs]
    main = MAIN.replace("@NAME@", name).replace("@COUNT@", str(len(params)))
    main = main.replace("@INPUTS@", str(len(signature.inputs)))
    sizes = ", ".join(str(getattr(spec, "size_bytes", 0)) for _, spec in params)
    (folder / "main.c").write_text(main.replace("@SIZES@", sizes or "0"), "ascii")
    command = [compiler, *WARNINGS, *flags, f"{name}.c", "main.c", "-o", "main", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]
    return folder / "main"


def run(program: Path, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Array]:
    """Run a program; return arrays like `outputs`."""
    folder = program.parent
    (folder / "in.bin").write_bytes(b"".join(array.tobytes() for array in inputs))
    done = subprocess.run(
        [program, "in.bin", "out.bin"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[:4000]
    data, at, found = (folder / "out.bin").read_bytes(), 0, list[Array]()
    for array in outputs:
        piece = data[at : at + array.nbytes]
        found.append(np.frombuffer(piece, array.dtype).reshape(array.shape).copy())
        at += array.nbytes
    assert at == len(data)
    return found


def batch(kernels: Sequence[tir.FuncOp], shapes: Sequence[Sequence[Array]]) -> ModuleOp:
    """Return a program that calls each kernel, which gets a new name, with inputs of its own.

    Args:
        kernels: of any form that scheduled passes take; they become part of the module.
        shapes: of each kernel the arrays that it takes and returns, for their types.
    """
    inputs: list[relax.TensorType] = []
    outputs: list[relax.TensorType] = []
    calls: list[tuple[str, int, int]] = []
    for number, (kernel, arrays) in enumerate(zip(kernels, shapes, strict=True)):
        kernel.sym_name = StringAttr(f"{kernel.sym_name.data}_{number}")
        args = [*kernel.inputs, *kernel.outputs]
        types = [
            relax.TensorType.of(array.shape, arg.type.dtype)
            for arg, array in zip(args, arrays, strict=True)
            if isinstance(arg.type, tir.BufferType)
        ]
        calls.append((kernel.sym_name.data, len(inputs), len(outputs)))
        inputs += types[: len(kernel.inputs)]
        outputs += types[len(kernel.inputs) :]
    block, results = Block(arg_types=inputs), list[SSAValue]()
    ends = [*calls[1:], ("", len(inputs), len(outputs))]
    for (name, first, out), (_, end, out_end) in zip(calls, ends, strict=True):
        call = relax.CallTIROp(name, block.args[first:end], outputs[out:out_end])
        block.add_op(call)
        results += call.results
    block.add_op(relax.ReturnOp(*results))
    names = [f"x{i}" for i in range(len(inputs))], [f"y{i}" for i in range(len(outputs))]
    signature = FunctionType.from_lists(inputs, outputs)
    main = relax.FuncOp("main", signature, Region(block), (), *names)
    return ModuleOp([main, *kernels])
