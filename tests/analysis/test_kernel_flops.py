import pytest

from tyrex.analysis.kernel_flops import kernel_flops
from tyrex.dialects import tir
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.symbolic import IntExpr, var

MATMUL = """
tir.func @matmul(%a: !tir.buffer<[4, 8], f32>, %b: !tir.buffer<[8, 2], f32>) -> (%c: !tir.buffer<[4, 2], f32>) {
  tir.for %i in 4 serial {
    tir.for %j in 2 serial {
      tir.for %k in 8 serial {
        tir.block "c" (%vi: spatial(4) = %i, %vj: spatial(2) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[4, 2], f32>
        } {
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[4, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 2], f32>
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[4, 2], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[4, 2], f32>
        }
      }
    }
  }
}
"""  # noqa: E501  # IR


def flops(text: str) -> IntExpr | None:
    func = parse_module(compiler_context(), text, "kernel.mlir").body.block.first_op
    assert isinstance(func, tir.FuncOp)
    return kernel_flops(func)


def test_a_matrix_product_is_two_for_each_step() -> None:
    assert flops(MATMUL) == 2 * 4 * 2 * 8


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("%w = arith.addf %v, %v : f32", 8),
        ("%w = math.tanh %v : f32", 8),
        ("%c = arith.cmpf olt, %v, %v : f32\n %w = arith.select %c, %v, %v : f32", 0),
    ],
)
def test_what_counts(body: str, count: int) -> None:
    text = f"""
    tir.func @k(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {{
      tir.for %i in 8 serial {{
        %v = tir.load %x[%i] : !tir.buffer<[8], f32>
        {body}
        tir.store %w, %y[%i] : !tir.buffer<[8], f32>
      }}
    }}"""
    assert flops(text) == count


def loop(extent: str) -> str:
    return f"""
    tir.func @k<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) {{
      tir.for %j in 4 serial {{
        tir.for %i in {extent} serial {{
          %v = tir.load %x[%i] : !tir.buffer<[n], f32>
          %w = arith.addf %v, %v : f32
          tir.store %w, %y[%i] : !tir.buffer<[n], f32>
        }}
      }}
    }}"""


def test_symbols_stay() -> None:
    assert flops(loop("n")) == 4 * var("n")


def test_an_extent_that_a_loop_decides_is_not_known() -> None:
    assert flops(loop("min(n, %j)")) is None
