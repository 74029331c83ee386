from xdsl.dialects.builtin import ModuleOp

from tyrex.analysis.structure import Structures
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context

KERNEL = """
tir.func @{name}(%{x}: !tir.buffer<[{n}], f32>) -> (%y: !tir.buffer<[{n}], f32>) {{
  tir.for %i in {n} serial {{
    %v = tir.load %{x}[%i] : !tir.buffer<[{n}], f32>
    %w = {op} %v, %v : f32
    tir.store %w, %y[%i] : !tir.buffer<[{n}], f32>
  }}
}}
"""


def structure(name: str = "k", x: str = "x", n: int = 8, op: str = "arith.addf") -> str:
    text = KERNEL.format(name=name, x=x, n=n, op=op)
    module: ModuleOp = parse_module(compiler_context(), text)
    (kernel,) = module.body.ops
    return Structures().of(kernel)


def test_names_and_places_do_not_count() -> None:
    assert structure() == structure(name="other", x="data")


def test_what_is_computed_counts() -> None:
    assert len({structure(), structure(n=9), structure(op="arith.mulf")}) == 3


def test_which_value_is_used_counts() -> None:
    module = parse_module(
        compiler_context(),
        """
        tir.func @a(%x: !tir.buffer<[8], f32>, %y: !tir.buffer<[8], f32>)
            -> (%z: !tir.buffer<[8], f32>) {
          tir.for %i in 8 serial {
            %v = tir.load %x[%i] : !tir.buffer<[8], f32>
            tir.store %v, %z[%i] : !tir.buffer<[8], f32>
          }
        }
        tir.func @b(%x: !tir.buffer<[8], f32>, %y: !tir.buffer<[8], f32>)
            -> (%z: !tir.buffer<[8], f32>) {
          tir.for %i in 8 serial {
            %v = tir.load %y[%i] : !tir.buffer<[8], f32>
            tir.store %v, %z[%i] : !tir.buffer<[8], f32>
          }
        }
        """,
    )
    structures = Structures()
    first, second = (structures.of(op) for op in module.body.ops)
    assert first != second
