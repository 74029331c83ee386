"""The table of what operators mean: operator -> function of NumPy arrays.

A function `(op, *arrays) -> array | tuple of arrays` is registered by `@impl(relax.TanhOp)`. It
reads the op's properties and element types, never shapes: those are the arrays'. An operator with
`#relax.dims` properties registers with `symbolic=True` and is called `(op, symbols, *arrays)`, so
that it can evaluate them: `tuple(dim.evaluate(symbols) for dim in op.shape.data)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.ir import Operation

from ...dialects import relax

Array = npt.NDArray[Any]  # any element type
Symbols = Mapping[str, int]
Impl = Callable[..., Array | tuple[Array, ...]]

IMPLS: dict[type[relax.RelaxOp], Impl] = {}
SYMBOLIC: set[type[relax.RelaxOp]] = set()
"""The operators whose functions take the values of symbols after the op."""


def impl(*op_types: type[relax.RelaxOp], symbolic: bool = False) -> Callable[[Impl], Impl]:
    """Register a function as the meaning of one or more operators."""

    def register(function: Impl) -> Impl:
        for op_type in op_types:
            assert op_type not in IMPLS, f"{op_type.name} has two meanings"
            IMPLS[op_type] = function
            if symbolic:
                SYMBOLIC.add(op_type)
        return function

    return register


def evaluate(op: Operation, arrays: tuple[Array, ...], symbols: Symbols) -> tuple[Array, ...]:
    """Return the results of one tensor operator.

    Raises:
        NotImplementedError: the operator has no meaning in NumPy yet.
    """
    function = IMPLS.get(type(op))  # pyright: ignore[reportArgumentType]  # any op may be asked
    if function is None:
        raise NotImplementedError(f"the interpreter has no meaning of {op.name}")
    more = (symbols,) if type(op) in SYMBOLIC else ()
    # NumPy warns of what IEEE 754 defines: infinities, NaN, wrapping integers.
    with np.errstate(all="ignore"):
        found = function(op, *more, *arrays)
    results = found if isinstance(found, tuple) else (found,)
    return tuple(np.asarray(result) for result in results)
