"""What the core can do at most: two loops in LLVM IR, measured beside every kernel.

`fma`: independent fused multiply-adds in registers, nothing else: GFLOP/s.
`stream`: the sum of an array far larger than the private caches, by vector loads: GB/s.

A share of these is a statement about a kernel; an absolute figure is one about the machine, and on
a shared machine about the moment too, so both are measured again before each kernel.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

_SUMS = {16: 24, 8: 12, 4: 12}
"""Lanes -> independent sums: more than latency times throughput of fma (at most 10), fewer than the
vector registers (32 with AVX-512, 16 with AVX)."""
FMA_ROUNDS = 200_000
STREAM_BYTES = 256 << 20
STREAM_SUMS = 8


def vector_lanes(features: dict[str, bool]) -> int:
    """Return how many float32 a vector register has."""
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx") else 4


def module_text(lanes: int, sums: int) -> str:
    """Return IR of both loops.

    `float fma(i64 rounds)` does `sums` vector fma a round, each on its own sum;
    `float stream(ptr, i64 floats)` adds floats up, a multiple of what a step loads.
    """
    vector, bits = f"<{lanes} x float>", lanes * 32
    return "\n".join(
        [
            f"declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})",
            f"declare float @llvm.vector.reduce.fadd.v{lanes}f32(float, {vector})",
            *_function("fma(i64 %end)", 1, lanes, 1, [_fma_step(lanes, i) for i in range(sums)]),
            *_function(
                "stream(ptr %x, i64 %end)", lanes * STREAM_SUMS, lanes, 0,
                [_stream_step(lanes, i) for i in range(STREAM_SUMS)],
            ),
            f'attributes #0 = {{ nounwind "min-legal-vector-width"="{bits}"'
            f' "prefer-vector-width"="{bits}" }}',
        ]
    )  # fmt: skip


def _function(
    signature: str, stride: int, lanes: int, start: int, steps: Sequence[Sequence[str]]
) -> list[str]:
    """Return a loop to %end whose step i makes %n{i} of %a{i}, which starts at start * (i + 1).

    The result is the sum of all.
    """
    vector, count = f"<{lanes} x float>", len(steps)
    starts = [_splat(lanes, f"{start * (i + 1):.1f}") for i in range(count)]
    call = f"call reassoc float @llvm.vector.reduce.fadd.v{lanes}f32"
    return [
        f"define float @{signature} #0 {{",
        "entry:",
        "  br label %loop",
        "loop:",
        "  %i = phi i64 [0, %entry], [%next, %loop]",
        *(f"  %a{i} = phi {vector} [{starts[i]}, %entry], [%n{i}, %loop]" for i in range(count)),
        *(line for step in steps for line in step),
        f"  %next = add nuw nsw i64 %i, {stride}",
        "  %more = icmp ult i64 %next, %end",
        "  br i1 %more, label %loop, label %done",
        "done:",
        f"  %t0 = fadd {vector} %n0, zeroinitializer",
        *(f"  %t{i} = fadd {vector} %t{i - 1}, %n{i}" for i in range(1, count)),
        f"  %r = {call}(float 0.0, {vector} %t{count - 1})",
        "  ret float %r",
        "}",
    ]


def _fma_step(lanes: int, i: int) -> list[str]:
    vector = f"<{lanes} x float>"
    factor = f"{vector} {_splat(lanes, '0.5')}"  # sums stay between 1 and what they start from
    call = f"call {vector} @llvm.fma.v{lanes}f32"
    return [f"  %n{i} = {call}({vector} %a{i}, {factor}, {factor})"]


def _stream_step(lanes: int, i: int) -> list[str]:
    vector = f"<{lanes} x float>"
    return [
        f"  %o{i} = add nuw nsw i64 %i, {i * lanes}",
        f"  %p{i} = getelementptr inbounds float, ptr %x, i64 %o{i}",
        f"  %v{i} = load {vector}, ptr %p{i}, align 4",
        f"  %n{i} = fadd {vector} %a{i}, %v{i}",
    ]


def _splat(lanes: int, value: str) -> str:
    return "<" + ", ".join([f"float {value}"] * lanes) + ">"


class Peaks:
    """The two loops, compiled for this machine; each call measures once.

    Args:
        stream_bytes: what is read to find the bandwidth.
    """

    def __init__(self, stream_bytes: int = STREAM_BYTES) -> None:
        # Any: llvmlite has no types.
        llvm: Any = import_module("llvmlite.binding")
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = llvm.get_host_cpu_features()
        self.lanes = vector_lanes(features)
        self.sums = _SUMS[self.lanes]
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=3
        )
        module = llvm.parse_assembly(module_text(self.lanes, self.sums))
        module.verify()
        self.engine = llvm.create_mcjit_compiler(module, machine)
        self.engine.finalize_object()
        address: Callable[[str], int] = self.engine.get_function_address
        self.fma = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64)(address("fma"))
        self.stream = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_void_p, ctypes.c_int64)(
            address("stream")
        )
        self.array = np.ones(stream_bytes // 4, np.float32)

    def gflops(self, clock: Callable[[], float] = time.thread_time) -> float:
        """Return the peak of one core: two operations per fma and lane."""
        start = clock()
        self.fma(FMA_ROUNDS)
        return 2e-9 * FMA_ROUNDS * self.sums * self.lanes / (clock() - start)

    def gbytes_per_s(self, clock: Callable[[], float] = time.thread_time) -> float:
        """Return what one core reads from memory."""
        start = clock()
        self.stream(self.array.ctypes.data, self.array.size)
        return 1e-9 * self.array.nbytes / (clock() - start)
