"""What is assumed of a machine of which only the architecture and some features are known.

A schedule reads vector width, registers and caches from its target. The first two follow from the
features, `vector_shape`; caches cannot be seen in a triple, so each family has defaults: sizes
that few machines of the family are below, since a tile that is too small costs a little and one
that does not fit costs a lot. `l1d_bytes=` and `l2_bytes=` replace them.

    family    cpu           features           vectors            L1d     L2
    x86-64    x86-64        none (SSE2)        16 x 128           32 KiB  256 KiB
      v3      x86-64-v3     AVX2, FMA, ...     16 x 256           32 KiB  256 KiB
      v4      x86-64-v4     AVX-512, ...       32 x 512           32 KiB  1 MiB
    aarch64   generic       NEON               32 x 128           32 KiB  512 KiB
    riscv64   generic-rv64  GC; V by feature   32 x 128 (V)       32 KiB  512 KiB
    armv7     generic       NEON, VFPv4        16 x 128           32 KiB  256 KiB
    wasm32    generic       simd128            16 x 128           32 KiB  256 KiB
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ...dialects.machine import KIB, Target


@dataclass(frozen=True)
class Family:
    """The defaults of an architecture."""

    cpu: str = "generic"
    """LLVM's name of the model."""
    features: tuple[str, ...] = ()
    """On top of what the model implies."""
    l2_bytes: int = 512 * KIB


_ARM = Family("generic", ("+neon", "+vfp4"), 256 * KIB)
"""ARMv7 as Cortex-A7 and later have it: NEON, and VFPv4 for its fused multiply-add."""

FAMILIES: dict[str, Family] = {
    "aarch64": Family("generic", ("+neon",)),
    "arm64": Family("generic", ("+neon",)),
    "armv7": _ARM,
    "armv7a": _ARM,
    "riscv64": Family("generic-rv64", ("+m", "+a", "+f", "+d", "+c")),
    "wasm32": Family("generic", ("+simd128", "+bulk-memory"), 256 * KIB),
    "x86_64": Family("x86-64", (), 256 * KIB),
}
"""By architecture, the first part of a triple."""


def vector_shape(arch: str, has: Callable[[str], bool]) -> tuple[int, int]:
    """Return the width in bits and the number of vector registers.

    Args:
        arch: The architecture, first part of a triple.
        has: Tells whether an instruction set is there, by LLVM's name.
    """
    match arch:
        case "x86_64":
            if has("avx512f"):
                return 512, 32
            return (256 if has("avx") or has("avx2") else 128), 16
        # SVE's width is not known before the program runs: its registers are NEON's until then.
        case "aarch64" | "arm64" | "loongarch64" | "powerpc64le" | "s390x":
            return 128, 32
        case "riscv64":  # V promises 128 bits
            return (128 if has("v") else 64), 32
        case "armv7" | "armv7a":
            return (128 if has("neon") else 64), 16
        case "wasm32":  # engines have 16 on x86-64, 32 on aarch64
            return (128 if has("simd128") else 64), 16
        case _:
            return 128, 16


def shaped(target: Target) -> Target:
    """Return a target whose vectors follow from its features."""
    bits, registers = vector_shape(target.arch, target.has)
    return replace(target, vector_bits=bits, vector_registers=registers)


def family_target(triple: str) -> Target:
    """Return the target of a triple with the defaults of its family."""
    family = FAMILIES.get(triple.partition("-")[0], Family())
    return shaped(Target(triple, family.cpu, family.features, l2_bytes=family.l2_bytes))
