"""What the `infer_types` of several families share: element types, axes, broadcasting, windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr, as_expr, max_, min_
from .. import dtypes
from .run_checks import BROADCAST, EQUAL, note
from .types import Dim, TensorType

DtypeTest = Callable[[Attribute], bool]


def is_number(dtype: Attribute) -> bool:
    """Tell whether `dtype` is a float or an integer, not a bool."""
    return not dtypes.is_bool(dtype)


def is_bits(dtype: Attribute) -> bool:
    """Tell whether `dtype` is an integer or a bool."""
    return not dtypes.is_float(dtype)


def is_any(dtype: Attribute) -> bool:
    """Accept every element type."""
    return True


DTYPE_WORDS: dict[DtypeTest, str] = {
    dtypes.is_float: "a float",
    dtypes.is_integer: "an integer",
    dtypes.is_bool: "bool",
    is_number: "a number",
    is_bits: "an integer or bool",
    is_any: "any",
}


def ints(attr: DenseArrayBase[Any]) -> tuple[int, ...]:
    """Return the integers of a property."""
    return tuple(int(value) for value in attr.iter_values())


def flag(attr: IntegerAttr) -> bool:
    """Return a bool property."""
    return bool(attr.value.data)


def tensor_type(value: SSAValue) -> TensorType:
    """Return the type of a tensor operand."""
    assert isinstance(value.type, TensorType)
    return value.type


def check_dtype(op: Operation, value_type: TensorType, accepts: DtypeTest, rule: str) -> None:
    """Check an element type; `rule` is the constraint's number, `(C1)`."""
    if not accepts(value_type.dtype):
        raise VerifyException(
            f"{op.name}: {rule} element type {value_type.dtype} is not {DTYPE_WORDS[accepts]}; "
            "cast the operand"
        )


def check_same_dtype(op: Operation, rule: str) -> Attribute:
    """Check that all operands have one element type, and return it."""
    found = [tensor_type(operand).dtype for operand in op.operands]
    if any(dtype != found[0] for dtype in found):
        raise VerifyException(
            f"{op.name}: {rule} element types {', '.join(map(str, found))} differ; "
            "cast the operands to one"
        )
    return found[0]


def check_axis(op: Operation, axis: int, rank: int | None, rule: str) -> None:
    """Check that `axis` is normalized and within `rank`."""
    if axis < 0 or (rank is not None and axis >= rank):
        limit = "" if rank is None else f" for rank {rank}; use 0..{rank - 1}"
        raise VerifyException(f"{op.name}: {rule} axis {axis} is out of range{limit}")


def check_rank(op: Operation, value_type: TensorType, rank: int, rule: str) -> None:
    """Check a rank, where it is known."""
    if value_type.rank is not None and value_type.rank != rank:
        raise VerifyException(
            f"{op.name}: {rule} {value_type} has rank {value_type.rank}, expected {rank}"
        )


def check_equal(op: Operation, a: Dim, b: Dim, rule: str, what: str) -> None:
    """Check that two dims do not contradict each other."""
    if a is not None and b is not None and a.is_constant and b.is_constant and a != b:
        raise VerifyException(f"{op.name}: {rule} {what}: {a} and {b} differ")
    note(EQUAL, a, b, what)


def merge(a: Dim, b: Dim) -> Dim:
    """Return what is known about a dim that is both `a` and `b`: a constant before a symbol."""
    if a is None:
        return b
    return b if b is not None and b.is_constant else a


def broadcast_dim(op: Operation, a: Dim, b: Dim, rule: str, what: str = "dims") -> Dim:
    """Return the dim that NumPy makes of two; `what` they are.

    Of two that cannot be compared it is the larger one, or 0 where one of them is.
    """
    one = as_expr(1)
    note(BROADCAST, a, b, what)
    if a == b or b == one:
        return a
    if a == one:
        return b
    if a is None or b is None:
        known = b if a is None else a
        return known if known is not None and known.is_constant else None
    if a.is_constant and b.is_constant:
        raise VerifyException(f"{op.name}: {rule} dims {a} and {b} do not broadcast")
    if a.is_constant or b.is_constant:
        return a if a.is_constant else b
    larger = max_(a, b)
    result, at_most_one = larger, min_(larger, 1)
    for some in dict.fromkeys((min_(a, 1), min_(b, 1))):  # each is 0 or 1
        if some is not at_most_one:  # n * min(n, 1) is n
            result *= some
    return result


def broadcast_shapes(
    op: Operation, shapes: Iterable[Sequence[Dim] | None], rule: str
) -> tuple[Dim, ...] | None:
    """Return the shape to which all of `shapes` broadcast, None where a rank is unknown."""
    result: tuple[Dim, ...] = ()
    for shape in shapes:
        if shape is None:
            return None
        rank = max(len(result), len(shape))
        padded = [(as_expr(1),) * (rank - len(s)) + tuple(s) for s in (result, shape)]
        result = tuple(
            broadcast_dim(op, a, b, rule, f"axis {axis} of broadcast operands")
            for axis, (a, b) in enumerate(zip(*padded, strict=True))
        )
    return result


def window_extent(
    size: Dim, kernel: Dim, stride: int, dilation: int, padding: int
) -> IntExpr | None:
    """Return how many windows fit: (size + padding - dilation (kernel - 1) - 1) // stride + 1."""
    if size is None or kernel is None:
        return None
    return (size + padding - (kernel - 1) * dilation - 1) // stride + 1
