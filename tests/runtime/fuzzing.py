"""Damaged and forged files of models, made at random, and what must come of loading them.

    python tests/runtime/fuzzing.py                 # 10 000 bundles, 10 000 programs, seed 0
    python tests/runtime/fuzzing.py --count 500 --seed 7

A mutant is refused with a TyrexError, in bounded time and memory, or is loaded. What is only
damaged (bits, cuts, insertions, ...) must be refused, unless it says the same as before. What is
forged has checksums that fit, so that the checks behind them are met; native code is left as it is
there, since whoever forges that has won.

Each batch of mutants runs in a process of its own with limited memory, so that a crash is seen and
is told by its number: `--only bundle:1234` shows one.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

import tyrex
from tyrex.runtime.archive import read_archive, write_archive
from tyrex.runtime.errors import TyrexError
from tyrex.runtime.native_library import native
from tyrex.runtime.program_file import TAGS, read_program

MAX_SECONDS = 5.0
"""Of this process's time, for one mutant; honest ones take milliseconds."""
MAX_MEMORY_BYTES = 1 << 30
"""What loading may add to what the process has mapped."""
BATCH = 1000

_TABLE_START, _ENTRY_BYTES = 24, 24
Bytes = bytes | bytearray
Mutation = Callable[[random.Random, bytes], Bytes]

TEXT = """
relax.func @main(%x: T) -> (T) {
  %w = relax.constant <[40, 40], f32, VALUES> : T
  %y = relax.add %x, %w : (T, T) -> T
  %z = relax.softmax %y {axis = 1} : (T) -> T
  relax.return %z : T
}""".replace("T", "!relax.tensor<[40, 40], f32>")


def model() -> str:
    """Return a small model with a weight."""
    values = np.linspace(-1, 1, 1600).tolist()
    return TEXT.replace("VALUES", str(values))


# ---- damage ------------------------------------------------------------------------------


def _flip(r: random.Random, data: bytes) -> Bytes:
    changed = bytearray(data)
    for _ in range(r.choice((1, 1, 1, 2, 8))):
        changed[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return changed


def _cut(r: random.Random, data: bytes) -> Bytes:
    return data[: r.randrange(len(data))]


def _behead(r: random.Random, data: bytes) -> Bytes:
    return data[r.randrange(1, len(data)) :]


def _insert(r: random.Random, data: bytes) -> Bytes:
    at = r.randrange(len(data) + 1)
    return data[:at] + r.randbytes(r.choice((1, 7, 64, 4096))) + data[at:]


def _overwrite(r: random.Random, data: bytes) -> Bytes:
    at, size = r.randrange(len(data)), r.choice((1, 2, 4, 8, 100))
    filler = r.choice((bytes(size), b"\xff" * size, r.randbytes(size)))
    return (data[:at] + filler + data[at + size :])[: len(data)]


def _remove(r: random.Random, data: bytes) -> Bytes:
    at = r.randrange(len(data))
    return data[:at] + data[at + r.choice((1, 8, 64, 1000)) :]


def _copy(r: random.Random, data: bytes) -> Bytes:
    source, target, size = r.randrange(len(data)), r.randrange(len(data)), r.choice((4, 8, 64, 512))
    piece = data[source : source + size]
    return data[:target] + piece + data[target + len(piece) :]


DAMAGE: tuple[Mutation, ...] = (_flip, _cut, _behead, _insert, _overwrite, _remove, _copy)


# ---- forgery -----------------------------------------------------------------------------

_ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1,
        2**31,
        2**63,
        2**64,
        10**4000,
        0.5,
        "",
        "x",
        "../x",
        "\0",
        "a" * 100_000,
    ),
    *([], {}, [[]], [None], {"": None}, "sha256:", "xxh64:", "main", "\ud800"),
)


def _sign_program(data: Bytes) -> bytes:
    """Return a program with checksums that fit, as far as its table can be read."""
    changed = bytearray(data)
    for index in range(len(TAGS)):
        at = _TABLE_START + index * _ENTRY_BYTES
        if at + _ENTRY_BYTES > len(changed):
            return bytes(changed)
        _, _, offset, size = struct.unpack_from("<4sIQQ", changed, at)
        if 0 < offset <= offset + size <= len(changed):
            crc = zlib.crc32(changed[offset : offset + size])
            struct.pack_into("<I", changed, at + 4, crc)
    end = _TABLE_START + len(TAGS) * _ENTRY_BYTES
    crc = zlib.crc32(changed[_TABLE_START:end], zlib.crc32(changed[:16]))
    struct.pack_into("<I", changed, 16, crc)
    return bytes(changed)


def forge_program(r: random.Random, data: bytes) -> bytes:
    """Return a damaged program whose checksums fit."""
    return _sign_program(r.choice(DAMAGE)(r, data))


def _forge_json(r: random.Random, value: Any) -> Any:
    """Return a value with one thing in it changed."""
    if isinstance(value, dict) and value and r.random() < 0.9:
        items = dict(cast(dict[str, Any], value))
        key = r.choice(list(items))
        match r.randrange(8):
            case 0:
                del items[key]
            case 1:
                items[r.choice(("", "x", "format", "../x"))] = items.pop(key)
            case _:
                items[key] = _forge_json(r, items[key])
        return items
    if isinstance(value, list) and value and r.random() < 0.8:
        elements = list(cast(list[Any], value))
        at = r.randrange(len(elements))
        elements[at : at + 1] = r.choice(([], [_forge_json(r, elements[at])], [elements[at]] * 2))
        return elements
    return r.choice(_ODD)


def _checksum(name: str, content: bytes) -> str:
    if name == "weights.bin":
        data = np.frombuffer(content, np.uint8)
        return f"xxh64:{native().checksum(data.__array_interface__['data'][0], data.nbytes):016x}"
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _sealed(members: dict[str, bytes], manifest: Any, ascii_only: bool) -> bytes:
    try:
        text = json.dumps(manifest, ensure_ascii=ascii_only).encode()
    except ValueError:  # a text that is no Unicode, a number too long to be written
        text = b"{"
    file = io.BytesIO()
    write_archive(file, [("manifest.json", text), *members.items()])
    return file.getvalue()


def _forge_members(r: random.Random, members: dict[str, bytes]) -> dict[str, bytes]:
    """Return members of which some are others' contents, missing, doubled, empty or new."""
    names = list(members)
    name, other = r.choice(names), r.choice(names)
    match r.randrange(6):
        case 0:
            return {n: c for n, c in members.items() if n != name}
        case 1:
            return members | {name: b""}
        case 2:
            return members | {name: members[other]}
        case 3:
            return members | {"objects/9999.o": r.randbytes(10)}
        case 4:
            return members | {name: r.randbytes(r.choice((1, 64, 5000)))}
        case _:
            cut = r.randrange(len(members["weights.bin"]))
            return members | {"weights.bin": members["weights.bin"][:cut]}


def forge_bundle(r: random.Random, data: bytes) -> bytes:
    """Return a bundle whose manifest, program or members are changed; checksums fit."""
    found = {n: bytes(c) for n, c in read_archive(memoryview(data), "good").items()}
    manifest = json.loads(found.pop("manifest.json"))
    kind = r.randrange(3)
    if kind == 0:
        found["program.vm"] = forge_program(r, found["program.vm"])
    elif kind == 1:
        found = _forge_members(r, found)
    manifest["members"] = {n: [len(c), _checksum(n, c)] for n, c in found.items()}
    if kind == 2:
        manifest = _forge_json(r, manifest)
    return _sealed(found, manifest, r.random() < 0.5)


# ---- what must come of it ----------------------------------------------------------------


class Targets:
    """A good bundle and a good program, and a place for their mutants."""

    def __init__(self, folder: Path) -> None:
        exe = tyrex.compile(model())
        self.path = exe.export_library(folder / "good.tyx")
        self.bundle = self.path.read_bytes()
        self.input = np.ones((40, 40), np.float32)
        self.expected = np.asarray(exe(self.input)).copy()
        with tyrex.load_module(self.path) as module:
            self.good = module.executable.program
        members = read_archive(memoryview(self.bundle), "good")
        self.program = bytes(members["program.vm"])
        self.weights = np.frombuffer(bytes(members["weights.bin"]), np.uint8)
        self.mutant = folder / "mutant.tyx"

    def check(self, kind: str, number: int, seed: int) -> str:
        """Load mutant `number`; return what became of it.

        Raises:
            AssertionError: it should have been refused.
            Exception: of another kind than TyrexError: a fault.
        """
        r = random.Random(f"{seed} {kind} {number}")
        forged = r.random() < 0.5
        start = time.thread_time()
        check = self._bundle if kind == "bundle" else self._program
        result = check(r, forged)
        seconds = time.thread_time() - start
        assert seconds < MAX_SECONDS, f"took {seconds} s"
        return ("forged: " if forged else "damaged: ") + result

    def _bundle(self, r: random.Random, forged: bool) -> str:
        data = forge_bundle(r, self.bundle) if forged else r.choice(DAMAGE)(r, self.bundle)
        self.mutant.unlink(missing_ok=True)  # the one before may be mapped
        self.mutant.write_bytes(data)
        try:
            module = tyrex.load_module(self.mutant)
        except TyrexError as error:
            return _refusal(error)
        with module:
            if not forged:
                assert data == self.bundle, "damaged, and loaded"
                np.testing.assert_array_equal(np.asarray(module(self.input)), self.expected)
        return "loaded"

    def _program(self, r: random.Random, forged: bool) -> str:
        data = forge_program(r, self.program) if forged else r.choice(DAMAGE)(r, self.program)
        try:
            program = read_program(bytes(data), "mutant", constants=self.weights)
        except TyrexError as error:
            return _refusal(error)
        assert forged or program == self.good, "damaged, and read as another program"
        return "loaded"


def _refusal(error: TyrexError) -> str:
    text = str(error)
    assert "mutant" in text, f"does not say which file: {text}"
    assert len(text) < 10_000, "as long as a file"
    return f"refused ({type(error).__name__})"


# ---- the command -------------------------------------------------------------------------


def run_batch(kind: str, first: int, count: int, seed: int) -> Counter[str]:
    """Check mutants in this process; return how often what came of them."""
    found = Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        targets = Targets(Path(folder))
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = used + MAX_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for number in range(first, first + count):
            try:
                found[targets.check(kind, number, seed)] += 1
            except BaseException:
                print(f"{kind}:{number} with seed {seed}", file=sys.stderr)
                raise
    return found


def main() -> int:
    """Run batches in child processes, or one mutant here."""
    parser = argparse.ArgumentParser(description="Load damaged and forged files of models.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="KIND:NUMBER[:COUNT]")
    options = parser.parse_args()
    if options.only:
        kind, first, *more = options.only.split(":")
        found = run_batch(kind, int(first), int(more[0]) if more else 1, options.seed)
        print(json.dumps(found))
        return 0
    failed = False
    for kind in ("bundle", "program"):
        total, start = Counter[str](), time.perf_counter()
        for first in range(0, options.count, BATCH):
            only = f"{kind}:{first}:{min(BATCH, options.count - first)}"
            command = [sys.executable, __file__, "--seed", str(options.seed), "--only", only]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                failed = True
                print(f"{only}: exit status {done.returncode}\n{done.stderr}")
            else:
                total.update(json.loads(done.stdout))
        seconds = time.perf_counter() - start
        results = dict(sorted(total.items()))
        print(f"{kind}: {sum(total.values())} mutants in {seconds:.0f} s: {results}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
