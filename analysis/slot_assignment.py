"""Storages whose sizes symbols decide, shared by tensors that are needed at different times.

Two ways, both right for every size. *Slots*: storages that no tensors of need at one time, each as
large as the largest of its tensors turns out to be. *Scaled offsets*: where sizes are multiples of
one product of symbols (all tensors of a batch), a plan in units of it serves them all.

Source: slots are the linear scan of Pisarchyk, Lee (MLSys 2020 workshop), section 4, "shared
objects", by nominal sizes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import gcd

from ..symbolic import IntExpr, as_expr, ceildiv, max_
from ..symbolic.expr import Bounds, make_expr
from .nominal import SymbolBounds, nominal_size
from .offset_assignment import assign_offsets


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies: in which storage, at which byte."""

    storage: int
    offset: IntExpr


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """Storages by their sizes, and a place in one for every tensor."""

    storages: tuple[IntExpr, ...]
    places: tuple[Place, ...]

    def nominal_bytes(self, bounds: SymbolBounds) -> int:
        """Return the size of all storages for nominal symbols."""
        return sum(nominal_size(size, bounds) for size in self.storages)


def assign_slots(
    sizes: Sequence[IntExpr],
    conflicts: Sequence[Collection[int]],
    align_bytes: int,
    bounds: SymbolBounds,
) -> SlotPlan:
    """Return places such that ranges which conflict do not overlap, whatever the symbols are.

    Args:
        sizes: in bytes, over symbols.
        conflicts: for each range the ranges that it must not overlap (itself is ignored).
        align_bytes: every offset and every storage's size is a multiple of it.
        bounds: of the symbols.
    """
    plans = (
        _slots(sizes, conflicts, align_bytes, bounds),
        _scaled(sizes, conflicts, align_bytes),
    )
    return min(plans, key=lambda plan: plan.nominal_bytes(bounds))


def _slots(
    sizes: Sequence[IntExpr],
    conflicts: Sequence[Collection[int]],
    align_bytes: int,
    bounds: SymbolBounds,
) -> SlotPlan:
    nominal = [nominal_size(size, bounds) for size in sizes]
    slots: list[list[int]] = []
    chosen = [0] * len(sizes)
    for index in sorted(range(len(sizes)), key=lambda i: (-nominal[i], i)):
        others = set(conflicts[index]) - {index}
        free = (s for s, members in enumerate(slots) if others.isdisjoint(members))
        slot = next(free, len(slots))
        if slot == len(slots):
            slots.append([])
        slots[slot].append(index)
        chosen[index] = slot
    known: Bounds = dict(bounds)
    largest = (max_(*(sizes[i] for i in members)).simplify(known) for members in slots)
    zero = as_expr(0)
    return SlotPlan(
        tuple(_rounded(size, align_bytes) for size in largest),
        tuple(Place(slot, zero) for slot in chosen),
    )


def _scaled(
    sizes: Sequence[IntExpr], conflicts: Sequence[Collection[int]], align_bytes: int
) -> SlotPlan:
    """Return a plan of one storage for each unit that sizes are multiples of."""
    groups: dict[IntExpr, list[int]] = {}
    factors: list[int] = []
    for index, size in enumerate(sizes):
        unit, factor = _unit(size)
        factors.append(factor)
        groups.setdefault(unit, []).append(index)
    storages: list[IntExpr] = []
    places: dict[int, Place] = {}
    for unit, members in groups.items():
        inner = {index: position for position, index in enumerate(members)}
        within = [[inner[o] for o in conflicts[index] if o in inner] for index in members]
        plan = assign_offsets([factors[index] for index in members], within, align_bytes)
        for index, offset in zip(members, plan.offsets, strict=True):
            places[index] = Place(len(storages), unit * offset)
        storages.append(unit * plan.size_bytes)
    return SlotPlan(tuple(storages), tuple(places[index] for index in range(len(sizes))))


def _unit(size: IntExpr) -> tuple[IntExpr, int]:
    """Return a size as (what symbols decide, a number that multiplies it)."""
    numbers = [coef for _, coef in size.terms]
    factor = gcd(*numbers, size.constant)
    terms = tuple((mono, coef // factor) for mono, coef in size.terms)
    return make_expr(terms, size.constant // factor), factor


def _rounded(size: IntExpr, align_bytes: int) -> IntExpr:
    return size if size.is_multiple_of(align_bytes) else ceildiv(size, align_bytes) * align_bytes
