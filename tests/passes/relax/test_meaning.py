"""Passes keep what a program computes: random programs, run before and after in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, f32, f64, i1
from xdsl.ir import Block, Operation, Region, SSAValue

from tyrex.dialects import get_all_dialects, relax
from tyrex.dialects.relax import Array
from tyrex.dialects.verify import verify_module
from tyrex.interpreters.relax import run
from tyrex.passes import get_all_passes
from tyrex.passes.pipelines import PIPELINES
from tyrex.symbolic import IntExpr, as_expr, var

SEEDS = range(6)
NUM_OPS = 25
UNARY = (relax.ReluOp, relax.SigmoidOp, relax.TanhOp, relax.NegOp, relax.AbsOp)
BINARY = (relax.AddOp, relax.MultiplyOp, relax.SubtractOp, relax.MaximumOp, relax.MinimumOp)
REDUCTIONS = (relax.SumOp, relax.MeanOp, relax.MaxOp, relax.MinOp)


class Program:
    """A random function of two images, a matrix and a bool, of f64."""

    SHAPES: tuple[tuple[int | str, ...], ...] = ((1, 4, 6, 6), (1, 4, 6, 6), (6, 8))

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        shapes = [[var(d) if isinstance(d, str) else as_expr(d) for d in s] for s in self.SHAPES]
        types = [relax.TensorType.of(shape, f64) for shape in shapes]
        types.append(relax.TensorType.of((), i1))
        self.entry = self.block = Block(arg_types=types)
        self.cond = self.entry.args[3]
        self.pool: list[SSAValue] = list(self.entry.args[:3])
        self.inputs: list[Array] = [
            self.rng.standard_normal([d.evaluate({"n": 5}) for d in shape]) for shape in shapes
        ]
        self.inputs.append(np.array(self.rng.integers(2), bool))

    # -- material ----------------------------------------------------------------------------

    def add(self, op: Operation) -> SSAValue:
        self.block.add_op(op)
        return op.results[0]

    def constant(self, *shape: int) -> SSAValue:
        kind = self.rng.integers(6)
        array = self.rng.standard_normal(shape)
        if kind < 3:
            array = np.full(shape, float(kind))
        return self.add(relax.ConstantOp(array.astype(np.float64)))

    def pick(self, rank: int | None = None) -> SSAValue:
        fitting = [v for v in self.pool if rank is None or len(dims_of(v)) == rank]
        # Mostly the latest: chains, not bushes.
        place = max(len(fitting) - 1 - int(self.rng.exponential(1.5)), 0)
        return fitting[place]

    def axes(self, rank: int) -> list[int]:
        return [a for a in range(rank) if self.rng.integers(2)] or [rank - 1]

    # -- operators ---------------------------------------------------------------------------

    def unary(self) -> SSAValue:
        return self.add(UNARY[self.rng.integers(len(UNARY))](self.pick()))

    def binary(self) -> SSAValue:
        a = self.pick()
        shape = shape_of(a)
        same = [v for v in self.pool if shape_of(v) == shape]
        row = [d if self.rng.integers(2) else 1 for d in shape]
        b = same[self.rng.integers(len(same))] if self.rng.integers(2) else self.constant(*row)
        operands = (a, b) if self.rng.integers(2) else (b, a)
        return self.add(BINARY[self.rng.integers(len(BINARY))](*operands))

    def scaled_conv(self) -> SSAValue:
        x = self.pick(4)
        channels, k = shape_of(x)[1], int(self.rng.choice([1, 3]))
        groups = 2 if channels % 2 == 0 and self.rng.integers(2) else 1
        pads = [k // 2] * 4
        window: dict[str, Any] = {
            "strides": [1, 1],
            "dilations": [1, 1],
            "padding": pads,
            "groups": groups,
        }
        if self.rng.integers(3):
            w = self.constant(4, channels // groups, k, k)
            y = self.add(relax.ConvOp(x, w, **window))
        elif self.rng.integers(2):
            y = self.upsampled(x)
        else:
            w = self.constant(channels, 4 // groups, k, k)
            y = self.add(relax.ConvTransposeOp(x, w, output_padding=[0, 0], **window))
        self.pool.append(y)
        if self.rng.integers(2):
            return self.normalized()
        y = self.add(relax.MultiplyOp(y, self.constant(4, 1, 1)))
        return self.add(relax.AddOp(y, self.constant(4, 1, 1)))

    def upsampled(self, x: SSAValue) -> SSAValue:
        window: dict[str, Any] = {"strides": [2, 2], "dilations": [1, 1], "padding": [0, 0, 0, 0]}
        w = self.constant(shape_of(x)[1], 4, 2, 2)
        y = self.add(relax.ConvTransposeOp(x, w, output_padding=[0, 0], groups=1, **window))
        y = self.add(relax.AddOp(y, self.constant(4, 1, 1)))
        starts, sizes = [0, 0, 0, 0], [1, 4, 6, 6]  # tensors stay small
        sizes[2:] = [min(a, b) for a, b in zip(sizes[2:], shape_of(y)[2:], strict=True)]
        y = self.add(relax.TanhOp(y))
        return self.add(relax.StridedSliceOp(y, starts=starts, sizes=sizes, steps=[1] * 4))

    def normalized(self) -> SSAValue:
        x = self.pick(4)
        channels = shape_of(x)[1]
        scale, bias, mean = (self.constant(channels) for _ in range(3))
        var = self.add(relax.AbsOp(self.constant(channels)))
        return self.add(relax.BatchNormOp(x, scale, bias, mean, var, epsilon=1e-2))

    def product(self) -> SSAValue:
        x = self.pick(2)
        flags: dict[str, Any] = {"transpose_a": bool(self.rng.integers(2)), "transpose_b": True}
        rows = shape_of(x)[0] if flags["transpose_a"] else shape_of(x)[1]
        w = self.constant(8, rows)
        if self.rng.integers(2):
            w = self.add(relax.PermuteDimsOp(w, axes=[1, 0]))
            flags["transpose_b"] = False
        y = self.add(relax.MatmulOp(x, w, **flags))
        return self.add(relax.AddOp(y, self.constant(8)))

    def reduction(self) -> SSAValue:
        x = self.pick()
        kind = REDUCTIONS[self.rng.integers(len(REDUCTIONS))]
        y = self.add(kind(x, axes=self.axes(len(dims_of(x))), keepdims=True))
        return self.add(relax.SubtractOp(x, y)) if self.rng.integers(2) else y

    def softmax(self) -> SSAValue:
        x = self.pick()
        return self.add(relax.SoftmaxOp(x, axis=len(dims_of(x)) - 1))

    def moved(self) -> SSAValue:
        x = self.pick()
        rank = len(dims_of(x))
        y = self.add(relax.PermuteDimsOp(x, axes=list(self.rng.permutation(rank))))
        if self.rng.integers(2):
            return self.add(relax.PermuteDimsOp(y, axes=list(self.rng.permutation(rank))))
        return y

    def reshaped(self) -> SSAValue:
        x = self.pick()
        flat = self.add(relax.ReshapeOp(x, shape=[prod(shape_of(x))]))
        shape = [1, 4, -1, 6] if prod(shape_of(x)) % 24 == 0 else [1, 1, 1, -1]
        shape[shape.index(-1)] = -prod(shape_of(x)) // prod(shape)
        return self.add(relax.ReshapeOp(flat, shape=shape[self.rng.integers(2) :]))

    def joined(self) -> SSAValue:
        x = self.pick()
        rank = len(shape_of(x))
        axis = int(self.rng.integers(rank))
        y = self.add(relax.ConcatOp(x, self.add(relax.ReluOp(x)), axis=axis))
        half = shape_of(x)[axis]
        parts = relax.SplitOp(y, axis=axis, sections=[half, half])
        self.add(parts)
        self.pool.append(parts.results[0])
        return parts.results[1]

    def sliced(self) -> SSAValue:
        x = self.pick()
        shape = shape_of(x)
        starts = [int(self.rng.integers(d)) for d in shape]
        sizes = [max(d - s - 1, 1) for d, s in zip(shape, starts, strict=True)]
        y = self.add(relax.StridedSliceOp(x, starts=starts, sizes=sizes, steps=[1] * len(shape)))
        before = self.rng.integers(2, size=2 * len(shape))
        zero = self.add(relax.ConstantOp(np.zeros((), np.float64)))
        return self.add(relax.PadOp(y, zero, padding=[int(p) for p in before], mode="constant"))

    def cast(self) -> SSAValue:
        x = self.pick()
        y = self.add(relax.CastOp(x, dtype=f32 if self.rng.integers(2) else f64))
        return self.add(relax.CastOp(y, dtype=f64))

    def branch(self) -> SSAValue:
        x = self.pick()
        regions: list[Region] = []
        for _ in range(2):
            outer, self.block = self.block, Block()
            inside = self.block
            length = len(self.pool)
            y = self.add(UNARY[self.rng.integers(len(UNARY))](x))
            y = self.add(relax.MultiplyOp(y, self.constant(1)))
            inside.add_op(relax.YieldOp(y))
            del self.pool[length:]
            regions.append(Region(inside))
            self.block = outer
        return self.add(relax.IfOp(self.cond, [x.type], *regions))

    def kinds(self) -> list[Callable[[], SSAValue]]:
        return [
            self.unary, self.unary, self.binary, self.binary, self.binary, self.scaled_conv,
            self.scaled_conv, self.normalized, self.product, self.reduction, self.softmax,
            self.moved, self.reshaped, self.joined, self.sliced, self.cast, self.branch,
        ]  # fmt: skip

    def build(self) -> ModuleOp:
        kinds = self.kinds()
        for _ in range(NUM_OPS):
            self.pool.append(kinds[self.rng.integers(len(kinds))]())
        # tanh keeps results within bounds, and differences visible.
        results = [self.add(relax.TanhOp(v)) for v in self.pool[-3:]]
        self.entry.add_op(relax.ReturnOp(*results))
        inputs, outputs = ([v.type for v in values] for values in (self.entry.args, results))
        function_type = FunctionType.from_lists(inputs, outputs)
        symbols = sorted({d for shape in self.SHAPES for d in shape if isinstance(d, str)})
        return ModuleOp([relax.FuncOp("main", function_type, Region(self.entry), symbols)])


def shape_of(value: SSAValue) -> tuple[int, ...]:
    assert isinstance(value.type, relax.TensorType)
    shape = value.type.static_shape()
    assert shape is not None
    return shape


def dims_of(value: SSAValue) -> tuple[IntExpr, ...]:
    assert isinstance(value.type, relax.TensorType)
    shape = value.type.known_shape()
    assert shape is not None
    return shape


class SymbolicProgram(Program):
    """A random function of tensors with a symbolic dim n, of the operators that take it."""

    SHAPES = (("n", 8), ("n", 8), (1, 4, "n", 6))

    def binary(self) -> SSAValue:
        a = self.pick()
        dims = dims_of(a)
        same = [v for v in self.pool if dims_of(v) == dims]
        known = [d.constant_value if d.is_constant else 1 for d in dims]
        row = [d if self.rng.integers(2) else 1 for d in known]
        b = same[self.rng.integers(len(same))] if self.rng.integers(2) else self.constant(*row)
        operands = (a, b) if self.rng.integers(2) else (b, a)
        return self.add(BINARY[self.rng.integers(len(BINARY))](*operands))

    def product(self) -> SSAValue:
        x = self.pick(2)
        turned = not dims_of(x)[1].is_constant
        inner = dims_of(x)[0 if turned else 1]
        if not inner.is_constant:
            return self.unary()
        w = self.constant(8, inner.constant_value)
        y = self.add(relax.MatmulOp(x, w, transpose_a=turned, transpose_b=True))
        return self.add(relax.AddOp(y, self.constant(8)))

    def joined(self) -> SSAValue:
        x = self.pick()
        axis = int(self.rng.integers(len(dims_of(x))))
        y = self.add(relax.ConcatOp(x, self.add(relax.ReluOp(x)), axis=axis))
        self.pool.append(y)
        half = dims_of(x)[axis]
        parts = relax.SplitOp(y, axis=axis, sections=[half, half])
        self.add(parts)
        return parts.results[1]

    def reshaped(self) -> SSAValue:
        x = self.pick()
        dims = dims_of(x)
        flat = self.add(relax.ReshapeOp(x, shape=[prod(dims, start=as_expr(1))]))
        return self.add(relax.ReshapeOp(flat, shape=dims[::-1]))

    def kinds(self) -> list[Callable[[], SSAValue]]:
        return [
            self.unary, self.binary, self.binary, self.product, self.product, self.reduction,
            self.softmax, self.moved, self.joined, self.reshaped, self.cast, self.branch,
        ]  # fmt: skip


def context() -> Context:
    ctx = Context()
    for name, load in get_all_dialects().items():
        ctx.register_dialect(name, load)
    return ctx


def check(program: Program, passes: str) -> None:
    module = program.build()
    verify_module(module)
    expected = run(module, "main", program.inputs)
    ctx = context()
    for name in passes.split(","):
        get_all_passes()[name]()().apply(ctx, module)
        verify_module(module)
    found = run(module, "main", program.inputs)
    for before, after in zip(expected, found, strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-6)


GRAPH_PASSES = (
    "flush-subnormals",
    "fold-batch-norm",
    "fold-batch-norm,fold-scales",
    "fold-constants",
    "group-convolutions",
    "check-shapes",
    "infer-shapes",
    "relax-cse",
    "relax-dce",
    "shrink-convolutions",
    "simplify-algebra",
    "simplify-moves",
    "split-conv-transpose",
    "trim-windows",
    ",".join(p.name for p in PIPELINES["graph"]),
)


@pytest.mark.parametrize("passes", GRAPH_PASSES)
@pytest.mark.parametrize("seed", SEEDS)
def test_graph_passes(seed: int, passes: str) -> None:
    check(Program(seed), passes)


FUSION = "legalize-ops,annotate-patterns,fuse-ops"


@pytest.mark.parametrize(
    "passes",
    [FUSION, f"{FUSION},fuse-tir", f"{FUSION},fuse-tir,mark-inplace,name-dims,deduplicate-kernels"],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_fusion(seed: int, passes: str) -> None:
    check(Program(seed), passes)


ALL = f"{GRAPH_PASSES[-1]},{FUSION},fuse-tir,mark-inplace,name-dims,deduplicate-kernels"


@pytest.mark.parametrize("passes", [GRAPH_PASSES[-1], f"{FUSION},fuse-tir", ALL])
@pytest.mark.parametrize("seed", SEEDS)
def test_symbolic_dims(seed: int, passes: str) -> None:
    check(SymbolicProgram(seed), passes)
