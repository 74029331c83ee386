"""Objects joined without a linker: what is seen, what is not, and what is refused."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from tyrex.backends.llvm.compile import compile_to_object
from tyrex.backends.llvm.targets import parse_target
from tyrex.exporters.archive_file import archive_of
from tyrex.exporters.elf_merge import merge_objects
from tyrex.runtime.errors import LoadError
from tyrex.runtime.object_loader import LoadedObject, can_load_here
from tyrex.runtime.relocatable import read_object

CALLER = """
declare i32 @callee(i32)
declare float @expf(float)
@table = external global [2 x i32]
define i32 @shown(i32 %x) {
  %a = call i32 @callee(i32 %x)
  %b = load i32, ptr getelementptr inbounds ([2 x i32], ptr @table, i64 0, i64 1)
  %s = add i32 %a, %b
  ret i32 %s
}
define float @also_shown(float %x) {
  %y = call float @expf(float %x)
  ret float %y
}
"""
CALLEE = """
@table = constant [2 x i32] [i32 5, i32 100]
@pointer = global ptr @table
define i32 @callee(i32 %x) {
  %p = load ptr, ptr @pointer
  %v = load i32, ptr %p
  %s = mul i32 %x, %v
  ret i32 %s
}
"""
NAMES = ("x86-64", "aarch64-linux-gnu", "riscv64-linux-gnu", "armv7-linux-gnueabihf")


def merged(target: str) -> bytes:
    images = [compile_to_object(text, parse_target(target)) for text in (CALLER, CALLEE)]
    return merge_objects(images, ["shown", "also_shown"])


@pytest.mark.parametrize("target", NAMES[:3])
def test_what_is_not_shown_is_local(target: str) -> None:
    symbols = read_object(merged(target))
    assert symbols is not None
    assert set(symbols.defined) == {"shown", "also_shown"}
    assert set(symbols.undefined) - {"_GLOBAL_OFFSET_TABLE_"} == {"expf"}


@pytest.mark.skipif(not can_load_here(), reason="objects of this machine are not loaded")
def test_the_result_runs() -> None:
    with LoadedObject(merge_objects([merged("native")], ["shown"])) as loaded:
        shown = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32)(loaded.address("shown"))
        assert shown(7) == 135
        assert loaded.names == {"shown"}


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.skipif(shutil.which("readelf") is None, reason="no readelf (binutils)")
def test_binutils_find_nothing_wrong(target: str, tmp_path: Path) -> None:
    (tmp_path / "m.o").write_bytes(merged(target))
    (tmp_path / "m.a").write_bytes(archive_of(merged(target), ["shown", "also_shown"]))
    for name in ("m.o", "m.a"):
        done = subprocess.run(
            ["readelf", "-W", "-a", tmp_path / name], capture_output=True, text=True, check=True
        )
        assert "Warning" not in done.stderr
        assert "Error" not in done.stderr
        assert "shown" in done.stdout


def test_equal_inputs_make_equal_files() -> None:
    assert merged("x86-64") == merged("x86-64")


def test_two_definitions_are_refused() -> None:
    image = compile_to_object(CALLEE, parse_target("x86-64"))
    with pytest.raises(LoadError, match="two objects define 'callee'"):
        merge_objects([image, image], [])


def test_other_files_are_refused() -> None:
    good = compile_to_object(CALLEE, parse_target("x86-64"))
    other = compile_to_object(CALLEE, parse_target("aarch64-linux-gnu"))
    with pytest.raises(LoadError, match="objects of several machines cannot be one"):
        merge_objects([good, other], [])
    with pytest.raises(LoadError, match="is no little-endian ELF file"):
        merge_objects([compile_to_object(CALLEE, parse_target("wasm32"))], [])
    for size in (6, 40, 100, len(good) - 40):
        with pytest.raises(LoadError, match="is damaged"):
            merge_objects([good[:size]], [])
