"""Compute definitions of the recurrent operators: batches are independent, steps run in order.

A step's product with the recurrent weights adds one row of them after the other, so that the
innermost loop runs along memory and is no reduction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i64

from ....dialects import relax
from ....dialects.tir.attributes import IterKind
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr
from .manipulate import Buffers
from .rules import rule
from .scalars import compute_dtype, wide_load


def _sigmoid(k: KernelBuilder, x: Value) -> Value:
    return 1.0 / (k.math("exp", -x) + 1.0)


def _tanh(k: KernelBuilder, x: Value) -> Value:
    return k.math("tanh", x)


def _relu(k: KernelBuilder, x: Value) -> Value:
    return k.max(x, k.const(0.0, x.dtype))


def _softplus(k: KernelBuilder, x: Value) -> Value:
    """Return log(1 + exp(x)), of a number that is not large."""
    return _relu(k, x) + k.math("log", k.math("exp", -k.math("abs", x)) + 1.0)


def _elu(k: KernelBuilder, x: Value, a: float) -> Value:
    return k.select(x < 0.0, (k.math("exp", x) - 1.0) * a, x)


_ACTIVATIONS: dict[str, Callable[[KernelBuilder, Value, float, float], Value]] = {
    "affine": lambda k, x, a, b: x * a + b,
    "elu": lambda k, x, a, b: _elu(k, x, a),
    "hardsigmoid": lambda k, x, a, b: k.min(_relu(k, x * a + b), k.const(1.0, x.dtype)),
    "leakyrelu": lambda k, x, a, b: k.select(x < 0.0, x * a, x),
    "relu": lambda k, x, a, b: _relu(k, x),
    "scaledtanh": lambda k, x, a, b: _tanh(k, x * b) * a,
    "sigmoid": lambda k, x, a, b: _sigmoid(k, x),
    "softplus": lambda k, x, a, b: _softplus(k, x),
    "softsign": lambda k, x, a, b: x / (k.math("abs", x) + 1.0),
    "tanh": lambda k, x, a, b: _tanh(k, x),
    "thresholdedrelu": lambda k, x, a, b: k.select(x > a, x, k.const(0.0, x.dtype)),
}


@dataclass(frozen=True)
class _Recurrence:
    """The kernel of one operator: its last states are its running states."""

    k: KernelBuilder
    op: relax.RecurrentOp
    ins: Buffers
    outs: Buffers
    sums: Buffer
    """What the activations are applied to, [b, n * h]."""

    @staticmethod
    def of(k: KernelBuilder, op: relax.RecurrentOp, ins: Buffers, outs: Buffers) -> _Recurrence:
        """Return the frame of a kernel, with memory for the sums."""
        gates = ins[0]
        sums = k.temp(gates.shape[1:], compute_dtype(gates.dtype))
        return _Recurrence(k, op, ins, outs, sums)

    @property
    def gates(self) -> Buffer:
        """The inputs' share of the gates, [t, b, n * h]."""
        return self.ins[0]

    @property
    def hidden(self) -> IntExpr:
        """The size of a state."""
        return self.outs[0].shape[2]

    def run(self, initial: Buffers, step: Callable[[IntExpr, IntExpr], None]) -> None:
        """Append the kernel; `step(t, b)` appends one step."""
        k, steps = self.k, self.gates.shape[0]
        states, lengths = self.outs[1:], self.ins[-1]

        def row(b: IntExpr) -> None:
            for first, state in zip(initial, states, strict=True):
                self.along(self.hidden, _copy(k, first, state, b))
            length = k.cast(k.load(lengths, b), i64)

            def at(s: IntExpr) -> None:
                t = steps - 1 - s if self.op.is_reverse else s
                k.if_(k.index_value(t) < length, lambda: step(t, b), lambda: self.skip(t, b))

            k.for_(steps, at)

        k.nest(self.op.name.removeprefix("relax."), [(IterKind.SPATIAL, self.gates.shape[1])], row)

    def along(self, extent: IntExpr | int, body: Callable[[IntExpr], None]) -> None:
        """Append a loop."""
        self.k.for_(extent, body)

    def skip(self, t: IntExpr, b: IntExpr) -> None:
        """Append: a step that does not run gives 0."""
        k, y = self.k, self.outs[0]
        self.along(self.hidden, lambda j: k.store(y, (t, b, j), k.const(0.0, y.dtype)))

    def start(self, t: IntExpr, b: IntExpr) -> None:
        """Append: the sums begin with the inputs' share."""
        k = self.k
        self.along(
            self.gates.shape[2],
            lambda g: k.store(self.sums, (b, g), wide_load(k, self.gates, t, b, g)),
        )

    def multiply(
        self, b: IntExpr, source: Buffer, first: IntExpr | int, count: IntExpr | int
    ) -> None:
        """Append: `count` sums from `first` on grow by the product of a state with r."""
        k, r = self.k, self.ins[1]

        def row(q: IntExpr) -> None:
            factor = wide_load(k, source, b, q)

            def column(g: IntExpr) -> None:
                place = (b, g + first)
                product = factor * wide_load(k, r, q, g + first)
                k.store(self.sums, place, k.load(self.sums, *place) + product)

            self.along(count, column)

        self.along(self.hidden, row)

    def activate(self, index: int, x: Value, *, clipped: bool = True) -> Value:
        """Return activation `index` of a sum."""
        k, it, limit = self.k, self.op.functions[index], self.op.limit
        if clipped and limit is not None:
            x = k.min(k.max(x, k.const(-limit, x.dtype)), k.const(limit, x.dtype))
        return _ACTIVATIONS[it.name](k, x, it.a, it.b)

    def gate(self, b: IntExpr, index: int, j: IntExpr) -> Value:
        """Return element j of a gate's sum."""
        return self.k.load(self.sums, b, self.hidden * index + j)

    def finish(self, t: IntExpr, b: IntExpr, j: IntExpr, states: Sequence[Value]) -> None:
        """Append: element j of the states after the step."""
        k, y = self.k, self.outs[0]
        for out, value in zip(self.outs[1:], states, strict=True):
            k.store(out, (b, j), k.cast(value, out.dtype))
        k.store(y, (t, b, j), k.cast(states[0], y.dtype))


def _copy(
    k: KernelBuilder, source: Buffer, target: Buffer, b: IntExpr
) -> Callable[[IntExpr], None]:
    return lambda j: k.store(target, (b, j), k.load(source, b, j))


@rule(relax.RnnOp)
def _rnn(k: KernelBuilder, op: relax.RnnOp, ins: Buffers, outs: Buffers) -> None:
    it = _Recurrence.of(k, op, ins, outs)

    def step(t: IntExpr, b: IntExpr) -> None:
        it.start(t, b)
        it.multiply(b, outs[1], 0, it.hidden)
        it.along(it.hidden, lambda j: it.finish(t, b, j, [it.activate(0, it.gate(b, 0, j))]))

    it.run([ins[2]], step)


@rule(relax.LstmOp)
def _lstm(k: KernelBuilder, op: relax.LstmOp, ins: Buffers, outs: Buffers) -> None:
    it = _Recurrence.of(k, op, ins, outs)

    def step(t: IntExpr, b: IntExpr) -> None:
        it.start(t, b)
        it.multiply(b, outs[1], 0, it.hidden * 4)
        it.along(it.hidden, lambda j: element(t, b, j))

    def element(t: IntExpr, b: IntExpr, j: IntExpr) -> None:
        i, o, m, n = (it.gate(b, index, j) for index in range(4))
        before = wide_load(k, outs[2], b, j)
        taken = it.activate(0, peeping(i, 0, j, before))
        is_coupled = op.coupled is not None
        kept = 1.0 - taken if is_coupled else it.activate(0, peeping(m, 2, j, before))
        c = kept * before + taken * it.activate(1, n)
        out = it.activate(0, peeping(o, 1, j, c))
        it.finish(t, b, j, [out * it.activate(2, c, clipped=False), c])

    def peeping(gate: Value, index: int, j: IntExpr, c: Value) -> Value:
        if op.peephole is None:
            return gate
        return gate + wide_load(k, ins[4], it.hidden * index + j) * c

    it.run([ins[2], ins[3]], step)


@rule(relax.GruOp)
def _gru(k: KernelBuilder, op: relax.GruOp, ins: Buffers, outs: Buffers) -> None:
    it = _Recurrence.of(k, op, ins, outs)
    bias, h, linear = ins[2], outs[1], op.is_linear_before_reset
    reset = k.temp(h.shape, it.sums.dtype)  # the reset gate, or its product with the state
    own = k.temp(h.shape, it.sums.dtype)  # the inputs' share of the candidate

    def step(t: IntExpr, b: IntExpr) -> None:
        it.start(t, b)
        it.multiply(b, h, 0, it.hidden * 2)
        it.along(it.hidden, lambda j: prepare(b, j))
        it.multiply(b, h if linear else reset, it.hidden * 2, it.hidden)
        it.along(it.hidden, lambda j: element(t, b, j))

    def prepare(b: IntExpr, j: IntExpr) -> None:
        gate = it.activate(0, it.gate(b, 1, j))
        k.store(reset, (b, j), gate if linear else gate * wide_load(k, h, b, j))
        k.store(own, (b, j), it.gate(b, 2, j))
        k.store(it.sums, (b, it.hidden * 2 + j), k.const(0.0, it.sums.dtype))

    def element(t: IntExpr, b: IntExpr, j: IntExpr) -> None:
        update = it.activate(0, it.gate(b, 0, j))
        recurrent = it.gate(b, 2, j) + wide_load(k, bias, j)
        if linear:
            recurrent = recurrent * k.load(reset, b, j)
        candidate = it.activate(1, k.load(own, b, j) + recurrent)
        it.finish(t, b, j, [(1.0 - update) * candidate + update * wide_load(k, h, b, j)])

    it.run([ins[3]], step)
