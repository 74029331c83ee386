"""The compute definition of convolution by minimal filtering, strip by strip.

for strips of tiles                          intermediates stay in the second-level cache
v[xi, c, t, .] = B^T x B                   (m + 2)^2 values of each tile; zeros around x
z[xi, o, t, .] = sum over c of u[xi, o, c] v[xi, c, t]      (m + 2)^2 matrix products
y = A^T z A                                m x m results of each tile, or the maxima of squares

A strip is a known number of tiles; where symbols decide the image, some of the last do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from xdsl.dialects.builtin import StringAttr

from ....dialects import relax, tir
from ....dialects.relax.winograd import Matrix
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, as_expr, ceildiv, min_
from .rules import rule

Buffers = Sequence[Buffer]
Conditions = list[IntExpr]  # each at least 0
# Fitted on an Intel core with 2 MiB of second-level cache: eight strips of seven convolutions.
NEAR_BYTES = 1280 << 10  # of weights and intermediates that stay in the second-level cache
WEIGHT_COST = 0.4  # what a byte of weights costs each time, in bytes that leave the cache
PRODUCT_COST = 1 / 3  # what a multiply-add costs, in the same
TILE_ROWS = 14  # of a register tile of two vectors in 32 registers
REST_COST = 0.04  # what a rest of fewer rows costs, by all of the product
STRIPS = (24, 12, 6)  # tiles of a strip in an image of any size: rows of register tiles divide them
SPATIAL = tir.IterKind.SPATIAL


@rule(relax.WinogradConvOp)
def _winograd_conv(k: KernelBuilder, op: relax.WinogradConvOp, ins: Buffers, outs: Buffers) -> None:
    # Its nests say nothing about it: like the direct convolution, it takes an epilogue.
    k.attributes["pattern"] = StringAttr("out_fusable")
    _Winograd(k, op, ins, outs[0]).build()


class _Winograd:
    """Builds one convolution; symbols may decide batch, height and width."""

    def __init__(
        self, k: KernelBuilder, op: relax.WinogradConvOp, ins: Buffers, out: Buffer
    ) -> None:
        self.k = k
        self.x, self.u = ins
        self.out = out
        self.filtering = relax.FILTERINGS[op.m.value.data]
        self.top, self.left = relax.ints(op.padding)[:2]
        self.pool = op.pooled
        self.batch, filters, height, width, lanes = out.shape
        self.height, self.width = height * self.pool, width * self.pool
        self.filters, self.lanes = filters.constant_value, lanes.constant_value
        self.columns = ceildiv(self.width, self.filtering.m)
        self.tiles = ceildiv(self.height, self.filtering.m) * self.columns

    def build(self) -> None:
        """Append the strips."""
        taps = self.filtering.alpha**2
        blocks = self.x.shape[1].constant_value
        per_tile = taps * self.lanes * (blocks + self.filters) * 4
        strip = self.strip_tiles(per_tile, taps * blocks * self.filters * self.lanes**2)
        count = ceildiv(self.tiles, strip)

        def body(n: IntExpr, s: IntExpr) -> None:
            scope = tir.GLOBAL if count * self.batch == 1 else tir.STACK
            dtype = self.out.dtype
            v = self.k.temp((taps, blocks, strip, self.lanes), dtype, scope)
            z = self.k.temp((taps, self.filters, strip, self.lanes), dtype, scope)
            self.transform_input(n, s * strip, v)
            self.multiply(v, z)
            self.transform_result(z, n, s * strip)

        if count * self.batch == 1:
            body(as_expr(0), as_expr(0))
        else:
            independent = tir.ForKind.PARALLEL
            self.k.for_(count * self.batch, lambda i: body(i // count, i % count), independent)

    def strip_tiles(self, per_tile: int, weights: int) -> int:
        """Return how many tiles a strip has: the number that moves the fewest bytes.

        Weights are read once per strip; intermediates that leave the second-level cache are
        written and read again.

        Args:
            per_tile: bytes of intermediates.
            weights: how many.
        """
        if not self.tiles.is_constant:
            return next((n for n in STRIPS if n * per_tile <= NEAR_BYTES), STRIPS[-1])
        tiles, weight_bytes = self.tiles.constant_value, 4 * weights
        beside = weight_bytes if weight_bytes <= NEAR_BYTES else 0  # else they only pass through

        def traffic(strip: int) -> float:
            leaving = max(0.0, 1 - NEAR_BYTES / (strip * per_tile + beside))
            found = WEIGHT_COST * weight_bytes * (tiles // strip) + leaving * tiles * per_tile
            rest = REST_COST * PRODUCT_COST * tiles * weights if strip % TILE_ROWS else 0.0
            return found + rest

        divisors = [n for n in range(tiles, 0, -1) if tiles % n == 0]
        return min(divisors, key=traffic)

    def corner(self, tile: IntExpr, strip: IntExpr, m: int) -> tuple[IntExpr, IntExpr]:
        """Return the first row and column of a tile's m x m values; of one too many, the last's."""
        if not self.tiles.is_multiple_of(strip.constant_value):
            tile = min_(tile, self.tiles - 1)
        return tile // self.columns * m, tile % self.columns * m

    def inside(
        self, index: IntExpr, offset: int, size: IntExpr, results: IntExpr, m: int
    ) -> Conditions:
        """Return when an element lies in an image along an axis: nothing where it always does.

        Args:
            index: of the element.
            offset: from the first result of its tile, which is one of the image's results.
            size: of the image.
            results: of all tiles.
            m: results of a tile.
        """
        found = [index] if offset < 0 else []
        beyond = size - results
        following = (results - 1) % m if results.is_constant else as_expr(0)
        if results.is_multiple_of(m):
            following = as_expr(m - 1)
        known = beyond + following  # elements that surely follow the first one
        is_known = known.is_constant and offset <= known.constant_value
        return found if is_known else [*found, size - 1 - index]

    def apply(self, matrix: Matrix, values: Sequence[Value]) -> list[Value]:
        """Return a matrix times a column of values; zeros cost nothing, ones no product."""
        results: list[Value] = []
        for row in matrix:
            terms = [(c, v) for c, v in zip(row, values, strict=True) if c != 0]
            terms.sort(key=lambda term: term[0] < 0)  # start with a positive term
            (first, start), *rest = terms
            total = start if first == 1 else start * float(first)
            for factor, v in rest:
                size = abs(factor)
                term = v if size == 1 else v * float(size)
                total = total + term if factor > 0 else total - term
            results.append(total)
        return results

    def both_sides(self, matrix: Matrix, tile: list[list[Value]]) -> list[list[Value]]:
        """Return `matrix tile matrix^T`."""
        columns = [self.apply(matrix, column) for column in zip(*tile, strict=True)]
        return [self.apply(matrix, row) for row in zip(*columns, strict=True)]

    def transform_input(self, n: IntExpr, first: IntExpr, v: Buffer) -> None:
        """Append `v = B^T x B` for every tile of the strip.

        Only elements at a tile's edge may lie outside of x: to test these costs less than a copy.
        """
        k, m, alpha, x = self.k, self.filtering.m, self.filtering.alpha, self.x

        def body(c: IntExpr, t: IntExpr, lane: IntExpr) -> None:
            row, column = self.corner(first + t, v.shape[2], m)

            def element(i: int, j: int) -> Value:
                down, right = i - self.top, j - self.left
                y, z = row + down, column + right
                where = self.inside(y, down, x.shape[2], self.height, m)
                where += self.inside(z, right, x.shape[3], self.width, m)
                return k.load(x, n, c, y, z, lane, where=where)

            tile = [[element(i, j) for j in range(alpha)] for i in range(alpha)]
            moved = self.both_sides(self.filtering.input, tile)
            for i in range(alpha):
                for j in range(alpha):
                    k.store(v, (i * alpha + j, c, t, lane), moved[i][j])

        extents = (v.shape[1], v.shape[2], self.lanes)
        k.nest("winograd_input", [(SPATIAL, e) for e in extents], body)

    def multiply(self, v: Buffer, z: Buffer) -> None:
        """Append the matrix products."""
        k, u = self.k, self.u

        def update(
            acc: Value, xi: IntExpr, o: IntExpr, t: IntExpr, lane: IntExpr, c: IntExpr, i: IntExpr
        ) -> Value:
            return acc + k.load(v, xi, c, t, i) * k.load(u, xi, o, c, i, lane)

        k.reduce("winograd_product", z, (v.shape[1], v.shape[3]), 0.0, update)

    def transform_result(self, z: Buffer, n: IntExpr, first: IntExpr) -> None:
        """Append `y = A^T z A` for every tile of the strip; what lies beyond y is dropped."""
        k, alpha = self.k, self.filtering.alpha
        m = self.filtering.m // self.pool  # of a tile's results in y
        is_whole = self.tiles.is_multiple_of(z.shape[2].constant_value)
        _, _, height, width, _ = self.out.shape

        def body(o: IntExpr, t: IntExpr, lane: IntExpr) -> None:
            row, column = self.corner(first + t, z.shape[2], m)
            tile = [
                [k.load(z, i * alpha + j, o, t, lane) for j in range(alpha)] for i in range(alpha)
            ]
            values = self.maxima(self.both_sides(self.filtering.result, tile))
            for i in range(m):
                for j in range(m):
                    y, x = row + i, column + j
                    where = [] if is_whole else [self.tiles - 1 - first - t]
                    where += self.inside(y, i, height, height, m)
                    where += self.inside(x, j, width, width, m)
                    k.store(self.out, (n, o, y, x, lane), values[i][j], where=where)

        extents = (z.shape[1], z.shape[2], self.lanes)
        k.nest("winograd_result", [(SPATIAL, e) for e in extents], body)

    def maxima(self, values: list[list[Value]]) -> list[list[Value]]:
        """Return the largest of each pool x pool values."""
        side = range(self.pool)
        corners = range(0, len(values), self.pool)

        def largest(i: int, j: int) -> Value:
            return reduce(self.k.max, (values[i + a][j + b] for a in side for b in side))

        return [[largest(i, j) for j in corners] for i in corners]
