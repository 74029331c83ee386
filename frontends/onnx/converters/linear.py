"""Products of matrices."""

from __future__ import annotations

from functools import reduce

from ....dialects import relax
from ..builder import Tensor
from ..node import Node
from ..registry import converter
from .elementwise import aligned


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Return NumPy's matmul: a vector is a row on the left, a column on the right."""
    row, column = a.rank == 1, b.rank == 1
    if row:
        a = a.unsqueeze([0])
    if column:
        b = b.unsqueeze([1])
    y = a.matmul(b)
    gone = [y.rank - 2] * row + [y.rank - 1] * column
    return y.squeeze(gone) if gone else y


@converter("MatMul")
def _(node: Node) -> Tensor:
    return matmul(node.x(0), node.x(1))


@converter("Gemm")
def _(node: Node) -> Tensor:
    alpha, beta = node.number("alpha", 1.0), node.number("beta", 1.0)
    a, b = node.x(0), node.x(1)
    if (a.rank, b.rank) != (2, 2):
        raise node.fail(f"inputs of {a.rank} and {b.rank} axes, expected matrices")
    y = a.matmul(b, bool(node.integer("transA", 0)), bool(node.integer("transB", 0)))
    if alpha != 1.0:
        y = y * alpha if y.is_float else y * int(alpha)
    c = node.opt(2)
    if c is None or beta == 0.0:
        return y
    if node.version < 7:
        c = aligned(node, y, c)
    elif c.rank <= y.rank:
        for axis, (dim, goal) in enumerate(zip(c.shape, y.shape[-c.rank or y.rank :], strict=True)):
            node.require(relax.EXPAND, dim, goal, f"axis {axis} of what is added")
    if beta != 1.0:
        c = c * beta if c.is_float else c * int(beta)
    return y + c


@converter("Einsum")
def _(node: Node) -> Tensor:
    return node.builder.emit(relax.EinsumOp, *node.xs(), equation=node.text("equation"))


_LARGEST_DETERMINANT = 5  # rows; expansion by minors has as many terms as rows' factorial


@converter("Det")
def _(node: Node) -> Tensor:
    x = node.x()
    size = x.shape[-1]
    if not size.is_constant or not 1 <= size.constant_value <= _LARGEST_DETERMINANT:
        raise node.unsupported(
            f"a determinant of {size} rows (1 to {_LARGEST_DETERMINANT} are expanded)"
        )
    rows = list(range(size.constant_value))
    cells = [[x.slice(x.rank - 2, i, 1).slice(x.rank - 1, j, 1) for j in rows] for i in rows]
    return _determinant(cells, 0, rows).squeeze([x.rank - 2, x.rank - 1])


def _determinant(cells: list[list[Tensor]], row: int, columns: list[int]) -> Tensor:
    """Return the determinant of the rows from `row` on and `columns`, expanded by its first row."""
    if len(columns) == 1:
        return cells[row][columns[0]]
    terms = [
        cells[row][column] * _determinant(cells, row + 1, columns[:k] + columns[k + 1 :])
        for k, column in enumerate(columns)
    ]
    return reduce(
        lambda total, k: total - terms[k] if k % 2 else total + terms[k],
        range(1, len(terms)),
        terms[0],
    )
