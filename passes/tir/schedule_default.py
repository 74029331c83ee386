"""schedule-default: every nest gets loops, vectors and threads by an analytic model; no tuning.

Rewrites   for i, j, k { block: c[i, j] += a[i, k] * b[k, j] } ; for i, j { block: y = f(c) }
into       tiles in parallel { acc = 0 ; for k { acc += a * b } ; y = f(acc) }   in registers

A reduction whose output is contiguous in an axis becomes register tiles (`schedule/tiles.py`), one
along contiguous memory a sum per lane (`schedule/lanes.py`), a map vectors (`schedule/maps.py`);
what suits none keeps its loops, with its init taken out of them and the outermost in parallel.
A copy that only the next reduction reads may be made piece by piece, before the tiles that read it
(`analysis/staging.py`).

Needs:  blocks inlined (inline-blocks); the module's `tyrex.target`.
Leaves: scheduled blocks; temporaries that epilogues consumed are gone.
Why here: after everything that adds or removes blocks, before blocks are lowered.
Source: the tiles and panels of Goto & van de Geijn (ACM TOMS 2008); see analysis/tiling.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ...analysis.addresses import MAX_STRIDE
from ...analysis.nests import Access, Nest, nest_of, same_indices, statement_beside
from ...analysis.nominal import nominal_extent
from ...analysis.staging import Staging, choose_staging
from ...analysis.steps import NestSteps, has_any, nominal_extents
from ...analysis.tiling import Tile, choose_tile
from ...dialects import tir
from ...dialects.diagnostics import CompileError
from ...dialects.location import fuse_locations
from ...dialects.target import Target, target_of
from ...dialects.tir.clone import Cloner
from ...symbolic import IntExpr
from .pack_constants import Pack, constant_inputs, set_packs
from .schedule.build import NestBuilder, iters_of
from .schedule.lanes import LaneSchedule, combining_op, lane_group
from .schedule.maps import PARALLEL_WORK, SCALAR_MATH, kind_of_outer, map_block, schedule_map
from .schedule.streams import StreamSchedule, streams
from .schedule.symbolic_tiles import SymbolicTiles
from .schedule.tile_body import Following
from .schedule.tiles import Surroundings, TileSchedule

MIN_ROWS_FOR_STRIDED = 4  # loads that are no vectors pay when this many rows use each


class _Policy:
    """Schedules one kernel."""

    def __init__(self, func: tir.FuncOp, target: Target, constants: Iterable[int] = ()) -> None:
        self.func = func
        self.target = target
        self.constants = frozenset(func.body.block.args[i] for i in constants)
        self.packs: list[Pack] = []
        self.staging: Staging | None = None  # of the reduction at hand
        self.following: Following | None = None  # of the tile at hand, in loops of symbolic extents
        self.before: NestBuilder | None = None  # what goes before the parallel loop at hand

    def run(self) -> None:
        """Replace every statement of the kernel by its scheduled form; leave packing hints."""
        self.statements(self.func.body.block)
        inputs = [pack.position for pack in self.packs]
        packs = [p for p in self.packs if inputs.count(p.position) == 1 and self.packable(p)]
        if packs:
            set_packs(self.func, packs)

    def packable(self, pack: Pack) -> bool:
        """Tell whether the input may change its layout: no alias of an output."""
        is_input = pack.position < len(self.func.inputs)
        return is_input and all(i != pack.position for i, _ in self.func.aliases())

    def statements(self, block: Block) -> None:
        """Replace every statement of a block by its scheduled form.

        A compute definition says by a parallel loop that its iterations are independent; what is
        inside is scheduled for one thread.
        """
        _put_buffers_first(block)
        for op in list(block.ops):
            if op.parent is None or isinstance(op, tir.AllocOp):
                continue  # consumed as an epilogue; nothing to schedule
            if isinstance(op, tir.ForOp) and op.kind.data is tir.ForKind.PARALLEL:
                if _is_short(op):
                    op.properties["kind"] = tir.ForKindAttr(tir.ForKind.SERIAL)
                self.inside(op)
                continue
            nest = nest_of(op)
            if nest is None or not nest.is_plain:
                continue
            reader = self.reader_of_copy(nest)
            if reader is not None and self.in_stages(nest, reader):
                continue
            self.statement(nest)

    def inside(self, loop: tir.ForOp) -> None:
        """Schedule what is in a parallel loop, and what is copied for it before it starts."""
        if loop.parent is not self.func.body.block:
            self.statements(loop.body.block)
            return
        self.before = before = NestBuilder(Block(), loop.location)
        self.statements(loop.body.block)
        self.before = None
        for op in list(before.block.ops):
            op.detach()
            self.func.body.block.insert_op_before(op, loop)

    def statement(self, nest: Nest) -> None:
        """Replace one nest, and the epilogue that it takes in, by its scheduled form."""
        epilogue = self.epilogue_of(nest)
        blocks = [nest.block] if epilogue is None else [nest.block, epilogue.block]
        builder = NestBuilder(Block(), fuse_locations(b.location for b in blocks))
        fused = self.schedule(builder, nest, epilogue)
        self.replace(nest.root, builder.block)
        if fused and epilogue is not None:
            self.remove(epilogue)

    def reader_of_copy(self, nest: Nest) -> Nest | None:
        """Return the reduction that alone reads what a map fills, where it is the next nest."""
        if nest.reduce or not nest.is_flat or not nest.writes_identity():
            return None
        buffer = nest.stores[0].buffer
        reader = nest_of(nest.root.next_op) if nest.root.next_op is not None else None
        if not isinstance(buffer.owner, tir.AllocOp) or reader is None or not reader.reduce:
            return None
        ops = [use.operation for use in buffer.uses if use.operation is not nest.stores[0]]
        return reader if reader.is_plain and set(ops) <= set(reader.loads) else None

    def in_stages(self, nest: Nest, reader: Nest) -> bool:
        """Schedule a copy and its reader as one, if it is best made piece by piece."""
        extents = nominal_extents(reader)
        if 0 in extents or nest.root.parent is not self.func.body.block:
            return False
        steps = NestSteps(reader, extents)
        tile = self.tile_of(steps)
        if tile is None or not steps.is_constant(tile.axes) or not self.prefers_tile(steps, tile):
            return False
        self.staging = choose_staging(steps, tile, nest, self.target)
        if self.staging is None:
            return False
        self.statement(reader)
        self.staging = None
        self.remove(nest)
        return True

    def tile_of(self, steps: NestSteps) -> Tile | None:
        """Return the register tile that suits a reduction."""
        nest = steps.nest
        suits = nest.block.init is not None and nest.writes_identity()
        if not suits or has_any(nest, (*SCALAR_MATH, tir.IfOp)):
            return None
        return choose_tile(steps, self.target)

    def replace(self, root: Operation, new: Block) -> None:
        """Put the operations of `new` in the place of `root`."""
        block = root.parent
        assert block is not None
        for op in list(new.ops):
            op.detach()
            block.insert_op_before(op, root)
        root.detach()
        root.erase()

    def remove(self, nest: Nest) -> None:
        """Erase a nest that a tile has taken in, and the buffer between them."""
        block = nest.root.parent
        assert block is not None
        nest.root.detach()
        nest.root.erase()
        for alloc in list(block.ops):
            if isinstance(alloc, tir.AllocOp) and not alloc.buffer.uses.get_length():
                alloc.detach()
                alloc.erase()

    def epilogue_of(self, nest: Nest) -> Nest | None:
        """Return the mapping nest that alone reads what a reduction leaves, element by element."""
        if not nest.reduce or not nest.writes_identity():
            return None
        buffer = nest.stores[0].buffer
        if not isinstance(buffer.owner, tir.AllocOp):
            return None
        readers = {
            op: None for use in buffer.uses if not nest.root.is_ancestor(op := use.operation)
        }
        roots = {statement_beside(op, nest.root) for op in readers}
        root = roots.pop() if len(roots) == 1 else None
        reader = nest_of(root) if root is not None else None
        if reader is None or not reader.is_plain or not reader.is_flat or reader.reduce:
            return None
        extents = [nest.extents[i] for i in nest.spatial]
        reads_in_place = all(
            isinstance(op, Access) and same_indices(op, reader.block.iter_vars) for op in readers
        )
        same = reads_in_place and list(reader.extents) == extents
        return reader if same and self.movable(nest, reader) else None

    def movable(self, nest: Nest, reader: Nest) -> bool:
        """Tell whether nothing between the two writes what the reader reads."""
        sources = {load.buffer for load in reader.loads} - {nest.stores[0].buffer}
        op = nest.root.next_op
        while op is not None and op is not reader.root:
            if any(
                isinstance(inner, tir.StoreOp | tir.PredicatedStoreOp) and inner.buffer in sources
                for inner in op.walk()
            ):
                return False
            op = op.next_op
        return op is reader.root

    def schedule(self, b: NestBuilder, nest: Nest, epilogue: Nest | None) -> bool:
        """Append the scheduled nest; tell whether the epilogue is in it."""
        extents = nominal_extents(nest)
        if any(extent == 0 for extent in extents):
            self.split_init(b, nest, tir.ForKind.SERIAL)
            return False
        steps = NestSteps(nest, extents)
        if not nest.reduce:
            if nest.spatial == tuple(range(len(extents))):
                schedule_map(b, steps, self.target)
            else:
                self.plain(b, nest)
            return False
        return self.reduction(b, steps, epilogue)

    def reduction(self, b: NestBuilder, steps: NestSteps, epilogue: Nest | None) -> bool:
        """Append a scheduled reduction; tell whether the epilogue is in it."""
        nest = steps.nest
        suits = nest.block.init is not None and nest.writes_identity()
        tile = self.tile_of(steps)
        group = lane_group(steps) if suits and combining_op(nest) is not None else None
        if tile is not None and (group is None or self.prefers_tile(steps, tile)):
            if epilogue is not None and has_any(epilogue, (*SCALAR_MATH, tir.IfOp)):
                epilogue = None
            if streams(steps, tile, self.target):
                StreamSchedule(b, steps, tile, self.target).build()
                return False
            if not steps.is_constant(tile.axes):
                self.symbolic_tiles(b, steps, tile, epilogue)
                return epilogue is not None
            schedule = TileSchedule(b, steps, tile, self.target, epilogue, self.around(b, nest))
            schedule.build()
            self.packs += schedule.packs()
            return epilogue is not None
        lanes = self.target.lanes(steps.widest_bytes)
        if group is not None and steps.extent_of(group) >= lanes:
            LaneSchedule(b, steps, group, self.target).build()
        else:
            self.split_init(b, nest, kind_of_outer(steps))
        return False

    def around(self, b: NestBuilder, nest: Nest) -> Surroundings:
        """Return what the schedule of a nest may use of the kernel."""
        if nest.root.parent is self.func.body.block:
            return Surroundings(self.constants, self.workspace, b, 1, self.staging)
        times = 1
        loop = nest.root.parent_op()
        while isinstance(loop, tir.ForOp):
            times *= nominal_extent(loop.extent_expr())
            loop = loop.parent_op()
        inputs = set(self.func.inputs) - {self.func.inputs[i] for i, _ in self.func.aliases()}
        copyable = frozenset(inputs)
        return Surroundings(
            self.constants,
            self.workspace,
            self.before,
            times,
            copyable=copyable,
            following=self.following,
        )

    def workspace(self, buffer_type: tir.BufferType) -> SSAValue:
        """Return a new buffer for the length of a call."""
        alloc = tir.AllocOp(buffer_type)
        alloc.location = self.func.location
        first = self.func.body.block.first_op
        assert first is not None
        self.func.body.block.insert_op_before(alloc, first)
        return alloc.buffer

    def symbolic_tiles(
        self, b: NestBuilder, steps: NestSteps, tile: Tile, epilogue: Nest | None
    ) -> None:
        """Append loops around tiles of constant size, and schedule what is in these."""
        may_repeat = not self.func.aliases()
        tiles = SymbolicTiles(b, steps, tile, self.target, epilogue, may_repeat)
        tiles.build()
        around = Surroundings(self.constants, self.workspace, None)
        for pack in TileSchedule(b, steps, tile, self.target, None, around).packs():
            buffer_type = self.func.body.block.args[pack.position].type
            if isinstance(buffer_type, tir.BufferType) and buffer_type.shape[pack.axis].is_constant:
                self.packs.append(pack)
        for body, self.following in tiles.bodies:
            self.statements(body)
        self.following = None

    def prefers_tile(self, steps: NestSteps, tile: Tile) -> bool:
        """Tell whether a tile beats a sum per lane: its loads are vectors, or much reused."""
        axis = tile.lane_group[-1]
        contiguous = all(0 <= (m.steps[axis] or 0) <= MAX_STRIDE for m in steps.loads)
        return contiguous or tile.rows >= MIN_ROWS_FOR_STRIDED

    def split_init(self, b: NestBuilder, nest: Nest, outermost: tir.ForKind) -> None:
        """Append a reduction's loops as they are, its init before the reduce loops.

        So it runs once, and also where a symbolic reduce axis turns out to be empty.
        """
        if nest.block.init is None:
            self.plain(b, nest)
            return
        reduce = [i for i in range(len(nest.extents)) if i not in nest.spatial]
        kind = outermost if nest.spatial else tir.ForKind.SERIAL
        with b.nest([nest.extents[i] for i in nest.spatial], kind) as outer:
            values = dict(zip(nest.spatial, outer, strict=True))
            self.init_block(b, nest, values)
            with b.nest([nest.extents[i] for i in reduce], tir.ForKind.SERIAL) as inner:
                values.update(zip(reduce, inner, strict=True))
                map_block(b, nest, [values[i] for i in range(len(nest.extents))])

    def init_block(self, b: NestBuilder, nest: Nest, values: dict[int, IntExpr]) -> None:
        """Append the init of a reduction as a block of its own."""
        init = nest.block.init
        assert init is not None
        iters = iters_of(nest, [values.get(i, nest.extents[i]) for i in range(len(nest.extents))])
        spatial = [iters[i] for i in nest.spatial]
        with b.tile_block(f"{nest.block.block_name.data}_init", spatial) as args:
            cloner = Cloner(b.block)
            for axis, arg in zip(nest.spatial, args, strict=True):
                cloner.exprs[init.block.args[axis]] = arg
            cloner.clone(init.block.ops)

    def plain(self, b: NestBuilder, nest: Nest) -> None:
        """Append a nest as it is; its outermost loop in parallel where that is right and pays."""
        cloner = Cloner(b.block)
        cloner.clone([nest.root])
        copy = nest_of(b.block.last_op) if b.block.last_op is not None else None
        if copy is None or not copy.loops:
            return
        outermost_is_spatial = nest.block.kinds.data[0] is tir.IterKind.SPATIAL
        steps = NestSteps(nest, nominal_extents(nest))
        if outermost_is_spatial and steps.work() >= PARALLEL_WORK:
            copy.loops[0].properties["kind"] = tir.ForKindAttr(tir.ForKind.PARALLEL)


def _put_buffers_first(block: Block) -> None:
    """Move the allocations of a block to its start: what moves up may write what follows it."""
    for op in reversed([op for op in block.ops if isinstance(op, tir.AllocOp)]):
        first = block.first_op
        if first is not None and op is not first:
            op.detach()
            block.insert_op_before(op, first)


def _is_short(loop: tir.ForOp) -> bool:
    """Tell whether all iterations of a loop are less work than a hand-off to other threads."""
    extent = loop.extent_expr()
    nests = [nest_of(op) for op in loop.body.block.ops if not isinstance(op, tir.AllocOp)]
    work = 0
    for nest in nests:
        if nest is None or not nest.is_plain:
            return False
        work += NestSteps(nest, nominal_extents(nest)).work()
    return work * nominal_extent(extent) < PARALLEL_WORK


@dataclass(frozen=True)
class ScheduleDefaultPass(ModulePass):
    """See the module docstring."""

    name = "schedule-default"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = target_of(op)
        if target is None:
            raise CompileError(
                op,
                "names no target, so no tile can be chosen",
                hint="set the module's attribute `tyrex.target`",
            )
        constants = constant_inputs(op)
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                _Policy(func, target, constants.get(func.sym_name.data, ())).run()
