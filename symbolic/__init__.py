"""Integer expressions: one algebra for shapes, indices, predicates and memory."""

from .division import ceildiv
from .expr import (
    Atom,
    Bound,
    Bounds,
    FloorDiv,
    Interval,
    IntExpr,
    IntoExpr,
    Key,
    Max,
    Min,
    Mod,
    Monomial,
    Values,
    Var,
    as_expr,
    const,
    install,
    pos,
    var,
)
from .parse import ParseExprError, parse_expr
from .rewrite import RULES, max_, min_

install(RULES)

__all__ = [
    "Atom",
    "Bound",
    "Bounds",
    "FloorDiv",
    "IntExpr",
    "Interval",
    "IntoExpr",
    "Key",
    "Max",
    "Min",
    "Mod",
    "Monomial",
    "ParseExprError",
    "Values",
    "Var",
    "as_expr",
    "ceildiv",
    "const",
    "max_",
    "min_",
    "parse_expr",
    "pos",
    "var",
]
