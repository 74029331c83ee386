"""Which C compiler is taken, and what is said where there is none."""

import platform
import sys
from pathlib import Path

import pytest

from tyrex.exporters import toolchain
from tyrex.exporters.platforms import Platform, platform_of
from tyrex.exporters.toolchain import find_toolchain, run_tool
from tyrex.runtime.errors import RuntimeFailure, UnsupportedError


def tool(folder: Path, name: str, script: str = "exit 0") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


HERE = Platform(f"{platform.machine()}-unknown-linux-gnu", platform.machine(), "linux", "gnu")
ARM64 = platform_of("aarch64-unknown-linux-gnu")
RISCV = platform_of("riscv64-unknown-linux-gnu")

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="names of Linux")


def no_package(name: str) -> None:
    """There is no ziglang."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH; no package ziglang."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.delenv("TYREX_LINKER", raising=False)
    monkeypatch.setattr(toolchain, "find_spec", no_package)
    return tmp_path


def commands(platform: Platform, given: str | None = None) -> list[str]:
    return list(find_toolchain(platform, given).command)


@needs_linux
def test_the_first_of_three_is_taken(path: Path) -> None:
    clang = tool(path, "clang")
    assert commands(HERE) == [str(clang)]
    gcc = tool(path, "gcc")
    assert commands(HERE) == [str(gcc)]
    tool(path, "zig")
    assert commands(HERE) == [str(gcc)]


@needs_linux
def test_the_user_names_another(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(path, "cc")
    other, cache = tool(path, "other"), tool(path, "ccache")
    assert commands(HERE, "other") == [str(other)]
    assert commands(HERE, "ccache other") == [str(cache), "other"]
    monkeypatch.setenv("CC", "other -m64")
    assert commands(HERE) == [str(other), "-m64"]
    # CC is this system's compiler; TYREX_LINKER is any target's, and goes before it.
    with pytest.raises(UnsupportedError, match="no C compiler for riscv64"):
        commands(RISCV)
    monkeypatch.setenv("TYREX_LINKER", "ccache other")
    assert commands(RISCV) == commands(HERE) == [str(cache), "other"]
    with pytest.raises(UnsupportedError, match="no C compiler 'missing'; name another with linker"):
        commands(HERE, "missing")
    with pytest.raises(UnsupportedError, match="there is no zig: `pip install ziglang`"):
        commands(HERE, "zig")


def test_other_machines_have_compilers_of_their_own(path: Path) -> None:
    zig = tool(path, "zig")
    assert commands(RISCV) == [str(zig), "cc", "-target", "riscv64-linux-gnu.2.27"]
    assert find_toolchain(RISCV).is_zig
    tool(path, "clang", "exit 1")  # which has no headers for this target, or no linker
    assert commands(RISCV)[0] == str(zig)
    gcc = tool(path, "riscv64-linux-gnu-gcc")
    assert commands(RISCV) == [str(gcc)]
    assert commands(RISCV, "zig")[0] == str(zig)


def test_clang_is_taken_where_it_links(path: Path) -> None:
    tool(path, "zig")
    clang = tool(path, "clang")
    command = [str(clang), f"--target={RISCV.triple}", "-fuse-ld=lld"]
    assert commands(RISCV) == command
    assert commands(platform_of("wasm32-unknown-unknown")) == [str(clang), "--target=wasm32"]


@pytest.mark.parametrize(
    ("triple", "target"),
    [
        ("armv7-unknown-linux-gnueabihf", ["arm-linux-gnueabihf.2.17", "-mcpu=generic+v7a"]),
        ("riscv64-unknown-linux-musl", ["riscv64-linux-musl"]),
        ("x86_64-unknown-windows-gnu", ["x86_64-windows-gnu"]),
        ("arm64-apple-macosx11.0.0", ["aarch64-macos.11.0"]),
        ("wasm32-unknown-unknown", ["wasm32-freestanding"]),
        ("riscv64-unknown-none-elf", ["riscv64-freestanding"]),
    ],
)
def test_zig_has_names_of_its_own(triple: str, target: list[str], path: Path) -> None:
    tool(path, "zig")
    assert commands(platform_of(triple), "zig")[3:] == target


def test_without_one_it_says_what_to_install(path: Path) -> None:
    for platform_, package in (
        (RISCV, "gcc-riscv64-linux-gnu"),
        (platform_of("wasm32-unknown-unknown"), "clang lld"),
    ):
        with pytest.raises(UnsupportedError) as caught:
            commands(platform_)
        message = f"`pip install ziglang` (or tyrex[cross]), or Debian's `apt install {package}`"
        assert message in str(caught.value)
        assert "linker=, --linker or the variable TYREX_LINKER" in str(caught.value)


@needs_linux
def test_without_one_for_this_system(path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"no C compiler for .*apt install gcc"):
        commands(HERE)


def test_complaints_are_passed_on(path: Path) -> None:
    failing = tool(path, "failing", "echo 'no such option' >&2; exit 3")
    with pytest.raises(RuntimeFailure, match="failed with status 3:\nno such option"):
        run_tool([str(failing)], path)
