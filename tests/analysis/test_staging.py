"""Staging: the pieces of a copy that tiles read, and when a copy is made in pieces."""

from __future__ import annotations

from dataclasses import replace

import pytest
from xdsl.dialects.builtin import f32

from tyrex.analysis.nests import Nest, statements
from tyrex.analysis.staging import Staging, choose_staging
from tyrex.analysis.steps import NestSteps, constant_extents
from tyrex.analysis.tiling import choose_tile
from tyrex.dialects.machine import Target
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.symbolic import IntExpr, as_expr, const

MACHINE = Target("x86_64-linux-gnu", vector_bits=512, vector_registers=32, cores=2)


def depthwise(channels: int, size: int, stride: int = 1, rows_in_shape: int = 3) -> list[Nest]:
    """Return the nests of a copy [C, H + 2, W + 2, 16] and of what reads it."""
    k = KernelBuilder("depthwise")
    out = (size + 2 - rows_in_shape) // stride + 1
    x = k.input((channels, size, size, 16), f32)
    w = k.input((channels, rows_in_shape, 3, 16), f32)
    y = k.output((channels, out, out, 16), f32)
    p = k.temp((channels, size + 2, size + 2, 16), f32)

    def pad(c: IntExpr, i: IntExpr, j: IntExpr, lane: IntExpr) -> Value:
        where = (i - 1, size - i, j - 1, size - j)
        return k.load(x, c, i - 1, j - 1, lane, where=where)

    k.compute("pad", p, pad)

    def update(
        acc: Value, c: IntExpr, i: IntExpr, j: IntExpr, lane: IntExpr, r: IntExpr, s: IntExpr
    ) -> Value:
        value = k.load(p, c, i * stride + r, j * stride + s, lane)
        return acc + value * k.load(w, c, r, s, lane)

    k.reduce("depthwise", y, (rows_in_shape, 3), 0.0, update)
    return [nest for nest in statements(k.build()) if isinstance(nest, Nest)]


def staging_of(nests: list[Nest], machine: Target = MACHINE) -> Staging | None:
    pad, conv = nests
    extents = constant_extents(conv)
    assert extents is not None
    steps = NestSteps(conv, extents)
    tile = choose_tile(steps, machine)
    assert tile is not None
    return choose_staging(steps, tile, pad, machine)


@pytest.mark.parametrize(("size", "stride"), [(56, 1), (57, 2), (112, 1)])
def test_a_piece_is_what_its_rows_read(size: int, stride: int) -> None:
    nests = depthwise(4, size, stride)
    staging = staging_of(nests)
    assert staging is not None
    out = nests[1].extents[1].constant_value
    assert (staging.points, staging.strip) == ((0,), 1)
    assert 1 <= staging.rows <= out
    assert staging.shape == (1, (staging.rows - 1) * stride + 3, size + 2, 16)
    origin = staging.origin({0: const(2), 1: const(staging.rows)})
    assert origin == [as_expr(i) for i in (2, staging.rows * stride, 0, 0)]
    assert staging.with_rows(1).shape == (1, 3, size + 2, 16)


def test_a_piece_stays_near_and_there_is_work_for_every_core() -> None:
    staging = staging_of(depthwise(4, 112))
    assert staging is not None
    assert 4 * 114 * 16 * (staging.rows + 2) <= MACHINE.l2_bytes // 8
    many = staging_of(depthwise(1, 24), replace(MACHINE, cores=6, l2_bytes=1 << 24))
    assert many is not None
    assert 24 // many.rows >= 4 * 6


def test_no_pieces_where_one_would_be_all() -> None:
    assert staging_of(depthwise(1, 1)) is None


def test_no_pieces_beside_what_does_not_stay_near() -> None:
    assert staging_of(depthwise(4, 56), replace(MACHINE, l2_bytes=2048)) is None
