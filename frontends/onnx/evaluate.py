"""Small constant subgraphs computed at import, with the operators' own NumPy meaning."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block, SSAValue
from xdsl.utils.exceptions import VerifyException

from ...dialects import relax
from ...interpreters.relax import evaluate as evaluate_op
from .values import Array, Value


def evaluate(block: Block, results: Sequence[Value]) -> list[Value] | None:
    """Return `results` as arrays, computed from the operations of `block`.

    None where an operation has no meaning in NumPy yet, or one that no array can have.

    Raises:
        VerifyException: an operation fails on these values.
    """
    values: dict[SSAValue, Array] = {}
    for op in block.ops:
        if isinstance(op, relax.ConstantOp):
            values[op.result] = op.value.array
            continue
        try:
            arrays = evaluate_op(op, tuple(values[operand] for operand in op.operands), {})
        except (NotImplementedError, KeyError):
            return None
        except (ValueError, IndexError) as error:
            raise VerifyException(f"{op.name}: {error}") from error
        values.update(zip(op.results, arrays, strict=True))
    return [values[r] if isinstance(r, SSAValue) else r for r in results]
