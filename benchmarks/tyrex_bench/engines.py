"""The engines: how each loads an ONNX file for a number of threads. Runs inside a worker.

Every engine is asked for the same: float32 arithmetic, one request at a time, low latency, fixed
shapes, that number of threads, its own highest optimization that needs no tuning.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np

_ERRORS_ONLY = 4
"""ONNX Runtime's logging severity."""
_IREE_FLAGS = (
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
    "--iree-opt-level=O3",
)


@dataclass(frozen=True)
class Job:
    """What an engine is to load."""

    path: Path
    """An ONNX file whose shapes are all fixed."""
    names: tuple[str, ...]
    """Its inputs, in the order in which arrays are given."""
    threads: int
    cache_dir: Path
    """Where what is compiled may be kept: empty at the first load, full at the second."""


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to run."""

    run: Callable[[Sequence[Any]], Any]
    """Arrays in the model's order to what the engine calls outputs."""
    arrays: Callable[[Any], list[Any]]
    """Outputs as arrays; not timed."""


@dataclass(frozen=True)
class Engine:
    """An engine that can be compared."""

    package: str
    """Whose version is reported."""
    requirements: tuple[str, ...]
    """What pip installs in its environment; () for the one that the benchmark runs in."""
    loader: str
    """`module:function`; imports the engine and returns a function from `Job` to `Loaded`."""
    has_cache: bool = False


def import_tyrex(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """Return the loader of Tyrex."""
    os.environ["TYREX_CACHE_DIR"] = str(cache_dir)
    tyrex: Any = import_module("tyrex")

    def load(job: Job) -> Loaded:
        exe = tyrex.compile(job.path, threads=threads)
        return Loaded(lambda inputs: exe(*inputs), _tyrex_arrays)

    return load


def _tyrex_arrays(outputs: Any) -> list[Any]:
    return [value.numpy() for value in _many(outputs)]


def _many(outputs: Any) -> Iterable[Any]:
    """Return the outputs where an engine returns one that is alone by itself."""
    return cast(Iterable[Any], outputs) if isinstance(outputs, (tuple, list)) else (outputs,)


def import_onnxruntime(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """Return the loader of ONNX Runtime."""
    del cache_dir
    runtime: Any = import_module("onnxruntime")

    def load(job: Job) -> Loaded:
        options = runtime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = runtime.InferenceSession(job.path, options, providers=["CPUExecutionProvider"])
        return Loaded(
            lambda inputs: session.run(None, dict(zip(job.names, inputs, strict=True))), list
        )

    return load


def import_openvino(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """Return the loader of OpenVINO; float32, where it would choose bfloat16 by itself."""
    openvino: Any = import_module("openvino")
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "CACHE_DIR": str(cache_dir),
    }

    def load(job: Job) -> Loaded:
        compiled = openvino.Core().compile_model(str(job.path), "CPU", options)
        request = compiled.create_infer_request()
        inputs_of_model = [compiled.input(name) for name in job.names]

        def run(inputs: Sequence[Any]) -> Any:
            given = dict(zip(inputs_of_model, inputs, strict=True))
            return request.infer(given, share_inputs=True, share_outputs=True)

        return Loaded(run, lambda outputs: [np.array(outputs[o]) for o in compiled.outputs])

    return load


def import_tvm(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """Return the loader of TVM, out of the box: `tvm.compile`, nothing tuned."""
    del cache_dir
    os.environ["TVM_NUM_THREADS"] = str(threads)
    onnx: Any = import_module("onnx")
    tvm: Any = import_module("tvm")
    relax: Any = import_module("tvm.relax")
    frontend: Any = import_module("tvm.relax.frontend.onnx")

    def load(job: Job) -> Loaded:
        module = frontend.from_onnx(onnx.load(job.path), keep_params_in_input=False)
        compiled = tvm.compile(module, target="llvm")
        machine = relax.VirtualMachine(compiled, tvm.cpu())
        tensor = tvm.runtime.tensor if hasattr(tvm.runtime, "tensor") else tvm.nd.array
        main = machine["main"]
        return Loaded(lambda inputs: main(*(tensor(array) for array in inputs)), _tvm_arrays)

    return load


def _tvm_arrays(outputs: Any) -> list[Any]:
    values = [outputs] if hasattr(outputs, "numpy") else list(outputs)
    return [value.numpy() for value in values]


def import_iree(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """Return the loader of IREE: its ONNX importer, then -O3 for the host."""
    tools: Any = import_module("iree.compiler.tools")
    runtime: Any = import_module("iree.runtime")
    cache_dir.mkdir(parents=True, exist_ok=True)

    def load(job: Job) -> Loaded:
        mlir = cache_dir / "iree.mlir"
        importer = [sys.executable, "-m", "iree.compiler.tools.import_onnx", "--opset-version=17"]
        done = subprocess.run(
            [*importer, str(job.path), "-o", str(mlir)], capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["import_onnx failed"])[-1])
        binary = tools.compile_file(str(mlir), input_type="onnx", extra_args=_IREE_FLAGS)
        runtime.flags.parse_flags(f"--task_topology_group_count={threads}")
        driver = "local-sync" if threads == 1 else "local-task"
        loaded = runtime.load_vm_flatbuffer(binary, driver=driver)
        (name,) = (
            word for word in loaded.vm_module.function_names
            if not word.startswith("__") and not word.endswith("$async")
        )  # fmt: skip
        function = loaded[name]
        return Loaded(lambda inputs: function(*inputs), _iree_arrays)

    return load


def _iree_arrays(outputs: Any) -> list[Any]:
    return [value.to_host() for value in _many(outputs)]


_HERE = "tyrex_bench.engines"
ENGINES: dict[str, Engine] = {
    "tyrex": Engine("tyrex", (), f"{_HERE}:import_tyrex", has_cache=True),
    "onnxruntime": Engine("onnxruntime", (), f"{_HERE}:import_onnxruntime"),
    "openvino": Engine(
        "openvino", ("openvino==2026.4",), f"{_HERE}:import_openvino", has_cache=True
    ),
    "tvm": Engine("apache-tvm", ("apache-tvm==0.27", "onnx"), f"{_HERE}:import_tvm"),
    "iree": Engine(
        "iree-base-compiler",
        ("iree-base-compiler[onnx]==3.13", "iree-base-runtime==3.13"),
        f"{_HERE}:import_iree",
    ),
}
"""Name -> engine; the first is the one that the others are compared with."""


def version_of(package: str) -> str:
    """Return the version of an installed package."""
    return version(package)
