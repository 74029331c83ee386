"""RNN, GRU and LSTM: the operators of relax that run all steps, one for each direction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import i64

from ....dialects import dtypes, relax
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor, concat, full
from ..node import Node
from ..registry import converter

EVERY_STEP = np.array(2**31 - 1, np.int64)  # as the length of a sequence: no step is beyond it

# What ONNX's operators of these names take where a model gives nothing: a and b, as they have them.
_COEFFICIENTS = {
    "affine": (1.0, 0.0),
    "elu": (1.0,),
    "hardsigmoid": (0.2, 0.5),
    "leakyrelu": (0.01,),
    "scaledtanh": (1.0, 1.0),
    "thresholdedrelu": (1.0,),
}


@dataclass(frozen=True)
class _Kind:
    op_class: type[relax.RecurrentOp]
    gates: int
    states: int


_KINDS = {
    "RNN": _Kind(relax.RnnOp, 1, 1),
    "GRU": _Kind(relax.GruOp, 3, 1),
    "LSTM": _Kind(relax.LstmOp, 4, 2),
}


@dataclass(frozen=True)
class _Weights:
    """The weights of one direction.

    w [gates * hidden, input], r [gates * hidden, hidden], wb and rb [gates * hidden].
    """

    w: Tensor
    r: Tensor
    wb: Tensor | None
    rb: Tensor | None


@converter("GRU", "LSTM", "RNN", since=7)
def _(node: Node) -> list[Tensor]:
    kind = _KINDS[node.op_type]
    x = node.x(0)
    batch_first = bool(node.integer("layout", 0))
    if x.rank != 3:
        raise node.fail(f"input 0 has {x.rank} axes; expected steps, batch and input")
    if batch_first:
        x = x.transpose([1, 0, 2])
    batch = x.shape[1]
    direction = node.text("direction", "forward")
    count = 2 if direction == "bidirectional" else 1
    initial = _initial(node, kind, x, batch, count, batch_first)
    functions = _functions(node, kind, count)
    runs = [
        _direction(node, kind, d, x, [s[d] for s in initial], functions[d], direction == "reverse")
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
            found.append([_zero(x, batch, hidden)] * count)
            continue
        if batch_first:
            given = given.transpose([1, 0, 2])
        found.append([given.slice(0, d, 1).squeeze([0]) for d in range(count)])
    return found


def _functions(node: Node, kind: _Kind, count: int) -> list[list[relax.Activation]]:
    """Return the activations of each direction.

    The lists of coefficients are consumed by the functions that have any, in their order.
    """
    defaults = kind.op_class.DEFAULTS
    names = [name.lower() for name in node.texts("activations", None) or defaults * count]
    if len(names) != len(defaults) * count:
        raise node.fail(f"{len(names)} activations, expected {len(defaults) * count}")
    alphas, betas = (iter(node.numbers(f"activation_{k}", None) or ()) for k in ("alpha", "beta"))
    found = [_activation(node, name, alphas, betas) for name in names]
    return [found[i : i + len(defaults)] for i in range(0, len(found), len(defaults))]


def _activation(
    node: Node, name: str, alphas: Iterator[float], betas: Iterator[float]
) -> relax.Activation:
    defaults = _COEFFICIENTS.get(name, ())
    if name not in relax.ACTIVATIONS:
        raise node.unsupported(f"activation {name!r}")
    given = (next(it, default) for it, default in zip((alphas, betas), defaults, strict=False))
    return relax.Activation(name, *given)


def _direction(
    node: Node,
    kind: _Kind,
    d: int,
    x: Tensor,
    state: Sequence[Tensor],
    functions: Sequence[relax.Activation],
    reverse: bool,
) -> tuple[Tensor, list[Tensor]]:
    """Return the outputs [steps, batch, hidden] and the last states of one direction."""
    hidden = as_expr(node.integer("hidden_size"))
    weights = _weights(node, kind, d, hidden)
    lengths = node.opt(4)
    if lengths is None:
        lengths = full(node.builder, [x.shape[1]], EVERY_STEP)
    inputs = [_gates(node, weights, x, hidden), weights.r.transpose([1, 0])]
    properties: dict[str, Any] = {"reverse": reverse or d == 1, "clip": node.number("clip", None)}
    if [f.name for f in functions] != list(kind.op_class.DEFAULTS):
        properties["activations"] = functions
    others = [*state, lengths.cast(i64)]
    if node.op_type == "GRU":
        properties["linear_before_reset"] = bool(node.integer("linear_before_reset", 0))
        inputs.append(_candidate_bias(weights, x, hidden))
    elif node.op_type == "LSTM":
        properties["coupled"] = bool(node.integer("input_forget", 0))
        peephole = node.opt(7)
        if peephole is not None:
            others.insert(-1, peephole.slice(0, d, 1).squeeze([0]))
    y, *last = node.builder.emit_all(kind.op_class, *inputs, *others, **properties)
    return Tensor(y, node.builder), [Tensor(value, node.builder) for value in last]


def _weights(node: Node, kind: _Kind, d: int, hidden: IntExpr) -> _Weights:
    def of_direction(position: int) -> Tensor | None:
        given = node.opt(position)
        return None if given is None else given.slice(0, d, 1).squeeze([0])

    w, r, bias = of_direction(1), of_direction(2), of_direction(3)
    if w is None or r is None:
        raise node.fail("the weights W and R are missing")
    if bias is None:
        return _Weights(w, r, None, None)
    size = hidden * kind.gates
    return _Weights(w, r, bias.slice(0, 0, size), bias.slice(0, size, size))


def _zero(x: Tensor, *dims: IntExpr) -> Tensor:
    return full(x.builder, dims, np.zeros((), dtypes.to_numpy(x.dtype)))


def _candidate_bias(weights: _Weights, x: Tensor, hidden: IntExpr) -> Tensor:
    """Return the bias that a GRU adds to the state's share of the candidate."""
    return _zero(x, hidden) if weights.rb is None else weights.rb.slice(0, hidden * 2, hidden)


def _gates(node: Node, weights: _Weights, x: Tensor, hidden: IntExpr) -> Tensor:
    """Return the inputs' share of the gates for all steps, with all biases but a GRU's last."""
    steps, batch, width = x.shape
    flat = x.reshape([steps * batch, width]).matmul(weights.w, transpose_b=True)
    for bias in (weights.wb, weights.rb):
        if bias is weights.rb and bias is not None and node.op_type == "GRU":
            bias = concat([bias.slice(0, 0, hidden * 2), _zero(x, hidden)], 0)
        if bias is not None:
            flat = flat + bias
    return flat.reshape([steps, batch, flat.shape[1]])
