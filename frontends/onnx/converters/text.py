"""Operators on tensors of strings: see `texts`."""

from __future__ import annotations

import json

import numpy as np
from xdsl.dialects.builtin import i1, i64

from ....dialects.location import show
from ..builder import Tensor
from ..node import Node
from ..registry import converter
from ..texts import OBJECT, same_shape, texts_of
from ..texts import call as text_call
from ..texts import constant as text_constant
from ..texts import positions as text_positions
from ..texts import take as text_take
from ..values import Array, Texts, Value


@converter("StringConcat", since=20)
def _(node: Node) -> list[Value]:
    a, b = texts_of(node, 0), texts_of(node, 1)
    # What broadcasts numbers says what shape the results have.
    shape = (text_positions(node, a) + text_positions(node, b)).type.shape
    (found,) = text_call(node.builder, "concat", [a.items, b.items], OBJECT)
    return [Texts(found, shape)]


@converter("StringSplit", since=20)
def _(node: Node) -> list[Value]:
    x = texts_of(node, 0)
    most = np.array(node.integer("maxsplit", -1), np.int64)
    counted = same_shape(node, x, i64)
    args = [x.items, node.text("delimiter", ""), most]
    parts, counts = text_call(node.builder, "split", args, OBJECT, counted)
    return [Texts(parts, None if x.shape is None else (*x.shape, None)), counts]


@converter("RegexFullMatch", since=20)
def _(node: Node) -> list[Value]:
    x = texts_of(node, 0)
    args = [x.items, node.text("pattern"), show(node.location)]
    return [*text_call(node.builder, "full_match", args, same_shape(node, x, i1))]


@converter("StringNormalizer", since=10)
def _(node: Node) -> list[Value]:
    x = texts_of(node, 0)
    case = node.text("case_change_action", "NONE")
    if case not in ("NONE", "LOWER", "UPPER"):
        raise node.fail(f"case_change_action is {case!r}", "use NONE, LOWER or UPPER")
    if x.shape is not None and len(x.shape) not in (1, 2):
        raise node.fail(f"the strings have {len(x.shape)} axes, expected 1 or 2")
    is_case_sensitive = np.array(node.integer("is_case_sensitive", 0), np.int64)
    stopwords = json.dumps(node.texts("stopwords", None) or [])
    args = [x.items, case, is_case_sensitive, stopwords]
    (found,) = text_call(node.builder, "normalize", args, OBJECT)
    if x.shape is None:
        return [Texts(found, None)]
    one = node.constant(np.zeros(1), np.int64).type.shape or ()
    return [Texts(found, (*one, None) if len(x.shape) == 2 else (None,))]


def _looked_up(node: Node, keys: list[str], values: Array, default: object) -> Tensor:
    """Return the value of each string's key, a number."""
    x = texts_of(node, 0)
    where = same_shape(node, x, i64)
    (found,) = text_call(node.builder, "lookup", [x.items, json.dumps(keys)], where)
    table = np.concatenate([values, np.array([default], values.dtype)])
    return node.tensor(table).gather(node.tensor(found), 0)


@converter("LabelEncoder", since=2, domain="ai.onnx.ml")
def _(node: Node) -> Tensor | list[Value]:
    keys, values = node.texts("keys_strings", None), _values(node)
    tensor = node.attributes.get("keys_tensor")
    if keys is None and tensor is not None and tensor.t.string_data:
        keys = [item.decode("utf-8", "replace") for item in tensor.t.string_data]
    if keys is None:
        raise node.unsupported("LabelEncoder of keys that are no strings")
    if len(keys) != len(values[0]):
        raise node.fail(f"{len(keys)} keys and {len(values[0])} values")
    if isinstance(values[0], np.ndarray):
        return _looked_up(node, keys, values[0], values[1])
    x = texts_of(node, 0)
    where = same_shape(node, x, i64)
    (found,) = text_call(node.builder, "lookup", [x.items, json.dumps(keys)], where)
    names = [*values[0], str(values[1])]
    pool = text_constant(node.builder, names, [len(names)])
    return [text_take(node, node.tensor(found), [pool])]


def _values(node: Node) -> tuple[Array | list[str], object]:
    """Return the values of a LabelEncoder, and the one of what is no key."""
    names = node.texts("values_strings", None)
    if names is not None:
        return names, node.text("default_string", "_Unused")
    tensor = node.tensor_attribute("values_tensor")
    if tensor is not None:
        default = node.tensor_attribute("default_tensor")
        return tensor.reshape(-1), default.reshape(-1)[0] if default is not None else -1
    numbers = node.integers("values_int64s", None)
    if numbers is not None:
        return np.array(numbers, np.int64), node.integer("default_int64", -1)
    return np.array(node.numbers("values_floats"), np.float32), node.number("default_float", -0.0)


@converter("CategoryMapper", domain="ai.onnx.ml")
def _(node: Node) -> Tensor:
    if not isinstance(node.get(0), Texts):
        raise node.unsupported("CategoryMapper of integers")
    numbers = np.array(node.integers("cats_int64s"), np.int64)
    default = node.integer("default_int64", -1)
    return _looked_up(node, node.texts("cats_strings"), numbers, default)
