"""Runs kernels on NumPy arrays: the meaning that native code is compared with.

    run_kernel(func, [x, y, out])

Accesses outside of a buffer, divisions by zero, overlong shifts and iteration variables outside
their domain raise; memory that nobody wrote holds poison.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from ...dialects import dtypes, tir
from .closures import CompiledKernel, Frame, Order, compile_kernel
from .errors import InterpreterError
from .lockstep import independent_loops
from .memory import Memory, poison, poisoned

Array = npt.NDArray[Any]
MAX_CACHED = 256


@dataclass(frozen=True, eq=False)
class _Cached:
    """A compiled kernel and every object it was compiled from."""

    parts: list[object]
    kernel: CompiledKernel


_cache: OrderedDict[tuple[tir.FuncOp, bool, bool], _Cached] = OrderedDict()


def run_kernel(
    func: tir.FuncOp,
    args: Sequence[Array | int],
    symbols: Mapping[str, int] | None = None,
    *,
    lockstep: bool = True,
    parallel_order: Order | None = None,
) -> None:
    """Run a kernel; outputs and workspaces are written in place.

    Args:
        func: the kernel, scheduled or not.
        args: inputs (an index argument is an int), outputs, workspaces; trailing workspaces that
            are missing are allocated.
        symbols: the values of the kernel's symbols; what the arrays' shapes tell may be missing.
        lockstep: run all iterations of independent loops at once; False runs every loop in order.
        parallel_order: the order in which a parallel loop of n iterations runs them, to find
            races; parallel loops then run one iteration after the other.

    Raises:
        InterpreterError: the kernel does what it may not, or the arguments do not fit it.
    """
    kernel = _compiled(func, lockstep, parallel_order is not None)
    frame = Frame([None] * kernel.num_slots, parallel_order or range)
    values = _bind_symbols(func, args, symbols or {})
    for name, slot in kernel.symbol_slots.items():
        frame.regs[slot] = values[name]
    arrays = _arguments(func, args, values)
    _poison_outputs(func, arrays)
    for slot, array in zip(kernel.arg_slots, arrays, strict=True):
        frame.regs[slot] = array if isinstance(array, int) else Memory(array, array.shape)
    with np.errstate(all="ignore"):  # IEEE 754 and two's complement define what NumPy warns of
        for step in kernel.steps:
            step(frame)


def _compiled(func: tir.FuncOp, lockstep: bool, ordered: bool) -> CompiledKernel:
    """Return the compiled kernel, from the cache where the kernel has not changed since."""
    key = (func, lockstep, ordered)
    parts = _parts(func)
    found = _cache.get(key)
    if found is not None and len(found.parts) == len(parts) and all(map(is_, found.parts, parts)):
        _cache.move_to_end(key)
        return found.kernel
    loops = independent_loops(func) if lockstep else set[tir.ForOp]()
    if ordered:
        loops = {loop for loop in loops if loop.kind.data is not tir.ForKind.PARALLEL}
    kernel = compile_kernel(func, loops)
    _cache[key] = _Cached(parts, kernel)
    if len(_cache) > MAX_CACHED:
        _cache.popitem(last=False)
    return kernel


def _parts(func: tir.FuncOp) -> list[object]:
    """Return all that a kernel's meaning depends on; equal lists, part by part, mean the same."""
    parts: list[object] = []
    for op in func.walk():
        parts.append(op)
        parts.append(op.parent)
        parts += op.operands
        parts += op.properties.values()
        for region in op.regions:
            for block in region.blocks:
                parts.append(block)
                parts += (arg.type for arg in block.args)
    return parts


def _bind_symbols(
    func: tir.FuncOp, args: Sequence[Array | int], given: Mapping[str, int]
) -> dict[str, int]:
    """Return the value of every symbol: given, or the extent of an argument's axis."""
    values = dict(given)
    for ssa, arg in zip(func.body.block.args, args, strict=False):
        if not isinstance(ssa.type, tir.BufferType) or isinstance(arg, int):
            continue
        for dim, extent in zip(ssa.type.shape, arg.shape, strict=False):
            names = dim.free_vars()
            if len(names) == 1 and isinstance(names[0], str) and str(dim) == names[0]:
                values.setdefault(names[0], extent)
    missing = [name for name in func.symbol_names if name not in values]
    if missing:
        raise InterpreterError(func, f"no value for the symbols {missing}; pass symbols=")
    return values


def _arguments(
    func: tir.FuncOp, args: Sequence[Array | int], symbols: Mapping[str, int]
) -> list[Array | int]:
    """Check the arguments against the kernel's types; add missing workspaces."""
    block_args = func.body.block.args
    needed = len(block_args) - len(func.workspaces)
    if not needed <= len(args) <= len(block_args):
        raise InterpreterError(func, f"takes {len(block_args)} arguments, found {len(args)}")
    found = [
        _argument(func, i, ssa, arg, symbols)
        for i, (ssa, arg) in enumerate(zip(block_args, args, strict=False))
    ]
    for ssa in block_args[len(args) :]:
        assert isinstance(ssa.type, tir.BufferType)
        found.append(poisoned(_shape(ssa.type, symbols), ssa.type))
    return found


def _argument(
    func: tir.FuncOp, i: int, ssa: SSAValue, arg: Array | int, symbols: Mapping[str, int]
) -> Array | int:
    if not isinstance(ssa.type, tir.BufferType):
        return int(arg)
    shape, dtype = _shape(ssa.type, symbols), dtypes.to_numpy(ssa.type.dtype)
    if isinstance(arg, int) or arg.shape != shape or arg.dtype != dtype:
        what = "an int" if isinstance(arg, int) else f"{arg.dtype}{list(arg.shape)}"
        raise InterpreterError(
            func, f"argument {i} is {what}, expected {dtype}{list(shape)} ({ssa.type})"
        )
    return arg


def _shape(buffer_type: tir.BufferType, symbols: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(dim.evaluate(symbols) for dim in buffer_type.shape)


def _poison_outputs(func: tir.FuncOp, arrays: Sequence[Array | int]) -> None:
    """Poison outputs and workspaces; an output may share memory only where a pair says so."""
    num_inputs = func.num_inputs.value.data
    pairs = func.aliases()
    for k, array in enumerate(arrays[num_inputs:]):
        assert not isinstance(array, int)
        shared = [
            i
            for i, other in enumerate(arrays[: num_inputs + k])
            if not isinstance(other, int) and np.may_share_memory(other, array)
        ]
        if any((i, k) not in pairs for i in shared):
            raise InterpreterError(
                func, f"arguments {shared[0]} and {num_inputs + k} share memory, and are no pair"
            )
        if not shared:
            poison(array)
