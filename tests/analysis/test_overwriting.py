"""Which inputs an output may lie in."""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# KernelBuilder passes one index per axis: no signature names their number.

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import f32

from tyrex.analysis.overwriting import overwritable_inputs
from tyrex.dialects import tir
from tyrex.dialects.tir.compute import Buffer, KernelBuilder


def kernel(steps: Callable[[KernelBuilder, Buffer, Buffer, Buffer], None]) -> tir.FuncOp:
    k = KernelBuilder("k")
    x, r, y = k.input((8,), f32), k.input((8,), f32), k.output((8,), f32)
    steps(k, x, r, y)
    return k.build()


def sum_of_two(k: KernelBuilder, x: Buffer, r: Buffer, y: Buffer) -> None:
    k.compute("add", y, lambda i: k.load(x, i) + k.load(r, i))


def reversed_addend(k: KernelBuilder, x: Buffer, r: Buffer, y: Buffer) -> None:
    k.compute("add", y, lambda i: k.load(x, i) + k.load(r, 7 - i))


def both_ways(k: KernelBuilder, x: Buffer, r: Buffer, y: Buffer) -> None:
    k.compute("add", y, lambda i: k.load(x, i) + k.load(x, 7 - i) + k.load(r, i))


def chain_after_reduction(k: KernelBuilder, x: Buffer, r: Buffer, y: Buffer) -> None:
    t, u = k.temp((8,), f32), k.temp((8,), f32)
    k.reduce("total", t, (8,), 0.0, lambda acc, i, j: acc + k.load(x, j))
    k.compute("add", u, lambda i: k.load(t, i) + k.load(r, i))
    k.compute("neg", y, lambda i: -k.load(u, i))


def read_first_in_a_reduction(k: KernelBuilder, x: Buffer, r: Buffer, y: Buffer) -> None:
    t, s = k.temp((8,), f32), k.temp((1,), f32)
    k.compute("neg", t, lambda i: -k.load(x, i))
    k.reduce("total", s, (8,), 0.0, lambda acc, i, j: acc + k.load(t, j))
    k.compute("norm", y, lambda i: k.load(t, i) / k.load(s, 0))


def opaque(k: KernelBuilder, x: Buffer, r: Buffer, y: Buffer) -> None:
    k.opaque("copy", lambda: k.for_(8, lambda i: k.store(y, (i,), k.load(x, i))))


@pytest.mark.parametrize(
    ("steps", "inputs"),
    [
        (sum_of_two, (0, 1)),
        (reversed_addend, (0,)),
        (both_ways, (1,)),
        (chain_after_reduction, (1,)),
        (read_first_in_a_reduction, ()),
        (opaque, ()),
    ],
)
def test_inputs(
    steps: Callable[[KernelBuilder, Buffer, Buffer, Buffer], None], inputs: tuple[int, ...]
) -> None:
    assert overwritable_inputs(kernel(steps)) == inputs
