import ctypes
import ctypes.util
import shutil
import subprocess
import sys
import sysconfig
from importlib.resources import files
from pathlib import Path

import pytest

from tyrex.runtime.errors import LoadError
from tyrex.runtime.native_library import load, native


def test_loads_once():
    assert native() is native()


def test_missing_file_says_what_to_do(tmp_path: Path):
    with pytest.raises(LoadError, match="pip install"):
        load(str(tmp_path / "missing.so"))


def test_other_library_says_what_to_do():
    with pytest.raises(LoadError, match=r"not a native runtime library.*pip install"):
        load(ctypes.util.find_library("m") or "libm.so.6")


def test_errors_are_kept_per_call():
    library = native()
    library.error_set(2, b"words")
    assert (library.error_code(), library.error_message()) == (2, b"words")
    library.error_set(2, b"x" * 1000)
    assert library.error_message() == b"x" * 511
    library.error_clear()
    assert (library.error_code(), library.error_message()) == (0, b"")


def test_call_clears_the_error_and_returns_the_code():
    def kernel(args: int | None) -> int:
        return 40 + (args or 0)

    library = native()
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(kernel)
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    library.error_set(2, b"old")
    assert library.call(address, 2) == 42
    assert library.error_message() == b""


def test_call_all_stops_at_the_first_failure():
    seen: list[int | None] = []

    def kernel(args: int | None) -> int:
        seen.append(args)
        return 9 if args == 3 else 0

    library = native()
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(kernel)
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    sites = (ctypes.c_uint64 * 8)(address, 1, address, 2, address, 3, address, 4)
    failed = ctypes.c_uint64(99)
    place = ctypes.addressof(failed)
    library.error_set(2, b"old")
    assert library.call_all(ctypes.addressof(sites), 2, place) == 0
    assert (seen, failed.value, library.error_message()) == ([1, 2], 99, b"")
    seen.clear()
    assert library.call_all(ctypes.addressof(sites), 4, place) == 9
    assert (seen, failed.value) == ([1, 2, 3], 2)


def run_python(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_import_is_lazy():
    run_python(
        "import sys, tyrex.runtime\n"
        "assert not {'numpy', 'ctypes', 'xdsl', 'llvmlite'} & set(sys.modules), sys.modules\n"
        "from tyrex.runtime import Tensor\n"
        "assert not {'xdsl', 'llvmlite', 'ml_dtypes'} & set(sys.modules)\n"
    )


def test_process_ends_with_workers_and_shared_memory_alive():
    run_python(
        "import ctypes, numpy\n"
        "from tyrex.runtime import Context, Tensor\n"
        "t = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)\n"
        "body = t(lambda closure, begin, end: 0)\n"
        "context = Context(4)\n"
        "context.parallel_for(body, 100)\n"
        "shared = numpy.from_dlpack(Tensor.empty((4,), 'float32'))\n"
        "capsule = Tensor.empty((4,), 'float32').__dlpack__()\n"
    )


def test_without_ml_dtypes():
    run_python(
        "import sys\n"
        "sys.modules['ml_dtypes'] = None\n"
        "from tyrex.runtime import Tensor\n"
        "from tyrex.runtime.errors import UnsupportedError\n"
        "tensor = Tensor.empty((2,), 'bfloat16')\n"
        "assert tensor.copy().shape == (2,) and 'bfloat16' in repr(tensor)\n"
        "assert Tensor.from_dlpack(tensor).dtype == 'bfloat16'\n"
        "try:\n"
        "    tensor.numpy()\n"
        "except UnsupportedError as error:\n"
        "    assert 'install the package ml_dtypes' in str(error)\n"
        "else:\n"
        "    raise AssertionError\n"
    )


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_sources_compile_without_warnings(tmp_path: Path):
    folder = Path(str(files("tyrex.runtime"))) / "native"
    sources = sorted(str(path) for path in folder.glob("*.c"))
    assert sources
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
    flags += ["-isystem", sysconfig.get_paths()["include"], "-fPIC", "-pthread"]
    # Not linked: some of the sources take each other's place.
    command = ["cc", *flags, "-c", *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
