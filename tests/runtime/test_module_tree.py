"""The parts of an executable, and what can be done with each."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.runtime import register_host_function
from tyrex.runtime.errors import UnsupportedError
from tyrex.runtime.module_tree import Part, Property

T = "!relax.tensor<[4], f32>"
PLUS = f"""
relax.func @main(%x: {T}) -> ({T}) {{
  %w = relax.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : {T}
  %y = relax.add %x, %w : ({T}, {T}) -> {T}
  relax.return %y : {T}
}}
"""
CALLS = f"""
vm.func @main(%x: {T}) -> ({T}) {{
  %y = vm.call_packed @tests.module_tree.f(%x) : ({T}) -> {T}
  vm.return %y : {T}
}}
"""


def test_a_program_its_code_and_its_weights() -> None:
    exe = tyrex.compile(PLUS)
    code, constants = exe.imports
    assert (exe.parts.kind, exe.parts.functions) == ("executable", ("main",))
    assert exe.get_property_mask() == Property.BINARY_SERIALIZABLE | Property.RUNNABLE == 3
    assert (code.kind, code.get_property_mask()) == ("llvm", 6)
    assert code.size_bytes == exe.stats()["code_bytes"] > 0
    assert code.is_runnable and code.is_compilation_exportable  # noqa: PT018
    assert not code.is_binary_serializable
    assert (constants.kind, constants.size_bytes, constants.is_runnable) == ("constants", 16, False)
    first, second, third = exe.parts.lines()
    assert first == "executable: 1 functions, binary serializable, runnable"
    assert second.startswith("  llvm: 1 functions, ")
    assert third == "  constants: 16 bytes, binary serializable, compilation exportable"


def test_functions_of_python_are_no_code_of_an_export() -> None:
    def double(x: Any) -> Any:
        return tyrex.Tensor.from_numpy(np.asarray(x) * 2)

    register_host_function("tests.module_tree.f", double)
    (host,) = tyrex.compile(CALLS).imports
    assert (host.kind, host.functions) == ("host", ("tests.module_tree.f",))
    assert host.properties is Property.RUNNABLE


def test_code_for_another_machine_does_not_run_here() -> None:
    exe = tyrex.compile(PLUS, target="riscv64-linux-gnu")
    assert exe.get_property_mask() == Property.BINARY_SERIALIZABLE
    assert not exe.imports[0].is_runnable
    assert exe.imports[0].is_compilation_exportable


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")
def test_loaded_models_have_parts_too(tmp_path: Path) -> None:
    exe = tyrex.compile(PLUS)
    with tyrex.load_module(exe.export_library(tmp_path / "m.so")) as library:
        assert library.parts == Part(
            "library", Property.RUNNABLE, ("main",), (tmp_path / "m.so").stat().st_size
        )
        assert library.get_write_formats() == ["so"]
    with tyrex.load_module(exe.export_library(tmp_path / "m.tyx")) as bundle:
        assert [part.kind for part in bundle.imports] == ["llvm", "constants"]
        assert bundle.get_property_mask() == 3
        assert {"so", "tyx"} <= set(bundle.get_write_formats())
        assert "c" not in bundle.get_write_formats()
        with pytest.raises(UnsupportedError, match="this one was loaded"):
            bundle.inspect_source("c")
