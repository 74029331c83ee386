"""Names and what they stand for, and what a node may ask of the import it is part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from onnx import AttributeProto, GraphProto
from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import SSAValue

from .builder import Builder
from .symbols import Symbols
from .tensors import TensorReader
from .values import Value

Follow: TypeAlias = Callable[[Sequence[Value], Builder], "list[Value]"]
"""What becomes of a subgraph's results, in the block where they are."""


class Session(Protocol):
    """The import as a whole, as nodes see it."""

    @property
    def reader(self) -> TensorReader:
        """Reads the model's weights."""
        ...

    @property
    def symbols(self) -> Symbols:
        """The symbols of the module."""
        ...

    def origins(self, value: SSAValue) -> Sequence[str]:
        """Return the names of the graph's inputs that `value` is computed from."""
        ...

    def subgraph(
        self,
        graph: GraphProto,
        inputs: Sequence[Value],
        outer: Scope,
        builder: Builder,
        where: LocationAttr,
        follow: Follow | None = None,
    ) -> list[Value]:
        """Return the results of a node's subgraph on `inputs`, converted into `builder`.

        With `follow`, what it makes of the results, in the block where they are.
        """
        ...


class Scope:
    """The names visible at some place of a graph, function or subgraph.

    Attributes:
        values: the names bound here.
        weights: the tensors of the model that nobody has asked for yet, and how to read them.
        opsets: the opset version of each domain.
        attributes: the attributes of the call, inside a function.
        location: where all operations come from, inside a function that ONNX defines.
    """

    def __init__(
        self,
        opsets: Mapping[str, int],
        outer: Scope | None = None,
        attributes: Mapping[str, AttributeProto] | None = None,
        location: LocationAttr | None = None,
    ) -> None:
        self.values: dict[str, Value] = {}
        self.weights: dict[str, Callable[[], Value]] = {}
        self.opsets = opsets
        self.location = outer.location if outer is not None else location
        self._outer = outer
        self._attributes = attributes

    def __contains__(self, name: object) -> bool:
        if name in self.values or name in self.weights:
            return True
        return self._outer is not None and name in self._outer

    def __getitem__(self, name: str) -> Value:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            if name in scope.weights:
                value = scope.values[name] = scope.weights[name]()
                return value
            scope = scope._outer
        raise KeyError(name)  # a bug: live_nodes has seen that every name is written

    def attribute(self, name: str) -> AttributeProto | None:
        """Return the attribute that the enclosing function was called with, or None."""
        scope: Scope | None = self
        while scope is not None:
            if scope._attributes is not None:
                return scope._attributes.get(name)
            scope = scope._outer
        return None
