"""What functions, branches, loops and calls declare of a value's shape, beside what it has.

A declared dim may be any expression that is not known to differ: `-> ([4])` for a value of shape
`[n]`. Whoever takes the value for what was declared has to look at it in the run; types here say
what there is to be checked.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute

from ..dialects import relax
from ..symbolic import IntExpr
from .aliases import leaf_types
from .kernel_symbols import solve_symbols


def refined(declared: Attribute, found: Attribute) -> Attribute:
    """Return `declared`, with what it leaves open as in `found`."""
    if not isinstance(declared, relax.TensorType) or not isinstance(found, relax.TensorType):
        return declared
    if declared.shape is None or found.shape is None:
        return found if declared.shape is None else declared
    if len(declared.shape) != len(found.shape):
        return declared  # which the verifier says
    rows = zip(declared.shape, found.shape, strict=True)
    return relax.TensorType.of([b if a is None else a for a, b in rows], declared.dtype)


def declared_results(func: relax.FuncOp) -> list[Attribute]:
    """Return the types of the leaves that a function returns, as it declares them."""
    returned = [leaf for value in func.return_op.values for leaf in leaf_types(value.type)]
    declared = [leaf for type_ in func.function_type.outputs for leaf in leaf_types(type_)]
    return [refined(a, b) for a, b in zip(declared, returned, strict=True)]


def call_types(
    callee: relax.FuncOp, args: Sequence[Attribute], results: Sequence[Attribute]
) -> tuple[list[Attribute], list[Attribute]]:
    """Return what a callee takes and returns, leaf by leaf, in the words of a caller.

    Args:
        callee: whose symbols the types of the arguments tell; it checks these itself.
        args: the leaves' types of the arguments of the call.
        results: the leaves' types of its results, as the caller declares them.
    """
    taken = [leaf for type_ in callee.function_type.inputs for leaf in leaf_types(type_)]
    given = [leaf for type_ in callee.function_type.outputs for leaf in leaf_types(type_)]
    if len(taken) != len(args) or len(given) != len(results):
        return list(args), list(results)  # the verifier of calls says it
    dims: list[tuple[IntExpr, IntExpr]] = []
    for declared, found in zip(taken, args, strict=True):
        if isinstance(declared, relax.TensorType) and isinstance(found, relax.TensorType):
            rows = zip(declared.shape or (), found.shape or (), strict=False)
            dims += [(a, b) for a, b in rows if a is not None and b is not None]
    symbols = solve_symbols(sorted(dims, key=lambda pair: pair[0].as_var() is None))
    return (
        [refined(_constants(a), b) for a, b in zip(taken, args, strict=True)],
        [refined(_substituted(a, symbols), b) for a, b in zip(given, results, strict=True)],
    )


def _constants(declared: Attribute) -> Attribute:
    """Return a type with its symbols open."""
    return _substituted(declared, {})


def _substituted(declared: Attribute, symbols: dict[str, IntExpr]) -> Attribute:
    """Return a type with symbols replaced; dims of others are open."""
    if not isinstance(declared, relax.TensorType) or declared.shape is None:
        return declared
    dims: list[IntExpr | None] = []
    for dim in declared.shape:
        known = dim is not None and all(str(key) in symbols for key in dim.free_vars())
        dims.append(dim.substitute(dict(symbols)) if dim is not None and known else None)
    return relax.TensorType.of(dims, declared.dtype)
