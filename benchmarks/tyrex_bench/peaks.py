"""What the core can do at most: two loops in LLVM IR, measured beside every kernel.

`fma`: independent fused multiply-adds in registers, nothing else: GFLOP/s.
`stream`: the sum of an array far larger than the private caches, by vector loads: GB/s.

A share of these is a statement about a kernel; an absolute figure is one about the machine, and on
a shared machine about the moment too, so both are measured again before each kernel.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

ACCUMULATORS = 24
"""Independent sums: more than latency times throughput of fma (at most 10), fewer than registers
where there are 32; with 16 registers LLVM would spill, so there it is 12."""
FMA_ROUNDS = 200_000
STREAM_BYTES = 256 << 20
STREAM_SUMS = 8
_STREAM_FLOATS = STREAM_BYTES // 4


def vector_lanes(features: dict[str, bool]) -> int:
    """Return how many float32 a vector register has."""
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx") else 4


def fma_text(lanes: int, sums: int) -> str:
    """Return IR of `float fma(i64 rounds)`: `sums` vector fma per round, each on its own sum."""
    vector = f"<{lanes} x float>"
    factor = f"{vector} {_splat(lanes, '0x3FEFFFFDE0000000')}"  # just under 1: sums stay finite
    phis = [f"  %a{i} = phi {vector} [%s{i}, %entry], [%n{i}, %loop]" for i in range(sums)]
    starts = [f"  %s{i} = insertelement {vector} {factor_only(lanes)}, float {float(i + 1):e}, i32 0"
              for i in range(sums)]  # fmt: skip
    steps = [
        f"  %n{i} = call {vector} @llvm.fma.v{lanes}f32({vector} %a{i}, {factor}, {factor})"
        for i in range(sums)
    ]
    return "\n".join(
        [
            f"declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})",
            f"declare float @llvm.vector.reduce.fadd.v{lanes}f32(float, {vector})",
            "define float @fma(i64 %rounds) #0 {",
            "entry:",
            *starts,
            "  br label %loop",
            "loop:",
            "  %i = phi i64 [0, %entry], [%next, %loop]",
            *phis,
            *steps,
            "  %next = add nuw nsw i64 %i, 1",
            "  %more = icmp ult i64 %next, %rounds",
            "  br i1 %more, label %loop, label %end",
            "end:",
            *_sum_up(lanes, sums),
            "}",
            _attributes(lanes),
        ]
    )


def stream_text(lanes: int, sums: int) -> str:
    """Return IR of `float stream(ptr, i64 floats)`: their sum; floats a multiple of a step's."""
    vector, step = f"<{lanes} x float>", lanes * sums
    phis = [
        f"  %a{i} = phi {vector} [zeroinitializer, %entry], [%n{i}, %loop]" for i in range(sums)
    ]
    steps: list[str] = []
    for i in range(sums):
        steps += [
            f"  %o{i} = add nuw nsw i64 %i, {i * lanes}",
            f"  %p{i} = getelementptr inbounds float, ptr %x, i64 %o{i}",
            f"  %v{i} = load {vector}, ptr %p{i}, align 4",
            f"  %n{i} = fadd {vector} %a{i}, %v{i}",
        ]
    return "\n".join(
        [
            f"declare float @llvm.vector.reduce.fadd.v{lanes}f32(float, {vector})",
            "define float @stream(ptr %x, i64 %floats) #0 {",
            "entry:",
            "  br label %loop",
            "loop:",
            "  %i = phi i64 [0, %entry], [%next, %loop]",
            *phis,
            *steps,
            f"  %next = add nuw nsw i64 %i, {step}",
            "  %more = icmp ult i64 %next, %floats",
            "  br i1 %more, label %loop, label %end",
            "end:",
            *_sum_up(lanes, sums),
            "}",
            _attributes(lanes),
        ]
    )


def _splat(lanes: int, value: str) -> str:
    return "<" + ", ".join([f"float {value}"] * lanes) + ">"


def factor_only(lanes: int) -> str:
    """Return a vector constant to start from."""
    return _splat(lanes, "1.0")


def _sum_up(lanes: int, sums: int) -> list[str]:
    vector = f"<{lanes} x float>"
    lines = [f"  %t0 = fadd {vector} %n0, %n1"]
    lines += [f"  %t{i} = fadd {vector} %t{i - 1}, %n{i + 1}" for i in range(1, sums - 1)]
    call = f"call reassoc float @llvm.vector.reduce.fadd.v{lanes}f32"
    return [*lines, f"  %r = {call}(float 0.0, {vector} %t{sums - 2})", "  ret float %r"]


def _attributes(lanes: int) -> str:
    bits = lanes * 32
    return (
        f'attributes #0 = {{ nounwind "min-legal-vector-width"="{bits}"'
        f' "prefer-vector-width"="{bits}" }}'
    )


class Peaks:
    """The two loops, compiled for this machine; each call measures once."""

    def __init__(self) -> None:
        # Any: llvmlite has no types.
        llvm: Any = import_module("llvmlite.binding")
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = llvm.get_host_cpu_features()
        self.lanes = vector_lanes(features)
        self.sums = ACCUMULATORS if self.lanes == 16 or self.lanes == 4 else ACCUMULATORS // 2
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=3
        )
        module = llvm.parse_assembly(
            fma_text(self.lanes, self.sums) + "\n" + _second(stream_text(self.lanes, STREAM_SUMS))
        )
        module.verify()
        self.engine = llvm.create_mcjit_compiler(module, machine)
        self.engine.finalize_object()
        address: Callable[[str], int] = self.engine.get_function_address
        self.fma = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64)(address("fma"))
        self.stream = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_void_p, ctypes.c_int64)(
            address("stream")
        )
        self.array = np.ones(_STREAM_FLOATS, np.float32)

    def gflops(self, clock: Callable[[], float] = time.thread_time) -> float:
        """Return the peak of one core: two operations per fma and lane."""
        start = clock()
        self.fma(FMA_ROUNDS)
        return 2e-9 * FMA_ROUNDS * self.sums * self.lanes / (clock() - start)

    def gbytes_per_s(self, clock: Callable[[], float] = time.thread_time) -> float:
        """Return what one core reads from memory."""
        start = clock()
        self.stream(self.array.ctypes.data, self.array.size)
        return 1e-9 * STREAM_BYTES / (clock() - start)


def _second(text: str) -> str:
    """Return the text for a module that has the first one's declaration and attributes."""
    body = [line for line in text.splitlines() if not line.startswith(("declare", "attributes"))]
    return "\n".join(body)
