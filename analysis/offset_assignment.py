"""Places in one block of memory for ranges that are needed at different times.

Largest first, each into the smallest gap between those placed ranges that it conflicts with.

Source: Pisarchyk, Lee: Efficient Memory Management for Deep Neural Net Inference (MLSys 2020
workshop), section 5.2, "Greedy by Size for Offset Calculation".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """An offset for every range, and the bytes of the whole."""

    offsets: tuple[int, ...]
    size_bytes: int


def assign_offsets(
    sizes: Sequence[int], conflicts: Sequence[Iterable[int]], align_bytes: int
) -> Plan:
    """Return places such that ranges which conflict do not overlap.

    Args:
        sizes: in bytes.
        conflicts: for each range the ranges that it must not overlap (itself is ignored).
        align_bytes: every offset is a multiple of it.
    """
    rounded = [-(-size // align_bytes) * align_bytes for size in sizes]
    by_size = sorted(range(len(sizes)), key=lambda i: (-rounded[i], i))
    in_order = range(len(sizes))
    sets = [set(others) for others in conflicts]
    plans = (_assign(order, rounded, sets) for order in (by_size, in_order))
    return min(plans, key=lambda plan: plan.size_bytes)


def _assign(order: Iterable[int], sizes: Sequence[int], conflicts: Sequence[set[int]]) -> Plan:
    offsets = [-1] * len(sizes)
    total = 0
    for index in order:
        others = [other for other in conflicts[index] if other != index and offsets[other] >= 0]
        placed = sorted((offsets[other], offsets[other] + sizes[other]) for other in others)
        offsets[index] = _best_gap(sizes[index], placed)
        total = max(total, offsets[index] + sizes[index])
    return Plan(tuple(offsets), total)


def _best_gap(size: int, placed: Sequence[tuple[int, int]]) -> int:
    """Return the start of the smallest gap that holds `size` bytes; the end where none does."""
    best: int | None = None
    best_size = 0
    end = 0
    for start, stop in placed:
        gap = start - end
        if gap >= size and (best is None or gap < best_size):
            best, best_size = end, gap
        end = max(end, stop)
    return end if best is None else best
