"""annotate-patterns: every kernel says how it maps elements.

Rewrites   tir.func @relu(...) -> (...) {...}
into       tir.func @relu(...) -> (...) attributes {pattern = "elementwise"} {...}

A pattern that is there already stays: who writes a kernel by hand may know better.

Needs:  kernels as compute definitions (legalize-ops).
Leaves: the attribute `pattern` on every tir.func.
Why here: fuse-ops decides by patterns alone, also for kernels that it cannot read.
Source: TVM src/relax/transform/annotate_tir_op_pattern.cc (the idea).
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from ...analysis.op_patterns import pattern_of
from ...dialects import tir


@dataclass(frozen=True)
class AnnotatePatternsPass(ModulePass):
    """See the module docstring."""

    name = "annotate-patterns"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp) and "pattern" not in func.attributes:
                func.attributes["pattern"] = StringAttr(pattern_of(func).word)
