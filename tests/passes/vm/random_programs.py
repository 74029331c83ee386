"""Random graph functions: branches, loops, views, in-place calls (some of them unsafe), tuples.

All tensors are i64, so that results compare exactly; every kernel is called from anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, i1, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.parser import Parser

from tyrex.dialects import register_all_dialects, relax

SIZES = (4, 8, 24)


def kernel_text(n: int) -> str:
    buffer = f"!tir.buffer<[{n}], i64>"
    return f"""
tir.func @add_{n}(%a: {buffer}, %b: {buffer}) -> (%c: {buffer}) aliases (0 = 0) {{
  tir.for %i in {n} serial {{
    %x = tir.load %a[%i] : {buffer}
    %y = tir.load %b[%i] : {buffer}
    %z = arith.addi %x, %y : i64
    tir.store %z, %c[%i] : {buffer}
  }}
}}
tir.func @reverse_{n}(%a: {buffer}) -> (%b: {buffer}, %c: {buffer}) workspaces (%w: {buffer}) {{
  tir.for %i in {n} serial {{
    %x = tir.load %a[%i] : {buffer}
    tir.store %x, %w[%i] : {buffer}
  }}
  tir.for %j in {n} serial {{
    %x = tir.load %w[{n - 1} - %j] : {buffer}
    %k = arith.constant 7 : i64
    %y = arith.muli %x, %k : i64
    tir.store %y, %b[%j] : {buffer}
    tir.store %x, %c[%j] : {buffer}
  }}
}}
"""


KERNELS = """
tir.func @less(%a: !tir.buffer<[], i64>, %b: !tir.buffer<[], i64>) -> (%c: !tir.buffer<[], i1>) {
  %x = tir.load %a[] : !tir.buffer<[], i64>
  %y = tir.load %b[] : !tir.buffer<[], i64>
  %z = arith.cmpi slt, %x, %y : i64
  tir.store %z, %c[] : !tir.buffer<[], i1>
}
tir.func @next(%a: !tir.buffer<[], i64>) -> (%c: !tir.buffer<[], i64>) aliases (0 = 0) {
  %x = tir.load %a[] : !tir.buffer<[], i64>
  %k = arith.constant 1 : i64
  %z = arith.addi %x, %k : i64
  tir.store %z, %c[] : !tir.buffer<[], i64>
}
""" + "".join(map(kernel_text, SIZES))

PIECES = """
tir.func @join(%a: !tir.buffer<[4], i64>, %b: !tir.buffer<[4], i64>) -> (%c: !tir.buffer<[8], i64>)
    attributes {joins = array<i64: 0, 4>} {
  tir.for %i in 4 serial {
    %x = tir.load %a[%i] : !tir.buffer<[4], i64>
    tir.store %x, %c[%i] : !tir.buffer<[8], i64>
    %y = tir.load %b[%i] : !tir.buffer<[4], i64>
    tir.store %y, %c[%i + 4] : !tir.buffer<[8], i64>
  }
}
tir.func @part(%c: !tir.buffer<[8], i64>) -> (%a: !tir.buffer<[4], i64>, %b: !tir.buffer<[4], i64>)
    attributes {parts = array<i64: 0, 4>} {
  tir.for %i in 4 serial {
    %x = tir.load %c[%i] : !tir.buffer<[8], i64>
    tir.store %x, %a[%i] : !tir.buffer<[4], i64>
    %y = tir.load %c[%i + 4] : !tir.buffer<[8], i64>
    tir.store %y, %b[%i] : !tir.buffer<[4], i64>
  }
}
"""

COUNT = relax.TensorType.of((), i64)
BOOL = relax.TensorType.of((), i1)


def vector(shape: Sequence[int]) -> relax.TensorType:
    return relax.TensorType.of(shape, i64)


def context() -> Context:
    return register_all_dialects(Context())


@cache
def kernels() -> ModuleOp:
    return Parser(context(), KERNELS + PIECES).parse_module()


class Generator:
    """Makes one module with a function @main."""

    def __init__(self, seed: int, with_loops: bool = True, with_branches: bool = True) -> None:
        self.random = random.Random(seed)
        self.with_loops = with_loops
        self.with_branches = with_branches
        self.budget = self.random.randint(3, 22)

    def module(self) -> ModuleOp:
        module = kernels().clone()
        inputs: list[Attribute] = [BOOL, BOOL, *(vector((n,)) for n in SIZES)]
        block = Block(arg_types=inputs)
        self.conditions = list(block.args[:2])
        values = list[SSAValue](block.args[2:])
        self.fill(block, values, 0)
        count = self.random.randint(1, 4)
        results = [self.random.choice(values) for _ in range(count)]
        block.add_op(relax.ReturnOp(*results))
        function_type = FunctionType.from_lists(inputs, [r.type for r in results])
        module.body.block.add_op(relax.FuncOp("main", function_type, Region(block)))
        return module

    def inputs(self) -> list[np.ndarray[Any, Any]]:
        rng = np.random.default_rng(self.random.randint(0, 2**30))
        flags = [np.array(self.random.random() < 0.5) for _ in range(2)]
        return [*flags, *(rng.integers(-(2**40), 2**40, n) for n in SIZES)]

    def fill(self, block: Block, values: list[SSAValue], depth: int) -> None:
        """Append operations to `block`; `values` are the tensors in sight, and grow."""
        makers = [self.add, self.add, self.add_in_place, self.reverse, self.reshape, self.pair]
        makers += [self.constant, self.host, self.join, self.part]
        for _ in range(self.random.randint(1, 7)):
            if self.budget <= 0:
                break
            self.budget -= 1
            nested = depth < 2 and self.random.random() < 0.3
            if nested and self.with_branches and self.random.random() < 0.6:
                self.branch(block, values, depth)
            elif nested and self.with_loops:
                self.loop(block, values, depth)
            else:
                self.random.choice(makers)(block, values)

    # ---- operations ------------------------------------------------------------------

    def emit(self, block: Block, op: Operation) -> Sequence[SSAValue]:
        block.add_op(op)
        return op.results

    def flat(self, block: Block, value: SSAValue) -> SSAValue:
        size = prod(shape_of(value))
        if shape_of(value) == (size,):
            return value
        return self.emit(block, relax.ReshapeOp(value, shape=(size,)))[0]

    def of_size(self, values: list[SSAValue], size: int) -> list[SSAValue]:
        return [value for value in values if prod(shape_of(value)) == size]

    def join(self, block: Block, values: list[SSAValue]) -> None:
        """Two short vectors, perhaps one twice, one after the other."""
        fitting = self.of_size(values, 4)
        pieces = [self.flat(block, self.random.choice(fitting)) for _ in range(2)]
        values += self.emit(block, relax.CallTIROp("join", pieces, [vector((8,))]))

    def part(self, block: Block, values: list[SSAValue]) -> None:
        """The halves of a vector."""
        whole = self.flat(block, self.random.choice(self.of_size(values, 8)))
        values += self.emit(block, relax.CallTIROp("part", [whole], [vector((4,))] * 2))

    def two(self, block: Block, values: list[SSAValue]) -> tuple[SSAValue, SSAValue, int]:
        """Return two flat tensors of one size."""
        first = self.random.choice(values)
        size = prod(shape_of(first))
        second = self.random.choice([v for v in values if prod(shape_of(v)) == size])
        return self.flat(block, first), self.flat(block, second), size

    def add(self, block: Block, values: list[SSAValue]) -> None:
        a, b, size = self.two(block, values)
        values += self.emit(block, relax.CallTIROp(f"add_{size}", [a, b], [vector((size,))]))

    def add_in_place(self, block: Block, values: list[SSAValue]) -> None:
        a, b, size = self.two(block, values)
        kernel = relax.CallTIRInplaceOp(f"add_{size}", [a, b], [vector((size,))], [0])
        values += self.emit(block, kernel)

    def reverse(self, block: Block, values: list[SSAValue]) -> None:
        a, _, size = self.two(block, values)
        types = [vector((size,))] * 2
        values += self.emit(block, relax.CallTIROp(f"reverse_{size}", [a], types))

    def reshape(self, block: Block, values: list[SSAValue]) -> None:
        value = self.random.choice(values)
        size = prod(shape_of(value))
        values += self.emit(block, relax.ReshapeOp(value, shape=(2, size // 2)))

    def pair(self, block: Block, values: list[SSAValue]) -> None:
        fields = self.random.sample(values, 2)
        (pair,) = self.emit(block, relax.TupleOp(*fields))
        values += self.emit(block, relax.TupleGetItemOp(pair, index=self.random.randint(0, 1)))

    def constant(self, block: Block, values: list[SSAValue]) -> None:
        array = np.arange(self.random.choice(SIZES)) * self.random.randint(1, 9)
        values += self.emit(block, relax.ConstantOp(array))

    def host(self, block: Block, values: list[SSAValue]) -> None:
        value = self.random.choice(values)
        name = self.random.choice(["same", "negative"])
        values += self.emit(block, relax.CallPackedOp(name, [value], [value.type]))

    def branch(self, block: Block, values: list[SSAValue], depth: int) -> None:
        blocks = Block(), Block()
        scopes = list(values), list(values)
        for inner, scope in zip(blocks, scopes, strict=True):
            self.fill(inner, scope, depth + 1)
        yielded: tuple[list[SSAValue], list[SSAValue]] = ([], [])
        for _ in range(self.random.randint(1, 3)):
            value = self.random.choice(scopes[0])
            same = [v for v in scopes[1] if v.type == value.type]
            if same:
                yielded[0].append(value)
                yielded[1].append(self.random.choice(same[-4:]))
        for inner, found in zip(blocks, yielded, strict=True):
            inner.add_op(relax.YieldOp(*found))
        types = [v.type for v in yielded[0]]
        cond = self.random.choice(self.conditions)
        regions = [Region(inner) for inner in blocks]
        values += self.emit(block, relax.IfOp(cond, types, *regions))

    def loop(self, block: Block, values: list[SSAValue], depth: int) -> None:
        start, limit = (
            self.emit(block, relax.ConstantOp(np.array(k)))[0]
            for k in (0, self.random.randint(0, 3))
        )
        carried = [self.random.choice(values) for _ in range(self.random.randint(1, 3))]
        types = [COUNT, *(v.type for v in carried)]
        cond, body = Block(arg_types=types), Block(arg_types=types)
        (go,) = self.emit(cond, relax.CallTIROp("less", [cond.args[0], limit], [BOOL]))
        cond.add_op(relax.YieldOp(go))
        scope = [*values, *body.args[1:]]
        self.fill(body, scope, depth + 1)
        maker = self.random.choice(["plain", "in place"])
        if maker == "plain":
            step: Operation = relax.CallTIROp("next", [body.args[0]], [COUNT])
        else:
            step = relax.CallTIRInplaceOp("next", [body.args[0]], [COUNT], [0])
        (following,) = self.emit(body, step)
        nexts = [
            self.random.choice([v for v in scope if v.type == arg.type][-4:])
            for arg in body.args[1:]
        ]
        body.add_op(relax.YieldOp(following, *nexts))
        loop = relax.WhileOp([start, *carried], types, Region(cond), Region(body))
        values += self.emit(block, loop)[1:]


def shape_of(value: SSAValue) -> tuple[int, ...]:
    assert isinstance(value.type, relax.TensorType)
    shape = value.type.static_shape()
    assert shape is not None
    return shape


def same(x: Any) -> Any:
    return x


def negative(x: Any) -> Any:
    return -np.asarray(x)


HOST_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"same": same, "negative": negative}
