"""Random programs of level graph: branches, loops, calls, tuples, views, results in place.

    python tests/driver/random_programs.py [--count 5000] [--first 0]

from the root compares that many with the interpreter, in both modes, and prints the seeds of those
that differ.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

import tyrex
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters import relax as relax_interpreter

Array = NDArray[Any]

N = 40  # not a whole number of vectors
BOOL = "!relax.tensor<[], i1>"
COUNTER = "!relax.tensor<[], i32>"
MAX_TRIPS = 3

# Integers wrap around alike everywhere, so results are equal; floats stay small by softmax.
_BINARY = {
    "i32": ("add", "subtract", "maximum", "minimum", "multiply", "bitwise_xor"),
    "f32": ("add", "subtract", "maximum", "minimum"),
}
_UNARY = {"i32": ("neg", "abs"), "f32": ("neg", "abs", "relu", "tanh")}
_ATTRIBUTES = {
    "cum_sum": "{axis = 0, exclusive = false, reverse = false}",
    "softmax": "{axis = 0}",
}
_OPAQUE = {"i32": ("cum_sum",), "f32": ("softmax",)}


@dataclass
class Writer:
    """Writes one program; a value is its name in the text, by type."""

    rng: random.Random
    dtype: str
    lines: list[str] = field(default_factory=list[str])
    number: int = 0
    helpers: list[int] = field(default_factory=list[int])
    """How many results each helper function has."""

    @property
    def vector(self) -> str:
        """The type of most values."""
        return f"!relax.tensor<[{N}], {self.dtype}>"

    @property
    def matrix(self) -> str:
        """The same elements with another shape."""
        return f"!relax.tensor<[{N // 8}, 8], {self.dtype}>"

    def new(self) -> str:
        """Return a new name."""
        self.number += 1
        return f"%v{self.number}"

    def emit(self, op: str, operands: list[str], operand_types: list[str], result: str) -> str:
        """Write `%v = relax.op ...`; return its name."""
        name, base = self.new(), op.split(" ")[0]
        attributes = f" {_ATTRIBUTES[base]}" if base in _ATTRIBUTES else ""
        head = op if " " in op else f"{op} {', '.join(operands)}"
        types = f"({', '.join(operand_types)}) -> {result}"
        self.lines.append(f"{name} = relax.{head}{attributes} : {types}")
        return name

    def statement(self, values: list[str], depth: int) -> list[str]:
        """Write a statement over values; return the values that it makes."""
        kinds = ["unary", "binary", "binary", "opaque", "view", "tuple"]
        kinds += ["if", "while"] if depth < 2 else []
        kinds += ["call"] if self.helpers and depth < 2 else []
        return getattr(self, f"write_{self.rng.choice(kinds)}")(values, depth)

    def body(self, values: list[str], depth: int, count: int) -> list[str]:
        """Write statements; return all values that are visible behind them."""
        visible = list(values)
        for _ in range(count):
            visible += self.statement(visible, depth)
        return visible

    def write_unary(self, values: list[str], depth: int) -> list[str]:
        op = self.rng.choice(_UNARY[self.dtype])
        return [self.emit(op, [self.rng.choice(values)], [self.vector], self.vector)]

    def write_binary(self, values: list[str], depth: int) -> list[str]:
        op = self.rng.choice(_BINARY[self.dtype])
        operands = [self.rng.choice(values[-6:]), self.rng.choice(values)]
        return [self.emit(op, operands, [self.vector] * 2, self.vector)]

    def write_opaque(self, values: list[str], depth: int) -> list[str]:
        op = self.rng.choice(_OPAQUE[self.dtype])
        return [self.emit(op, [self.rng.choice(values)], [self.vector], self.vector)]

    def write_view(self, values: list[str], depth: int) -> list[str]:
        """Write a reshape there, sometimes with arithmetic in between, and one back."""
        source = self.rng.choice(values)
        there = f"reshape {source} {{shape = #relax.dims<[{N // 8}, 8]>}}"
        seen = self.emit(there, [], [self.vector], self.matrix)
        if self.rng.random() < 0.5:
            seen = self.emit("neg", [seen], [self.matrix], self.matrix)
        back = f"reshape {seen} {{shape = #relax.dims<[{N}]>}}"
        return [self.emit(back, [], [self.matrix], self.vector)]

    def write_tuple(self, values: list[str], depth: int) -> list[str]:
        pair = [self.rng.choice(values) for _ in range(2)]
        type_ = f"tuple<{self.vector}, {self.vector}>"
        whole = self.emit("tuple", pair, [self.vector] * 2, type_)
        index = self.rng.randrange(2)
        return [self.emit(f"tuple_get_item {whole} {{index = {index}}}", [], [type_], self.vector)]

    def write_if(self, values: list[str], depth: int) -> list[str]:
        count = self.rng.randint(1, 2)
        names = [self.new() for _ in range(count)]
        types = ", ".join([self.vector] * count)
        cond = self.rng.choice(("%c", "%d"))
        self.lines.append(f"{', '.join(names)} = relax.if {cond} : {BOOL} -> ({types}) {{")
        for side in range(2):
            seen = self.body(values, depth + 1, self.rng.randint(0, 3))
            results = [self.rng.choice(seen[-4:]) for _ in range(count)]
            self.lines.append(f"relax.yield {', '.join(results)} : {types}")
            self.lines.append("} else {" if side == 0 else "}")
        return names

    def write_while(self, values: list[str], depth: int) -> list[str]:
        count = self.rng.randint(1, 2)
        zero, one = self.new(), self.new()
        self.lines.append(f"{zero} = relax.constant <[], i32, [0]> : {COUNTER}")
        self.lines.append(f"{one} = relax.constant <[], i32, [1]> : {COUNTER}")
        trips = self.new()
        number = self.rng.randint(0, MAX_TRIPS)
        self.lines.append(f"{trips} = relax.constant <[], i32, [{number}]> : {COUNTER}")
        inits = [self.rng.choice(values) for _ in range(count)]
        names = [self.new() for _ in range(count + 1)]
        types = ", ".join([COUNTER, *[self.vector] * count])
        operands = ", ".join([zero, *inits])
        self.lines.append(
            f"{', '.join(names)} = relax.while {operands} : ({types}) -> ({types}) {{"
        )
        for part in range(2):
            args = [self.new() for _ in range(count + 1)]
            typed = [f"{args[0]}: {COUNTER}", *(f"{a}: {self.vector}" for a in args[1:])]
            self.lines.append(f"^bb0({', '.join(typed)}):")
            if part == 0:
                on = self.emit("less", [args[0], trips], [COUNTER] * 2, BOOL)
                self.lines += [f"relax.yield {on} : {BOOL}", "} do {"]
                continue
            following = self.emit("add", [args[0], one], [COUNTER] * 2, COUNTER)
            seen = self.body([*values, *args[1:]], depth + 1, self.rng.randint(1, 3))
            results = [following, *(self.rng.choice(seen[-4:]) for _ in range(count))]
            self.lines += [f"relax.yield {', '.join(results)} : {types}", "}"]
        return names[1:]

    def write_call(self, values: list[str], depth: int) -> list[str]:
        helper = self.rng.randrange(len(self.helpers))
        operands = ["%c", "%d", *(self.rng.choice(values) for _ in range(2))]
        types = [BOOL, BOOL, self.vector, self.vector]
        count = self.helpers[helper]
        names = [self.new() for _ in range(count)]
        results = self.vector if count == 1 else f"({', '.join([self.vector] * count)})"
        self.lines.append(
            f"{', '.join(names)} = relax.call @helper{helper}({', '.join(operands)}) :"
            f" ({', '.join(types)}) -> {results}"
        )
        return names

    def function(self, name: str, count: int, results: int) -> None:
        """Write a function with `results` results."""
        types = ", ".join([self.vector] * results)
        self.lines.append(
            f"relax.func @{name}(%c: {BOOL}, %d: {BOOL}, %x: {self.vector}, %w: {self.vector})"
            f" -> ({types}) {{"
        )
        seen = self.body(["%x", "%w"], 0, count)
        returned = [self.rng.choice(seen[-5:]) for _ in range(results)]
        self.lines += [f"relax.return {', '.join(returned)} : {types}", "}"]


def program(seed: int) -> str:
    """Return the text of program number `seed`."""
    rng = random.Random(seed)
    writer = Writer(rng, rng.choice(("i32", "f32")))
    for helper in range(rng.randint(0, 2)):
        results = rng.randint(1, 2)
        writer.function(f"helper{helper}", rng.randint(1, 3), results)
        writer.helpers.append(results)
    writer.function("main", rng.randint(3, 8), rng.randint(1, 3))
    return "\n".join(writer.lines)


def feeds(seed: int, text: str) -> list[list[Array]]:
    """Return inputs for both ways through every branch."""
    rng = np.random.default_rng(seed)
    found: list[list[Array]] = []
    for c, d in ((True, False), (False, True)):
        if "f32" in text:
            arrays = [rng.standard_normal(N).astype(np.float32) for _ in range(2)]
        else:
            arrays = [rng.integers(-50, 50, N).astype(np.int32) for _ in range(2)]
        found.append([np.array(c), np.array(d), *arrays])
    return found


def mistakes(seed: int) -> list[str]:
    """Return what both modes compute differently from the interpreter of the graph."""
    text = program(seed)
    context = compiler_context()
    inputs = feeds(seed, text)
    expected = [
        relax_interpreter.run(parse_module(context, text, f"{seed}.mlir"), "main", given)
        for given in inputs
    ]
    wrong: list[str] = []
    for mode in ("bytecode", "compiled"):
        level = 1 + seed % 2
        exe = tyrex.compile(text, exec_mode=mode, opt_level=level, threads=1)
        if exe.exec_mode != mode:
            wrong.append(f"{mode}: not compiled: {exe.stats().get('bytecode_because')}")
        for _ in range(2):  # what a run leaves in memory must not matter to the next
            for given, results in zip(inputs, expected, strict=True):
                found = exe(*given)
                several = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
                for i, (a, b) in enumerate(zip(map(np.asarray, several), results, strict=True)):
                    if not np.allclose(a, b, rtol=1e-5, atol=1e-5 * (a.dtype.kind == "f")):
                        wrong.append(f"{mode}: result {i}")
    return list(dict.fromkeys(wrong))


def main() -> int:
    """Compare many programs; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    begin, bad = time.monotonic(), 0
    for seed in range(options.first, options.first + options.count):
        try:
            found = mistakes(seed)
        except Exception as error:  # the seed of any failure is what is wanted
            found = [f"{type(error).__name__}: {error}"]
        bad += bool(found)
        for line in found:
            print(f"seed {seed}: {line}", flush=True)
    print(f"{options.count} programs, {bad} wrong, {time.monotonic() - begin:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
