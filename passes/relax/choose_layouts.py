"""choose-layouts: convolutions and what lies between them work on blocks of channels.

Rewrites   %y = relax.conv %x, %w ; %z = relax.relu %y : [N, C, H, W]
into       %y = relax.blocked_conv %xb, %wb ; %z = relax.relu %y : [N, C/b, H, W, b]

b is the number of lanes of a vector: every load of weights and results is one vector, whatever
the width of the image. A conversion stands only where an operator that knows no blocks meets one
that does. Weights, and constants of elementwise operators, are converted here.

Channels that are no whole blocks fill the last one in part, where that wastes little. The rest of
it holds one number, known here: 0 behind a convolution, whose weights are 0 there, and what the
operators after it make of that. It must stay finite, for a convolution multiplies it by 0.

Symbols may decide batch, height and width.

Needs:  constants folded, normalizations and scales in the weights (fold-scales).
Leaves: f32 convolutions in blocked form; grouped ones that are not depthwise, those of few channels
(but for images one pixel high) and those of other types as they were.
Why here: the last of the graph passes: rules know the plain layout only.
Source: Liu et al., "Optimizing CNN Model Inference on CPUs", USENIX ATC 2019, sections 3.2-3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nominal import nominal_size
from ...dialects import relax
from ...dialects.relax import tensor_type
from ...dialects.relax.elementwise import ELEMENTWISE
from ...dialects.target import target_of
from ...interpreters.relax import evaluate
from ...symbolic import IntExpr, as_expr
from . import blocked_weights
from .rewriting import constant_like, constant_of

MIN_BLOCK = 4  # narrower vectors are not worth a layout
PLAIN_RANK = 4
MOST_WASTE = 3  # channels, by those of a block that are none: 24 in two blocks of 16
MOST_WASTE_BETWEEN = 1  # the same, where all that reads the channels are convolutions


class _Blocker:
    """Rewrites one body; remembers each value's blocked form, and what fills its last block."""

    def __init__(self, body: Block, block: int) -> None:
        self.body = body
        self.block = block
        self.blocked: dict[SSAValue, SSAValue] = {}
        self.rest: dict[SSAValue, relax.Array] = {}  # where it is not zero
        self.replaced: list[Operation] = []
        self.at: Operation | None = None

    def run(self) -> None:
        """Give every operator that can have one its blocked form, then drop the plain ones."""
        for op in list(self.body.ops):
            rule = _RULES.get(type(op))
            self.at = op
            new = rule(self, op) if rule is not None else None
            if new is not None:
                self.replaced.append(op)
                for old, value in zip(op.results, new, strict=True):
                    value.name_hint = old.name_hint
                    self.blocked[old] = value
        self.finish()

    def finish(self) -> None:
        """Convert back what plain operators still read, and erase the originals."""
        gone = set(self.replaced)
        for op in self.replaced:
            for old in op.results:
                users = [use for use in old.uses if use.operation not in gone]
                if users:
                    plain = self.unblock(self.blocked[old], old)
                    for use in users:
                        use.operation.operands[use.index] = plain
        for op in reversed(self.replaced):
            op.detach()
            op.erase()

    # -- building ----------------------------------------------------------------------------

    def add(self, op: Operation, location_of: Operation | None = None) -> Sequence[SSAValue]:
        """Insert an operator before the one at hand; return its results."""
        assert self.at is not None
        block = self.at.parent
        assert block is not None
        op.location = (location_of or self.at).location
        block.insert_op_before(op, self.at)
        return op.results

    def unblock(self, value: SSAValue, plain: SSAValue) -> SSAValue:
        """Insert the conversion of a blocked value to the type of `plain`, after its operator."""
        shape = _shape_of(plain)
        owner = value.owner
        assert isinstance(owner, Operation)
        assert isinstance(plain.owner, Operation)
        self.at = plain.owner
        if shape[2] * shape[3] != 1:  # else the order in memory is the same
            (value,) = self.add(relax.PermuteDimsOp(value, axes=(0, 1, 4, 2, 3)))
        n, channels, *size = shape
        whole = channels + -channels % self.block
        (result,) = self.add(relax.ReshapeOp(value, shape=relax.DimsAttr.of((n, whole, *size))))
        if whole != channels:
            starts, steps = relax.DimsAttr.of((0,) * PLAIN_RANK), (1,) * PLAIN_RANK
            sizes = relax.DimsAttr.of(shape)
            part = relax.StridedSliceOp(result, starts=starts, sizes=sizes, steps=steps)
            (result,) = self.add(part)
        result.name_hint = plain.name_hint
        return result

    def in_blocks(self, value: SSAValue) -> SSAValue:
        """Return the blocked form of a plain tensor [N, C, H, W], converting where needed."""
        if value not in self.blocked:
            n, channels, height, width = _shape_of(value)
            b = self.block
            if height * width == 1:  # the order in memory is the same
                moved = relax.DimsAttr.of((n, channels // b, 1, 1, b))
                (result,) = self.add(relax.ReshapeOp(value, shape=moved))
            else:
                split = relax.DimsAttr.of((n, channels // b, b, height, width))
                (result,) = self.add(relax.ReshapeOp(value, shape=split))
                (result,) = self.add(relax.PermuteDimsOp(result, axes=(0, 1, 3, 4, 2)))
            self.blocked[value] = result
        return self.blocked[value]

    def is_blockable(self, value: SSAValue) -> bool:
        """Tell whether a tensor is f32 [N, C, H, W] of whole blocks."""
        image = _image_of(value)
        is_whole = image is not None and image[1] % self.block == 0
        return is_whole and tensor_type(value).dtype == f32

    def wastes_little(self, value: SSAValue, channels: int) -> bool:
        """Tell whether the blocks of a convolution's result are filled well enough.

        But for a third of the channels at most; or for as many as there are where otherwise the
        result, or the next convolution's, had to be brought into another layout. A single pixel is
        little work in any case, and what it scales had to be brought into its layout.
        """
        _, _, height, width = _shape_of(value)
        if height * width == 1:
            return True
        most = MOST_WASTE_BETWEEN if _is_only_convolved(value) else MOST_WASTE
        return most * (-channels % self.block) <= channels

    def constant_in_blocks(self, value: SSAValue, channels: int) -> SSAValue | None:
        """Return a constant that broadcasts over [N, C, H, W] in its blocked form, if it does."""
        array = constant_of(value)
        if array is None or array.ndim > PLAIN_RANK:
            return None
        if array.size == 1:
            new = array.reshape(())
        else:
            full = array.reshape((1,) * (PLAIN_RANK - array.ndim) + array.shape)
            n, c, height, width = full.shape
            if c == channels:
                behind = (0, -c % self.block)
                full = np.pad(full, [(0, 0), behind, (0, 0), (0, 0)]) if behind[1] else full
                split = full.reshape(n, -1, self.block, height, width)
                new = np.moveaxis(split, 2, -1)
            elif c == 1:
                new = full[..., np.newaxis]
            else:
                return None
        return self.add(constant_like(value, new))[0]


Image = tuple[IntExpr, int, IntExpr, IntExpr]
"""Batch, channels, height, width."""


def _image_of(value: SSAValue) -> Image | None:
    """Return the shape of a tensor [N, C, H, W] of known channels, None for another one."""
    shape = value.type.known_shape() if isinstance(value.type, relax.TensorType) else None
    if shape is None or len(shape) != PLAIN_RANK or any(dim == 0 for dim in shape):
        return None
    n, channels, height, width = shape
    return (n, channels.constant_value, height, width) if channels.is_constant else None


def _shape_of(value: SSAValue) -> Image:
    shape = _image_of(value)
    assert shape is not None, "asked for blockable tensors only"
    return shape


def _conv(b: _Blocker, op: relax.ConvOp) -> Sequence[SSAValue] | None:
    weight = constant_of(op.w)
    shape, source = _image_of(op.result), _image_of(op.x)
    if (
        weight is None
        or shape is None
        or source is None
        or not b.wastes_little(op.result, shape[1])
    ):
        return None
    if tensor_type(op.x).dtype != f32:
        return None
    filters, channels = weight.shape[:2]
    groups, size = op.groups.value.data, b.block
    if groups == filters and channels == 1 and groups == source[1]:
        if op.x not in b.blocked:
            return None
        x, new = b.blocked[op.x], blocked_weights.depthwise(weight, size)
    elif groups == 1 and (op.x in b.blocked or b.is_blockable(op.x)):
        x = b.in_blocks(op.x)
        m = _filtering(op, weight.shape)
        if m:
            u = b.add(constant_like(op.w, blocked_weights.transformed(weight, m, size)))[0]
            return b.add(relax.WinogradConvOp(x, u, m=m, padding=op.padding))
        form = blocked_weights.of_plain if channels % size else blocked_weights.dense
        new = form(weight, size)
    elif groups == 1 and (
        (channels < size and shape[1] % size == 0) or (source[2] == 1 and source[3] != 1)
    ):
        x, new = op.x, blocked_weights.of_plain(weight, size)
    else:
        return None
    w = b.add(constant_like(op.w, new))[0]
    return b.add(
        relax.BlockedConvOp(x, w, strides=op.strides, padding=op.padding, dilations=op.dilations)
    )


def _is_only_convolved(value: SSAValue) -> bool:
    """Tell whether convolutions alone read a value, and what elementwise operators make of it."""
    waiting, seen = [value], 0
    while waiting:
        for use in waiting.pop().uses:
            if type(use.operation) in ELEMENTWISE:
                waiting.append(use.operation.results[0])
            elif not isinstance(use.operation, relax.ConvOp) or use.index != 0:
                return False
            seen += 1
    return seen > 0


def _filtering(op: relax.ConvOp, weight_shape: tuple[int, ...]) -> int:
    """Return the m of the minimal filtering that pays, 0 for none."""
    ones = (1, 1)
    suits = weight_shape[2:] == (3, 3) and relax.ints(op.strides) == ones
    if not suits or relax.ints(op.dilations) != ones:
        return 0
    n, filters, *size = _shape_of(op.result)
    height, width = map(nominal_size, size)
    batch = n.constant_value if n.is_constant else 1  # the least that has to pay for the weights
    return blocked_weights.filtering((batch, filters, height, width), weight_shape)


def _like(
    op: relax.RelaxOp, operands: Sequence[SSAValue], properties: Mapping[str, relax.PropertyValue]
) -> relax.RelaxOp:
    """Return an operator of the same kind; its result types are inferred."""
    make = cast(Callable[..., relax.RelaxOp], type(op))  # each kind takes its own keywords
    return make(*operands, **properties)


def _elementwise(b: _Blocker, op: relax.RelaxOp) -> Sequence[SSAValue] | None:
    result = op.results[0]
    if not any(operand in b.blocked for operand in op.operands):
        return None
    shape = _image_of(result)
    if shape is None:
        return None
    if shape[1] % b.block and not _fills(b, op, shape[1]):
        return None
    operands: list[SSAValue] = []
    for operand in op.operands:
        if operand in b.blocked or (b.is_blockable(operand) and constant_of(operand) is None):
            operands.append(b.in_blocks(operand))
            continue
        constant = b.constant_in_blocks(operand, shape[1])
        if constant is None:
            return None
        operands.append(constant)
    return b.add(_like(op, operands, op.properties))


def _fills(b: _Blocker, op: relax.RelaxOp, channels: int) -> bool:
    """Note what an elementwise operator makes of the rest of blocks; False where that is no number.

    A constant has zeros there, or the one number that it is.
    """
    rests: list[relax.Array] = []
    for operand in op.operands:
        array = constant_of(operand)
        if array is None:
            image = _image_of(operand)
            if operand not in b.blocked or image is None or image[1] != channels:
                return False
            rests.append(b.rest.get(operand, np.zeros((), np.float32)))
        elif array.size == 1:
            rests.append(array.reshape(()))
        elif array.ndim >= PLAIN_RANK - 1 and array.shape[-3] == channels:
            rests.append(np.zeros((), array.dtype))
        else:
            return False
    (found,) = evaluate(op, tuple(rests), {})
    if not np.isfinite(found):
        return False
    if found:
        b.rest[op.results[0]] = found
    return True


def _pool(b: _Blocker, op: relax.PoolOp) -> Sequence[SSAValue] | None:
    """The block of channels is one more spatial axis, with a window of one."""
    if op.x not in b.blocked or op.spatial_rank != PLAIN_RANK - 2:
        return None
    if op.x in b.rest:
        if isinstance(op, relax.AvgPoolOp):
            return None  # padding that counts makes several numbers of one
        b.rest[op.results[0]] = b.rest[op.x]
    properties: dict[str, relax.PropertyValue] = dict(op.properties)
    for key, one in (("kernel", 1), ("strides", 1), ("dilations", 1), ("ceil_extra", 0)):
        attr = op.properties.get(key)
        if attr is not None:
            properties[key] = (*relax.ints(getattr(op, key)), one)
    properties["padding"] = (*op.padding_before, 0, *op.padding_after, 0)
    return b.add(_like(op, [b.in_blocks(op.x)], properties))


def _reduce(b: _Blocker, op: relax.SumOp) -> Sequence[SSAValue] | None:
    """A reduction over height and width that keeps its dims."""
    spatial = relax.ints(op.axes) == (2, 3) and relax.flag(op.keepdims)
    if op.x not in b.blocked or not spatial:
        return None
    if op.x in b.rest:
        b.rest[op.results[0]] = b.rest[op.x]
    return b.add(_like(op, [b.in_blocks(op.x)], op.properties))


def _resize(b: _Blocker, op: relax.ResizeOp) -> Sequence[SSAValue] | None:
    """Pixels that are repeated, for operators that may be in blocks."""
    image, source = _image_of(op.result), _image_of(op.x)
    if op.x not in b.blocked or image is None or source is None or image[1] % b.block:
        return None
    same = image[:2] == source[:2] and (op.scale_values or (1.0, 1.0))[:2] == (1.0, 1.0)
    maps = all(type(use.operation) in ELEMENTWISE for use in op.result.uses)
    if op.mode.data != "nearest" or op.roi is not None or not same or not maps:
        return None
    n, channels, *size = image
    new = relax.ResizeOp(
        b.in_blocks(op.x),
        sizes=(n, channels // b.block, *size, b.block),
        scales=None if op.scale_values is None else (*op.scale_values, 1.0),
        coordinate_transformation_mode=op.coordinate_transformation_mode.data,
        nearest_mode=op.nearest_mode.data,
    )
    return b.add(new)


def _concat(b: _Blocker, op: relax.ConcatOp) -> Sequence[SSAValue] | None:
    if op.axis.value.data != 1 or not any(x in b.blocked for x in op.operands):
        return None
    if not all(b.is_blockable(x) for x in op.operands):
        return None
    return b.add(relax.ConcatOp(*(b.in_blocks(x) for x in op.operands), axis=1))


def _split(b: _Blocker, op: relax.SplitOp) -> Sequence[SSAValue] | None:
    channels = [image[1] for r in op.results if (image := _image_of(r)) is not None]
    if op.x not in b.blocked or op.axis.value.data != 1:
        return None
    if len(channels) != len(op.results) or any(count % b.block for count in channels):
        return None
    sections = relax.DimsAttr.of([count // b.block for count in channels])
    new = relax.SplitOp(b.in_blocks(op.x), axis=1, sections=sections)
    return b.add(new)


def _slice(b: _Blocker, op: relax.StridedSliceOp) -> Sequence[SSAValue] | None:
    """Whole blocks of channels."""
    image = _image_of(op.result)
    if op.x not in b.blocked or image is None:
        return None
    starts, sizes, steps = list(op.starts.data), list(op.sizes.data), relax.ints(op.steps)
    first, size = starts[1], b.block
    if not first.is_constant or first.constant_value % size or image[1] % size or steps[1] != 1:
        return None
    starts[1], sizes[1] = first // size, as_expr(image[1] // size)
    return b.add(
        relax.StridedSliceOp(
            b.in_blocks(op.x),
            starts=(*starts, as_expr(0)),
            sizes=(*sizes, as_expr(size)),
            steps=(*steps, 1),
        )
    )


_Rule = Callable[[_Blocker, Any], Sequence[SSAValue] | None]  # Any: each names its operator
_RULES: dict[type[Operation], _Rule] = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    relax.ConvOp: _conv,
    relax.MaxPoolOp: _pool,
    relax.AvgPoolOp: _pool,
    relax.MeanOp: _reduce,
    relax.MaxOp: _reduce,
    relax.ConcatOp: _concat,
    relax.SplitOp: _split,
    relax.StridedSliceOp: _slice,
    relax.ResizeOp: _resize,
}


@dataclass(frozen=True)
class ChooseLayoutsPass(ModulePass):
    """See the module docstring."""

    name = "choose-layouts"
    block: int = 0
    """Channels in a block; 0 takes the lanes of the module's target."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        block = self.block
        if not block:
            target = target_of(op)
            block = target.lanes(4) if target is not None else 0
        if block < MIN_BLOCK:
            return
        for func in op.body.ops:
            if isinstance(func, relax.FuncOp):
                for body in [b for inner in func.walk() for r in inner.regions for b in r.blocks]:
                    _Blocker(body, block).run()
