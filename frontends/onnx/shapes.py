"""Shape arithmetic at import: operators on arrays of numbers and of dims, computed at once.

Models spell out their shapes as graphs of small integer tensors (`Shape`, `Gather`, `Mul`,
`Concat`, ... `Reshape`). An array that holds symbolic dims is a NumPy array of objects, so one
function serves numbers and expressions. A rule returns None where it cannot say the result; the
node is then converted as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.dialects.builtin import i1, i64
from xdsl.ir import Attribute

from ...dialects import dtypes
from ...symbolic import IntExpr, as_expr, ceildiv, max_, min_
from .node import Node
from .slices import slices_of
from .values import Array, Known, Ratio, Symbolic, Value, settle

Rule: TypeAlias = "Callable[[Node], Known | tuple[Known, ...] | None]"
Scalar: TypeAlias = "IntExpr | Ratio"

RULES: dict[str, Rule] = {}
_SMALL = 4096  # elements; arithmetic on more is left to the interpreter
_LARGEST_DENOMINATOR = 1 << 20  # a float like 0.1 is no ratio that a shape was scaled by


class _UnfoldableError(Exception):
    """The result is not expressible."""


def fold(node: Node) -> Known | tuple[Known, ...] | None:
    """Return the results of a node whose inputs are all known, or None."""
    rule = RULES.get(node.op_type)
    if rule is None:
        return None
    try:
        with np.errstate(all="ignore"):
            return rule(node)
    except _UnfoldableError:
        return None


def _rule(*op_types: str) -> Callable[[Rule], Rule]:
    def enter(rule: Rule) -> Rule:
        for op_type in op_types:
            RULES[op_type] = rule
        return rule

    return enter


def _dtype(value: Known) -> Attribute:
    return value.dtype if isinstance(value, Symbolic) else dtypes.from_numpy(value.dtype)


def _objects(value: Known) -> Array:
    if isinstance(value, Symbolic):
        return value.array
    if value.size > _SMALL:
        raise _UnfoldableError
    if value.dtype.kind == "f":
        exact = [_exact(float(item)) for item in value.reshape(-1)]
    else:
        exact = [int(item) for item in value.reshape(-1)]
    array = np.empty(len(exact), object)
    array[:] = exact
    return array.reshape(value.shape)


def _exact(number: float) -> int | Fraction:
    if not np.isfinite(number):
        raise _UnfoldableError
    exact = Fraction(number).limit_denominator(_LARGEST_DENOMINATOR)
    if float(np.float32(float(exact))) != number and float(exact) != number:
        raise _UnfoldableError
    return exact.numerator if exact.denominator == 1 else exact


def _ge0(expr: IntExpr) -> bool:
    """Tell whether `expr` is never negative, where no dim is."""
    return expr.provably_ge0({key: (0, None) for key in expr.free_vars()})


def _as_scalar(item: Any) -> Scalar | Fraction:
    if isinstance(item, IntExpr | Ratio | Fraction):
        return item
    return as_expr(item)


def _known_inputs(node: Node) -> list[Known]:
    return [cast(Known, value) for value in node.inputs]  # the caller saw that they are known


def _any_symbolic(values: Sequence[Value]) -> bool:
    return any(isinstance(value, Symbolic) for value in values)


# Element by element


def _elementwise(
    node: Node, function: Callable[[Any, Any], object], dtype: Attribute | None = None
) -> Known | None:
    a, b = _known_inputs(node)
    if not _any_symbolic((a, b)):
        return None
    apply = np.frompyfunc(lambda x, y: function(_as_scalar(x), _as_scalar(y)), 2, 1)
    result = np.asarray(apply(_objects(a), _objects(b)), object)
    return settle(result, dtype or _dtype(a))


def _add(a: Any, b: Any) -> object:
    if isinstance(a, IntExpr) and isinstance(b, IntExpr):
        return a + b
    x, y = _ratio(a), _ratio(b)
    return _reduced(
        Ratio(
            x.numerator * y.denominator + y.numerator * x.denominator,
            x.denominator * y.denominator,
        )
    )


def _negated(a: Any) -> object:
    return Ratio(-a.numerator, a.denominator) if isinstance(a, Ratio) else -a


def _multiply(a: Any, b: Any) -> object:
    if isinstance(a, IntExpr) and isinstance(b, IntExpr):
        return a * b
    x, y = _ratio(a), _ratio(b)
    return _reduced(Ratio(x.numerator * y.numerator, x.denominator * y.denominator))


def _divide_floats(a: Any, b: Any) -> object:
    x, y = _ratio(a), _ratio(b)
    if not y.numerator.is_constant or y.numerator.constant_value <= 0:
        raise _UnfoldableError
    factor = Fraction(y.denominator, y.numerator.constant_value)
    return _reduced(x.scaled(factor))


def _divide_ints(a: Any, b: Any) -> object:
    """Truncated division, which is floor division where nothing is negative."""
    if isinstance(b, IntExpr) and b.is_constant and b.constant_value == 0:
        raise _UnfoldableError
    if not _ge0(a) or not _ge0(b):
        raise _UnfoldableError
    return a // b


def _ratio(item: Any) -> Ratio:
    if isinstance(item, Fraction):
        return Ratio(as_expr(item.numerator), item.denominator)
    return item if isinstance(item, Ratio) else Ratio(as_expr(item), 1)


def _reduced(ratio: Ratio) -> object:
    """Return a whole expression where the division comes out even."""
    if ratio.denominator == 1:
        return ratio.numerator
    if ratio.numerator.is_multiple_of(ratio.denominator):
        return ratio.numerator // ratio.denominator
    if ratio.denominator > _LARGEST_DENOMINATOR:
        raise _UnfoldableError
    return ratio


def _is_float(node: Node) -> bool:
    return dtypes.is_float(_dtype(_known_inputs(node)[0]))


@_rule("Add")
def _(node: Node) -> Known | None:
    return _elementwise(node, _add)


@_rule("Sub")
def _(node: Node) -> Known | None:
    return _elementwise(node, lambda a, b: _add(a, _negated(b)))


@_rule("Mul")
def _(node: Node) -> Known | None:
    return _elementwise(node, _multiply)


@_rule("Div")
def _(node: Node) -> Known | None:
    return _elementwise(node, _divide_floats if _is_float(node) else _divide_ints)


def _modulo(a: Any, b: Any) -> object:
    if not isinstance(a, IntExpr) or not isinstance(b, IntExpr) or not _ge0(a) or not _ge0(b):
        raise _UnfoldableError
    return a % b


@_rule("Mod")
def _(node: Node) -> Known | None:
    return _elementwise(node, _modulo)


def _extreme(pick: Callable[..., IntExpr]) -> Rule:
    def rule(node: Node) -> Known | None:
        values = _known_inputs(node)
        if not _any_symbolic(values):
            return None

        def both(a: object, b: object) -> object:
            if not isinstance(a, IntExpr) or not isinstance(b, IntExpr):
                raise _UnfoldableError
            return pick(a, b)

        apply = np.frompyfunc(lambda x, y: both(_as_scalar(x), _as_scalar(y)), 2, 1)
        result = reduce(lambda a, b: np.asarray(apply(a, b), object), map(_objects, values))
        return settle(result, _dtype(values[0]))

    return rule


RULES["Min"] = _extreme(min_)
RULES["Max"] = _extreme(max_)


def _compare(test: Callable[[IntExpr], bool | None]) -> Rule:
    """Return the rule of a comparison; `test` decides from a - b, None where it cannot."""

    def decide(a: object, b: object) -> object:
        if not isinstance(a, IntExpr) or not isinstance(b, IntExpr):
            raise _UnfoldableError
        answer = test(a - b)
        if answer is None:
            raise _UnfoldableError
        return int(answer)

    def rule(node: Node) -> Known | None:
        return _elementwise(node, decide, i1)

    return rule


def _is_zero(difference: IntExpr) -> bool | None:
    if difference.is_constant:
        return difference.constant_value == 0
    return False if _ge0(difference - 1) or _ge0(-difference - 1) else None


def _is_positive(difference: IntExpr) -> bool | None:
    if _ge0(difference - 1):
        return True
    return False if _ge0(-difference) else None


def _is_not_negative(difference: IntExpr) -> bool | None:
    if _ge0(difference):
        return True
    return False if _ge0(-difference - 1) else None


RULES["Equal"] = _compare(_is_zero)
RULES["Greater"] = _compare(_is_positive)
RULES["GreaterOrEqual"] = _compare(_is_not_negative)
RULES["Less"] = _compare(lambda difference: _is_positive(-difference))
RULES["LessOrEqual"] = _compare(lambda difference: _is_not_negative(-difference))


@_rule("Where")
def _(node: Node) -> Known | None:
    condition, a, b = _known_inputs(node)
    if isinstance(condition, Symbolic) or not _any_symbolic((a, b)):
        return None
    return settle(np.where(condition, _objects(a), _objects(b)), _dtype(a))


def _unary(function: Callable[[Any], object]) -> Rule:
    def rule(node: Node) -> Known | None:
        (a,) = _known_inputs(node)
        if not isinstance(a, Symbolic):
            return None
        apply = np.frompyfunc(lambda x: function(_as_scalar(x)), 1, 1)
        return settle(np.asarray(apply(a.array), object), a.dtype)

    return rule


def _floor(item: Any) -> object:
    if isinstance(item, Ratio):
        return item.numerator // item.denominator
    return item


def _ceil(item: Any) -> object:
    if isinstance(item, Ratio):
        return ceildiv(item.numerator, item.denominator)
    return item


RULES["Floor"] = _unary(_floor)
RULES["Ceil"] = _unary(_ceil)
RULES["Neg"] = _unary(_negated)


@_rule("Cast")
def _(node: Node) -> Known | None:
    (a,) = _known_inputs(node)
    dtype = node.dtype("to")
    if not isinstance(a, Symbolic):
        return None
    if dtypes.is_bool(dtype):
        raise _UnfoldableError
    if dtypes.is_float(dtype):
        return Symbolic(a.array, dtype)
    # A cast to an integer truncates, which is the floor of what is not negative.
    for item in a.array.reshape(-1):
        if isinstance(item, Ratio) and not _ge0(item.numerator):
            raise _UnfoldableError
    apply = np.frompyfunc(lambda x: _floor(_as_scalar(x)), 1, 1)
    return settle(np.asarray(apply(a.array), object), dtype)


def _reduction(step: Callable[[Any, Any], object]) -> Rule:
    def rule(node: Node) -> Known | None:
        a = _known_inputs(node)[0]
        if not isinstance(a, Symbolic) or a.array.ndim != 1 or not a.array.size:
            return None
        result = reduce(step, map(_as_scalar, a.array))
        shape = (1,) if node.integer("keepdims", 1) else ()
        return settle(np.array([result], object).reshape(shape), a.dtype)

    return rule


RULES["ReduceSum"] = _reduction(_add)
RULES["ReduceProd"] = _reduction(_multiply)
RULES["ReduceMax"] = _reduction(max_)
RULES["ReduceMin"] = _reduction(min_)


# Movement: the same NumPy call on numbers and on objects


def _raw(value: Known) -> Array:
    return value.array if isinstance(value, Symbolic) else value


def _moved(node: Node, array: Array) -> Known:
    first = _known_inputs(node)[0]
    return settle(array, first.dtype) if isinstance(first, Symbolic) else array


@_rule("Identity")
def _(node: Node) -> Known:
    return _known_inputs(node)[0]


@_rule("Shape")
def _(node: Node) -> Known:
    shape = _known_inputs(node)[0].shape
    return np.array(shape[slice(node.integer("start", 0), node.integer("end", None))], np.int64)


@_rule("Size")
def _(node: Node) -> Known:
    return np.array(_raw(_known_inputs(node)[0]).size, np.int64)


@_rule("Reshape")
def _(node: Node) -> Known | None:
    if not node.has(1):
        return None
    array, target = _raw(_known_inputs(node)[0]), _known_inputs(node)[1]
    if isinstance(target, Symbolic):
        return None
    shape = [int(dim) for dim in target.reshape(-1)]
    if not node.integer("allowzero", 0):
        shape = [array.shape[i] if dim == 0 else dim for i, dim in enumerate(shape)]
    try:
        return _moved(node, array.reshape(shape))
    except ValueError as error:
        raise node.fail(f"cannot reshape {list(array.shape)} to {shape}") from error


def _axes(node: Node, rank: int) -> list[int] | None:
    """Return the axes of Squeeze and Unsqueeze, an attribute before opset 13."""
    if node.version >= 13:
        found = node.known_ints(1, "axes") if node.has(1) else None
    else:
        found = node.integers("axes", None)
    return None if found is None else node.axes(found, rank)


@_rule("Unsqueeze")
def _(node: Node) -> Known:
    array = _raw(_known_inputs(node)[0])
    count = len(node.known_ints(1, "axes")) if node.version >= 13 else len(node.integers("axes"))
    axes = _axes(node, array.ndim + count) or []
    return _moved(node, np.expand_dims(array, tuple(axes)))


@_rule("Squeeze")
def _(node: Node) -> Known:
    array = _raw(_known_inputs(node)[0])
    axes = _axes(node, array.ndim)
    try:
        return _moved(node, np.squeeze(array, None if axes is None else tuple(axes)))
    except ValueError as error:
        raise node.fail(f"cannot squeeze axes {axes} of shape {list(array.shape)}") from error


@_rule("Transpose")
def _(node: Node) -> Known:
    return _moved(node, np.transpose(_raw(_known_inputs(node)[0]), node.integers("perm", None)))


@_rule("Flatten")
def _(node: Node) -> Known:
    array = _raw(_known_inputs(node)[0])
    axis = node.integer("axis", 1)
    rows = int(np.prod(array.shape[: axis + array.ndim if axis < 0 else axis], dtype=np.int64))
    return _moved(node, array.reshape(rows, array.size // rows if rows else 0))


@_rule("Concat")
def _(node: Node) -> Known | None:
    values = _known_inputs(node)
    if node.version < 4:
        return None  # where the axis has a default
    if not _any_symbolic(values):
        total = sum(_raw(value).size for value in values)
        if total > _SMALL:
            return None
        arrays = [_raw(value) for value in values]
        return np.concatenate(arrays, node.axis(node.integer("axis"), arrays[0].ndim))
    arrays = [_objects(value) for value in values]
    joined = np.concatenate(arrays, node.axis(node.integer("axis"), arrays[0].ndim))
    return settle(joined, _dtype(values[0]))


@_rule("Gather")
def _(node: Node) -> Known | None:
    data, indices = _known_inputs(node)
    if isinstance(indices, Symbolic):
        return None
    array = _raw(data)
    axis = node.axis(node.integer("axis", 0), array.ndim)
    size = array.shape[axis]
    if np.any((indices < -size) | (indices >= size)):
        raise node.fail(f"indices {indices.tolist()} are out of range for a dim of {size}")
    if indices.size * array.size > _SMALL * max(size, 1):
        return None
    return _moved(node, np.asarray(np.take(array, indices, axis)))


@_rule("Slice")
def _(node: Node) -> Known | None:
    array = _raw(_known_inputs(node)[0])
    if _any_symbolic(node.inputs[1:]):
        return None
    return _moved(node, array[slices_of(node, array.shape)])


@_rule("Split")
def _(node: Node) -> tuple[Known, ...] | None:
    data = _known_inputs(node)[0]
    if not isinstance(data, Symbolic) or _any_symbolic(node.inputs[1:]):
        return None
    axis = node.axis(node.integer("axis", 0), data.array.ndim)
    if node.has(1):
        sections = node.known_ints(1, "split")
    else:
        count, size = node.num_outputs, data.shape[axis]
        piece = -(-size // count)
        sections = node.integers("split", None) or [
            min(piece, size - i * piece) for i in range(count)
        ]
    pieces = np.split(data.array, np.cumsum(sections)[:-1].tolist(), axis)
    return tuple(settle(piece, data.dtype) for piece in pieces)


@_rule("Expand")
def _(node: Node) -> Known | None:
    data, target = _known_inputs(node)
    if isinstance(target, Symbolic):
        return None
    array = _raw(data)
    shape = np.broadcast_shapes(array.shape, tuple(int(dim) for dim in target))
    return _moved(node, np.broadcast_to(array, shape))


@_rule("Tile")
def _(node: Node) -> Known | None:
    data, repeats = _known_inputs(node)[:2]
    if not isinstance(data, Symbolic) or isinstance(repeats, Symbolic):
        return None
    return _moved(node, np.tile(data.array, repeats.tolist()))


@_rule("ConstantOfShape")
def _(node: Node) -> Known | None:
    target = _known_inputs(node)[0]
    if isinstance(target, Symbolic):
        return None
    value = node.tensor_attribute("value")
    element = np.zeros((), np.float32) if value is None else value.reshape(())
    return np.broadcast_to(element, tuple(int(dim) for dim in target))


@_rule("Range")
def _(node: Node) -> Known | None:
    start, limit, delta = _known_inputs(node)
    if isinstance(start, Symbolic) or isinstance(limit, Symbolic) or isinstance(delta, Symbolic):
        return None
    if delta == 0:
        raise node.fail("delta is 0")
    count = max(int(np.ceil((limit.item() - start.item()) / delta.item())), 0)
    if count > _SMALL:
        return None
    items = start.item() + np.arange(count) * delta.item()
    return items.astype(start.dtype)


def shape_value(dims: Sequence[IntExpr]) -> Known:
    """Return the vector of `dims` as `Shape` returns it."""
    array = np.empty(len(dims), object)
    array[:] = list(dims)
    return settle(array, i64)
