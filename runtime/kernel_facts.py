"""What a program knows of its kernels beyond their names: which arguments are results, arithmetic.

The facts travel as JSON in the program's metadata; one without them runs all the same, and its
profile has no GFLOP/s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .dims import SymbolicDim, decode_dim, encode_dim
from .errors import LoadError

METADATA_KEY = "kernels"


@dataclass(frozen=True)
class KernelFacts:
    """One kernel: inputs first, then results, then workspaces and sizes."""

    num_inputs: int
    num_outputs: int
    flops: int | SymbolicDim | None = None
    """Floating-point operations of a call; symbols are `argument_name`s, of arguments that are
    sizes."""


def argument_name(position: int) -> str:
    """Return what an argument of a kernel is called in an expression."""
    return f"a{position}"


def pack_facts(facts: Mapping[str, KernelFacts]) -> str:
    """Return facts by kernel as text."""
    return json.dumps({name: _fields(fact) for name, fact in facts.items()})


def _fields(fact: KernelFacts) -> list[int | str | None]:
    flops = fact.flops
    text = encode_dim(flops) if isinstance(flops, SymbolicDim) else flops
    return [fact.num_inputs, fact.num_outputs, text]


def unpack_facts(metadata: Mapping[str, str]) -> dict[str, KernelFacts]:
    """Return the facts of a program's metadata, none where they are missing or of another form."""
    try:
        found = json.loads(metadata.get(METADATA_KEY, "{}"))
        return {name: _fact(*fields) for name, fields in found.items()}
    except (LoadError, ValueError, TypeError, AttributeError):
        return {}


def _fact(num_inputs: int, num_outputs: int, flops: int | str | None) -> KernelFacts:
    decoded = decode_dim(flops) if isinstance(flops, str) else flops
    return KernelFacts(num_inputs, num_outputs, decoded)
