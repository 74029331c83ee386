"""A node as its converter sees it: typed attributes, inputs as tensors, errors with its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import AttributeProto, GraphProto, NodeProto
from typing_extensions import TypeVar
from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue

from ...dialects import relax
from ...symbolic import IntExpr
from .builder import Builder, Operand, Tensor
from .errors import ModelError, UnknownValueError, UnsupportedNodeError
from .graph import node_location
from .scope import Follow, Scope, Session
from .tensors import element_type, read_sparse
from .values import Array, Known, Listed, Stacked, Symbolic, Texts, Value, as_dims, is_known

_Type = AttributeProto.AttributeType
_T = TypeVar("_T")


class Missing:
    """The default of an attribute that has none: the node must have it."""


REQUIRED = Missing()


class Node:
    """One node during conversion.

    Attributes:
        proto: the node of the model.
        version: the opset version of the node's domain in the graph or function it stands in.
        inputs: what its input names stand for; None where one is left out.
        builder: where its operations go.
        scope: the names visible to it.
        importer: the import as a whole: subgraphs, symbols, weights.
    """

    def __init__(
        self,
        proto: NodeProto,
        version: int,
        inputs: Sequence[Value],
        builder: Builder,
        scope: Scope,
        importer: Session,
    ) -> None:
        self.proto = proto
        self.version = version
        self.inputs = inputs
        self.builder = builder
        self.scope = scope
        self.importer = importer
        self._attributes: dict[str, AttributeProto] | None = None

    @property
    def op_type(self) -> str:
        """The operator's name."""
        return self.proto.op_type

    @property
    def location(self) -> LocationAttr:
        """Where the operations of this node come from."""
        return self.scope.location or node_location(self.proto)

    @property
    def num_outputs(self) -> int:
        """The number of outputs up to the last that has a name."""
        names = self.proto.output
        return max((i + 1 for i, name in enumerate(names) if name), default=0)

    def wants(self, position: int) -> bool:
        """Tell whether output `position` has a name, so that somebody may read it."""
        return position < len(self.proto.output) and bool(self.proto.output[position])

    def subgraph(
        self,
        graph: GraphProto,
        inputs: Sequence[Value],
        builder: Builder,
        follow: Follow | None = None,
    ) -> list[Value]:
        """Return the results of a subgraph of this node, converted into `builder`.

        With `follow`, what it makes of them; see `Session.subgraph`.

        Raises:
            ModelError: the graph takes another number of inputs.
        """
        if len(inputs) != len(graph.input):
            raise self.fail(f"its graph takes {len(graph.input)} inputs, {len(inputs)} are given")
        return self.importer.subgraph(graph, inputs, self.scope, builder, self.location, follow)

    # Errors

    def fail(self, message: str, hint: str | None = None) -> ModelError:
        """Return the error that this node is wrong."""
        return ModelError(self.location, message, hint=hint)

    def unsupported(self, what: str) -> UnsupportedNodeError:
        """Return the error that this node asks for something that Tyrex does not have."""
        hint = "replace the node, or register a converter"
        return UnsupportedNodeError(self.location, f"{what} is not supported", hint=hint)

    def unknown(self, what: str, value: Value) -> UnknownValueError:
        """Return the error that `value` must be known at compile time."""
        inputs = self.importer.origins(value) if isinstance(value, SSAValue) else ()
        return UnknownValueError(self.location, f"{what} is known only at run time", inputs)

    # Inputs

    def require(self, relation: str, found: IntExpr, expected: IntExpr, what: str) -> None:
        """Have a run check how two dims are related, unless they are numbers or the same."""
        if found != expected and not (found.is_constant and expected.is_constant):
            self.builder.insert(relax.CheckDimsOp(relation, found, expected, what))

    def has(self, position: int) -> bool:
        """Tell whether input `position` is there."""
        return position < len(self.inputs) and self.inputs[position] is not None

    def get(self, position: int) -> Value:
        """Return input `position`, or None."""
        return self.inputs[position] if position < len(self.inputs) else None

    def x(self, position: int = 0) -> Tensor:
        """Return input `position` as a tensor.

        Raises:
            ModelError: it is left out, or a sequence.
        """
        value = self.get(position)
        if value is None:
            raise self.fail(f"input {position} is missing")
        return self.item(value)

    def item(self, value: Value) -> Tensor:
        """Return a value as a tensor.

        Raises:
            ModelError: it is a sequence, or an absent optional.
        """
        if isinstance(value, Texts):
            raise self.unsupported(f"{self.op_type} of strings")
        if value is None or isinstance(value, tuple | Stacked | Listed):
            found = "an absent optional" if value is None else "a sequence"
            raise self.fail(f"found {found}, expected a tensor")
        return self.builder.tensor(value)

    def xs(self) -> list[Tensor]:
        """Return all inputs as tensors."""
        return [self.x(i) for i in range(len(self.inputs))]

    def opt(self, position: int) -> Tensor | None:
        """Return input `position` as a tensor, or None where it is left out."""
        return self.x(position) if self.has(position) else None

    def tensor(self, operand: Operand) -> Tensor:
        """Return `operand` as a tensor of this node's builder."""
        return self.builder.tensor(operand)

    def constant(self, value: object, dtype: np.dtype[Any] | type[Any]) -> Tensor:
        """Return a constant as a tensor."""
        return self.builder.tensor(np.asarray(value, dtype))

    def known(self, position: int, what: str) -> Known:
        """Return an input that must be known, perhaps as expressions.

        Raises:
            UnknownValueError: it is computed at run time.
        """
        value = self.get(position)
        if value is None:
            raise self.fail(f"input {position} ({what}) is missing")
        if isinstance(value, np.ndarray | Symbolic):
            return value
        raise self.unknown(what, value)

    def array(self, position: int, what: str) -> Array:
        """Return an input that must be known as numbers.

        Raises:
            UnknownValueError: it is computed at run time or depends on symbolic dims.
        """
        value = self.known(position, what)
        if isinstance(value, Symbolic):
            raise UnknownValueError(
                self.location,
                f"{what} depends on symbolic dims: "
                f"{', '.join(str(item) for item in value.array.reshape(-1))}",
            )
        return value

    def known_ints(self, position: int, what: str) -> list[int]:
        """Return an input that must be known as integers."""
        return [int(item) for item in self.array(position, what).reshape(-1)]

    def known_int(self, position: int, what: str) -> int:
        """Return an input that must be one known integer."""
        items = self.known_ints(position, what)
        if len(items) != 1:
            raise self.fail(f"{what} has {len(items)} elements, expected one")
        return items[0]

    def dims(self, position: int, what: str) -> tuple[IntExpr, ...]:
        """Return an input that must be known as integers or expressions."""
        value = self.known(position, what)
        try:
            return as_dims(value)
        except TypeError as error:
            raise self.fail(f"{what} holds fractions of dims") from error

    def known_dim(self, position: int, what: str) -> IntExpr:
        """Return an input that must be one known integer or expression."""
        items = self.dims(position, what)
        if len(items) != 1:
            raise self.fail(f"{what} has {len(items)} elements, expected one")
        return items[0]

    def is_all_known(self) -> bool:
        """Tell whether every input that is there is known at compile time."""
        return all(value is None or is_known(value) for value in self.inputs)

    def axis(self, axis: int, rank: int) -> int:
        """Return `axis` counted from the front.

        Raises:
            ModelError: it is out of range.
        """
        if not -rank <= axis < rank:
            raise self.fail(
                f"axis {axis} is out of range for rank {rank}", f"use {-rank}..{rank - 1}"
            )
        return axis % rank

    def axes(self, axes: Sequence[int], rank: int) -> list[int]:
        """Return `axes` counted from the front, sorted.

        Raises:
            ModelError: one is out of range or named twice.
        """
        found = sorted(self.axis(axis, rank) for axis in axes)
        if len(set(found)) != len(found):
            raise self.fail(f"axes {list(axes)} name an axis twice")
        return found

    # Attributes

    @property
    def attributes(self) -> dict[str, AttributeProto]:
        """The attributes by name; those of a function's caller are in place."""
        found = self._attributes
        if found is None:
            found = {}
            for attr in self.proto.attribute:
                if attr.ref_attr_name:
                    bound = self.scope.attribute(attr.ref_attr_name)
                    if bound is None:
                        continue  # the caller left it out: the operator's default holds
                    attr = bound
                    found[self._own_name(attr)] = attr
                else:
                    found[attr.name] = attr
            self._attributes = found
        return found

    def _own_name(self, bound: AttributeProto) -> str:
        return next(
            attr.name
            for attr in self.proto.attribute
            if attr.ref_attr_name and self.scope.attribute(attr.ref_attr_name) is bound
        )

    def _attr(self, name: str, kind: int, default: object) -> AttributeProto | None:
        attr = self.attributes.get(name)
        if attr is None:
            if default is REQUIRED:
                raise self.fail(f"attribute {name!r} is missing")
            return None
        if attr.type != kind:
            found = _Type.Name(attr.type)
            raise self.fail(f"attribute {name!r} is {found}, expected {_Type.Name(kind)}")
        return attr

    def integer(self, name: str, default: _T | Missing = REQUIRED) -> int | _T:
        """Return an integer attribute."""
        attr = self._attr(name, AttributeProto.INT, default)
        return attr.i if attr is not None else default  # pyright: ignore[reportReturnType]

    def integers(self, name: str, default: _T | Missing = REQUIRED) -> list[int] | _T:
        """Return an attribute that is a list of integers."""
        attr = self._attr(name, AttributeProto.INTS, default)
        return list(attr.ints) if attr is not None else default  # pyright: ignore[reportReturnType]

    def number(self, name: str, default: _T | Missing = REQUIRED) -> float | _T:
        """Return a float attribute."""
        attr = self._attr(name, AttributeProto.FLOAT, default)
        return attr.f if attr is not None else default  # pyright: ignore[reportReturnType]

    def numbers(self, name: str, default: _T | Missing = REQUIRED) -> list[float] | _T:
        """Return an attribute that is a list of floats."""
        attr = self._attr(name, AttributeProto.FLOATS, default)
        return list(attr.floats) if attr is not None else default  # pyright: ignore[reportReturnType]

    def text(self, name: str, default: _T | Missing = REQUIRED) -> str | _T:
        """Return a string attribute."""
        attr = self._attr(name, AttributeProto.STRING, default)
        if attr is None:
            return default  # pyright: ignore[reportReturnType]
        return attr.s.decode("utf-8", "replace")

    def texts(self, name: str, default: _T | Missing = REQUIRED) -> list[str] | _T:
        """Return an attribute that is a list of strings."""
        attr = self._attr(name, AttributeProto.STRINGS, default)
        if attr is None:
            return default  # pyright: ignore[reportReturnType]
        return [item.decode("utf-8", "replace") for item in attr.strings]

    def graph(self, name: str) -> GraphProto:
        """Return an attribute that is a graph."""
        attr = self._attr(name, AttributeProto.GRAPH, REQUIRED)
        assert attr is not None, "a required attribute is there"
        return attr.g

    def dtype(self, name: str, default: _T | Missing = REQUIRED) -> Attribute | _T:
        """Return an attribute that names an element type."""
        code = self.integer(name, None if isinstance(default, Missing) else -1)
        if code is None:
            raise self.fail(f"attribute {name!r} is missing")
        if code == -1:
            return default  # pyright: ignore[reportReturnType]
        return element_type(code, self.location)

    def tensor_attribute(self, name: str) -> Array | None:
        """Return a tensor attribute as an array, or None where it is left out."""
        attr = self._attr(name, AttributeProto.TENSOR, None)
        return None if attr is None else self.importer.reader.read(attr.t, self.location)

    def sparse_attribute(self, name: str) -> Array | None:
        """Return a sparse tensor attribute as a dense array, or None where it is left out."""
        attr = self._attr(name, AttributeProto.SPARSE_TENSOR, None)
        if attr is None:
            return None
        return read_sparse(self.importer.reader, attr.sparse_tensor, self.location)


def producers(value: SSAValue) -> list[BlockArgument]:
    """Return the block arguments that `value` is computed from."""
    found: dict[BlockArgument, None] = {}
    seen: set[SSAValue] = set()
    pending = [value]
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        if isinstance(current, BlockArgument):
            found[current] = None
        elif isinstance(current.owner, Operation):
            pending.extend(current.owner.operands)
    return list(found)
