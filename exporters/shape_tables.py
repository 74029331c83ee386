"""Shapes that are known when a model runs, as tables of C: what native/shapes.c reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ..runtime.bytecode import ArgKind, Function, Param, Program, TensorSpec
from ..runtime.dims import Dim, SymbolicDim
from ..runtime.image import Layout

MAX_DEPTH = 64
"""Of the stack that evaluates a dim: native/shapes.c has so much room."""

_OPERATIONS = {
    **{"+": "TYREX_ADD", "*": "TYREX_MULTIPLY", "floordiv": "TYREX_FLOORDIV"},
    **{"mod": "TYREX_MOD", "min": "TYREX_MIN", "max": "TYREX_MAX"},
}


def shape_tables(program: Program, main: Function) -> str:
    """Return the definition of `shapes`, a tyrex_shapes, for a function with symbols.

    Raises:
        NotImplementedError: a dim needs more room than native code has.
    """
    tables = _Tables([symbol.name for symbol in main.symbols])
    layout = Layout(program, main)
    sizes: list[Dim] = [
        program.dims[arg.value] if arg.kind is ArgKind.DIM else arg.value
        for arg in layout.storages.values()
    ]
    inputs, outputs = tables.sides("input", main.params), tables.sides("output", main.results)
    size_table = tables.dims("sizes", sizes)
    symbols = ", ".join(
        f"{{{_text(symbol.name)}, {_number(symbol.lower)},"
        f" {'INT64_MAX' if symbol.upper is None else _number(symbol.upper)}}}"
        for symbol in main.symbols
    )
    positions = {symbol.name: i for i, symbol in enumerate(main.symbols)}
    tells = ", ".join(
        f"{{{positions[name]}, {value}, {axis}}}" for name, value, axis in layout.matcher.order
    )
    return "\n".join(
        [
            *tables.lines,
            f"static const tyrex_symbol symbols[] = {{{symbols}}};",
            f"static const tyrex_tell tells[] = {{{tells}}};",
            "static const tyrex_shapes shapes = {",
            f"    {len(main.symbols)}, {len(layout.matcher.order)}, {len(sizes)}, symbols, tells,",
            f"    {inputs}, {outputs}, {size_table}}};",
        ]
    )


class _Tables:
    """The tables of dims so far, as lines of C."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._positions = {name: i for i, name in enumerate(symbols)}
        self.lines: list[str] = []

    def sides(self, side: str, parameters: Iterable[Param]) -> str:
        """Add the dims of what goes in, or comes out; return the table of their tables."""
        names: list[str] = []
        for index, (_, spec) in enumerate(parameters):
            assert isinstance(spec, TensorSpec), "native code takes and returns tensors"
            names.append(self.dims(f"{side}{index}_dims", spec.shape or ()))
        self.lines.append(
            f"static const tyrex_dim *const {side}_dims[] = {{{', '.join(names) or 'NULL'}}};"
        )
        return f"{side}_dims"

    def dims(self, name: str, dims: Sequence[Dim]) -> str:
        """Add a table of dims; return its name."""
        rows: list[str] = []
        for index, dim in enumerate(dims):
            code = dim.code if isinstance(dim, SymbolicDim) else (dim or 0,)
            _check_depth(code)
            tokens = ", ".join(map(self._token, code))
            self.lines.append(f"static const tyrex_token {name}{index}[] = {{{tokens}}};")
            rows.append(f"{{{name}{index}, {len(code)}, {_text(str(dim))}}}")
        rows = rows or ['{NULL, 0, ""}']
        self.lines.append(f"static const tyrex_dim {name}[] = {{{', '.join(rows)}}};")
        return name

    def _token(self, token: int | str) -> str:
        if isinstance(token, int):
            return f"{{TYREX_NUMBER, {_number(token)}}}"
        operation = _OPERATIONS.get(token)
        if operation is not None:
            return f"{{{operation}, 0}}"
        return f"{{TYREX_SYMBOL, {self._positions[token]}}}"


def _check_depth(code: Sequence[int | str]) -> None:
    depth = deepest = 0
    for token in code:
        depth += -1 if token in _OPERATIONS else 1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise NotImplementedError(
            f"export: the dim {SymbolicDim(tuple(code))} is nested deeper than {MAX_DEPTH}"
        )


def _number(value: int) -> str:
    """Return a literal; the smallest int64_t has none of its own."""
    return "INT64_MIN" if value == -(2**63) else f"INT64_C({value})"


def _text(text: str) -> str:
    """Return an identifier, or an expression of them, as a literal."""
    return json.dumps(text)
