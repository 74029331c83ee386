import os
from pathlib import Path

import pytest

from tyrex.driver import cache_keys
from tyrex.driver.cache import Cache
from tyrex.driver.cache_keys import FileDigests, compiler_digest, digest

LONG_AGO = 1_000_000_000


def test_parts_are_told_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab", b"c") == digest(b"ab", "c")


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("same")
    b.write_text("same")
    digests = FileDigests(Cache(tmp_path / "cache"))
    assert digests.of(a) == digests.of(b)
    b.write_text("diff")
    assert digests.of(a) != digests.of(b)


def test_a_settled_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_text("content")
    os.utime(path, (LONG_AGO, LONG_AGO))
    store = Cache(tmp_path / "cache")
    first = FileDigests(store).of(path)
    path.write_text("CONTENT")
    os.utime(path, (LONG_AGO, LONG_AGO))  # nobody does that; it shows what is looked at
    assert FileDigests(store).of(path) == first


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_text("content")
    os.utime(path, (LONG_AGO, LONG_AGO))
    digests = FileDigests(Cache(tmp_path / "cache"))
    first = digests.of(path)
    path.write_text("CONTENT")
    assert digests.of(path) != first


def test_a_file_that_just_changed_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "model"
    store = Cache(tmp_path / "cache")
    path.write_text("content")
    first = FileDigests(store).of(path)
    stamp = path.stat().st_mtime_ns
    path.write_text("CONTENT")
    os.utime(path, ns=(stamp, stamp))  # within one tick of a coarse clock
    assert FileDigests(store).of(path) != first


def test_the_compiler_is_part_of_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compiler_digest()
    compiler_digest.cache_clear()
    (tmp_path / "passes").mkdir()
    (tmp_path / "passes" / "a.py").write_text("x = 1")
    monkeypatch.setattr(cache_keys, "_PACKAGE", tmp_path)
    second = compiler_digest()
    compiler_digest.cache_clear()
    (tmp_path / "passes" / "a.py").write_text("x = 2")
    third = compiler_digest()
    compiler_digest.cache_clear()
    assert len({first, second, third}) == 3
