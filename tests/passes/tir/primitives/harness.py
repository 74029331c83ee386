"""Kernels to schedule, and the check that a schedule keeps their meaning bit for bit."""

from collections.abc import Callable, Iterable
from random import Random

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32, i32
from xdsl.ir import Attribute
from xdsl.parser import Parser

from tyrex.dialects import dtypes, register_all_dialects, tir
from tyrex.dialects.verify import verify_module
from tyrex.interpreters.tir import run_kernel
from tyrex.passes.tir.apply_schedule import ApplySchedulePass
from tyrex.passes.tir.compact_buffers import CompactBuffersPass
from tyrex.passes.tir.lower_blocks import LowerBlocksPass
from tyrex.passes.tir.primitives.schedule import Schedule, ScheduleError

from ...kernels import Array, Kernel, assert_same, kernel_in  # noqa: TID251  # the tests' folder

SIZES = (1, 3, 7, 17, 33)
TYPES = (f32, i32)
SEEDS = range(4)


def shape(seed: int, rank: int) -> list[int]:
    """Return extents that few factors divide."""
    r = Random(seed)
    return [r.choice(SIZES) for _ in range(rank)]


def matmul(m: int, n: int, p: int, *, dtype: Attribute = f32) -> tir.FuncOp:
    """c = a @ b; blocks: matmul."""
    k = Kernel("kernel")
    a, b, c = k.input((m, p), dtype), k.input((p, n), dtype), k.output((m, n), dtype)
    k.fold("matmul", c, (p,), 0, lambda acc, i, j, q: acc + k.load(a, i, q) * k.load(b, q, j))
    return k.build()


def dense(m: int, n: int, p: int, *, dtype: Attribute = f32) -> tir.FuncOp:
    """y = max(2 * a @ b + bias, 0); blocks: twice, matmul, bias, relu."""
    k = Kernel("kernel")
    a, b = k.input((m, p), dtype), k.input((p, n), dtype)
    bias, y = k.input((n,), dtype), k.output((m, n), dtype)
    t, u, v = k.temp((m, p), dtype), k.temp((m, n), dtype), k.temp((m, n), dtype)
    k.map("twice", t, lambda i, q: k.load(a, i, q) + k.load(a, i, q))
    k.fold("matmul", u, (p,), 0, lambda acc, i, j, q: acc + k.load(t, i, q) * k.load(b, q, j))
    k.map("bias", v, lambda i, j: k.load(u, i, j) + k.load(bias, j))
    k.map("relu", y, lambda i, j: k.max(k.load(v, i, j), k.const(0, dtype)))
    return k.build()


def chain(m: int, n: int, *, dtype: Attribute = f32) -> tir.FuncOp:
    """Maps through temporaries; blocks: add, transpose, pad (reads a border), out."""
    k = Kernel("kernel")
    a, b, y = k.input((m, n), dtype), k.input((n,), dtype), k.output((n, m), dtype)
    t, u = k.temp((m, n), dtype), k.temp((n, m), dtype)
    v = k.temp((n, m + 2), dtype)
    k.map("add", t, lambda i, j: k.load(a, i, j) + k.load(b, j))
    k.map("transpose", u, lambda j, i: k.load(t, i, j) * k.load(t, i, j))
    k.map("pad", v, lambda j, i: k.load(u, j, i - 1, where=[i - 1, m - i], default=5))
    k.map("out", y, lambda j, i: k.load(v, j, i) + k.load(v, j, i + 2) - k.load(u, j, i))
    return k.build()


def total(m: int, n: int, *, dtype: Attribute = f32) -> tir.FuncOp:
    """y[i] = sum over j of x[i, j]; blocks: sum."""
    k = Kernel("kernel")
    x, y = k.input((m, n), dtype), k.output((m,), dtype)
    k.fold("sum", y, (n,), 0, lambda acc, i, j: acc + k.load(x, i, j))
    return k.build()


def outputs(func: tir.FuncOp, **options: object) -> list[Array]:
    """Run a kernel on small integers."""
    rng = np.random.default_rng(7)
    arrays: list[Array] = []
    for arg in (*func.inputs, *func.outputs):
        assert isinstance(arg.type, tir.BufferType)
        dims = arg.type.static_shape()
        assert dims is not None
        arrays.append(rng.integers(-3, 4, dims).astype(dtypes.to_numpy(arg.type.dtype)))
    run_kernel(func, arrays, **options)  # pyright: ignore[reportArgumentType]
    return arrays[len(func.inputs) :]


def assert_replays(schedule: Schedule, func: tir.FuncOp) -> None:
    """Check that the trace, printed and parsed, does the same to `func` again."""
    ctx = register_all_dialects(Context())
    parsed = Parser(ctx, str(ModuleOp([schedule.trace]))).parse_module()
    (sequence,) = parsed.body.ops
    sequence.detach()
    module = ModuleOp([func.clone(), sequence])
    verify_module(module)
    ApplySchedulePass().apply(ctx, module)
    assert module.is_structurally_equivalent(schedule.mod)


def assert_means_the_same(schedule: Schedule, func: tir.FuncOp) -> None:
    """Check that the scheduled kernel is well formed and computes what `func` does."""
    verify_module(schedule.mod)
    assert_replays(schedule, func)
    expected = outputs(func)
    try:
        assert_same(outputs(schedule.func), expected)
        assert_same(outputs(schedule.func, parallel_order=_backwards), expected)
        module = schedule.mod.clone()
        for tir_pass in (CompactBuffersPass(), LowerBlocksPass()):
            tir_pass.apply(Context(), module)
            verify_module(module)
            assert_same(outputs(kernel_in(module), parallel_order=_backwards), expected)
    except Exception as error:
        error.add_note(str(schedule.mod))
        raise


def _backwards(n: int) -> Iterable[int]:
    return reversed(range(n))


def refused(action: Callable[[], object], *words: str) -> None:
    """Check that a primitive refuses, with these words and the place."""
    with pytest.raises(ScheduleError) as caught:
        action()
    text = str(caught.value)
    for word in (*words, "<-- here"):
        assert word in text, text
