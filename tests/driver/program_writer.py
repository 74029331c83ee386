"""Writes random programs of level graph: branches, loops, calls, tuples, views, results in place.

A program is vectors of one length and one data type. The length is a number, 0 among them, or a
multiple of the symbol `n`; a vector is seen as a matrix now and then. Conditions are inputs, or
decided by data where numbers are exact.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import partial

BOOL = "!relax.tensor<[], i1>"
COUNTER = "!relax.tensor<[], i32>"
MAX_TRIPS = 3
MAX_DEPTH = 2
COLUMNS = 8
LENGTHS = ("40", "40", "8", "0", "n * 8", "n * 8")  # 40: not a whole number of vectors
DTYPES = ("i32", "f32", "f32", "i64", "f64", "i8", "ui8")
FLOATS = ("f32", "f64")
WIDER = {"i8": "i32", "ui8": "i32", "i32": "i64", "f32": "f64"}

# Integers wrap around alike everywhere, so results are equal; floats stay small by softmax.
_INTEGER = ("add", "subtract", "maximum", "minimum", "multiply", "bitwise_xor")
_FLOAT = ("add", "subtract", "maximum", "minimum")
_ATTRIBUTES = {
    "cum_sum": "{axis = 0, exclusive = false, reverse = false}",
    "softmax": "{axis = 0}",
    "max": "{axes = array<i64: 0>, keepdims = false}",
}
PLAIN = ("unary", "binary", "binary", "opaque", "view", "pair", "kernel")
MOVES = ("concat", "transpose", "rotate", "where", "cast")


@dataclass
class Writer:
    """Writes one program; a value is its name in the text."""

    rng: random.Random
    dtype: str
    length: str
    lines: list[str] = field(default_factory=list[str])
    number: int = 0
    conditions: list[str] = field(default_factory=list[str])
    """Values of type bool that are visible."""
    helpers: list[int] = field(default_factory=list[int])
    """How many results each helper function has."""
    uses_kernel: bool = False

    @property
    def is_symbolic(self) -> bool:
        """Whether the length is the arguments' to say."""
        return "n" in self.length

    @property
    def rows(self) -> str:
        """Of the matrix that a vector is seen as."""
        return "n" if self.is_symbolic else str(int(self.length) // COLUMNS)

    @property
    def symbols(self) -> str:
        """What stands behind a function's name."""
        return "<n>" if self.is_symbolic else ""

    def tensor(self, *dims: object, dtype: str = "") -> str:
        """Return a type of tensors."""
        return f"!relax.tensor<[{', '.join(map(str, dims))}], {dtype or self.dtype}>"

    @property
    def vector(self) -> str:
        """The type of most values."""
        return self.tensor(self.length)

    @property
    def matrix(self) -> str:
        """The same elements with another shape."""
        return self.tensor(self.rows, COLUMNS)

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

    def constant(self, value: int, type_: str = COUNTER) -> str:
        """Write a constant without dims; return its name."""
        name = self.new()
        dtype = type_.rsplit(" ", 1)[1][:-1]
        text = f"{value}.0" if dtype in FLOATS else value
        self.lines.append(f"{name} = relax.constant <[], {dtype}, [{text}]> : {type_}")
        return name

    def statement(self, values: list[str], depth: int) -> list[str]:
        """Write a statement over values; return the values that it makes."""
        kinds = [*PLAIN, self.rng.choice(MOVES), self.rng.choice(MOVES)]
        if self.dtype not in FLOATS and self.length not in ("0", "n * 8"):
            kinds.append("condition")
        if depth < MAX_DEPTH:
            kinds += ["if", "if", "while"] + ["call"] * bool(self.helpers)
        return getattr(self, f"write_{self.rng.choice(kinds)}")(values, depth)

    def body(self, values: list[str], depth: int, count: int) -> list[str]:
        """Write statements; return all values that are visible behind them."""
        visible, conditions = list(values), list(self.conditions)
        for _ in range(count):
            visible += self.statement(visible, depth)
        self.conditions = conditions if depth else self.conditions
        return visible

    # ---- statements without regions ----------------------------------------------------------

    def write_unary(self, values: list[str], depth: int) -> list[str]:
        ops = {"ui8": ("bitwise_not",), **dict.fromkeys(FLOATS, ("neg", "abs", "relu", "tanh"))}
        op = self.rng.choice(ops.get(self.dtype, ("neg", "abs", "bitwise_not")))
        return [self.emit(op, [self.rng.choice(values)], [self.vector], self.vector)]

    def write_binary(self, values: list[str], depth: int) -> list[str]:
        op = self.rng.choice(_FLOAT if self.dtype in FLOATS else _INTEGER)
        operands = [self.rng.choice(values[-6:]), self.rng.choice(values)]
        if self.rng.random() < 0.2:
            operands[1] = self.constant(3, self.tensor())
            return [self.emit(op, operands, [self.vector, self.tensor()], self.vector)]
        return [self.emit(op, operands, [self.vector] * 2, self.vector)]

    def write_opaque(self, values: list[str], depth: int) -> list[str]:
        op = "softmax" if self.dtype in FLOATS else "cum_sum"
        return [self.emit(op, [self.rng.choice(values)], [self.vector], self.vector)]

    def write_view(self, values: list[str], depth: int) -> list[str]:
        """Write a reshape there, sometimes with arithmetic in between, and one back."""
        seen = self._as_matrix(self.rng.choice(values))
        if self.rng.random() < 0.5:
            op = "tanh" if self.dtype in FLOATS else "bitwise_not"
            seen = self.emit(op, [seen], [self.matrix], self.matrix)
        return [self._as_vector(seen)]

    def _as_matrix(self, source: str) -> str:
        there = f"reshape {source} {{shape = #relax.dims<[{self.rows}, {COLUMNS}]>}}"
        return self.emit(there, [], [self.vector], self.matrix)

    def _as_vector(self, seen: str, type_: str = "") -> str:
        back = f"reshape {seen} {{shape = #relax.dims<[{self.length}]>}}"
        return self.emit(back, [], [type_ or self.matrix], self.vector)

    def write_transpose(self, values: list[str], depth: int) -> list[str]:
        turned = self.tensor(COLUMNS, self.rows)
        op = f"permute_dims {self._as_matrix(self.rng.choice(values))} {{axes = array<i64: 1, 0>}}"
        return [self._as_vector(self.emit(op, [], [self.matrix], turned), turned)]

    def write_pair(self, values: list[str], depth: int) -> list[str]:
        """Write a tuple, or a tuple of tuples, and what takes it apart."""
        pair = [self.rng.choice(values) for _ in range(2)]
        type_ = self._pair_type()
        whole = self._pair(pair)
        if self.rng.random() < 0.3:
            outer = f"tuple<{type_}, {self.vector}>"
            nested = self.emit("tuple", [whole, pair[0]], [type_, self.vector], outer)
            whole = self.emit(f"tuple_get_item {nested} {{index = 0}}", [], [outer], type_)
        return [self._field(whole, self.rng.randrange(2))]

    def _pair_type(self) -> str:
        return f"tuple<{self.vector}, {self.vector}>"

    def _pair(self, pair: list[str]) -> str:
        return self.emit("tuple", pair, [self.vector] * 2, self._pair_type())

    def _field(self, whole: str, index: int) -> str:
        op = f"tuple_get_item {whole} {{index = {index}}}"
        return self.emit(op, [], [self._pair_type()], self.vector)

    def write_kernel(self, values: list[str], depth: int) -> list[str]:
        """Write a call of a kernel in the memory of its argument, which may be read later."""
        self.uses_kernel = True
        in_place = self.rng.random() < 0.7
        op = "call_tir_inplace" if in_place else "call_tir"
        call = f"{op} @next({self.rng.choice(values)})"
        call += " {inplace = array<i64: 0>}" * in_place
        return [self.emit(call, [], [self.vector], self.vector)]

    def write_concat(self, values: list[str], depth: int) -> list[str]:
        """Write two vectors joined, and what was joined apart again."""
        pair = [self.rng.choice(values) for _ in range(2)]
        long = self.tensor("n * 16" if self.is_symbolic else 2 * int(self.length))
        joined = f"concat {', '.join(pair)} {{axis = 0}}"
        whole = self.emit(joined, [], [self.vector] * 2, long)
        if self.rng.random() < 0.5:
            op = "relu" if self.dtype in FLOATS else "bitwise_not"
            whole = self.emit(op, [whole], [long], long)
        names = [self.new(), self.new()]
        self.lines.append(
            f"{', '.join(names)} = relax.split {whole} {{axis = 0, sections ="
            f" #relax.dims<[{self.length}, {self.length}]>}} : ({long}) ->"
            f" ({self.vector}, {self.vector})"
        )
        return names

    def write_rotate(self, values: list[str], depth: int) -> list[str]:
        """Write the first and the last columns of a matrix in the other order, or backwards."""
        seen = self._as_matrix(self.rng.choice(values))
        part = self.tensor(self.rows, COLUMNS // 2)
        slice_ = partial(self._slice, seen, part)
        joined = f"concat {slice_(COLUMNS // 2, 1)}, {slice_(COLUMNS // 2 - 1, -1)} {{axis = 1}}"
        return [self._as_vector(self.emit(joined, [], [part] * 2, self.matrix))]

    def _slice(self, seen: str, part: str, start: int, step: int) -> str:
        op = (
            f"strided_slice {seen} {{starts = #relax.dims<[0, {start}]>, sizes ="
            f" #relax.dims<[{self.rows}, {COLUMNS // 2}]>, steps = array<i64: 1, {step}>}}"
        )
        return self.emit(op, [], [self.matrix], part)

    def write_where(self, values: list[str], depth: int) -> list[str]:
        a, b, c = (self.rng.choice(values) for _ in range(3))
        mask = self.tensor(self.length, dtype="i1")
        cond, cond_type = self.rng.choice(self.conditions), BOOL
        if self.dtype not in FLOATS and self.rng.random() < 0.5:
            cond, cond_type = self.emit("less", [a, b], [self.vector] * 2, mask), mask
        types = [cond_type, self.vector, self.vector]
        return [self.emit("where", [cond, b, c], types, self.vector)]

    def write_cast(self, values: list[str], depth: int) -> list[str]:
        """Write a cast to a type of more values, and one back."""
        dtype = WIDER.get(self.dtype, "f64")
        if dtype == self.dtype or self.dtype == "i64":
            return self.write_unary(values, depth)
        wide = self.tensor(self.length, dtype=dtype)
        there = f"cast {self.rng.choice(values)} {{dtype = {dtype}}}"
        back = f"cast {self.emit(there, [], [self.vector], wide)} {{dtype = {self.dtype}}}"
        return [self.emit(back, [], [wide], self.vector)]

    def write_condition(self, values: list[str], depth: int) -> list[str]:
        """Write a condition that data decide; no value."""
        scalar = self.tensor()
        a, b = (
            self.emit("max", [self.rng.choice(values)], [self.vector], scalar) for _ in range(2)
        )
        self.conditions.append(self.emit("less", [a, b], [scalar] * 2, BOOL))
        return []

    # ---- regions and calls -------------------------------------------------------------------

    def _results(self, seen: list[str], count: int, as_pair: bool) -> list[str]:
        """Return what a region yields: values, or one pair of them."""
        found = [self.rng.choice(seen[-4:]) for _ in range(count)]
        return [self._pair(found)] if as_pair else found

    def write_if(self, values: list[str], depth: int) -> list[str]:
        count = self.rng.randint(1, 2)
        as_pair = count == 2 and self.rng.random() < 0.4
        names = [self.new() for _ in range(1 if as_pair else count)]
        types = self._pair_type() if as_pair else ", ".join([self.vector] * count)
        cond = self.rng.choice(self.conditions)
        self.lines.append(f"{', '.join(names)} = relax.if {cond} : {BOOL} -> ({types}) {{")
        for side in range(2):
            seen = self.body(values, depth + 1, self.rng.randint(0, 3))
            results = self._results(seen, count, as_pair)
            self.lines.append(f"relax.yield {', '.join(results)} : {types}")
            self.lines.append("} else {" if side == 0 else "}")
        return [self._field(names[0], i) for i in range(2)] if as_pair else names

    def write_while(self, values: list[str], depth: int) -> list[str]:
        count = self.rng.randint(1, 2)
        as_pair = count == 2 and self.rng.random() < 0.3
        zero, one = self.constant(0), self.constant(1)
        trips = self.constant(self.rng.randint(0, MAX_TRIPS))
        inits = self._results(values, count, as_pair)
        carried = [self._pair_type()] if as_pair else [self.vector] * count
        names = [self.new() for _ in range(len(carried) + 1)]
        types = ", ".join([COUNTER, *carried])
        operands = ", ".join([zero, *inits])
        self.lines.append(
            f"{', '.join(names)} = relax.while {operands} : ({types}) -> ({types}) {{"
        )
        for part in range(2):
            args = [self.new() for _ in names]
            typed = [f"{a}: {t}" for a, t in zip(args, [COUNTER, *carried], strict=True)]
            self.lines.append(f"^bb0({', '.join(typed)}):")
            if part == 0:
                on = self.emit("less", [args[0], trips], [COUNTER] * 2, BOOL)
                self.lines += [f"relax.yield {on} : {BOOL}", "} do {"]
                continue
            following = self.emit("add", [args[0], one], [COUNTER] * 2, COUNTER)
            taken = [self._field(args[1], i) for i in range(2)] if as_pair else args[1:]
            seen = self.body([*values, *taken], depth + 1, self.rng.randint(1, 3))
            results = [following, *self._results(seen, count, as_pair)]
            self.lines += [f"relax.yield {', '.join(results)} : {types}", "}"]
        return [self._field(names[1], i) for i in range(2)] if as_pair else names[1:]

    def write_call(self, values: list[str], depth: int) -> list[str]:
        helper = self.rng.randrange(len(self.helpers))
        return self.call(
            f"helper{helper}",
            self.constant(self.rng.randint(0, MAX_TRIPS)),
            [self.rng.choice(self.conditions) for _ in range(2)],
            [self.rng.choice(values) for _ in range(2)],
            self.helpers[helper],
        )

    def call(
        self, name: str, counter: str, conditions: list[str], values: list[str], count: int
    ) -> list[str]:
        """Write a call of a function; return its results."""
        operands = [counter, *conditions, *values]
        types = [COUNTER, BOOL, BOOL, self.vector, self.vector]
        names = [self.new() for _ in range(count)]
        results = self.vector if count == 1 else f"({', '.join([self.vector] * count)})"
        self.lines.append(
            f"{', '.join(names)} = relax.call @{name}({', '.join(operands)}) :"
            f" ({', '.join(types)}) -> {results}"
        )
        return names

    # ---- functions ---------------------------------------------------------------------------

    def function(self, name: str, count: int, results: int, recursive: bool = False) -> None:
        """Write a function with `results` results; a recursive one counts down to zero."""
        types = ", ".join([self.vector] * results)
        counter = f"%k: {COUNTER}, " if name != "main" else ""
        self.lines.append(
            f"relax.func @{name}{self.symbols}({counter}%c: {BOOL}, %d: {BOOL},"
            f" %x: {self.vector}, %w: {self.vector}) -> ({types}) {{"
        )
        self.conditions = ["%c", "%d"]
        seen = self.body(["%x", "%w"], 0, count)
        if recursive:
            seen = [*seen, *self._recurse(name, seen, results)]
        returned = [self.rng.choice(seen[-5:]) for _ in range(results)]
        self.lines += [f"relax.return {', '.join(returned)} : {types}", "}"]

    def _recurse(self, name: str, seen: list[str], results: int) -> list[str]:
        zero, one = self.constant(0), self.constant(1)
        on = self.emit("less", [zero, "%k"], [COUNTER] * 2, BOOL)
        names = [self.new() for _ in range(results)]
        types = ", ".join([self.vector] * results)
        self.lines.append(f"{', '.join(names)} = relax.if {on} : {BOOL} -> ({types}) {{")
        down = self.emit("subtract", ["%k", one], [COUNTER] * 2, COUNTER)
        values = [self.rng.choice(seen[-3:]) for _ in range(2)]
        found = self.call(name, down, ["%d", "%c"], values, results)
        self.lines += [f"relax.yield {', '.join(found)} : {types}", "} else {"]
        found = [self.rng.choice(seen) for _ in range(results)]
        self.lines += [f"relax.yield {', '.join(found)} : {types}", "}"]
        return names

    def kernel(self) -> None:
        """Write the kernel that `write_kernel` calls: every element negated, or its bits."""
        vector = self.vector.replace("relax.tensor", "tir.buffer")
        arithmetic = {
            "f32": "%f = arith.negf %e : f32",
            "f64": "%f = arith.negf %e : f64",
        }.get(self.dtype, f"%f = arith.addi %e, %e : {self.dtype.removeprefix('u')}")
        self.lines.append(
            f"tir.func @next{self.symbols}(%x: {vector}) -> (%y: {vector}) aliases (0 = 0) {{\n"
            f"tir.for %i in {self.length} serial {{\n"
            f'tir.block "next" (%v: spatial({self.length}) = %i) {{\n'
            f"%e = tir.load %x[%v] : {vector}\n{arithmetic}\n"
            f"tir.store %f, %y[%v] : {vector}\n}}\n}}\n}}"
        )


def program(seed: int) -> str:
    """Return the text of program number `seed`."""
    rng = random.Random(seed)
    writer = Writer(rng, rng.choice(DTYPES), rng.choice(LENGTHS))
    for helper in range(rng.randint(0, 2)):
        results = rng.randint(1, 2)
        writer.function(f"helper{helper}", rng.randint(1, 3), results, rng.random() < 0.2)
        writer.helpers.append(results)
    writer.function("main", rng.randint(3, 8), rng.randint(1, 3))
    if writer.uses_kernel:
        writer.kernel()
    return "\n".join(writer.lines)
