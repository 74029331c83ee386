"""The dims of a model's inputs: numbers or symbols, and what the symbols are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from onnx import TensorShapeProto, TypeProto, ValueInfoProto
from xdsl.dialects.builtin import LocationAttr

from ...symbolic import IntExpr, ParseExprError, as_expr, parse_expr, var
from .errors import ModelError

_RESERVED = frozenset({"min", "max", "floordiv", "ceildiv", "mod"})  # words of the expressions
_ANONYMOUS = frozenset({"", "?", "None", "unk__0"})  # dim_params that name no dim


DimSize = int | tuple[int, int] | range
"""What a caller says of a named dim: its size, or between which it is, both ends included."""


def ends_of(size: tuple[int, int] | range) -> tuple[int, int]:
    """Return the least and the largest size of a range."""
    return (size[0], size[-1]) if isinstance(size, range) else size


def identifier(name: str) -> str:
    """Return `name` as an identifier of the IR."""
    text = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if not text or text[0].isdigit():
        text = f"d_{text}" if text else "d"
    return f"{text}_" if text in _RESERVED else text


def sizes_of(tensor: TypeProto.Tensor) -> list[int] | None:
    """Return the dims of a tensor whose symbols nobody names: -1 where one is not a number."""
    if not tensor.HasField("shape"):
        return None
    return [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]


@dataclass
class Symbols:
    """The symbols of a module under construction: unique identifiers, made on demand."""

    names: dict[str, str] = field(default_factory=dict[str, str])
    """Identifier -> the name in the model ("" where it has none)."""

    def fresh(self, name: str, original: str = "") -> str:
        """Return an identifier like `name` that nobody has yet."""
        base = identifier(name)
        found, count = base, 0
        while found in self.names:
            count += 1
            found = f"{base}_{count}"
        self.names[found] = original
        return found


class InputDims:
    """Gives every input its shape, from the model and what the caller has fixed."""

    def __init__(
        self,
        symbols: Symbols,
        dims: Mapping[str, DimSize],
        shapes: Mapping[str, Sequence[int]],
        where: LocationAttr,
    ) -> None:
        self._symbols = symbols
        self._where = where
        self._dims = dims
        self._shapes = shapes
        self._values: dict[str, IntExpr] = {}
        self._named: set[str] = set()

    def resolve(self, inputs: Sequence[ValueInfoProto]) -> dict[str, tuple[IntExpr, ...]]:
        """Return the shape of each input.

        Raises:
            ModelError: an unknown name, another rank, a conflict between dims, an unknown rank.
        """
        self._named = {dim.dim_param for value in inputs for dim in _proto_shape(value)}
        self._fix_dims(inputs)
        by_name = {value.name: value for value in inputs}
        for name, shape in self._shapes.items():
            if name not in by_name:
                raise self._no_such("input", name, by_name)
            self.fix(by_name[name], shape, "shapes=")
        return {value.name: self._shape(value) for value in inputs}

    def _fix_dims(self, inputs: Sequence[ValueInfoProto]) -> None:
        named: dict[str, str] = {}
        for value in inputs:
            for dim in _proto_shape(value):
                if dim.dim_param not in _ANONYMOUS:
                    named.setdefault(identifier(dim.dim_param), dim.dim_param)
                    named[dim.dim_param] = dim.dim_param
        for name, size in self._dims.items():
            if name not in named:
                raise self._no_such("dim", name, dict.fromkeys(named.values()))
            if not isinstance(size, int):
                continue  # it stays a symbol
            self._fix(named[name], size, f"dims={{{name!r}: {size}}}")

    def fix(self, value: ValueInfoProto, shape: Sequence[int], source: str) -> None:
        """Fix the dims that an input names, as its shape is known from argument `source`.

        Raises:
            ModelError: the model says another rank or dim, or a dim is known to be another.
        """
        dims = _proto_shape(value)
        if tensor_info(value).HasField("shape") and len(dims) != len(shape):
            raise ModelError(
                self._where,
                f"{source} gives input {value.name!r} {len(shape)} dims {tuple(shape)}; "
                f"the model says {len(dims)}: {_show(dims)}",
            )
        for dim, size in zip(dims, shape, strict=False):
            if dim.HasField("dim_value") and 0 <= dim.dim_value != size:
                raise ModelError(
                    self._where,
                    f"{source} gives input {value.name!r} the shape {tuple(shape)}; "
                    f"the model says {_show(dims)}",
                )
            if dim.dim_param not in _ANONYMOUS:
                self._fix(dim.dim_param, size, f"{source} {{{value.name!r}: {tuple(shape)}}}")

    def _fix(self, name: str, size: int, source: str) -> None:
        if size < 0:
            raise ModelError(self._where, f"{source}: a dim cannot be {size}")
        known = self._values.setdefault(name, as_expr(size))
        if known != size:
            raise ModelError(
                self._where, f"{source} makes dim {name!r} {size}, but it is {known} already"
            )

    def _no_such(self, kind: str, name: str, known: Iterable[str]) -> ModelError:
        names = ", ".join(repr(item) for item in known) or "none"
        return ModelError(self._where, f"the model has no {kind} {name!r}; it has {names}")

    def _shape(self, value: ValueInfoProto) -> tuple[IntExpr, ...]:
        given = self._shapes.get(value.name)
        if given is not None:
            for i, dim in enumerate(_proto_shape(value)):
                if dim.dim_param not in _ANONYMOUS:
                    self._dim(value.name, i, dim)  # an expression must come out as given
            return tuple(as_expr(size) for size in given)
        if not tensor_info(value).HasField("shape"):
            raise ModelError(
                self._where,
                f"the model does not say how many dims input {value.name!r} has",
                hint=f"say so with from_onnx(..., shapes={{{value.name!r}: (...)}})",
            )
        return tuple(self._dim(value.name, i, dim) for i, dim in enumerate(_proto_shape(value)))

    def _dim(self, name: str, axis: int, dim: TensorShapeProto.Dimension) -> IntExpr:
        if dim.HasField("dim_value") and dim.dim_value >= 0:
            return as_expr(dim.dim_value)
        param = dim.dim_param
        if param in _ANONYMOUS:
            return var(self._symbols.fresh(f"{identifier(name)}_{axis}"))
        known = self._values.get(param)
        computed = self._computed(name, axis, param)
        if known is None:
            known = var(self._symbols.fresh(param, param)) if computed is None else computed
            self._values[param] = known
        elif computed is not None and computed.is_constant and computed != known:
            raise ModelError(
                self._where, f"dim {param!r} of input {name!r} is {computed}, but {known} is given"
            )
        return known

    def _computed(self, name: str, axis: int, param: str) -> IntExpr | None:
        """Return a dim that the model writes as an expression of other dims of the inputs.

        Exporters of language models write `past_length + length`.
        """
        if param.isidentifier():
            return None
        try:
            expr = parse_expr(param)
        except ParseExprError:
            return None
        keys = [str(key) for key in expr.free_vars()]
        if not all(key.isidentifier() and key in self._named for key in keys):
            return None
        parts = {key: self._dim(name, axis, _dim_named(key)) for key in keys}
        return expr.substitute(parts)


def _dim_named(param: str) -> TensorShapeProto.Dimension:
    return TensorShapeProto.Dimension(dim_param=param)


def tensor_info(value: ValueInfoProto) -> TypeProto.Tensor:
    """Return what the model says of an input's tensor; an optional one is there."""
    if value.type.WhichOneof("value") == "optional_type":
        return value.type.optional_type.elem_type.tensor_type
    return value.type.tensor_type


def _proto_shape(value: ValueInfoProto) -> Sequence[TensorShapeProto.Dimension]:
    return tensor_info(value).shape.dim


def _show(dims: Sequence[TensorShapeProto.Dimension]) -> str:
    shown = (
        str(dim.dim_value) if dim.HasField("dim_value") else dim.dim_param or "?" for dim in dims
    )
    return "(" + ", ".join(shown) + ")"
