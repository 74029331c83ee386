"""The table of legalization rules: operator -> compute definition.

A rule is a function `(k, op, ins, outs)` that appends to the KernelBuilder `k` the computation of
`op` from the buffers `ins` (its operands) into `outs` (its results), and is registered by
`@rule(relax.SoftmaxOp)`. The buffers' shapes are the operands' and results' types, expression for
expression; a rule refuses what it does not cover with NotImplementedError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ....dialects import relax
from ....dialects.tir.compute import Buffer, KernelBuilder

Rule = Callable[[KernelBuilder, Any, Sequence[Buffer], Sequence[Buffer]], None]

RULES: dict[type[relax.RelaxOp], Rule] = {}


def rule(*op_types: type[relax.RelaxOp]) -> Callable[[Rule], Rule]:
    """Register a function as the rule of one or more operators."""

    def register(function: Rule) -> Rule:
        for op_type in op_types:
            assert op_type not in RULES, f"{op_type.name} has two legalization rules"
            RULES[op_type] = function
        return function

    return register
