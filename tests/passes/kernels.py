"""Kernels of random ragged shapes with inputs whose results are exact in every order.

Values are small integers, so that sums and products are exact also in f32: what a pass leaves has
to give the same bits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp, f32, i32, i64
from xdsl.ir import Attribute

from tyrex.dialects import dtypes, tir
from tyrex.dialects.target import Target, set_target
from tyrex.dialects.tir.compute import Buffer, KernelBuilder
from tyrex.dialects.tir.values import Number, Value
from tyrex.interpreters.tir import run_kernel
from tyrex.symbolic import IntExpr, var

Array = NDArray[Any]
SIZES = (1, 2, 3, 5, 7, 8, 16, 17, 33)
SMALL = (1, 2, 3, 5)
TYPES = (f32, i32)
TARGETS = (
    Target("x86_64-linux-gnu", vector_bits=256, vector_registers=16),
    Target("x86_64-linux-gnu", vector_bits=512, vector_registers=32),
    Target("x86_64-linux-gnu", vector_bits=128, vector_registers=16),
    # Caches so small that what serves large operands serves these.
    Target("x86_64-linux-gnu", vector_bits=128, vector_registers=32, l1d_bytes=256, l2_bytes=512),
)


Map = (
    Callable[[], Value]
    | Callable[[IntExpr], Value]
    | Callable[[IntExpr, IntExpr], Value]
    | Callable[[IntExpr, IntExpr, IntExpr], Value]
    | Callable[[IntExpr, IntExpr, IntExpr, IntExpr], Value]
)
Fold = (
    Callable[[Value, IntExpr], Value]
    | Callable[[Value, IntExpr, IntExpr], Value]
    | Callable[[Value, IntExpr, IntExpr, IntExpr], Value]
    | Callable[[Value, IntExpr, IntExpr, IntExpr, IntExpr], Value]
)


class Kernel(KernelBuilder):
    """A builder whose functions of one to four variables a type checker understands."""

    def map(self, name: str, out: Buffer, fn: Map) -> None:
        """Append `out[i, ...] = fn(i, ...)`."""
        self.compute(name, out, fn)

    def fold(self, name: str, out: Buffer, extents: Sequence[int], init: Number, fn: Fold) -> None:
        """Append a reduction of at most four variables in all."""
        self.reduce(name, out, extents, init, fn)


@dataclass(frozen=True)
class Case:
    """A kernel and the values of its symbols."""

    func: tir.FuncOp
    symbols: dict[str, int]

    def arguments(self, seed: int) -> list[Array]:
        """Return inputs of small integers, and outputs."""
        rng = np.random.default_rng(seed)
        arrays: list[Array] = []
        for arg in (*self.func.inputs, *self.func.outputs):
            assert isinstance(arg.type, tir.BufferType)
            shape = [dim.evaluate(self.symbols) for dim in arg.type.shape]
            arrays.append(rng.integers(-3, 4, shape).astype(dtypes.to_numpy(arg.type.dtype)))
        return arrays

    def outputs_of(self, func: tir.FuncOp, seed: int, **options: Any) -> list[Array]:
        """Run a form of the kernel and return its outputs."""
        arrays = self.arguments(seed)
        run_kernel(func, arrays, self.symbols, **options)
        return arrays[len(func.inputs) :]


def module_of(func: tir.FuncOp, target: Target) -> ModuleOp:
    """Return a module for `target` with a copy of the kernel."""
    module = ModuleOp([func.clone()])
    set_target(module, target)
    return module


def kernel_in(module: ModuleOp) -> tir.FuncOp:
    """Return the module's kernel."""
    (func,) = module.body.ops
    assert isinstance(func, tir.FuncOp)
    return func


def assert_same(found: list[Array], expected: list[Array]) -> None:
    """Check that all bits agree (any NaN is NaN)."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


Build = Callable[[Kernel, Random, Attribute], None]


def _pick(r: Random) -> int:
    return r.choice(SIZES)


def _relu(k: Kernel, x: Value) -> Value:
    return k.max(x, k.const(0, x.dtype))


def _least(dtype: Attribute) -> float | int:
    return float("-inf") if dtypes.is_float(dtype) else -(2**31)


def elementwise(k: Kernel, r: Random, dtype: Attribute) -> None:
    """A chain through temporaries: broadcast, transposed, read twice."""
    m, n = _pick(r), _pick(r)
    a, b, c = k.input((m, n), dtype), k.input((n,), dtype), k.input((n, m), dtype)
    y, z = k.output((m, n), dtype), k.output((n, m), dtype)
    t, u = k.temp((m, n), dtype), k.temp((m, n), dtype)
    k.map("add", t, lambda i, j: k.load(a, i, j) + k.load(b, j))
    k.map("mul", u, lambda i, j: k.load(t, i, j) * k.load(c, j, i) - k.load(a, i, 0))
    k.map("relu", y, lambda i, j: _relu(k, k.load(u, i, j)))
    k.map("move", z, lambda i, j: k.load(u, j, i))


def scalars(k: Kernel, r: Random, dtype: Attribute) -> None:
    """Rank 0 and empty axes beside others."""
    n = r.choice((0, 1, 5))
    a, s = k.input((n, 3), dtype), k.input((), dtype)
    y, z = k.output((n, 3), dtype), k.output((), dtype)
    k.map("scale", y, lambda i, j: k.load(a, i, j) * k.load(s))
    k.fold("sum", z, (n, 3), 0, lambda acc, i, j: acc + k.load(a, i, j))


def pad_slice(k: Kernel, r: Random, dtype: Attribute) -> None:
    """A pad, and a slice of it with steps."""
    m, n, low = _pick(r), _pick(r), r.choice((0, 1, 3))
    step = r.choice((1, 2, 3))
    a = k.input((m, n), dtype)
    padded = k.temp((m + low, n + low + 2), dtype)
    out_n = (n + low + 1) // step + 1
    y = k.output((m + low, out_n), dtype)
    k.map(
        "pad",
        padded,
        lambda i, j: k.load(
            a, i - low, j - low, where=[i - low, j - low, n - 1 + low - j], default=7
        ),
    )
    last = n + low + 1
    k.map("slice", y, lambda i, j: k.load(padded, i, last - j * step) + k.const(1, dtype))


def crossing(k: Kernel, r: Random, dtype: Attribute) -> None:
    """A sum of what is read along another axis, of what is read in place, and of a row's own."""
    h, m, n = r.choice((1, 2, 3)), _pick(r), _pick(r)
    a, b = k.input((m, h, n), dtype), k.input((h, n, m), dtype)
    c = k.input((n,), dtype)
    y = k.output((h, n, m), dtype)
    k.map("crossing", y, lambda i, j, q: k.load(a, q, i, j) + k.load(b, i, j, q) * k.load(c, j))


def concat(k: Kernel, r: Random, dtype: Attribute) -> None:
    """Two inputs side by side, scaled."""
    m, n, p = _pick(r), _pick(r), _pick(r)
    a, b = k.input((m, n), dtype), k.input((m, p), dtype)
    t, y = k.temp((m, n + p), dtype), k.output((m, n + p), dtype)

    def pick(i: IntExpr, j: IntExpr) -> Value:
        left = k.load(a, i, j, where=[n - 1 - j])
        right = k.load(b, i, j - n, where=[j - n])
        return k.select(k.predicate(n - 1 - j), left, right)

    k.compute("concat", t, pick)
    k.map("double", y, lambda i, j: k.load(t, i, j) + k.load(t, i, j))


def matmul(k: Kernel, r: Random, dtype: Attribute) -> None:
    """A batched product, either side transposed or not, bias and activation after it."""
    batch, m, n, p = r.choice((1, 1, 3)), _pick(r), _pick(r), _pick(r)
    ta, tb = r.random() < 0.3, r.random() < 0.5
    a = k.input((batch, p, m) if ta else (batch, m, p), dtype)
    b = k.input((n, p) if tb else (p, n), dtype)
    bias, y = k.input((n,), dtype), k.output((batch, m, n), dtype)
    t = k.temp((batch, m, n), dtype)

    def update(acc: Value, h: IntExpr, i: IntExpr, j: IntExpr, q: IntExpr) -> Value:
        left = k.load(a, h, q, i) if ta else k.load(a, h, i, q)
        return acc + left * (k.load(b, j, q) if tb else k.load(b, q, j))

    k.reduce("matmul", t, (p,), 0, update)
    k.map("bias", y, lambda h, i, j: _relu(k, k.load(t, h, i, j) + k.load(bias, j)))


def conv(k: Kernel, r: Random, dtype: Attribute) -> None:
    """A convolution with strides, dilation, borders and groups; bias and residual after it."""
    groups = r.choice((1, 1, 2, 3))
    cg, og = r.choice((1, 2, 4)), r.choice((1, 3, 4, 9))
    if r.random() < 0.3:
        groups, cg, og = r.choice((3, 8)), 1, 1  # depthwise
    kh, kw = r.choice(((1, 1), (3, 3), (3, 2), (5, 1)))
    stride, dilation, pad = r.choice((1, 1, 2, 3)), r.choice((1, 1, 2)), r.choice((0, 1, 2))
    oh, ow = r.choice((1, 3, 7)), r.choice((1, 3, 8, 13, 17))
    h = max((oh - 1) * stride + (kh - 1) * dilation + 1 - 2 * pad, 1)
    w = max((ow - 1) * stride + (kw - 1) * dilation + 1 - 2 * pad, 1)
    x = k.input((2, groups * cg, h, w), dtype)
    f = k.input((groups * og, cg, kh, kw), dtype)
    bias, rest = k.input((groups * og,), dtype), k.input((2, groups * og, oh, ow), dtype)
    t, y = k.temp((2, groups * og, oh, ow), dtype), k.output((2, groups * og, oh, ow), dtype)

    def update(acc: Value, n: IntExpr, o: IntExpr, i: IntExpr, j: IntExpr, *k_: IntExpr) -> Value:
        c, u, v = k_
        row, column = i * stride + u * dilation - pad, j * stride + v * dilation - pad
        where = [row, h - 1 - row, column, w - 1 - column] if pad else []
        source = k.load(x, n, o // og * cg + c, row, column, where=where)
        return acc + source * k.load(f, o, c, u, v)

    k.reduce("conv", t, (cg, kh, kw), 0, update)
    k.map(
        "add",
        y,
        lambda n, o, i, j: (
            _relu(k, k.load(t, n, o, i, j) + k.load(bias, o)) + k.load(rest, n, o, i, j)
        ),
    )


def pooling(k: Kernel, r: Random, dtype: Attribute) -> None:
    """Greatest and sum of windows."""
    c, oh, ow = r.choice(SMALL), r.choice((1, 4, 7)), r.choice((1, 5, 16, 19))
    size, stride, pad = r.choice((2, 3)), r.choice((1, 2)), r.choice((0, 1))
    h, w = (oh - 1) * stride + size - 2 * pad, (ow - 1) * stride + size - 2 * pad
    h, w = max(h, 1), max(w, 1)
    x = k.input((c, h, w), dtype)
    y, z = k.output((c, oh, ow), dtype), k.output((c, oh, ow), dtype)

    def window(default: float | int) -> Callable[..., Value]:
        def load(ch: IntExpr, i: IntExpr, j: IntExpr, u: IntExpr, v: IntExpr) -> Value:
            row, column = i * stride + u - pad, j * stride + v - pad
            where = [row, h - 1 - row, column, w - 1 - column]
            return k.load(x, ch, row, column, where=where, default=default)

        return load

    least = _least(dtype)
    greatest, sums = window(least), window(0)

    def greater(acc: Value, *iters: IntExpr) -> Value:
        return k.max(acc, greatest(*iters))

    def more(acc: Value, *iters: IntExpr) -> Value:
        return acc + sums(*iters)

    k.reduce("max", y, (size, size), least, greater)
    k.reduce("sum", z, (size, size), 0, more)


def windows(k: Kernel, r: Random, dtype: Attribute) -> None:
    """Sums of squares in windows of any stride, dilation and border, halved by a map."""
    rank, lanes = r.choice((1, 2, 3)), r.choice(((), (), (5,)))
    axes = [_random_window(r) for _ in range(rank)]
    sizes = [
        max(1, (n - 1) * step + (size - 1) * far + 1 - pad) for n, size, step, far, pad in axes
    ]
    c = r.choice(SMALL)
    out = (c, *(axis[0] for axis in axes), *lanes)
    x, y = k.input((c, *sizes, *lanes), dtype), k.output(out, dtype)
    total = k.temp(out, dtype)

    def more(acc: Value, ch: IntExpr, *iters: IntExpr) -> Value:
        at, inner, taps = iters[:rank], iters[rank : len(out) - 1], iters[len(out) - 1 :]
        rows = zip(axes, at, taps, strict=True)
        places = [i * step + t * far - pad for (_, _, step, far, pad), i, t in rows]
        where = [e for p, size in zip(places, sizes, strict=True) for e in (p, size - 1 - p)]
        value = k.load(x, ch, *places, *inner, where=where, default=1)
        return acc + value * value

    k.reduce("sum", total, [axis[1] for axis in axes], 0, more)
    k.compute("twice", y, lambda *i: k.load(total, *i) * k.const(2, dtype))


def _random_window(r: Random) -> tuple[int, int, int, int, int]:
    """Return how many windows, their size, stride and dilation, and the border before."""
    count = r.choice((1, 4, 9, 21))
    return count, r.choice((1, 2, 3)), r.choice((1, 2, 3, 5)), r.choice((1, 1, 2)), r.choice((0, 1))


def softmax(k: Kernel, r: Random, dtype: Attribute) -> None:
    """The shape of softmax: maximum, map, sum, map. In integers, so that it is exact."""
    m, n = _pick(r), _pick(r)
    x, y = k.input((m, n), dtype), k.output((m, n), dtype)
    top, total, e = k.temp((m,), dtype), k.temp((m,), dtype), k.temp((m, n), dtype)
    least = _least(dtype)
    k.fold("max", top, (n,), least, lambda acc, i, j: k.max(acc, k.load(x, i, j)))
    k.map("exp", e, lambda i, j: k.load(x, i, j) - k.load(top, i) + k.const(7, dtype))
    k.fold("sum", total, (n,), 0, lambda acc, i, j: acc + k.load(e, i, j))
    k.map("div", y, lambda i, j: k.load(e, i, j) / k.load(total, i))


def attention(k: Kernel, r: Random, dtype: Attribute) -> None:
    """The shape of attention: a product, what a row adds to it and loses, sums, a product."""
    attention_of(k, (r.choice(SMALL), _pick(r), _pick(r), r.choice(SMALL)), dtype)


def attention_of(k: Kernel, sizes: tuple[IntExpr | int, int, int, int], dtype: Attribute) -> None:
    """Append attention of heads, rows, keys and channels."""
    h, m, n, d = sizes
    q, t, v = k.input((h, m, d), dtype), k.input((h, d, n), dtype), k.input((h, n, d), dtype)
    mask, y = k.input((n,), dtype), k.output((h, m, d), dtype)
    s, u, e = (k.temp((h, m, n), dtype) for _ in range(3))
    top, total, o = k.temp((h, m), dtype), k.temp((h, m), dtype), k.temp((h, m, d), dtype)
    least = _least(dtype)

    def add_score(acc: Value, b: IntExpr, i: IntExpr, j: IntExpr, c: IntExpr) -> Value:
        return acc + k.load(q, b, i, c) * k.load(t, b, c, j)

    def add_value(acc: Value, b: IntExpr, i: IntExpr, c: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(e, b, i, j) * k.load(v, b, j, c)

    k.reduce("scores", s, (d,), 0, add_score)
    k.map("mask", u, lambda b, i, j: k.load(s, b, i, j) + k.load(mask, j))
    k.fold("max", top, (n,), least, lambda acc, b, i, j: k.max(acc, k.load(u, b, i, j)))
    k.map("below", e, lambda b, i, j: k.load(u, b, i, j) - k.load(top, b, i))
    k.fold("sum", total, (n,), 0, lambda acc, b, i, j: acc + k.load(e, b, i, j))
    k.reduce("values", o, (n,), 0, add_value)
    k.map("result", y, lambda b, i, c: k.load(o, b, i, c) - k.load(total, b, i))


def scaled_rows(k: Kernel, r: Random, dtype: Attribute) -> None:
    """A product of scaled rows, with more or fewer results than factors."""
    m, n, d = _pick(r), _pick(r), _pick(r)
    e, s, v = k.input((m, n), dtype), k.input((m,), dtype), k.input((n, d), dtype)
    t, y = k.temp((m, n), dtype), k.output((m, d), dtype)
    swapped = r.random() < 0.5

    def scale(i: IntExpr, j: IntExpr) -> Value:
        factors = k.load(e, i, j), k.load(s, i)
        return factors[swapped] * factors[not swapped]

    def add(acc: Value, i: IntExpr, c: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(t, i, j) * k.load(v, j, c)

    k.map("scale", t, scale)
    k.reduce("product", y, (n,), 0, add)


def reductions(k: Kernel, r: Random, dtype: Attribute) -> None:
    """Sums along each choice of axes; products; an epilogue that reads the reduced value."""
    shape = (r.choice(SMALL), _pick(r), _pick(r))
    x = k.input(shape, dtype)
    axes = r.choice(((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)))
    kept = [axis for axis in range(3) if axis not in axes]
    out_shape = [shape[axis] for axis in kept]
    sums, signs = k.temp(out_shape, dtype), k.output(out_shape, dtype)
    y = k.output(out_shape, dtype)

    def element(*iters: IntExpr) -> Value:
        place = dict(zip((*kept, *axes), iters, strict=True))
        return k.load(x, *(place[axis] for axis in range(3)))

    extents = [shape[axis] for axis in axes]

    def add(acc: Value, *iters: IntExpr) -> Value:
        return acc + element(*iters)

    k.reduce("sum", sums, extents, 0, add)
    k.compute("twice", y, lambda *i: k.load(sums, *i) * k.const(2, dtype))

    def sign(acc: Value, *iters: IntExpr) -> Value:
        negative = element(*iters) < 0
        return acc * k.select(negative, k.const(-1, dtype), k.const(1, dtype))

    k.reduce("product", signs, extents, 1, sign)


def norm(k: Kernel, r: Random, dtype: Attribute) -> None:
    """The shape of a normalization: two sums over one read, scale and shift."""
    m, n = _pick(r), _pick(r)
    x, scale, y = k.input((m, n), dtype), k.input((n,), dtype), k.output((m, n), dtype)
    s, q = k.temp((m,), dtype), k.temp((m,), dtype)
    k.fold("sum", s, (n,), 0, lambda acc, i, j: acc + k.load(x, i, j))
    k.fold("squares", q, (n,), 0, lambda acc, i, j: acc + k.load(x, i, j) * k.load(x, i, j))
    k.map(
        "scale",
        y,
        lambda i, j: (
            (k.load(x, i, j) * k.const(n, dtype) - k.load(s, i)) * k.load(scale, j) + k.load(q, i)
        ),
    )


def ratio(k: Kernel, r: Random, dtype: Attribute) -> None:
    """Quotients after a product and before a pad: no lane may divide by what it did not load."""
    m, n = _pick(r), _pick(r)
    a, b = k.input((m, 3), dtype), k.input((3, n), dtype)
    divisors = k.input((n,), dtype)
    d, t, u = k.temp((n,), dtype), k.temp((m, n), dtype), k.temp((m, n), dtype)
    y, z = k.output((m, n), dtype), k.output((m + 2, n + 1), dtype)
    k.map("divisor", d, lambda j: k.load(divisors, j) + k.const(4, dtype))
    k.fold("matmul", t, (3,), 0, lambda acc, i, j, q: acc + k.load(a, i, q) * k.load(b, q, j))
    k.map("divide", y, lambda i, j: k.load(t, i, j) / k.load(d, j))
    k.map("invert", u, lambda i, j: k.const(12, dtype) / (k.load(a, i, 0) + k.const(4, dtype)))
    k.map("pad", z, lambda i, j: k.load(u, i - 1, j, where=[i - 1, m - i, n - 1 - j], default=5))


def gather_scatter(k: Kernel, r: Random, dtype: Attribute) -> None:
    """Indices out of memory: read at them, and added to in order."""
    m, n = _pick(r), _pick(r)
    x, at = k.input((m, n), dtype), k.input((n,), i64)
    y, z = k.output((n, m), dtype), k.output((m,), dtype)

    def place(j: IntExpr) -> IntExpr:
        return (k.as_index(k.load(at, j)) + m * 3) % m

    k.map("gather", y, lambda j, i: k.load(x, place(j), (i + 1) % n))
    k.map("zero", z, lambda i: k.const(0, dtype))

    def scatter() -> None:
        def add(j: IntExpr) -> None:
            target = place(j)
            k.store(z, [target], k.load(z, target) + k.load(x, 0, j))

        k.for_(n, add)

    k.opaque("scatter", scatter)


def scan(k: Kernel, r: Random, dtype: Attribute) -> None:
    """A running sum: each element needs the one before; odd elements only are kept."""
    m, n = _pick(r), _pick(r)
    x, y = k.input((m, n), dtype), k.output((m, n), dtype)
    t = k.temp((m, n), dtype)

    def rows(i: IntExpr) -> None:
        def step(j: IntExpr) -> None:
            before = k.load(t, i, j - 1, where=[j - 1])
            k.store(t, [i, j], before + k.load(x, i, j))

            def keep() -> None:
                k.store(y, [i, j], k.load(t, i, j))

            def drop() -> None:
                k.store(y, [i, j], k.index_value(j, dtype))

            k.if_(k.predicate(j % 2 - 1), keep, drop)

        k.for_(n, step)

    k.opaque("scan", lambda: k.for_(m, rows))


def conditional(k: Kernel, r: Random, dtype: Attribute) -> None:
    """Statements under conditions that come out of memory."""
    n = _pick(r)
    x, y = k.input((n,), dtype), k.output((n,), dtype)
    t = k.temp((n,), dtype)

    def body(i: IntExpr) -> None:
        value = k.load(x, i)
        k.if_(value > 0, lambda: k.store(t, [i], value), lambda: k.store(t, [i], -value))

    k.nest("abs", [(tir.IterKind.SPATIAL, n)], body)
    k.map("more", y, lambda i: k.load(t, i) + k.index_value(i * 2 + 1, dtype))


def stack(k: Kernel, r: Random, dtype: Attribute) -> None:
    """A small buffer of each iteration's own: the two greatest of a row."""
    m, n = _pick(r), _pick(r)
    x, y = k.input((m, n), dtype), k.output((m, 2), dtype)

    def row(i: IntExpr) -> None:
        best = k.temp((2,), dtype, tir.STACK)
        k.for_(2, lambda j: k.store(best, [j], k.const(_least(dtype), dtype)))

        def meet(j: IntExpr) -> None:
            value = k.load(x, i, j)
            first, second = k.load(best, 0), k.load(best, 1)
            k.store(best, [1], k.max(second, k.min(first, value)))
            k.store(best, [0], k.max(first, value))

        k.for_(n, meet)
        k.for_(2, lambda j: k.store(y, [i, j], k.load(best, j)))

    k.nest("top", [(tir.IterKind.SPATIAL, m)], row)


BUILDERS: tuple[Build, ...] = (
    elementwise,
    scalars,
    pad_slice,
    concat,
    crossing,
    matmul,
    conv,
    pooling,
    windows,
    softmax,
    attention,
    scaled_rows,
    reductions,
    norm,
    ratio,
    gather_scatter,
    scan,
    conditional,
    stack,
)


def build(builder: Build, seed: int, dtype: Attribute) -> Case:
    """Return the kernel that a builder makes of a seed."""
    name = getattr(builder, "__name__", "kernel")
    k = Kernel(name)
    builder(k, Random(f"{name} {seed}"), dtype)
    func = k.build()
    func.verify()
    return Case(func, {})


def symbolic_matmul(dtype: Attribute) -> Case:
    """A product of symbolic extents with an activation after it."""
    k = Kernel("symbolic_matmul")
    m, n, p = var("m"), var("n"), 5
    a, b, y = k.input((m, p), dtype), k.input((p, n), dtype), k.output((m, n), dtype)
    t = k.temp((m, n), dtype)
    k.fold("matmul", t, (5,), 0, lambda acc, i, j, q: acc + k.load(a, i, q) * k.load(b, q, j))
    k.map("relu", y, lambda i, j: _relu(k, k.load(t, i, j)))
    func = k.build()
    func.verify()
    return Case(func, {"m": 7, "n": 17})


def symbolic_window(dtype: Attribute) -> Case:
    """Sums of windows over the border of a symbolic axis, and a reversal."""
    k = Kernel("symbolic_window")
    n = var("n")
    x, y, z = k.input((3, n), dtype), k.output((3, n), dtype), k.output((3, n), dtype)
    k.fold(
        "sum",
        y,
        (3,),
        0,
        lambda acc, c, i, u: acc + k.load(x, c, i + u - 1, where=[i + u - 1, n - i - u]),
    )
    k.map("reverse", z, lambda c, i: k.load(y, c, n - 1 - i))
    func = k.build()
    func.verify()
    return Case(func, {"n": 19})


def symbolic_sum(dtype: Attribute, n: int = 9) -> Case:
    """Sums along a symbolic axis, with a map before and after."""
    k = Kernel("symbolic_sum")
    x, y = k.input((4, var("n")), dtype), k.output((4,), dtype)
    t, s = k.temp((4, var("n")), dtype), k.temp((4,), dtype)
    k.map("twice", t, lambda i, j: k.load(x, i, j) + k.load(x, i, j))

    def add(acc: Value, i: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(t, i, j)

    k.reduce("sum", s, (var("n"),), 3, add)
    k.map("negate", y, lambda i: -k.load(s, i))
    func = k.build()
    func.verify()
    return Case(func, {"n": n})


def symbolic_softmax(dtype: Attribute, n: int = 3, m: int = 19) -> Case:
    """The shape of softmax on rows of symbolic number and length. In integers, so it is exact."""
    k = Kernel("symbolic_softmax")
    shape = var("n"), 2, var("m")
    x, y = k.input(shape, dtype), k.output(shape, dtype)
    t, top, s = k.temp(shape, dtype), k.temp(shape[:2], dtype), k.temp(shape[:2], dtype)

    def greater(acc: Value, b: IntExpr, i: IntExpr, j: IntExpr) -> Value:
        return k.max(acc, k.load(x, b, i, j))

    def add(acc: Value, b: IntExpr, i: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(t, b, i, j)

    k.reduce("max", top, (var("m"),), -9, greater)
    k.map("below", t, lambda b, i, j: k.load(x, b, i, j) - k.load(top, b, i))
    k.reduce("sum", s, (var("m"),), 0, add)
    k.map("scale", y, lambda b, i, j: k.load(t, b, i, j) - k.load(s, b, i))
    func = k.build()
    func.verify()
    return Case(func, {"n": n, "m": m})


def symbolic_attention(dtype: Attribute, n: int = 3) -> Case:
    """Attention whose heads are counted in the run."""
    k = Kernel("symbolic_attention")
    attention_of(k, (var("n") * 2, 27, 19, 4), dtype)
    func = k.build()
    func.verify()
    return Case(func, {"n": n})


def symbolic_transpose(dtype: Attribute, n: int = 21, m: int = 5) -> Case:
    """What is read along one symbolic axis and written along another."""
    k = Kernel("symbolic_transpose")
    x, z = k.input((2, var("n"), 16), dtype), k.input((var("m"), var("n")), dtype)
    y, w = k.output((2, 16, var("n")), dtype), k.output((var("n"), var("m")), dtype)
    k.map("blocks", y, lambda b, i, j: -k.load(x, b, j, i))
    k.map("matrix", w, lambda i, j: -k.load(z, j, i))
    func = k.build()
    func.verify()
    return Case(func, {"n": n, "m": m})


SYMBOLIC: tuple[Callable[[Attribute], Case], ...] = (
    symbolic_matmul,
    symbolic_window,
    symbolic_sum,
    symbolic_softmax,
    symbolic_attention,
    symbolic_transpose,
)

Maker = Callable[[], Case]


def all_cases(seeds: int) -> list[tuple[str, Maker]]:
    """Return (name, maker) of every kernel in both element types."""
    found: list[tuple[str, Maker]] = []
    for dtype in TYPES:
        for builder in BUILDERS:
            name = getattr(builder, "__name__", "kernel")
            for seed in range(seeds):
                found.append((f"{name}-{dtype}-{seed}", partial(build, builder, seed, dtype)))
        for maker in SYMBOLIC:
            name = getattr(maker, "__name__", "kernel")
            found.append((f"{name}-{dtype}", partial(maker, dtype)))
    return found
