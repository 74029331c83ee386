"""Tiles fit into the registers, and panels are made where they pay."""

import pytest
from xdsl.dialects.builtin import f32

from tyrex.analysis.nests import nest_of
from tyrex.analysis.steps import NestSteps, constant_extents
from tyrex.analysis.tiling import Tile, choose_order, choose_tile, operands, panel_pays
from tyrex.dialects.target import Target
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.symbolic import IntExpr

WIDE = Target("x86_64-linux-gnu", vector_bits=512, vector_registers=32, l2_bytes=2 << 20)
NARROW = Target("x86_64-linux-gnu", vector_bits=256, vector_registers=16)


def product(m: int, n: int, depth: int, *, swapped: bool = False) -> NestSteps:
    """Return the steps of `y[i, j] += a[i, q] b[q, j]`, or of `b[j, q]`."""
    k = KernelBuilder("product")
    a, b = k.input((m, depth), f32), k.input((n, depth) if swapped else (depth, n), f32)
    y = k.output((m, n), f32)

    def add(acc: Value, i: IntExpr, j: IntExpr, q: IntExpr) -> Value:
        return acc + k.load(a, i, q) * k.load(b, *((j, q) if swapped else (q, j)))

    k.reduce("product", y, (depth,), 0, add)
    root = k.build().body.block.first_op
    nest = nest_of(root) if root is not None else None
    assert nest is not None
    extents = constant_extents(nest)
    assert extents is not None
    return NestSteps(nest, extents)


def tile_of(steps: NestSteps, target: Target) -> Tile:
    tile = choose_tile(steps, target)
    assert tile is not None
    return tile


@pytest.mark.parametrize("target", [WIDE, NARROW])
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (128, 384), (197, 197), (1024, 1024)])
def test_accumulators_and_a_row_of_vectors_fit_into_registers(
    size: tuple[int, int], target: Target
) -> None:
    m, n = size
    tile = tile_of(product(m, max(n, 16), 64), target)
    assert tile.rows * tile.vectors + tile.vectors < target.vector_registers
    assert tile.rows <= m


def test_large_products_keep_both_units_busy() -> None:
    tile = tile_of(product(1024, 1024, 1024), WIDE)
    assert tile.rows * tile.vectors >= 20
    assert tile.rows > tile.vectors  # a row costs a number, a vector all its lanes


@pytest.mark.parametrize(
    ("steps", "pays"),
    [
        (product(512, 512, 512), True),
        (product(512, 512, 512, swapped=True), True),
        (product(4, 512, 512), False),  # read once by few rows
        (product(512, 32, 32), False),  # stays in the first-level cache
        (product(512, 32, 4096), False),  # rows of the operand are rows of the panel
    ],
    ids=["large", "transposed", "few rows", "small", "narrow"],
)
def test_panels_where_they_pay(steps: NestSteps, pays: bool) -> None:
    tile = tile_of(steps, WIDE)
    (moving,), _ = operands(steps, tile.lane_group[-1])
    assert panel_pays(steps, tile, moving, WIDE) == pays


def test_rows_that_no_cache_holds_run_in_blocks() -> None:
    steps = product(4096, 4096, 1024)
    tile = tile_of(steps, WIDE)
    order = choose_order(steps, tile, WIDE, 4096 // tile.rows, 4096 // (tile.vectors * tile.lanes))
    assert order.row_block * tile.rows * 1024 * 4 <= WIDE.l2_bytes // 2 < 4096 * 1024 * 4
    assert order.row_block > 1
