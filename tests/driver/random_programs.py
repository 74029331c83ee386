"""Random programs of level graph, in both modes and in the interpreter.

    python tests/driver/random_programs.py [--count 5000] [--first 0]

from the root compares that many with the interpreter, and prints the seeds of those that differ.
What the programs are made of is in program_writer.py.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

import tyrex
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters import relax as relax_interpreter

if __package__:
    from .program_writer import program  # noqa: TID251  # the tests' folder
else:  # run as a command
    from program_writer import program

Array = NDArray[Any]

SIZES = (5, 0, 1, 3)  # of the symbol n
_NAMES = {
    **{"i8": "int8", "ui8": "uint8", "i32": "int32", "i64": "int64"},
    **{"f32": "float32", "f64": "float64"},
}


def feeds(seed: int, text: str) -> list[list[Array]]:
    """Return inputs for both ways through every branch, each with another n."""
    rng = np.random.default_rng(seed)
    found = re.search(r"@main.*%x: !relax\.tensor<\[(.*?)\], (\w+)>", text)
    assert found is not None, "a program has @main"
    length, dtype = found[1], _NAMES[found[2]]
    inputs: list[list[Array]] = []
    for i, (c, d) in enumerate(((True, False), (False, True))):
        size = int(length.replace("n * 8", str(8 * SIZES[(seed + i) % len(SIZES)])))
        if dtype.startswith("float"):
            arrays = [rng.standard_normal(size).astype(dtype) for _ in range(2)]
        else:
            arrays = [rng.integers(-50, 50, size).astype(dtype) for _ in range(2)]
        inputs.append([np.array(c), np.array(d), *arrays])
    return inputs


def mistakes(seed: int, sanitize: str | None = None) -> list[str]:
    """Return what both modes compute differently from the interpreter of the graph."""
    text = program(seed)
    module = parse_module(compiler_context(), text, f"{seed}.mlir")
    inputs = feeds(seed, text)
    with np.errstate(over="ignore"):
        expected = [relax_interpreter.run(module, "main", given) for given in inputs]
    exe = tyrex.compile(module, opt_level=(0, 1, 2)[seed % 3], sanitize=sanitize, threads=1)
    memory = ("pooled", "naive")[seed % 2]
    machine = tyrex.VirtualMachine(exe, memory_cfg=memory)["main"]
    modes: dict[str, Callable[..., Any]] = {"bytecode": machine}
    wrong: list[str] = []
    if exe.exec_mode == "compiled":
        modes["compiled"] = exe
    elif reason := exe.stats()["bytecode_because"]:
        wrong.append(f"not compiled: {reason}")
    for mode, run in modes.items():
        for _ in range(2):  # what a run leaves in memory must not matter to the next
            for given, results in zip(inputs, expected, strict=True):
                before = [array.copy() for array in given]
                wrong += (f"{mode}: {what}" for what in _differing(run(*given), results))
                if any(not np.array_equal(a, b) for a, b in zip(given, before, strict=True)):
                    wrong.append(f"{mode}: an input was written")
    return list(dict.fromkeys(wrong))


def _differing(found: Any, expected: Sequence[Array]) -> list[str]:
    several = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
    wrong: list[str] = []
    for i, (a, b) in enumerate(zip(map(np.asarray, several), expected, strict=True)):
        is_float = a.dtype.kind == "f"
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-5 * is_float, atol=1e-5 * is_float):
            wrong.append(f"result {i}")
    return wrong


def main() -> int:
    """Compare many programs; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    begin, used, bad = time.monotonic(), time.process_time(), 0
    for seed in range(options.first, options.first + options.count):
        try:
            found = mistakes(seed)
        except Exception as error:  # the seed of any failure is what is wanted
            found = [f"{type(error).__name__}: {error}"]
        bad += bool(found)
        for line in found:
            print(f"seed {seed}: {line}", flush=True)
    seconds = f"{time.monotonic() - begin:.0f} s, {time.process_time() - used:.0f} s of one core"
    print(f"{options.count} programs, {bad} wrong, {seconds}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
