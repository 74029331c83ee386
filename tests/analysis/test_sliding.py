"""Which loops around register tiles read again what another row has read."""

import pytest
from xdsl.context import Context
from xdsl.parser import Parser

from tyrex.analysis.sliding import slides_over_tile
from tyrex.dialects import register_all_dialects, tir

TILE = """
tir.func @k(%x: !tir.buffer<[64], f32>, %w: !tir.buffer<[3, 4], f32>) -> (%y: !tir.buffer<[64, 4], f32>) {{
  tir.for %s in 3 serial {{
    tir.for %u in {rows} unrolled {{
      tir.for %l in 4 vectorized {{
        %a = tir.load %y[%u, %l] : !tir.buffer<[64, 4], f32>
        %b = tir.load %x[{index}] : !tir.buffer<[64], f32>
        %c = tir.load %w[%s, %l] : !tir.buffer<[3, 4], f32>
        %m = arith.mulf %b, %c : f32
        %d = arith.addf %a, %m : f32
        tir.store %d, %y[%u, %l] : !tir.buffer<[64, 4], f32>
      }}
    }}
  }}
}}
"""  # noqa: E501  # a line of IR


@pytest.mark.parametrize(
    ("rows", "index", "expected"),
    [
        (28, "%u + %s", True),
        (28, "%u * 2 + %s * 2 + 1", True),
        (28, "%u * 2 + %s", False),  # a stride: taps side by side have nothing in common
        (28, "%u * 3", False),
        (28, "%s", False),
        (28, "(%u + %s) floordiv 2", False),
        (28, "%u + %s + %l", False),  # vectors are operands of multiply-adds, from memory
        (4, "%u + %s", False),  # registers are left for what taps share
    ],
)
def test_a_loop_slides_where_it_moves_as_rows_do(rows: int, index: str, expected: bool) -> None:
    module = Parser(
        register_all_dialects(Context()), TILE.format(rows=rows, index=index)
    ).parse_module()
    outermost = next(op for op in module.walk() if isinstance(op, tir.ForOp))
    assert slides_over_tile(outermost) is expected


def test_a_loop_around_no_tile_does_not() -> None:
    text = TILE.format(rows=28, index="%u + %s")
    module = Parser(register_all_dialects(Context()), text).parse_module()
    loops = [op for op in module.walk() if isinstance(op, tir.ForOp)]
    assert [slides_over_tile(loop) for loop in loops] == [True, False, False]
