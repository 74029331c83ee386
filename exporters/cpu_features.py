"""Instruction sets by LLVM's names: how a program asks the processor for them.

An exported library looks before it runs: an instruction that the processor lacks would end the
process. Only what ordinary compiled code may use stands here; what a target has besides (xsaves,
shstk, ...) does not matter to it. x86 processors answer themselves, others through Linux: it
hands a program bits about its processor (AT_HWCAP and AT_HWCAP2 of the auxiliary vector).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EAX, EBX, ECX, EDX = range(4)

_AVX, _AVX512, _AMX = 0x6, 0xE6, 0x60006
"""Registers that the system must save: bits of XCR0."""


@dataclass(frozen=True)
class Feature:
    """A bit that CPUID returns, and the registers that the system must save; or Linux's bit."""

    name: str
    leaf: int
    """Of CPUID; on other architectures the number of the entry in the auxiliary vector."""
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

_HWCAP, _HWCAP2 = 16, 26

# Source: Linux, arch/arm64/include/uapi/asm/hwcap.h.
_AARCH64 = (
    *_bits(_HWCAP, 0, 0, 0, "fp-armv8:0 neon:1 aes:3 sha2:6 crc:7 lse:8 fullfp16:10 rdm:12"),
    *_bits(_HWCAP, 0, 0, 0, "jsconv:13 complxnum:14 rcpc:15 sha3:17 sm4:19 dotprod:20 sve:22"),
    *_bits(_HWCAP, 0, 0, 0, "fp16fml:23"),
    *_bits(_HWCAP2, 0, 0, 0, "sve2:1 sve2-aes:2 sve2-bitperm:4 sve2-sha3:5 sve2-sm4:6 i8mm:13"),
    *_bits(_HWCAP2, 0, 0, 0, "bf16:14 sme:23"),
)

# Source: Linux, arch/arm/include/uapi/asm/hwcap.h.
_ARM = _bits(_HWCAP, 0, 0, 0, "vfp2:6 neon:12 vfp3:13 vfp4:16 hwdiv-arm:17 hwdiv:18")

# Source: Linux, arch/riscv/include/uapi/asm/hwcap.h: the letters of the single-letter extensions.
_RISCV = _bits(_HWCAP, 0, 0, 0, "a:0 c:2 d:3 f:5 m:12 v:21")

FEATURES: dict[str, dict[str, Feature]] = {
    arch: {feature.name: feature for feature in features}
    for arch, features in (
        ("x86_64", _X86),
        ("aarch64", _AARCH64),
        ("armv7", _ARM),
        ("armv7a", _ARM),
        ("riscv64", _RISCV),
    )
}
"""Architecture -> name -> how to ask. WebAssembly engines look themselves, when they load a
module; Macs (arm64) of today have one baseline."""


def checked_features(arch: str, features: Iterable[str]) -> list[Feature]:
    """Return what code for a target asks the processor for.

    Args:
        arch: the architecture, first part of a triple.
        features: of the target, "+avx2" present and "-avx512f" absent.
    """
    known = FEATURES.get(arch, {})
    wanted = (name[1:] for name in features if name[0] == "+")
    return [known[name] for name in wanted if name in known]
