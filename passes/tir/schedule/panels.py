"""Panels: an operand of register tiles copied so that what is read next stands next.

    for k, for l in T: panel[k, l] = b[k, j0 + l]     then tiles read panel[k, ...]

A row of tiles reads T elements of `b` at every step, each step far from the one before: another
cache line and page each time, or, where `b` is transposed, T of them. The copy is made once and
read by every tile of the column. Source: packing in Goto & van de Geijn, "Anatomy of
High-Performance Matrix Multiplication", ACM TOMS 2008, sections 4 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Block, Operation, Region, SSAValue

from ....analysis.nests import nest_of
from ....analysis.steps import NestSteps, nominal_extents
from ....dialects import tir
from ....dialects.target import Target
from ....dialects.tir.clone import Cloner, zero_constant
from ....symbolic import IntExpr, var
from ..pack_constants import Pack
from .build import NestBuilder
from .maps import schedule_map


@dataclass(frozen=True, eq=False)
class Panel:
    """The copy of an operand.

    Attributes:
        load: reads the operand in the reduction.
        pack: how the copy is laid out: [tiles, other dims, elements of a tile].
        copy: the buffer, of shape `pack.shape(shape of the operand)`.
        whole: whether it is filled before all tiles, else each column of tiles before its own.
    """

    load: tir.LoadOp
    pack: Pack
    copy: SSAValue
    whole: bool


def copy_panel(
    b: NestBuilder, panel: Panel, fixed: Sequence[IntExpr | None], target: Target
) -> None:
    """Append the loops that fill a panel, scheduled.

    Args:
        b: where they go.
        panel: what is filled.
        fixed: for each dim of the copy where it is, None where all of it is filled.
        target: what it is scheduled for.
    """
    copy_type = panel.copy.type
    assert isinstance(copy_type, tir.BufferType)
    shape = copy_type.shape
    body = Block(arg_types=[tir.INDEX for at in fixed if at is None])
    variables = iter(body.args)
    place = [var(next(variables)) if at is None else at for at in fixed]
    _copy_one(Cloner(body), panel, place)
    extents = [size for size, at in zip(shape, fixed, strict=True) if at is None]
    loops = [Block(arg_types=[tir.INDEX]) for _ in extents]
    iters = [
        (tir.IterKind.SPATIAL, size, var(loop.args[0]))
        for size, loop in zip(extents, loops, strict=True)
    ]
    statement: Operation = tir.BlockOp("panel", iters, Region(body))
    for size, loop in zip(reversed(extents), reversed(loops), strict=True):
        loop.add_op(statement)
        statement = tir.ForOp(size, Region(loop))
    nest = nest_of(statement)
    assert nest is not None, "loops around one block"
    schedule_map(b, NestSteps(nest, nominal_extents(nest)), target)
    statement.erase()


def _copy_one(cloner: Cloner, panel: Panel, place: Sequence[IntExpr]) -> None:
    """Append the copy of one element: zero past the end of the last tile."""
    load, pack = panel.load, panel.pack
    source_type = load.buffer.type
    assert isinstance(source_type, tir.BufferType)
    size = source_type.shape[pack.axis].constant_value
    source = pack.source(place)
    if size % pack.tile == 0:
        read: Operation = tir.LoadOp(load.buffer, source)
    else:
        zero = cloner.append(zero_constant(load.result), load.location).results[0]
        inside = [size - 1 - source[pack.axis]]
        read = tir.PredicatedLoadOp(load.buffer, source, inside, zero)
    value = cloner.append(read, load.location).results[0]
    cloner.append(tir.StoreOp(value, panel.copy, place), load.location)
