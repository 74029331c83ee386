"""The machine at hand."""

from pathlib import Path

import pytest

from tyrex.backends.llvm import host
from tyrex.backends.llvm.host import detect_host, missing_features, vector_shape
from tyrex.backends.llvm.targets import parse_target
from tyrex.dialects.target import Target


def test_the_host_is_a_target() -> None:
    target = detect_host()
    assert target is detect_host()
    assert target.vector_bits in (64, 128, 256, 512)
    assert target.cores >= 1
    assert 4096 <= target.l1d_bytes <= target.l2_bytes
    assert missing_features(target, detect_host()) == ()


@pytest.mark.parametrize(
    ("arch", "features", "shape"),
    [
        ("x86_64", {"avx", "avx2", "avx512f", "avx512vl"}, (512, 32)),
        ("x86_64", {"avx", "avx2"}, (256, 16)),
        ("x86_64", {"sse4.2"}, (128, 16)),
        ("aarch64", set[str](), (128, 32)),
        ("riscv64", {"v"}, (128, 32)),
        ("riscv64", set[str](), (64, 32)),
        ("wasm32", {"simd128"}, (128, 16)),
    ],
)
def test_vectors_follow_from_features(
    arch: str, features: set[str], shape: tuple[int, int]
) -> None:
    assert vector_shape(arch, features.__contains__) == shape


def cache(folder: Path, index: int, level: str, kind: str, size: str) -> None:
    entry = folder / f"index{index}"
    entry.mkdir()
    for name, text in (("level", level), ("type", kind), ("size", size)):
        (entry / name).write_text(f"{text}\n")


def test_cache_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache(tmp_path, 0, "1", "Data", "48K")
    cache(tmp_path, 1, "1", "Instruction", "32K")
    cache(tmp_path, 2, "2", "Unified", "2048K")
    cache(tmp_path, 3, "3", "Unified", "36M")
    cache(tmp_path, 4, "x", "Unified", "?")
    monkeypatch.setattr(host, "_CACHES", tmp_path)
    assert host.cache_sizes() == (48 * 1024, 2048 * 1024, 36 * 1024**2)


def test_a_system_that_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(host, "_CACHES", tmp_path)
    monkeypatch.setattr(host.os, "sysconf", no_answer)
    l1d, l2, l3 = host.cache_sizes()
    assert 0 < l1d < l2
    assert l3 == 0


def test_features_that_the_machine_lacks() -> None:
    foreign = Target("x86_64-linux-gnu", "", ("+no-such-thing", "-neither"))
    assert missing_features(foreign, detect_host()) == ("no-such-thing",)
    if "x86_64" in detect_host().triple:
        assert missing_features(parse_target("x86-64-v2"), detect_host()) == ()
