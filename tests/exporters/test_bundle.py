"""Bundles: what they hold, what can be made of them again, and what is refused before it runs."""

import ctypes
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.runtime.bundle import read_bundle
from tyrex.runtime.errors import LoadError, UnsupportedError
from tyrex.runtime.executable import Executable
from tyrex.runtime.host_functions import register_host_function

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")


@pytest.fixture(scope="module")
def exe() -> Executable:
    return tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})


@pytest.fixture(scope="module")
def image() -> NDArray[np.float32]:
    return np.load(DIGITS / "held_out_images.npy").astype(np.float32)[:1]


def no_package(name: str) -> None:
    """There is no ziglang."""


def without_compiler(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("tyrex.exporters.toolchain.find_spec", no_package)
    monkeypatch.delenv("CC", raising=False)


@needs_cc
def test_it_holds_what_is_documented(exe: Executable, tmp_path: Path) -> None:
    path = exe.export_library(tmp_path / "digits.tyx")
    assert [p.name for p in tmp_path.iterdir()] == ["digits.tyx"]
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    objects = [f"objects/{n}.o" for n in range(len(names) - 4)]
    assert names == ["manifest.json", "program.vm", "image.so", *objects, "weights.bin"]
    again = exe.export_library(tmp_path / "again.tyx", name="digits")
    assert again.read_bytes() == path.read_bytes(), "the same model gives the same file"


@needs_cc
def test_bytecode_runs_too(exe: Executable, image: NDArray[np.float32], tmp_path: Path) -> None:
    module = tyrex.load_module(exe.export_library(tmp_path / "m.tyx"))
    machine = tyrex.VirtualMachine(module.executable)
    expected = np.asarray(exe(image))
    np.testing.assert_array_equal(np.asarray(machine["main"](image)), expected)
    assert module.executable.exec_mode == "compiled"
    assert module.executable.program == exe.program


AGAIN = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("xdsl", "llvmlite", "onnx"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Absent())
import tyrex

source, *files = sys.argv[1:]
for file in files:
    tyrex.load_module(source).export_library(file, name="digits")
"""


@needs_cc
def test_a_process_without_the_compiler_writes_it_again(
    exe: Executable, image: NDArray[np.float32], tmp_path: Path
) -> None:
    """From a bundle without linked code, made where no linker was; the objects are there."""
    source = exe.export_library(tmp_path / "digits.tyx")
    files = [tmp_path / f"again{suffix}" for suffix in (".so", ".a", ".o", ".tyx")]
    command = [sys.executable, "-c", AGAIN, str(source), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert files[3].read_bytes() == source.read_bytes()
    for file in (files[0], files[3]):
        with tyrex.load_module(file) as module:
            np.testing.assert_array_equal(np.asarray(module(image)), np.asarray(exe(image)))
    direct = exe.export_library(tmp_path / "direct.a", name="digits")
    assert files[1].stat().st_size == direct.stat().st_size


@needs_cc
def test_a_library_is_written_again_as_itself(exe: Executable, tmp_path: Path) -> None:
    source = exe.export_library(tmp_path / "digits.so")
    module = tyrex.load_module(source)
    folder = tmp_path / "copy"
    folder.mkdir()
    copy = module.export_library(folder / "other.so")
    assert copy.read_bytes() == source.read_bytes()
    header = folder / "digits.h"
    assert header.read_text() == (tmp_path / "digits.h").read_text()
    for file, name in (("m.a", None), ("m.tyx", None), ("m.so", "other")):
        with pytest.raises(UnsupportedError, match=r"can be written as \.so, under its name"):
            module.export_library(folder / file, name=name)
    with pytest.raises(UnsupportedError, match="a shared library has no bytecode"):
        _ = module.executable
    module.close()
    with pytest.raises(LoadError, match="the module is closed"):
        module.export_library(folder / "m.so")


def test_objects_are_linked_here(
    exe: Executable,
    image: NDArray[np.float32],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_compiler(monkeypatch, tmp_path)
    path = exe.export_library(tmp_path / "m.tyx")
    with read_bundle(path) as bundle:
        assert "image.so" not in bundle.members
    with tyrex.load_module(path) as module:
        np.testing.assert_array_equal(np.asarray(module(image)), np.asarray(exe(image)))


def test_objects_ask_for_llvmlite_where_only_it_can_link(
    exe: Executable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_compiler(monkeypatch, tmp_path)
    path = exe.export_library(tmp_path / "m.tyx")
    elsewhere = "from tyrex.runtime import object_loader; object_loader.can_load_here = bool\n"
    text = AGAIN.replace("import tyrex\n", "import tyrex\n" + elsewhere)
    command = [sys.executable, "-c", text, str(path), str(tmp_path / "again.tyx")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "m.tyx: holds objects, which llvmlite would link, and it is not installed" in done.stderr


CALLS_PYTHON = """
vm.func @main(%x: T) -> (T) {
  %y = vm.call_packed @tests.bundle.double(%x) : (T) -> T
  vm.return %y : T
}
""".replace("T", "!relax.tensor<[4], f32>")


def test_what_native_code_cannot_express_is_bytecode(tmp_path: Path) -> None:
    def double(x: tyrex.Tensor) -> NDArray[np.float32]:
        return x.numpy() * 2

    register_host_function("tests.bundle.double", double, override=True)
    exe = tyrex.compile(CALLS_PYTHON)
    with pytest.raises(NotImplementedError, match=r"vm\.call_packed"):
        exe.export_library(tmp_path / "m.so")
    with tyrex.load_module(exe.export_library(tmp_path / "m.tyx")) as module:
        x = np.arange(4, dtype=np.float32)
        assert module.executable.exec_mode == "bytecode"
        np.testing.assert_array_equal(np.asarray(module(x)), 2 * x)


@needs_cc
def test_shapes_that_are_not_known_before(tmp_path: Path) -> None:
    text = """
    relax.func @main<n>(%x: T) -> (T) {
      %y = relax.softmax %x {axis = 0} : (T) -> T
      relax.return %y : T
    }""".replace("T", "!relax.tensor<[n, 3], f32>")
    exe = tyrex.compile(text)
    path = exe.export_library(tmp_path / "m.tyx")
    with tyrex.load_module(path) as module:
        assert module.signature == exe.signature
        for size in (1, 7, 64):
            x = np.random.default_rng(size).normal(size=(size, 3)).astype(np.float32)
            np.testing.assert_array_equal(np.asarray(module(x)), np.asarray(exe(x)))
        library = module.export_library(tmp_path / "m.so")
    with tyrex.load_module(library) as module:
        x = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
        np.testing.assert_array_equal(np.asarray(module(x)), np.asarray(exe(x)))


@needs_cc
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/maps")
def test_weights_are_mapped_and_given_back(exe: Executable, tmp_path: Path) -> None:
    text = """
    relax.func @main(%x: T) -> (T) {
      %w = relax.constant <[70000], f32, splat 2.0> : T
      %y = relax.add %x, %w : (T, T) -> T
      relax.return %y : T
    }""".replace("T", "!relax.tensor<[70000], f32>")
    weights = np.arange(70000, dtype=np.float32)
    text = text.replace("splat 2.0", str([float(v) for v in weights]))
    path = tyrex.compile(text).export_library(tmp_path / "large.tyx")

    def maps() -> str:
        return Path("/proc/self/maps").read_text()

    module = tyrex.load_module(path)
    assert "large.tyx" in maps()
    constant = module.executable.program.constants[0]
    x = np.zeros(70000, np.float32)
    result = module(x)
    module.close()
    del module
    np.testing.assert_array_equal(np.asarray(result), weights)
    assert "large.tyx" in maps(), "the constant still holds it"
    np.testing.assert_array_equal(constant.data.view(np.float32), weights)
    del constant
    assert "large.tyx" not in maps()


@needs_cc
def test_images_are_told_apart(tmp_path: Path) -> None:
    """The system takes a library whose name it has seen for the same one."""
    for number in range(6):
        text = f"""
        relax.func @main(%x: T) -> (T) {{
          %w = relax.constant <[2], f32, [{number}.0, 1.0]> : T
          %y = relax.add %x, %w : (T, T) -> T
          relax.return %y : T
        }}""".replace("T", "!relax.tensor<[2], f32>")
        tyrex.compile(text).export_library(tmp_path / f"m{number}.tyx")
    modules = [tyrex.load_module(tmp_path / f"m{number}.tyx") for number in range(6)]
    x = np.zeros(2, np.float32)
    assert [float(np.asarray(m(x))[0]) for m in modules] == [0, 1, 2, 3, 4, 5]


@needs_cc
def test_without_anonymous_files_a_private_one_does(
    exe: Executable,
    image: NDArray[np.float32],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = exe.export_library(tmp_path / "m.tyx")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with tyrex.load_module(path) as module:
        np.testing.assert_array_equal(np.asarray(module(image)), np.asarray(exe(image)))
    assert not list(temporary.iterdir())


@needs_cc
def test_nothing_runs_before_its_checksum_matched(
    exe: Executable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exe.export_library(tmp_path / "m.tyx")
    with read_bundle(path) as bundle:
        places = {name: bundle.offset(name) for name in bundle.members}
    data = path.read_bytes()

    def refuse(*_args: object, **_named: object) -> None:
        raise AssertionError("opened a library")

    for name, at in places.items():
        changed = bytearray(data)
        changed[at + 20] ^= 1
        path.write_bytes(changed)
        with monkeypatch.context() as patch:
            if name != "weights.bin":  # these are compared where the code is already in memory
                patch.setattr(ctypes, "CDLL", refuse)
            with pytest.raises(LoadError, match=f"damaged.*{name}"):
                tyrex.load_module(path)


def test_a_bundle_for_another_system_is_refused(tmp_path: Path) -> None:
    arch = "aarch64" if os.uname().machine == "x86_64" else "x86_64"
    text = """
    relax.func @main(%x: T) -> (T) {
      %y = relax.relu %x : (T) -> T
      relax.return %y : T
    }""".replace("T", "!relax.tensor<[2], f32>")
    exe = tyrex.compile(text, target=f"{arch}-linux-gnu")
    path = exe.export_library(tmp_path / "m.tyx")
    with pytest.raises(LoadError, match=rf"m\.tyx: is for {arch}.*; this is "):
        tyrex.load_module(path)
