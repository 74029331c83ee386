"""RNN, GRU and LSTM: one operator for all steps where there is one, else unrolled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import i64

from ....dialects import dtypes
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor, concat, full
from ..node import Node
from ..registry import converter
from .activation import clamp01, softplus
from .control import UNROLL_LIMIT
from .sequence_networks import Weights, run_whole

Activation = Callable[[Tensor], Tensor]
Step = Callable[["Cell", Tensor, list[Tensor]], list[Tensor]]


def _activation(node: Node, name: str, alpha: float | None, beta: float | None) -> Activation:
    def given(value: float | None, default: float) -> float:
        return default if value is None else value

    table: dict[str, Activation] = {
        "relu": lambda x: x.relu(),
        "tanh": lambda x: x.tanh(),
        "sigmoid": lambda x: x.sigmoid(),
        "affine": lambda x: x * given(alpha, 1.0) + given(beta, 0.0),
        "leakyrelu": lambda x: (x < 0.0).where(x * given(alpha, 0.01), x),
        "thresholdedrelu": lambda x: (x > given(alpha, 1.0)).where(x, 0.0),
        "scaledtanh": lambda x: (x * given(beta, 1.0)).tanh() * given(alpha, 1.0),
        "hardsigmoid": lambda x: clamp01(x * given(alpha, 0.2) + given(beta, 0.5)),
        "elu": lambda x: (x < 0.0).where((x.exp() - 1.0) * given(alpha, 1.0), x),
        "softsign": lambda x: x / (x.abs() + 1.0),
        "softplus": softplus,
    }
    found = table.get(name.lower())
    if found is None:
        raise node.unsupported(f"activation {name!r}")
    return found


@dataclass(frozen=True)
class Cell(Weights):
    """The weights and the functions of one direction."""

    functions: Sequence[Activation]

    def clipped(self, x: Tensor) -> Tensor:
        """Return what goes into an activation: within the limits of attribute clip."""
        return x if self.clip is None else x.maximum(-self.clip).minimum(self.clip)

    def gates(self, x: Tensor, h: Tensor) -> Tensor:
        """Return x w^T + h r^T + biases: [batch, gates * hidden]."""
        y = x.matmul(self.w, transpose_b=True) + h.matmul(self.r, transpose_b=True)
        for bias in (self.wb, self.rb):
            if bias is not None:
                y = y + bias
        return y

    def part(self, x: Tensor, index: int, axis: int) -> Tensor:
        """Return gate `index` of what has all gates along `axis`."""
        return x.slice(axis, self.hidden * index, self.hidden)


def _rnn_step(cell: Cell, x: Tensor, state: list[Tensor]) -> list[Tensor]:
    return [cell.functions[0](cell.clipped(cell.gates(x, state[0])))]


def _gru_step(cell: Cell, x: Tensor, state: list[Tensor]) -> list[Tensor]:
    h = state[0]
    f, g = cell.functions[:2]

    def side(v: Tensor, weight: Tensor, bias: Tensor | None, index: int) -> Tensor:
        y = v.matmul(cell.part(weight, index, 0), transpose_b=True)
        return y if bias is None else y + cell.part(bias, index, 0)

    update, reset = (
        f(cell.clipped(side(x, cell.w, cell.wb, i) + side(h, cell.r, cell.rb, i))) for i in (0, 1)
    )
    if cell.linear_before_reset:
        recurrent = reset * side(h, cell.r, cell.rb, 2)
    else:
        recurrent = side(reset * h, cell.r, cell.rb, 2)
    candidate = g(cell.clipped(side(x, cell.w, cell.wb, 2) + recurrent))
    return [(1.0 - update) * candidate + update * h]


def _lstm_step(cell: Cell, x: Tensor, state: list[Tensor]) -> list[Tensor]:
    h, c = state
    f, g, last = cell.functions[:3]
    gates = cell.gates(x, h)
    i, o, forget, candidate = (cell.part(gates, k, 1) for k in range(4))
    peephole = cell.peephole
    if peephole is not None:
        i = i + cell.part(peephole, 0, 0) * c
        forget = forget + cell.part(peephole, 2, 0) * c
    c = f(cell.clipped(forget)) * c + f(cell.clipped(i)) * g(cell.clipped(candidate))
    if peephole is not None:
        o = o + cell.part(peephole, 1, 0) * c
    return [f(cell.clipped(o)) * last(c), c]


@dataclass(frozen=True)
class _Kind:
    gates: int
    states: int
    defaults: tuple[str, ...]
    step: Step


_KINDS = {
    "RNN": _Kind(1, 1, ("Tanh",), _rnn_step),
    "GRU": _Kind(3, 1, ("Sigmoid", "Tanh"), _gru_step),
    "LSTM": _Kind(4, 2, ("Sigmoid", "Tanh", "Tanh"), _lstm_step),
}


@converter("GRU", "LSTM", "RNN", since=7)
def _(node: Node) -> list[Tensor]:
    kind = _KINDS[node.op_type]
    x = node.x(0)
    batch_first = bool(node.integer("layout", 0))
    if batch_first:
        x = x.transpose([1, 0, 2])
    batch = x.shape[1]
    direction = node.text("direction", "forward")
    count = 2 if direction == "bidirectional" else 1
    initial = _initial(node, kind, x, batch, count, batch_first)
    runs = [
        _direction(node, kind, x, d, direction == "reverse" or d == 1, [s[d] for s in initial])
        for d in range(count)
    ]
    outputs = concat([run[0].unsqueeze([1]) for run in runs], 1)  # [steps, directions, batch, h]
    finals = [concat([run[1][s].unsqueeze([0]) for run in runs], 0) for s in range(kind.states)]
    if batch_first:
        outputs = outputs.transpose([2, 0, 1, 3])
        finals = [final.transpose([1, 0, 2]) for final in finals]
    return [outputs, *finals]


def _initial(
    node: Node, kind: _Kind, x: Tensor, batch: IntExpr, count: int, batch_first: bool
) -> list[list[Tensor]]:
    """Return for each state its first value in each direction, [batch, hidden]."""
    hidden = as_expr(node.integer("hidden_size"))
    found: list[list[Tensor]] = []
    for position in range(5, 5 + kind.states):
        given = node.opt(position)
        if given is None:
            zero = np.zeros((), dtypes.to_numpy(x.dtype))
            found.append([full(node.builder, [batch, hidden], zero)] * count)
            continue
        if batch_first:
            given = given.transpose([1, 0, 2])
        found.append([given.slice(0, d, 1).squeeze([0]) for d in range(count)])
    return found


def _direction(
    node: Node, kind: _Kind, x: Tensor, d: int, backward: bool, state: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Return the outputs [steps, batch, hidden] and the last states of one direction."""
    cell = _cell(node, kind, d)
    whole = run_whole(node, cell, _function_names(node, kind, d), x, state, backward)
    if whole is not None:
        return whole
    extent = x.shape[0]
    if not extent.is_constant or extent.constant_value > UNROLL_LIMIT:
        raise node.unsupported(
            f"a sequence of {extent} steps (at most {UNROLL_LIMIT} are unrolled)"
        )
    steps = extent.constant_value
    lengths = node.opt(4)
    outputs: list[Tensor] = []
    for t in reversed(range(steps)) if backward else range(steps):
        new = kind.step(cell, x.slice(0, t, 1).squeeze([0]), state)
        if lengths is not None:  # beyond its length a sequence keeps its state and gives 0
            inside = (lengths.cast(i64) > t).unsqueeze([1])
            outputs.append(inside.where(new[0], 0.0))
            state = [inside.where(a, b) for a, b in zip(new, state, strict=True)]
        else:
            outputs.append(new[0])
            state = new
    ordered = outputs[::-1] if backward else outputs
    return concat([y.unsqueeze([0]) for y in ordered], 0), state


def _cell(node: Node, kind: _Kind, d: int) -> Cell:
    def of_direction(position: int) -> Tensor | None:
        given = node.opt(position)
        return None if given is None else given.slice(0, d, 1).squeeze([0])

    w, r, bias = of_direction(1), of_direction(2), of_direction(3)
    if w is None or r is None:
        raise node.fail("the weights W and R are missing")
    hidden = as_expr(node.integer("hidden_size"))
    size = hidden * kind.gates
    return Cell(
        w=w,
        r=r,
        wb=None if bias is None else bias.slice(0, 0, size),
        rb=None if bias is None else bias.slice(0, size, size),
        peephole=of_direction(7) if kind.states == 2 else None,
        hidden=hidden,
        functions=_functions(node, kind, d),
        clip=node.number("clip", None),
        linear_before_reset=bool(node.integer("linear_before_reset", 0)),
    )


def _function_names(node: Node, kind: _Kind, d: int) -> Sequence[str]:
    """Return the names of a direction's functions."""
    count = len(kind.defaults)
    names = node.texts("activations", None) or list(kind.defaults) * (d + 1)
    return names[d * count : (d + 1) * count]


def _functions(node: Node, kind: _Kind, d: int) -> list[Activation]:
    count = len(kind.defaults)
    names = _function_names(node, kind, d)
    alphas, betas = node.numbers("activation_alpha", None), node.numbers("activation_beta", None)

    def value(values: list[float] | None, i: int) -> float | None:
        return values[i] if values is not None and i < len(values) else None

    return [
        _activation(node, name, value(alphas, d * count + i), value(betas, d * count + i))
        for i, name in enumerate(names)
    ]
