"""What the figures were taken on: processor, caches, versions, commit, load."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_FEATURES = (
    "sse4_2", "avx", "fma", "avx2", "avx512f", "avx512vl", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "asimd", "asimddp", "sve", "sve2",
)  # fmt: skip
"""Those that decide which arithmetic an engine can use."""


def describe() -> dict[str, Any]:
    """Return the machine and the state of the sources, as JSON."""
    info = _cpuinfo()
    flags = set((info.get("flags") or info.get("Features") or "").split())
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "modified": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "arch": platform.machine(),
        "cpu": info.get("model name", "unknown"),
        "cpus": os.cpu_count(),
        "features": [name for name in _FEATURES if name in flags],
        "caches": _caches(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def load_average() -> float:
    """Return how many processes wanted to run over the last minute."""
    return os.getloadavg()[0]


def choose_cpus(count: int, chosen: tuple[int, ...] = ()) -> list[int]:
    """Return the processors to pin to: the chosen ones, else the last of those allowed.

    The first one serves most interrupts.

    Raises:
        ValueError: there are not that many.
    """
    allowed = sorted(os.sched_getaffinity(0))
    cpus = list(chosen) if chosen else allowed[::-1]
    if len(cpus) < count or not set(cpus) <= set(allowed):
        raise ValueError(f"{count} of the processors {cpus} wanted; {allowed} are allowed")
    return cpus[:count]


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().partition("\n\n")[0].splitlines() if path.exists() else []
    pairs = (line.partition(":") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _caches() -> dict[str, str]:
    found: dict[str, str] = {}
    for folder in sorted(_CACHES.glob("index*")):
        level, kind, size = (
            (folder / name).read_text().strip() for name in ("level", "type", "size")
        )
        if kind != "Instruction":
            found[f"L{level}"] = size
    return found


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""
