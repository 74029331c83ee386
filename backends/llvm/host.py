"""The machine at hand as a target: instruction sets from LLVM, caches from the system."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from ...dialects.machine import KIB, Target
from .families import vector_shape
from .library import binding

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_SIZE = re.compile(r"(\d+)([KMG]?)")
_UNITS = {"": 1, "K": KIB, "M": KIB**2, "G": KIB**3}

# Where the system tells nothing: sizes that no current machine is below.
_FALLBACK_L1D = 32 * KIB
_FALLBACK_L2 = 256 * KIB


@cache
def detect_host() -> Target:
    """Return the target that this process runs on."""
    triple: str = binding.get_process_triple()
    features: dict[str, bool] = dict(binding.get_host_cpu_features())
    arch = triple.partition("-")[0]
    bits, registers = vector_shape(arch, lambda name: features.get(name, False))
    words = [f"{'+' if on else '-'}{name}" for name, on in sorted(features.items())]
    cpu: str = binding.get_host_cpu_name()
    if arch == "x86_64":
        cpu = _x86_model(cpu, features)
        if bits == 512:
            words.append("-prefer-256-bit")
    l1d, l2, l3 = cache_sizes()
    return Target(
        triple,
        cpu,
        tuple(words),
        vector_bits=bits,
        vector_registers=registers,
        cores=available_cores(),
        l1d_bytes=l1d,
        l2_bytes=l2,
        l3_bytes=l3,
    )


def _x86_model(name: str, features: dict[str, bool]) -> str:
    """Return the model to schedule instructions for.

    A virtual machine that masks a few features makes LLVM guess a smaller sibling, whose costs
    are wrong. Every feature is listed beside the name, so the name alone adds none.
    """
    if features.get("avx512fp16") and features.get("amx-tile"):
        return "sapphirerapids"
    return name


def available_cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def cache_sizes() -> tuple[int, int, int]:
    """Return the bytes of first-level data, second-level and last-level cache."""
    levels = _caches_from_sysfs() or _caches_from_sysconf()
    return levels.get(1, _FALLBACK_L1D), levels.get(2, _FALLBACK_L2), levels.get(3, 0)


def _caches_from_sysfs() -> dict[int, int]:
    levels: dict[int, int] = {}
    for index in sorted(_CACHES.glob("index*")):
        try:
            kind = (index / "type").read_text().strip()
            level = int((index / "level").read_text())
            size = _SIZE.fullmatch((index / "size").read_text().strip())
        except (OSError, ValueError):
            continue
        if kind != "Instruction" and size is not None:
            levels[level] = int(size[1]) * _UNITS[size[2]]
    return levels


def _caches_from_sysconf() -> dict[int, int]:
    levels: dict[int, int] = {}
    names = {1: "SC_LEVEL1_DCACHE_SIZE", 2: "SC_LEVEL2_CACHE_SIZE", 3: "SC_LEVEL3_CACHE_SIZE"}
    for level, name in names.items():
        try:
            size = os.sysconf(name)
        except (ValueError, OSError, AttributeError):
            continue
        if size > 0:
            levels[level] = size
    return levels


def missing_features(target: Target, host: Target) -> tuple[str, ...]:
    """Return the instruction sets that code for `target` uses and machine `host` lacks."""
    needed = (f[1:] for f in target.features if f[0] == "+")
    return tuple(feature for feature in needed if not host.has(feature))
