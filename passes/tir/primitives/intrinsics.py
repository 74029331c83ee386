"""Intrinsics for tensorize: what a tile computes, and code that computes it better.

Both are kernels with the same arguments; the description is one nest around one block, the
implementation may be anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import Attribute

from ....dialects import tir
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr


@dataclass(frozen=True, eq=False)
class Intrinsic:
    """A tile's meaning and its code."""

    description: tir.FuncOp
    implementation: tir.FuncOp


INTRINSICS: dict[str, Callable[[], Intrinsic]] = {}
"""Name -> how to build it."""


def register_intrinsic(name: str, build: Callable[[], Intrinsic]) -> None:
    """Make an intrinsic known to tensorize.

    Raises:
        ValueError: the name is taken.
    """
    if name in INTRINSICS:
        raise ValueError(f"intrinsic '{name}' is registered already; choose another name")
    INTRINSICS[name] = build


def _dot(length: int, operand: Attribute, result: Attribute) -> Intrinsic:
    """Return c[0] += sum over k of a[k] * b[k], the products summed as a tree."""
    described, d = _arguments("description", length, operand, result)
    a, b, c = d

    def update(k: IntExpr) -> None:
        left, right = (described.cast(described.load(x, k), result) for x in (a, b))
        described.store(c, [0], described.load(c, 0) + left * right)

    described.nest("dot", [(tir.IterKind.REDUCE, length)], update)
    code, (a, b, c) = _arguments("implementation", length, operand, result)
    terms: list[Value] = []
    for k in range(length):
        left, right = (code.cast(code.load(x, k), result) for x in (a, b))
        terms.append(left * right)
    while len(terms) > 1:
        terms = [x + y for x, y in zip(terms[::2], terms[1::2], strict=True)]
    code.store(c, [0], code.load(c, 0) + terms[0])
    return Intrinsic(described.build(), code.build())


def _arguments(
    name: str, length: int, operand: Attribute, result: Attribute
) -> tuple[KernelBuilder, tuple[Buffer, Buffer, Buffer]]:
    k = KernelBuilder(name)
    a, b = k.input((length,), operand), k.input((length,), operand)
    return k, (a, b, k.output((1,), result))


def _axpy(lanes: int) -> Intrinsic:
    """Return c[j] += a[0] * b[j], as one fused multiply-add of all lanes."""
    described, (a, b, c) = _axpy_arguments("description", lanes)

    def update(j: IntExpr) -> None:
        described.store(c, [j], described.load(c, j) + described.load(a, 0) * described.load(b, j))

    described.nest("axpy", [(tir.IterKind.SPATIAL, lanes)], update)
    code, (x, y, z) = _axpy_arguments("implementation", lanes)

    def fused(j: IntExpr) -> None:
        operands = [code.load(x, 0).ssa, code.load(y, j).ssa, code.load(z, j).ssa]
        op = math.FmaOp.create(
            operands=operands,
            result_types=[f32],
            properties={"fastmath": arith.FastMathFlagsAttr("none")},
        )
        code.append(op)
        code.store(z, [j], Value(op.results[0], f32, code))

    code.for_(lanes, fused, tir.ForKind.VECTORIZED)
    return Intrinsic(described.build(), code.build())


def _axpy_arguments(name: str, lanes: int) -> tuple[KernelBuilder, tuple[Buffer, Buffer, Buffer]]:
    k = KernelBuilder(name)
    a, b = k.input((1,), f32), k.input((lanes,), f32)
    return k, (a, b, k.output((lanes,), f32))


register_intrinsic("dot4_i32", lambda: _dot(4, i32, i32))
register_intrinsic("dot4_f32", lambda: _dot(4, f32, f32))
register_intrinsic("fma8_f32", lambda: _axpy(8))
register_intrinsic("fma16_f32", lambda: _axpy(16))
