"""Which function converts which operator: a table by domain and name, with variants by opset."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from onnx import NodeProto

from .builder import Tensor
from .values import Value

if TYPE_CHECKING:
    from .node import Node

Result: TypeAlias = "Tensor | Value | Sequence[Tensor | Value]"
Converter: TypeAlias = "Callable[[Node], Result]"
Refusal: TypeAlias = Callable[[NodeProto], str | None]


@dataclass(frozen=True)
class Entry:
    """A converter, the first opset version it understands, and what it refuses.

    `refuse` says, from a node's attributes alone, why the node cannot be imported, or None.
    """

    since: int
    convert: Converter
    refuse: Refusal | None = None


_TABLE: dict[tuple[str, str], list[Entry]] = {}


def add(domain: str, op_type: str, entry: Entry) -> None:
    """Enter a converter; it replaces one of the same operator and version."""
    entries = _TABLE.setdefault((domain, op_type), [])
    entries[:] = sorted(
        [old for old in entries if old.since != entry.since] + [entry], key=lambda e: e.since
    )


def converter(
    *op_types: str, since: int = 1, domain: str = "", refuse: Refusal | None = None
) -> Callable[[Converter], Converter]:
    """Make the decorated function the converter of `op_types` from opset `since` on."""

    def enter(function: Converter) -> Converter:
        for op_type in op_types:
            add(domain, op_type, Entry(since, function, refuse))
        return function

    return enter


def register_converter(domain: str, op_type: str, function: Converter, since: int = 1) -> None:
    """Teach the importer an operator, of a custom domain or ONNX's own (`domain=""`).

    Args:
        domain: the domain of the operator set.
        op_type: the operator's name.
        function: takes a `Node` and returns its results: a `Tensor`, or a sequence of them.
        since: the first opset version of the domain that `function` understands.
    """
    add("" if domain == "ai.onnx" else domain, op_type, Entry(since, function))


def find(domain: str, op_type: str, version: int) -> Entry | None:
    """Return the converter of an operator in an opset version, or None."""
    entries = _TABLE.get((domain, op_type))
    if not entries:
        return None
    position = bisect_right(entries, version, key=lambda entry: entry.since)
    return entries[position - 1] if position else None


def known_domains() -> set[str]:
    """Return the domains that any converter belongs to."""
    return {domain for domain, _ in _TABLE}


def attribute_int(node: NodeProto, name: str, default: int) -> int:
    """Return an integer attribute of a raw node: what refusals look at."""
    return next((attr.i for attr in node.attribute if attr.name == name), default)


def attribute_text(node: NodeProto, name: str, default: str) -> str:
    """Return a string attribute of a raw node: what refusals look at."""
    found = (attr.s for attr in node.attribute if attr.name == name)
    return next((text.decode("utf-8", "replace") for text in found), default)
