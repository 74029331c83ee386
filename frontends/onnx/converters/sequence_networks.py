"""RNN, GRU and LSTM as the operators of relax that run all steps, for sequences of any length.

They know the activations that models use. What they do not (peepholes, clips, other functions) is
unrolled by `recurrent.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import i64

from ....dialects import dtypes, relax
from ....symbolic import IntExpr
from ..builder import Tensor, concat, full
from ..node import Node

EVERY_STEP = np.array(2**31 - 1, np.int64)  # as the length of a sequence: no step is beyond it
_ACTIVATIONS = {"GRU": ("sigmoid", "tanh"), "LSTM": ("sigmoid", "tanh", "tanh")}
_SIMPLE = ("tanh", "relu", "sigmoid")


@dataclass(frozen=True)
class Weights:
    """The weights of one direction.

    w [gates * hidden, input], r [gates * hidden, hidden], wb and rb [gates * hidden].
    """

    w: Tensor
    r: Tensor
    wb: Tensor | None
    rb: Tensor | None
    peephole: Tensor | None
    hidden: IntExpr
    clip: float | None
    linear_before_reset: bool


def run_whole(
    node: Node,
    cell: Weights,
    activations: Sequence[str],
    x: Tensor,
    state: list[Tensor],
    backward: bool,
) -> tuple[Tensor, list[Tensor]] | None:
    """Return outputs and last states of one direction, None where no operator does this.

    Args:
        node: the node.
        cell: the weights.
        activations: the names of the functions.
        x: the inputs [steps, batch, input].
        state: the first states, each [batch, hidden].
        backward: whether the last step runs first.
    """
    if cell.peephole is not None or cell.clip is not None or not x.is_float:
        return None
    names = tuple(name.lower() for name in activations)
    known = names[0] in _SIMPLE if node.op_type == "RNN" else names == _ACTIVATIONS[node.op_type]
    if not known:
        return None
    lengths = node.opt(4)
    if lengths is None:
        lengths = full(node.builder, [x.shape[1]], EVERY_STEP)
    inputs = [_gates(node, cell, x), cell.r.transpose([1, 0])]
    properties: dict[str, Any] = {"reverse": backward}
    op_class: type[relax.RelaxOp] = relax.LstmOp
    if node.op_type == "RNN":
        op_class, properties["activation"] = relax.RnnOp, names[0]
    elif node.op_type == "GRU":
        op_class, properties["linear_before_reset"] = relax.GruOp, cell.linear_before_reset
        inputs.append(_candidate_bias(cell, x))
    results = node.builder.emit_all(op_class, *inputs, *state, lengths.cast(i64), **properties)
    y, *last = (Tensor(value, node.builder) for value in results)
    return y, last


def _zero(x: Tensor, size: IntExpr) -> Tensor:
    return full(x.builder, [size], np.zeros((), dtypes.to_numpy(x.dtype)))


def _candidate_bias(cell: Weights, x: Tensor) -> Tensor:
    """Return the bias that a GRU adds to the state's share of the candidate."""
    return (
        _zero(x, cell.hidden) if cell.rb is None else cell.rb.slice(0, cell.hidden * 2, cell.hidden)
    )


def _gates(node: Node, cell: Weights, x: Tensor) -> Tensor:
    """Return the inputs' share of the gates for all steps, with all biases but a GRU's last."""
    steps, batch, width = x.shape
    flat = x.reshape([steps * batch, width]).matmul(cell.w, transpose_b=True)
    for bias in (cell.wb, cell.rb):
        if bias is cell.rb and bias is not None and node.op_type == "GRU":
            bias = concat([bias.slice(0, 0, cell.hidden * 2), _zero(x, cell.hidden)], 0)
        if bias is not None:
            flat = flat + bias
    return flat.reshape([steps, batch, flat.shape[1]])
