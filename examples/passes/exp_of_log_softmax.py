"""exp-of-log-softmax: the exponential of a log-softmax is a softmax.

Rewrites   %p = relax.exp (relax.log_softmax %x)
into       %p = relax.softmax %x

Trained with a loss that wants logarithms, some classifiers take them back at their end. A pass of
one file, which Tyrex does not have: `docs/recipes/add-a-pass.md` runs it, checks it and times it.
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from tyrex.dialects import relax
from tyrex.passes.relax.rewriting import Rewriter


def _softmax(rw: Rewriter, op: relax.ExpOp) -> SSAValue | None:
    """`exp(log_softmax(x)) -> softmax(x)`; logarithms that others read are still made for them."""
    inner = op.x.owner
    if not isinstance(inner, relax.LogSoftmaxOp):
        return None
    return rw.add(relax.SoftmaxOp(inner.x, axis=inner.axis.value.data))


@dataclass(frozen=True)
class ExpOfLogSoftmaxPass(ModulePass):
    """See the module docstring."""

    name = "exp-of-log-softmax"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Rewrite the module, in place."""
        Rewriter({relax.ExpOp: (_softmax,)}).run(op)
