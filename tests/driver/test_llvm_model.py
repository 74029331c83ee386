"""Whole models as LLVM IR, bitcode, assembly and MLIR: what is written runs, with the same bits."""

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import StringAttr

import tyrex
from tyrex.backends.llvm.compile import compile_to_object
from tyrex.backends.llvm.host import detect_host
from tyrex.backends.llvm.library import binding
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.levels import IR_LEVELS
from tyrex.driver.loading import load_objects
from tyrex.driver.pass_context import compiler_context
from tyrex.runtime.errors import ArgumentError, LoadError
from tyrex.runtime.executable import Executable
from tyrex.runtime.threads import Context

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@pytest.fixture(scope="module")
def digits() -> Executable:
    return tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})


@pytest.fixture(scope="module")
def image() -> NDArray[Any]:
    return np.load(DIGITS / "held_out_images.npy").astype(np.float32)[:1]


def called(entry: Any, image: NDArray[Any]) -> NDArray[Any]:
    """Return what the native entry of a model writes."""
    result, context = np.zeros((1, 10), np.float32), Context(1)
    inputs, outputs = ((ctypes.c_void_p * 1)(x.ctypes.data) for x in (image, result))
    assert entry(context.address, inputs, outputs) == 0
    return result


def test_llvm_ir_holds_all_of_the_model(
    digits: Executable, image: NDArray[Any], tmp_path: Path
) -> None:
    text = digits.export_library(tmp_path / "digits.ll").read_text()
    loaded = load_objects(compile_to_object(text, detect_host()))
    found = called(ENTRY(loaded.address("digits_tyrex_main_run")), image)
    np.testing.assert_allclose(found, np.asarray(digits(image)), rtol=1e-5)
    described = ctypes.string_at(loaded.address("digits_tyrex_description"))
    assert described.startswith(b'{"format": ')


def test_bitcode_is_the_same_module(digits: Executable, tmp_path: Path) -> None:
    data = digits.export_library(tmp_path / "m.bc").read_bytes()
    module = binding.parse_bitcode(data)
    shown = [f.name for f in module.functions if not f.is_declaration and "internal" not in str(f)]
    assert "m_tyrex_main_run" in shown
    assert all(name.startswith("m_tyrex_") for name in shown)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no assembler (gcc)")
def test_assembly_becomes_a_library(
    digits: Executable, image: NDArray[Any], tmp_path: Path
) -> None:
    digits.export_library(tmp_path / "m.s", name="reader")
    command = ["gcc", "-shared", "m.s", "-o", "m.so", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    library = ctypes.CDLL(str(tmp_path / "m.so"))
    found = called(ENTRY(("reader_tyrex_main_run", library)), image)
    np.testing.assert_allclose(found, np.asarray(digits(image)), rtol=1e-5)


@pytest.mark.parametrize("phase", ["import", *IR_LEVELS[:-1]])
def test_a_module_of_any_phase_compiles_again(
    phase: str, digits: Executable, image: NDArray[Any], tmp_path: Path
) -> None:
    path = digits.export_library(tmp_path / "m.mlir", phase=phase)
    assert list((tmp_path / "m.mlir.constants").glob("*.npy"))
    np.testing.assert_array_equal(np.asarray(tyrex.compile(path)(image)), np.asarray(digits(image)))


def test_the_phase_is_one_of_the_levels(digits: Executable, tmp_path: Path) -> None:
    assert "llvm.func" in digits.export_library(tmp_path / "m.mlir", phase="llvm").read_text()
    assert "relax.conv" in digits.export_library(tmp_path / "m.mlir").read_text()
    with pytest.raises(ArgumentError, match=r"phase: expected one of import, graph, .*found 'asm'"):
        digits.export_library(tmp_path / "n.mlir", phase="asm")


def test_text_is_shown_by_format(digits: Executable) -> None:
    written = {"so", "a", "o", "tyx", "c", "ll", "bc", "s", "mlir"}
    assert written <= set(digits.get_write_formats())
    assert digits.inspect_source().startswith("; ModuleID")
    assert "int32_t model_run(" in digits.inspect_source("c")
    assert "model_tyrex_main_run:" in digits.inspect_source("s")
    assert digits.inspect_source("mlir").startswith("builtin.module")
    with pytest.raises(ArgumentError, match=r"inspect_source: expected one of .*mlir; found 'bc'"):
        digits.inspect_source("bc")


NEGATE = """
relax.func @main(%x: T) -> (T) {
  %y = relax.neg %x : (T) -> T
  relax.return %y : T
}
""".replace("T", "!relax.tensor<[4], f32>")


def test_what_was_compiled_is_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "model.mlir"
    path.write_text(NEGATE)
    exe = tyrex.compile(path)
    path.write_text(NEGATE.replace("neg", "abs"))
    with pytest.raises(LoadError, match="the file changed since it was compiled"):
        exe.export_library(tmp_path / "m.c")
    module = parse_module(compiler_context(), NEGATE, "<text>")
    exe = tyrex.compile(module)
    for op in module.body.ops:
        op.properties["sym_name"] = StringAttr("other")
    assert "relax.func @main" in exe.inspect_source("mlir")
