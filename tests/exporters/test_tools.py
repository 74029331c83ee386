"""How a library is put together: addons, folders, other compilers, and libraries in a program."""

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.runtime.errors import ArgumentError, LoadError, RuntimeFailure, UnsupportedError
from tyrex.runtime.executable import Executable

CC = shutil.which("cc") or ""
pytestmark = pytest.mark.skipif(not CC, reason="no C compiler (cc)")

PLUS = """
relax.func @main(%x: T) -> (T) {
  %w = relax.constant <[4], f32, [1.0, 2.0, 3.0, END]> : T
  %y = relax.add %x, %w : (T, T) -> T
  relax.return %y : T
}
""".replace("T", "!relax.tensor<[4], f32>")
ZEROS = np.zeros(4, np.float32)


@pytest.fixture(scope="module")
def exe() -> Executable:
    return tyrex.compile(PLUS.replace("END", "4.0"))


def last(module: Any) -> float:
    return float(np.asarray(module(ZEROS))[3])


@pytest.fixture
def addons(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "addons"
    folder.mkdir()
    (folder / "three.h").write_text("int three(void);\n")
    (folder / "six.c").write_text('#include "three.h"\nint six(void) { return 2 * three(); }\n')
    (folder / "three.c").write_text("int three(void) { return 3; }\n")
    subprocess.run([CC, "-fPIC", "-c", "three.c"], cwd=folder, check=True)
    subprocess.run(["ar", "rcs", "three.a", "three.o"], cwd=folder, check=True)
    return [folder / "six.c", folder / "three.o"]


def test_addons_are_linked_along_and_shown(
    exe: Executable, addons: list[Path], tmp_path: Path
) -> None:
    given = list(addons)
    path = exe.export_library(tmp_path / "m.so", addons=addons)
    assert addons == given
    assert ctypes.CDLL(str(path)).six() == 6
    assert last(tyrex.load_module(path)) == 4
    archive = [addons[0], addons[1].with_suffix(".a")]
    path = exe.export_library(tmp_path / "n.so", addons=tuple(archive))
    assert ctypes.CDLL(str(path)).six() == 6


@pytest.mark.parametrize("suffix", [".a", ".o"])
def test_addons_in_what_is_linked_later(
    suffix: str, exe: Executable, addons: list[Path], tmp_path: Path
) -> None:
    exe.export_library(tmp_path / f"m{suffix}", addons=addons)
    (tmp_path / "main.c").write_text("int six(void);\nint main(void) { return six() - 6; }\n")
    command = [CC, "main.c", f"m{suffix}", "-lm", "-pthread", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    subprocess.run([tmp_path / "main"], check=True)
    with pytest.raises(NotImplementedError, match=r"linked into shared libraries alone; found .*a"):
        exe.export_library(tmp_path / f"m{suffix}", addons=[addons[1].with_suffix(".a")])


def test_a_workspace_keeps_what_is_made(exe: Executable, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "work"
    path = exe.export_library(tmp_path / "m.so", workspace_dir=folder)
    names = {p.name for p in folder.iterdir()}
    assert {"code0.o", "constants.o", "interface.c", "m.h"} <= names
    assert {p.name for p in tmp_path.iterdir()} == {"m.so", "m.h", "deep"}
    assert last(tyrex.load_module(path)) == 4
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match=r"workspace_dir: .*file"):
        exe.export_library(tmp_path / "m.so", workspace_dir=tmp_path / "file")


def test_words_for_the_compiler(exe: Executable, tmp_path: Path) -> None:
    words = ["-Wl,--defsym=chosen=42"]
    folder = tmp_path / "work"
    exe.export_library(tmp_path / "m.so", options=words, workspace_dir=folder)
    assert words == ["-Wl,--defsym=chosen=42"]
    with pytest.raises(RuntimeFailure, match="no-such-word"):
        exe.export_library(tmp_path / "m.so", options=["-no-such-word"])


def test_a_function_takes_the_compilers_place(
    exe: Executable, addons: list[Path], tmp_path: Path
) -> None:
    seen: list[list[str]] = []

    def compile_all(path: str, files: list[str], options: list[str]) -> None:
        seen.append(files)
        assert all(Path(file).is_file() for file in files)
        subprocess.run([CC, "-shared", "-o", path, *options, *files, "-lm"], check=True)

    path = exe.export_library(
        tmp_path / "m.so", fcompile=compile_all, addons=[addons[1]], options=["-O1"]
    )
    assert last(tyrex.load_module(path)) == 4
    (files,) = seen
    assert {".o", ".c"} == {Path(file).suffix for file in files}
    assert str(addons[1]) in files
    with pytest.raises(RuntimeFailure, match="fcompile wrote no file"):
        exe.export_library(tmp_path / "n.so", fcompile=lambda *args, **named: None)
    assert not (tmp_path / "n.so").exists()


def test_what_is_wrong_is_said(exe: Executable, addons: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="addons: there is no file"):
        exe.export_library(tmp_path / "m.so", addons=[tmp_path / "none.o"])
    with pytest.raises(ArgumentError, match=r"'three\.h' ends in \.h; known are \.o, \.c and \.a"):
        exe.export_library(tmp_path / "m.so", addons=[addons[0].with_name("three.h")])
    with pytest.raises(ArgumentError, match=r"addons= is for \.so, .*; found 'm\.tyx'"):
        exe.export_library(tmp_path / "m.tyx", addons=addons)
    assert {p.name for p in tmp_path.iterdir()} == {"addons"}


def test_two_versions_in_one_static_link_are_found_from_python(tmp_path: Path) -> None:
    """Two archives with kernels of one name, linked into one library that Python has loaded."""
    for name, value in (("old_net", "4.0"), ("new_net", "9.0")):
        tyrex.compile(PLUS.replace("END", value)).export_library(tmp_path / f"{name}.a", name=name)
    archives = ["-Wl,--whole-archive", "old_net.a", "new_net.a", "-Wl,--no-whole-archive"]
    command = [CC, "-shared", "-o", "program.so", *archives, "-lm", "-pthread"]
    subprocess.run(command, cwd=tmp_path, check=True)
    ctypes.CDLL(str(tmp_path / "program.so"), mode=ctypes.RTLD_GLOBAL)
    old, new = (tyrex.system_lib(prefix) for prefix in ("old_net", "new_net"))
    assert (last(old), last(new)) == (4, 9)
    assert old.name == "old_net"
    with pytest.raises(UnsupportedError, match="can be written as nothing"):
        old.export_library(tmp_path / "m.so")
    old.close()
    assert last(new) == 9
    with pytest.raises(LoadError, match="<linked as no_net>: is no exported model"):
        tyrex.system_lib("no_net")


def test_an_object_is_loaded(exe: Executable, tmp_path: Path) -> None:
    path = exe.export_library(tmp_path / "net.o")
    before = {p.name for p in tmp_path.iterdir()}
    with tyrex.load_module(path) as module:
        assert last(module) == 4
        assert module.signature == exe.signature
        copy = module.export_library(tmp_path / "copy.o")
    assert copy.read_bytes() == path.read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == before | {"copy.o"}


def test_other_objects_are_refused(
    exe: Executable, addons: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LoadError, match=r"three\.o: is no object of a model"):
        tyrex.load_module(addons[1])
    cut = tmp_path / "cut.o"
    cut.write_bytes(addons[1].read_bytes()[:200])
    with pytest.raises(LoadError, match=r"cut\.o: "):
        tyrex.load_module(cut)
    path = exe.export_library(tmp_path / "net.o")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr("tyrex.exporters.toolchain.find_spec", dict[str, None]().get)
    with pytest.raises(UnsupportedError, match="there is no C compiler"):
        tyrex.load_module(path)
