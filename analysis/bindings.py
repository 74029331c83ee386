"""How blocks are bound to loops: whether two iterations of the loops are ever the same one.

Bindings are sums of pieces `scale * (source floordiv lower mod extent)`, as splits and fusions
leave them. They are injective where the pieces of each sum do not overlap (a mixed radix), the
pieces of each source together determine it, and every loop is in one source.
Source: TVM's iter map detection (src/arith/iter_affine_map.cc), the part that asks for injectivity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..dialects import tir
from ..symbolic import Bounds, FloorDiv, IntExpr, Key, Mod, Var, const, var
from .regions import context_bounds, enclosing_loops

Extents = Mapping[Key, IntExpr]
ONE = const(1)


@dataclass(frozen=True, eq=False)
class _Piece:
    """`scale * (source floordiv lower mod extent)`; extent None: all of the quotient."""

    source: IntExpr
    lower: IntExpr
    extent: IntExpr | None
    scale: IntExpr

    def size(self, bounds: Bounds) -> IntExpr | None:
        """Return how many values the piece takes, None where that is not known."""
        if self.extent is not None:
            return self.extent
        greatest = self.source.bounds(bounds)[1]
        if greatest is not None:
            return const(greatest) // self.lower + 1
        key = self.source.as_var()
        end = None if key is None else bounds.get(key.key, (None, None))[1]
        return None if end is None else (end // self.lower + 1)


def is_injective(exprs: Iterable[IntExpr], extents: Extents, others: Bounds | None = None) -> bool:
    """Tell whether expressions over loop variables tell every two iterations apart.

    Args:
        exprs: the expressions; variables that are not in `extents` are constants.
        extents: the loops' extents.
        others: the bounds of what is no loop.
    """
    bounds = {**(others or {}), **{key: (0, extent - 1) for key, extent in extents.items()}}
    by_source: dict[IntExpr, list[_Piece]] = {}
    for expr in exprs:
        pieces = _pieces(expr, extents)
        if pieces is None or not _is_mixed_radix(pieces, bounds):
            return False
        for piece in pieces:
            by_source.setdefault(piece.source, []).append(piece)
    seen: set[Key] = set()
    for source, pieces in by_source.items():
        inside = {key for key in source.free_vars() if key in extents}
        if seen & inside or not _determines(pieces, source, bounds):
            return False
        seen |= inside
        if source.as_var() is None:
            part = {key: extents[key] for key in inside}
            if not is_injective([source], part, bounds):
                return False
    return all(key in seen or extent is ONE for key, extent in extents.items())


def _pieces(expr: IntExpr, extents: Extents) -> list[_Piece] | None:
    """Return the pieces of a sum, None where a term is no piece."""
    found: list[_Piece] = []
    for mono, coef in expr.terms:
        moving = [a for a in mono.atoms if any(key in extents for key in _keys_of(a))]
        if not moving:
            continue
        if len(moving) > 1:
            return None
        scale = const(coef)
        for atom in mono.atoms:
            if atom is not moving[0]:
                if not isinstance(atom, Var):
                    return None
                scale = scale * var(atom.key)
        piece = _piece(moving[0], scale, extents)
        if piece is None:
            return None
        found.append(piece)
    return found


def _keys_of(atom: object) -> tuple[Key, ...]:
    if isinstance(atom, Var):
        return (atom.key,)
    args = getattr(atom, "args", ())
    return tuple(key for arg in args for key in arg.free_vars())


def _piece(atom: object, scale: IntExpr, extents: Extents) -> _Piece | None:
    match atom:
        case Var():
            return _Piece(var(atom.key), ONE, None, scale)
        case FloorDiv():
            source, lower = atom.args
            return None if _moves(lower, extents) else _Piece(source, lower, None, scale)
        case Mod():
            source, extent = atom.args
            if _moves(extent, extents):
                return None
            inner = source.as_atom()
            if isinstance(inner, FloorDiv) and not _moves(inner.args[1], extents):
                return _Piece(inner.args[0], inner.args[1], extent, scale)
            return _Piece(source, ONE, extent, scale)
        case _:
            return None


def _moves(expr: IntExpr, extents: Extents) -> bool:
    return any(key in extents for key in expr.free_vars())


def _order(expr: IntExpr) -> tuple[bool, int]:
    return (not expr.is_constant, expr.constant)


def _is_mixed_radix(pieces: Sequence[_Piece], bounds: Bounds) -> bool:
    """Tell whether each piece's scale is at least what the smaller ones reach together."""
    if len(pieces) == 1:
        return True
    reach = ONE
    for piece in sorted(pieces, key=lambda p: _order(_magnitude(p.scale))):
        scale, size = _magnitude(piece.scale), piece.size(bounds)
        if size is None or not (scale - reach).provably_ge0(bounds):
            return False
        reach = reach + scale * (size - 1)
    return True


def _magnitude(scale: IntExpr) -> IntExpr:
    return -scale if scale.is_constant and scale.constant < 0 else scale


def _determines(pieces: Sequence[_Piece], source: IntExpr, bounds: Bounds) -> bool:
    """Tell whether the pieces of a source are all of its digits."""
    covered: IntExpr = ONE
    for piece in sorted(pieces, key=lambda p: _order(p.lower)):
        if piece.lower is covered:
            if piece.extent is None:
                return True
            covered = piece.lower * piece.extent
    greatest = source.bounds(bounds)[1]
    return greatest is not None and (covered - (greatest + 1)).provably_ge0(bounds)


def is_affine(block: tir.BlockOp) -> bool:
    """Tell whether a block runs at most once for each value of its iteration variables.

    Asked of the loops around the block in its scope (the block or kernel around it).
    """
    bounds = context_bounds(block)
    extents = {loop.induction_var: loop.extent_expr() for loop in enclosing_loops(block)}
    conditions = block.exprs_over_values(block.conditions)
    extents = {key: _narrowed(key, e, conditions, bounds) for key, e in extents.items()}
    return is_injective(block.exprs_over_values(block.bindings), extents, bounds)


def _narrowed(key: Key, extent: IntExpr, conditions: Sequence[IntExpr], bounds: Bounds) -> IntExpr:
    """Return a loop's extent, less where a condition `r - c * i >= 0` ends it earlier."""
    for condition in conditions:
        split = condition.coefficient(key)
        if split is None or not split[0].is_constant or split[0].constant >= 0:
            continue
        most = split[1].bounds(bounds)[1]
        if most is not None:
            last = const(max(most, 0) // -split[0].constant + 1)
            extent = last if (extent - last).provably_ge0(bounds) else extent
    return extent
