"""pack-constants: weights are laid out at compile time as the register tiles read them.

Rewrites   tir.func @k(%x, %w: buffer<[K, N]>) { ... %w[k, j] ... } ;  call_tir @k(%a, %constant)
into       tir.func @k(%x, %w: buffer<[N / T, K, T]>) { ... %w[j floordiv T, k, j mod T] ... } ;
           call_tir @k(%a, %packed)

The schedule says which axis of which input its tiles run along, and by how much, in the kernel's
attribute `pack`; it is done where that input is a constant at every call. The last tile is filled
with zeros, which no lane or row that counts reads.

Needs:  the hints of schedule-default; constants still at the calls.
Leaves: no `pack` attribute.
Why here: after the schedule, which chooses the layout; before lower-blocks, which simplifies the
divisions away by the loops' bounds.
Source: packing in Goto & van de Geijn (ACM TOMS 2008); TVM's layout-free buffers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp, i64
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax, tir
from ...dialects.tir.clone import Cloner, Exprs
from ...symbolic import IntExpr, as_expr, ceildiv, var

PACK = "pack"  # attribute of a kernel: input, axis, tile of each, in a row


@dataclass(frozen=True)
class Pack:
    """Input `position` is read in tiles of `tile` elements along `axis`."""

    position: int
    axis: int
    tile: int

    def indices(self, indices: Sequence[IntExpr]) -> list[IntExpr]:
        """Return where an element stands in the packed buffer."""
        along = indices[self.axis]
        rest = [index for axis, index in enumerate(indices) if axis != self.axis]
        return [along // self.tile, *rest, along % self.tile]

    def source(self, place: Sequence[IntExpr]) -> list[IntExpr]:
        """Return which element of the buffer stands at a place of the packed one."""
        tile, *rest, within = place
        return [*rest[: self.axis], tile * self.tile + within, *rest[self.axis :]]

    def shape(self, shape: Sequence[IntExpr]) -> list[IntExpr]:
        """Return the shape of the packed buffer."""
        rest = [dim for axis, dim in enumerate(shape) if axis != self.axis]
        return [ceildiv(shape[self.axis], self.tile), *rest, as_expr(self.tile)]

    def array(self, array: relax.Array) -> relax.Array:
        """Return the packed array."""
        missing = -array.shape[self.axis] % self.tile
        if missing:
            widths = [(0, missing if axis == self.axis else 0) for axis in range(array.ndim)]
            array = np.pad(array, widths)
        moved = np.moveaxis(array, self.axis, 0)
        tiles = moved.reshape(-1, self.tile, *moved.shape[1:])
        return np.ascontiguousarray(np.moveaxis(tiles, 1, -1))


def set_packs(func: tir.FuncOp, packs: Iterable[Pack]) -> None:
    """Leave hints on a kernel."""
    numbers = [n for p in packs for n in (p.position, p.axis, p.tile)]
    func.attributes[PACK] = DenseArrayBase.from_list(i64, numbers)


def take_packs(func: tir.FuncOp) -> list[Pack]:
    """Return a kernel's hints and remove them."""
    attr = func.attributes.pop(PACK, None)
    if not isinstance(attr, DenseArrayBase):
        return []
    numbers = [int(n) for n in attr.iter_values()]
    return [Pack(*numbers[i : i + 3]) for i in range(0, len(numbers), 3)]


class _Packed(Cloner):
    """Clones a kernel's body with the loads of one buffer at their packed places."""

    def __init__(self, block: Block, pack: Pack, source: SSAValue) -> None:
        super().__init__(block)
        self.pack = pack
        self.source = source

    def clone_op(self, op: Operation) -> None:
        if isinstance(op, tir.PrefetchOp) and op.buffer is self.source:
            indices = self.pack.indices(self.substitute(op.exprs_over_values(op.indices)))
            self.append(tir.PrefetchOp(self.value(self.source), indices), op.location)
        else:
            super().clone_op(op)

    def load(
        self, op: tir.LoadOp | tir.PredicatedLoadOp, indices: Exprs, conditions: Exprs
    ) -> SSAValue:
        if op.buffer is self.source:
            indices = tuple(self.pack.indices(indices))
        return super().load(op, indices, conditions)


def repack(func: tir.FuncOp, pack: Pack) -> None:
    """Change one input of a kernel to its packed layout."""
    source = func.body.block
    old = source.args[pack.position]
    buffer_type = old.type
    assert isinstance(buffer_type, tir.BufferType)
    types = [arg.type for arg in source.args]
    types[pack.position] = buffer_type.with_shape(pack.shape(buffer_type.shape))
    block = Block(arg_types=types)
    cloner = _Packed(block, pack, old)
    for before, after in zip(source.args, block.args, strict=True):
        after.name_hint = before.name_hint
        cloner.values[before] = after
        if before.type == tir.INDEX:
            cloner.exprs[before] = var(after)
    cloner.clone(source.ops)
    func.detach_region(func.body)
    func.add_region(Region(block))


def constant_inputs(module: ModuleOp) -> dict[str, set[int]]:
    """Return the inputs of each kernel that are constants at every call."""
    return {
        name: {
            i
            for i in range(len(calls[0].args))
            if all(isinstance(call.args[i].owner, relax.ConstantOp) for call in calls)
        }
        for name, calls in _calls(module).items()
    }


def _calls(module: ModuleOp) -> dict[str, list[relax.CallTIROp | relax.CallTIRInplaceOp]]:
    """Return the calls of each kernel."""
    found: dict[str, list[relax.CallTIROp | relax.CallTIRInplaceOp]] = {}
    for func in module.body.ops:
        if isinstance(func, relax.FuncOp):
            for op in func.walk():
                if isinstance(op, relax.CallTIROp | relax.CallTIRInplaceOp):
                    found.setdefault(op.callee_name, []).append(op)
    return found


@dataclass
class _Packer:
    """Packs the constants of one module, each array once per layout."""

    calls: dict[str, list[relax.CallTIROp | relax.CallTIRInplaceOp]]
    done: dict[tuple[SSAValue, int, int], SSAValue]

    def run(self, func: tir.FuncOp) -> None:
        """Do what the hints of one kernel say."""
        calls = self.calls.get(func.sym_name.data, [])
        for pack in take_packs(func):
            values = [call.args[pack.position] for call in calls]
            if calls and all(isinstance(value.owner, relax.ConstantOp) for value in values):
                repack(func, pack)
                for call in calls:
                    call.operands[pack.position] = self.packed(call.args[pack.position], pack)

    def packed(self, value: SSAValue, pack: Pack) -> SSAValue:
        """Return the packed form of a constant."""
        key = value, pack.axis, pack.tile
        if key not in self.done:
            constant = value.owner
            assert isinstance(constant, relax.ConstantOp)
            array = pack.array(constant.value.array)
            new = relax.ConstantOp(relax.ConstantAttr.of(array, constant.value.dtype))
            new.location = constant.location
            new.result.name_hint = constant.result.name_hint
            block = constant.parent
            assert block is not None
            block.insert_op_after(new, constant)
            self.done[key] = new.result
        return self.done[key]


def _erase_unused_constants(module: ModuleOp) -> None:
    """Remove the constants that only packed copies were made of."""
    unused: list[Operation] = [
        op
        for func in module.body.ops
        if isinstance(func, relax.FuncOp)
        for op in func.walk()
        if isinstance(op, relax.ConstantOp) and not op.result.uses.get_length()
    ]
    for op in unused:
        op.detach()
        op.erase()


@dataclass(frozen=True)
class PackConstantsPass(ModulePass):
    """See the module docstring."""

    name = "pack-constants"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        packer = _Packer(_calls(op), {})
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                packer.run(func)
        _erase_unused_constants(op)
