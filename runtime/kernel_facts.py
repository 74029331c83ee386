"""What a program knows of its kernels beyond their names: which arguments are results, arithmetic.

The facts travel as JSON in the program's metadata; one without them runs all the same, and its
profile has no GFLOP/s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

METADATA_KEY = "kernels"


@dataclass(frozen=True)
class KernelFacts:
    """One kernel: inputs first, then results, then workspaces and sizes."""

    num_inputs: int
    num_outputs: int
    flops: int | None = None
    """Floating-point operations of a call; None where a size is known at run time only."""


def pack_facts(facts: Mapping[str, KernelFacts]) -> str:
    """Return facts by kernel as text."""
    return json.dumps({name: list(asdict(fact).values()) for name, fact in facts.items()})


def unpack_facts(metadata: Mapping[str, str]) -> dict[str, KernelFacts]:
    """Return the facts of a program's metadata, none where they are missing or of another form."""
    try:
        found = json.loads(metadata.get(METADATA_KEY, "{}"))
        return {name: KernelFacts(*fields) for name, fields in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
