"""Exported models loaded again: the same results, with no compiler in reach, and broken files."""

import ctypes
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.backends.llvm.targets import parse_target
from tyrex.exporters.cpu_features import ECX, FEATURES, Feature
from tyrex.exporters.platforms import platform_of
from tyrex.exporters.toolchain import find_toolchain
from tyrex.runtime.errors import ArgumentError, DTypeError, LoadError, UnsupportedError
from tyrex.runtime.module import Module

DIGITS = Path(__file__).parents[2] / "examples" / "digits"

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")

ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("xdsl", "llvmlite", "onnx"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Absent())
import numpy as np
import tyrex

with tyrex.load_module(sys.argv[1]) as module:
    results = [np.asarray(module(image[None])) for image in np.load(sys.argv[2])]
np.save(sys.argv[3], np.stack(results))
folders = {name.split(".")[1] for name in sys.modules if name.startswith("tyrex.")}
assert folders == {"runtime", "driver"}, folders
driver = {name for name in sys.modules if name.startswith("tyrex.driver.")}
assert driver == {"tyrex.driver.load_module"}, driver
"""


@pytest.fixture(scope="module")
def images() -> NDArray[np.float32]:
    return np.load(DIGITS / "held_out_images.npy").astype(np.float32)[:4]


@pytest.fixture(scope="module")
def expected(images: NDArray[np.float32]) -> NDArray[np.float32]:
    exe = tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})
    return np.stack([np.asarray(exe(image[None])) for image in images])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    exe = tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})
    folder = tmp_path_factory.mktemp("export")
    paths = {kind: exe.export_library(folder / f"digits.{kind}") for kind in ("so", "tyx")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder))  # where no compiler is
        patch.setattr("tyrex.exporters.toolchain.find_spec", str.isspace)  # nor package ziglang
        patch.delenv("CC", raising=False)
        paths["objects"] = exe.export_library(folder / "objects.tyx", name="digits")
    return paths


@pytest.fixture(params=["so", "tyx"])
def file(request: pytest.FixtureRequest, exported: dict[str, Path]) -> Path:
    """A file that is loaded without the compiler."""
    return exported[request.param]


@pytest.fixture(params=["so", "tyx", "objects"])
def any_file(request: pytest.FixtureRequest, exported: dict[str, Path]) -> Path:
    return exported[request.param]


@pytest.fixture
def library(exported: dict[str, Path]) -> Path:
    return exported["so"]


def test_a_process_without_the_compiler_gets_the_same_bits(
    file: Path, images: NDArray[np.float32], expected: NDArray[np.float32], tmp_path: Path
) -> None:
    np.save(tmp_path / "images.npy", images)
    files = [str(p) for p in (file, tmp_path / "images.npy", tmp_path / "results.npy")]
    done = subprocess.run([sys.executable, "-c", ALONE, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(files[2]), expected)


def test_it_says_what_it_is(any_file: Path) -> None:
    with tyrex.load_module(any_file) as module:
        assert isinstance(module, Module)
        assert str(module.signature) == (
            "main(image: float32[1, 1, 8, 8]) -> (probability: float32[1, 10])"
        )
        assert module.name == "digits"
        assert module.metadata["opt_level"] == "2"
        assert module.target.split("-")[0] in ("x86_64", "aarch64")
        assert module.version == tyrex.__version__
        assert set(module.functions) == {"main"}
        assert f"{any_file.name}" in repr(module)


def test_calls_are_checked(any_file: Path, images: NDArray[np.float32]) -> None:
    module = tyrex.load_module(str(any_file))
    with pytest.raises(DTypeError, match="argument 'image': expected float32; found float64"):
        module(images[:1].astype(np.float64))
    with pytest.raises(ArgumentError, match="there is no argument 'x'"):
        module(x=images[:1])
    out = np.empty((1, 10), np.float32)
    module.run({"image": images[:1]}, out={"probability": out})
    np.testing.assert_array_equal(out, np.asarray(module(image=images[:1])))
    module.threads = 2
    np.testing.assert_array_equal(out, np.asarray(module(images[:1])))


def test_threads_call_one_module(
    any_file: Path, images: NDArray[np.float32], expected: NDArray[np.float32]
) -> None:
    module = tyrex.load_module(any_file)
    module.threads = 2
    failures: list[int] = []

    def work(number: int) -> None:
        for _ in range(30):
            if not np.array_equal(np.asarray(module(images[number][None])), expected[number]):
                failures.append(number)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


def test_a_closed_module_says_so(
    any_file: Path, images: NDArray[np.float32], expected: NDArray[np.float32]
) -> None:
    module, other = tyrex.load_module(any_file), tyrex.load_module(any_file)
    result = module(images[:1])
    module.close()
    module.close()
    assert module.closed
    with pytest.raises(LoadError, match="the module is closed; load it again"):
        module(images[:1])
    np.testing.assert_array_equal(np.asarray(result), expected[0])
    np.testing.assert_array_equal(np.asarray(other(images[:1])), expected[0])


def test_files_that_are_cut_short_are_refused(library: Path, tmp_path: Path) -> None:
    data = library.read_bytes()
    path = tmp_path / "cut.so"
    for size in (0, 3, 40, 64, 200, 4096, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(LoadError, match=r"cut\.so: is (cut short|no shared library)"):
            tyrex.load_module(path)


def test_other_files_are_refused(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.so"
    with pytest.raises(LoadError, match="cannot be read: No such file"):
        tyrex.load_module(path)
    path.write_text("no library")
    with pytest.raises(LoadError, match="is no shared library"):
        tyrex.load_module(path)
    data = bytearray(library.read_bytes())
    data[18:20] = b"\xff\x00"  # e_machine
    path.write_bytes(data)
    with pytest.raises(LoadError, match="is for machine 255; this machine is"):
        tyrex.load_module(path)
    for magic, kind in (
        (b"MZ", "Windows"),
        (b"\0asm", "WebAssembly"),
        (b"\xcf\xfa\xed\xfe", "macOS"),
    ):
        path.write_bytes(magic + data[len(magic) :])
        with pytest.raises(LoadError, match=f"is a [a-z]+ of {kind}; this is "):
            tyrex.load_module(path)
    (tmp_path / "plain.c").write_text("int plain(void) { return 1; }\n")
    command = ["cc", "-shared", "-fPIC", "-o", "plain.so", "plain.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    with pytest.raises(LoadError, match="is no exported model, it has no function tyrex_module"):
        tyrex.load_module(tmp_path / "plain.so")


def test_a_processor_that_lacks_features_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exe = tyrex.compile(DIGITS / "digits.onnx", dims={"batch": 1})
    if not exe.metadata["target"].startswith("x86_64"):
        pytest.skip("only x86-64 is asked so far")
    # This bit is reserved: no processor sets it.
    absent = Feature("cmov", 0x80000001, 0, ECX, 31)
    monkeypatch.setitem(FEATURES["x86_64"], "cmov", absent)
    for name in ("m.so", "m.tyx"):
        path = exe.export_library(tmp_path / name)
        with monkeypatch.context() as patch:
            patch.setattr(ctypes, "CDLL", never)
            with pytest.raises(UnsupportedError, match="this processor lacks cmov"):
                tyrex.load_module(path)


def never(*arguments: object) -> None:
    raise AssertionError("code was loaded that this processor cannot run")


def test_code_for_another_machine_is_refused(tmp_path: Path) -> None:
    for target, name in (("armv7-linux-gnueabihf", "armv7, of 32 bits"), ("riscv64-linux-gnu", "")):
        try:
            find_toolchain(platform_of(parse_target(target).triple))
        except UnsupportedError as error:
            pytest.skip(str(error))
        exe = tyrex.compile(DIGITS / "digits.onnx", target, dims={"batch": 1})
        path = exe.export_library(tmp_path / "m.so")
        with pytest.raises(LoadError, match=f"is for {name or 'riscv64'}; this machine is "):
            tyrex.load_module(path)
