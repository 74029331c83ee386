"""Shapes in the native code of one function: dims without names, and symbols told on the way.

A symbol that the function tells on its way is a number from there on. A dim without a name goes
along with the tensor's address, as a symbol that no program can name.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...analysis.kernel_symbols import Dims, solve_symbols
from ...dialects import relax, vm
from ...symbolic import IntExpr, var
from .host_builder import HostBuilder, missing


class HostShapes:
    """The shapes of the values of one function."""

    def __init__(self, f: HostBuilder) -> None:
        self._f = f
        self._found: dict[SSAValue, tuple[IntExpr, ...]] = {}
        """Those that a value's type does not say."""
        self._told: dict[str, Block | None] = {}
        self._num_dims = 0

    def unknown_axes(self, op: Operation, type_: Attribute) -> list[int]:
        """Return the axes of a tensor whose dims have no name."""
        if isinstance(type_, relax.ShapeType) and type_.rank is not None:
            return []
        if not isinstance(type_, relax.TensorType) or type_.shape is None:
            raise missing(op, f"a value of type {type_}")
        return [axis for axis, dim in enumerate(type_.shape) if dim is None]

    def name(self, value: SSAValue, extents: Sequence[SSAValue]) -> None:
        """Give the dims of a value that have no name one that stands for a number."""
        found = iter(extents)
        if extents and isinstance(value.type, relax.TensorType):
            dims = value.type.shape or ()
            self._found[value] = tuple(self.dim(next(found)) if d is None else d for d in dims)

    def dim(self, number: SSAValue) -> IntExpr:
        """Return a new symbol, which no program can name, for a number that is not negative."""
        self._num_dims += 1
        name = f"dim {self._num_dims}"
        self._set(name, number)
        return var(name)

    def of(self, op: Operation, value: SSAValue) -> tuple[IntExpr, ...]:
        """Return the shape of a tensor."""
        known = value.type.known_shape() if isinstance(value.type, relax.TensorType) else None
        found = self._found.get(value) if known is None else known
        if found is None:
            raise missing(op, f"a value of type {value.type}")
        return found

    def set(self, value: SSAValue, shape: tuple[IntExpr, ...]) -> None:
        """Say what the shape of a tensor is."""
        self._found[value] = shape

    def is_found(self, value: SSAValue) -> bool:
        """Tell whether the shape of a tensor is said otherwise than by its type."""
        return value in self._found

    def match(
        self, op: Operation, found: Sequence[IntExpr], wanted: relax.TensorType, what: str
    ) -> tuple[IntExpr, ...]:
        """Tell the symbols that a type names first; check its other dims. Return the shape."""
        f, names = self._f, list(relax.new_symbols(op))
        pairs = list(zip(found, wanted.shape or (), strict=True))
        for extent, dim in pairs:
            symbol = None if dim is None else dim.as_var()
            if symbol is not None and symbol.key in names:
                names.remove(str(symbol.key))
                self._tell(op, str(symbol.key), f.number(op, extent))
        if names:
            raise missing(op, f"the symbol '{names[0]}', which no dim is,")
        for axis, (extent, dim) in enumerate(pairs):
            if (
                dim is not None
                and dim is not extent
                and f.number(op, dim) is not f.number(op, extent)
            ):
                pair = f.number(op, extent), f.number(op, dim)
                place = f"{what}: expected {dim} in dimension {axis}, {wanted}"
                f.fail_dims(op, f.b.icmp("ne", *pair), place, relax.EQUAL, pair)
        return tuple(extent if dim is None else dim for extent, dim in pairs)

    def callee_symbols(self, op: vm.InvokeOp, callee: vm.FuncOp) -> dict[str, IntExpr]:
        """Return the symbols of a callee over those of the function."""
        dims: list[Dims] = []
        for declared, arg in zip(callee.function_type.inputs, op.args, strict=True):
            if isinstance(declared, relax.TensorType):
                dims += zip(declared.known_shape() or (), self.of(op, arg), strict=False)
        symbols = solve_symbols(sorted(dims, key=lambda pair: pair[0].as_var() is None))
        is_same = all(d.substitute(dict(symbols)) is f for d, f in dims if not d.is_constant)
        if not is_same or any(name not in symbols for name in callee.symbol_names):
            raise missing(op, f"a call of @{op.callee_name} whose symbols only a run can tell")
        return symbols

    def _tell(self, op: Operation, name: str, number: SSAValue) -> None:
        """Have a symbol stand for a number from here on."""
        first = self._f.func.body.first_block
        if name in self._f.own or (self._told.get(name) is first and name in self._told):
            raise missing(op, f"the symbol '{name}', which is told twice,")
        self._told[name] = op.parent
        self._set(name, number)

    def _set(self, name: str, number: SSAValue) -> None:
        self._f.exprs.values[name], self._f.exprs.bounds[name] = number, (0, None)
