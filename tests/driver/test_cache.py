import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tyrex.driver.cache import FORMAT, HEADER_BYTES, Cache, default_root
from tyrex.runtime.errors import ArgumentError

KEY = "0123abcd" * 4


def entry(root: Path, key: str = KEY) -> Path:
    return root / FORMAT / "kernels" / key


def test_an_entry_comes_back_and_nothing_else(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    assert store.get("kernels", KEY) is None
    assert store.put("kernels", KEY, [b"one ", b"", memoryview(b"two")])
    found = store.get("kernels", KEY)
    assert found is not None
    assert bytes(found) == b"one two"
    assert store.get("models", KEY) is None


def test_an_empty_entry_is_an_entry(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    store.put("kernels", KEY, b"")
    found = store.get("kernels", KEY)
    assert found is not None
    assert len(found) == 0


@pytest.mark.parametrize("at", [0, HEADER_BYTES - 50, HEADER_BYTES, -1])
def test_a_damaged_entry_is_absent_and_removed(tmp_path: Path, at: int) -> None:
    store = Cache(tmp_path)
    store.put("kernels", KEY, b"some bytes")
    data = bytearray(entry(tmp_path).read_bytes())
    data[at] ^= 1
    entry(tmp_path).write_bytes(data)
    assert store.get("kernels", KEY) is None
    assert not entry(tmp_path).exists()


@pytest.mark.parametrize("size", [0, 5, HEADER_BYTES, HEADER_BYTES + 3])
def test_a_cut_off_entry_is_absent(tmp_path: Path, size: int) -> None:
    store = Cache(tmp_path)
    store.put("kernels", KEY, b"some bytes")
    entry(tmp_path).write_bytes(entry(tmp_path).read_bytes()[:size])
    assert store.get("kernels", KEY) is None


def test_an_entry_is_private(tmp_path: Path) -> None:
    store = Cache(tmp_path / "new")
    store.put("kernels", KEY, b"x")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    store = Cache(tmp_path)
    assert store.reason is not None
    assert "chmod go-w" in store.reason
    assert not store.put("kernels", KEY, b"x")
    assert store.get("kernels", KEY) is None
    assert store.trim() == store.clear() == 0


def test_a_folder_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert "another user" in str(Cache(tmp_path).reason)


def test_no_home_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a file"
    file.write_text("")
    monkeypatch.delenv("TYREX_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(file))
    monkeypatch.setenv("XDG_CACHE_HOME", str(file / "cache"))
    store = Cache()
    assert store.reason is not None
    assert not store.put("kernels", KEY, b"x")


def test_the_environment_names_the_folder_or_turns_it_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TYREX_CACHE_DIR", str(tmp_path))
    assert default_root() == tmp_path
    monkeypatch.setenv("TYREX_CACHE", "0")
    assert "TYREX_CACHE" in str(Cache().reason)


def test_the_bound_is_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TYREX_CACHE_MAX_BYTES", "123")
    assert Cache(tmp_path).max_bytes == 123
    monkeypatch.setenv("TYREX_CACHE_MAX_BYTES", "1 GB")
    with pytest.raises(ArgumentError, match="expected a number of bytes; found '1 GB'"):
        Cache(tmp_path)


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    store = Cache(tmp_path, max_bytes=5 * (HEADER_BYTES + 100))
    now = time.time()
    for age in range(10):
        store.put("kernels", f"{age:032x}", bytes(100))
        os.utime(entry(tmp_path, f"{age:032x}"), (now - 100 * age, now - 100 * age))
    assert store.get("kernels", f"{9:032x}") is not None, "a hit makes the oldest the newest"
    assert store.trim() > 0
    left = {int(path.name, 16) for path in (tmp_path / FORMAT / "kernels").iterdir()}
    assert left == {9, 0, 1, 2}
    assert store.trim() == 0


def test_what_a_dead_process_left_goes_too(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    store.put("kernels", KEY, b"x")
    left = entry(tmp_path, ".0123-77-abcd")
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    store.trim()
    assert not left.exists()
    assert entry(tmp_path).exists()


def test_trimming_is_rare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Cache(tmp_path, max_bytes=16_000)
    calls: list[int] = []
    monkeypatch.setattr(Cache, "trim", lambda self: calls.append(1) or 0)  # pyright: ignore
    store.trim_if_due()
    assert len(calls) == 1, "nobody has, here"
    store.trim_if_due()
    assert len(calls) == 1, "just done"
    store.put("kernels", KEY, bytes(1000))
    store.trim_if_due()
    assert len(calls) == 2, "a sixteenth was written"
    os.utime(tmp_path / FORMAT / "trimmed", (0, 0))
    store.trim_if_due()
    assert len(calls) == 3, "long ago"


def test_usage_and_clear(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    store.put("kernels", KEY, bytes(36))
    store.put("models", KEY, bytes(136))
    usage = {u.kind: (u.entries, u.size_bytes) for u in store.usage()}
    assert usage == {"kernels": (1, 100), "models": (1, 200), "files": (0, 0), "machines": (0, 0)}
    assert store.clear() == 300
    assert sum(u.entries for u in store.usage()) == 0


WRITER = """
import sys
from pathlib import Path
from tyrex.driver.cache import Cache
store = Cache(Path(sys.argv[1]), max_bytes=40_000)
bad = 0
for i in range(300):
    key = f"{i % 10:032x}"
    store.put("kernels", key, bytes([i % 10]) * 5000)
    found = store.get("kernels", key)
    bad += found is not None and bytes(found) != bytes([i % 10]) * 5000
    if i % 20 == 0:
        store.trim()
print(bad)
"""


def test_processes_share_the_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in processes] == ["0"] * 3
    names = [path.name for path in (tmp_path / FORMAT / "kernels").iterdir()]
    assert not [name for name in names if name.startswith(".")]
