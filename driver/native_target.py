"""The machine at hand as a target, remembered: LLVM is not loaded to ask it again."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from ..backends.llvm.host import available_cores, detect_host
from ..dialects.machine import Target
from .cache import Cache
from .cache_keys import compiler_digest, digest

KIND = "machines"

# Of the first processor in the list, what does not change from moment to moment.
_LASTING = ("vendor_id", "cpu family", "model", "stepping", "flags", "features", "isa", "cpu part")


@cache
def native_target() -> Target:
    """Return the target that this process runs on.

    What LLVM says of a processor is kept in the cache under the system's own description of it.
    """
    store, description = Cache(), _description()
    key = digest(sys.platform, str(available_cores()), description, compiler_digest())
    data = store.get(KIND, key) if description else None
    if data is not None:
        facts: dict[str, Any] = json.loads(bytes(data))
        facts["features"] = tuple(facts["features"])
        return Target(**facts)
    target = detect_host()
    if description:
        store.put(KIND, key, json.dumps(asdict(target)).encode())
    return target


def _description() -> str:
    """Return how Linux describes its first processor, "" where there is no such text."""
    try:
        first = Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0]
    except OSError:
        return ""
    return "\n".join(line for line in first.splitlines() if line.lower().startswith(_LASTING))
