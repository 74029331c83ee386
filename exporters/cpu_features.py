"""Instruction sets by LLVM's names: how a program asks the processor for them.

An exported library looks before it runs: an instruction that the processor lacks would end the
process. Only what ordinary compiled code may use stands here; what a target has besides (xsaves,
shstk, ...) does not matter to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EAX, EBX, ECX, EDX = range(4)

_AVX, _AVX512, _AMX = 0x6, 0xE6, 0x60006
"""Registers that the system must save: bits of XCR0."""


@dataclass(frozen=True)
class Feature:
    """A bit that CPUID returns, and the registers that the system must save."""

    name: str
    leaf: int
    subleaf: int
    register: int
    bit: int
    saved: int = 0


def _bits(leaf: int, subleaf: int, register: int, saved: int, text: str) -> list[Feature]:
    pairs = (word.rsplit(":", 1) for word in text.split())
    return [Feature(name, leaf, subleaf, register, int(bit), saved) for name, bit in pairs]


# Source: Intel 64 and IA-32 SDM, volume 2A, CPUID and volume 1, 13.3; AMD64 APM, volume 3, E.
_X86 = (
    *_bits(1, 0, EDX, 0, "cmov:15 mmx:23 sse:25 sse2:26"),
    *_bits(1, 0, ECX, 0, "sse3:0 pclmul:1 ssse3:9 cx16:13 sse4.1:19 sse4.2:20 movbe:22 popcnt:23"),
    *_bits(1, 0, ECX, 0, "aes:25"),
    *_bits(1, 0, ECX, _AVX, "fma:12 avx:28 f16c:29"),
    *_bits(7, 0, EBX, 0, "bmi:3 bmi2:8 adx:19 sha:29"),
    *_bits(7, 0, EBX, _AVX, "avx2:5"),
    *_bits(7, 0, EBX, _AVX512, "avx512f:16 avx512dq:17 avx512ifma:21 avx512cd:28 avx512bw:30"),
    *_bits(7, 0, EBX, _AVX512, "avx512vl:31"),
    *_bits(7, 0, ECX, 0, "gfni:8"),
    *_bits(7, 0, ECX, _AVX, "vaes:9 vpclmulqdq:10"),
    *_bits(7, 0, ECX, _AVX512, "avx512vbmi:1 avx512vbmi2:6 avx512vnni:11 avx512bitalg:12"),
    *_bits(7, 0, ECX, _AVX512, "avx512vpopcntdq:14"),
    *_bits(7, 0, EDX, _AVX512, "avx512vp2intersect:8 avx512fp16:23"),
    *_bits(7, 0, EDX, _AMX, "amx-bf16:22 amx-tile:24 amx-int8:25"),
    *_bits(7, 1, EAX, _AVX, "sha512:0 sm3:1 sm4:2 avxvnni:4 avxifma:23"),
    *_bits(7, 1, EAX, _AVX512, "avx512bf16:5"),
    *_bits(7, 1, EDX, _AVX, "avxvnniint8:4 avxneconvert:5 avxvnniint16:10"),
    *_bits(0x80000001, 0, ECX, 0, "lzcnt:5 sse4a:6 tbm:21"),
    *_bits(0x80000001, 0, ECX, _AVX, "xop:11 fma4:16"),
)

FEATURES: dict[str, dict[str, Feature]] = {"x86_64": {f.name: f for f in _X86}}
"""Architecture -> name -> how to ask. Other architectures are not asked yet."""


def checked_features(arch: str, features: Iterable[str]) -> list[Feature]:
    """Return what code for a target asks the processor for.

    Args:
        arch: the architecture, first part of a triple.
        features: of the target, "+avx2" present and "-avx512f" absent.
    """
    known = FEATURES.get(arch, {})
    wanted = (name[1:] for name in features if name[0] == "+")
    return [known[name] for name in wanted if name in known]
