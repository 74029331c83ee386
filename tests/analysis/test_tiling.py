"""Register tiles: what fits into the registers, and what keeps the memory's pace."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import f32

from tyrex.analysis.nests import Nest, statements
from tyrex.analysis.steps import NestSteps, constant_extents
from tyrex.analysis.tiling import FMA_IN_FLIGHT, Tile, choose_tile
from tyrex.dialects.machine import Target
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.symbolic import IntExpr

AVX512 = Target("x86_64-linux-gnu", vector_bits=512, vector_registers=32)
AVX2 = Target("x86_64-linux-gnu", vector_bits=256, vector_registers=16)
NEON = Target("aarch64-linux-gnu", vector_bits=128, vector_registers=32)


def tile_of(pixels: int, blocks: int, target: Target) -> Tile:
    """Return the tile of a 1 x 1 convolution of 512 channels in blocks."""
    lanes = target.lanes(4)
    k = KernelBuilder("conv")
    x = k.input((512 // lanes, pixels, lanes), f32)
    w = k.input((blocks, 512 // lanes, lanes, lanes), f32)
    y = k.output((blocks, pixels, lanes), f32)

    def update(acc: Value, o: IntExpr, p: IntExpr, lane: IntExpr, c: IntExpr, i: IntExpr) -> Value:
        return acc + k.load(x, c, p, i) * k.load(w, o, c, i, lane)

    k.reduce("conv", y, (512 // lanes, lanes), 0.0, update)
    (nest,) = statements(k.build())
    assert isinstance(nest, Nest)
    extents = constant_extents(nest)
    assert extents is not None
    tile = choose_tile(NestSteps(nest, extents), target)
    assert tile is not None
    return tile


@pytest.mark.parametrize("target", [AVX512, AVX2, NEON])
@pytest.mark.parametrize("pixels", [7, 49, 169, 196, 3136])
@pytest.mark.parametrize("blocks", [1, 3, 16, 63])
def test_a_tile_in_blocks_fits_and_keeps_the_units_busy(
    target: Target, pixels: int, blocks: int
) -> None:
    tile = tile_of(pixels, blocks, target)
    assert tile.lanes == target.lanes(4)
    assert tile.rows <= pixels
    assert tile.vectors <= blocks
    assert tile.is_blocked or blocks == 1
    # The vectors of a step, and the number that they are multiplied by, have registers too.
    assert tile.rows * tile.vectors + tile.vectors + 1 <= target.vector_registers
    if pixels * blocks >= FMA_IN_FLIGHT:
        assert tile.rows * tile.vectors >= min(FMA_IN_FLIGHT, pixels)


def test_weights_that_come_from_afar_are_used_by_many_rows() -> None:
    assert tile_of(196, 16, AVX512).rows == 14
    assert tile_of(3136, 64, AVX512).rows == 14
