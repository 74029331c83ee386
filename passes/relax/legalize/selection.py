"""Operators whose results' shapes are found at run time: no kernel writes into those yet."""

from __future__ import annotations

from collections.abc import Sequence

from ....dialects import relax
from ....dialects.tir.compute import Buffer, KernelBuilder
from .rules import rule


@rule(relax.NonZeroOp, relax.CompressOp, relax.UniqueOp, relax.NonMaxSuppressionOp)
def _selection(
    k: KernelBuilder, op: relax.SelectionOp, ins: Sequence[Buffer], outs: Sequence[Buffer]
) -> None:
    raise NotImplementedError(
        f"{op.name}: native code has no results whose shape depends on data; "
        "the interpreter runs it"
    )
