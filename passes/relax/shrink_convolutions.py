"""shrink-convolutions: what mixes channels works on the image of fewer positions.

Rewrites   %y = relax.conv %x, %w ; %z = relax.avg_pool %y      w of one tap
into       %p = relax.avg_pool %x ; %z = relax.conv %p, %w      or the other way about

whichever is less work; the same of a mean over all positions. What is resampled to more positions
is convolved before that, also as a part of a concat:

           %r = relax.resize %x ; %c = relax.concat %r, %s ; %z = relax.conv %c, %w
into       %t = relax.conv %s, %w2 ; %y = relax.conv %x, %w1 ; %r = relax.resize %y
           %z = relax.add %t, %r

A convolution of one tap sums over the channels of a position, a pooling or a resampling over the
positions of a channel, with the same coefficients in each: two sums, in either order.

Needs:  constant weights with scales in them (fold-scales): a bias is an add, which stays outside.
Leaves: convolutions of more taps, with padding, strides or groups; what others read, too.
Why here: before the passes that look at the windows and shapes of convolutions.
Source: Tyrex's own; transition layers (Huang et al., "Densely Connected Convolutional Networks",
CVPR 2017, section 3) and feature pyramids (Lin et al., CVPR 2017) are such pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import cast

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nominal import nominal_size
from ...dialects import dtypes, relax
from ...dialects.relax import Array, ints
from .rewriting import Rewriter, constant_of, with_constant

ELEMENT_COST = 8
"""Of adding an element of memory, in operations of a convolution: by their rates, 25 and 190
GFLOP/s on an Intel core with two units of 512 bits."""


@dataclass(frozen=True)
class _Mix:
    """A convolution of one tap and no padding, of one group.

    Attributes:
        op: the operator.
        weight: [O, C, 1, ...].
    """

    op: relax.ConvOp
    weight: Array

    def on(self, rw: Rewriter, x: SSAValue, weight: Array | None = None) -> SSAValue:
        """Insert the convolution of another tensor, with these weights or a part of them."""
        w = self.op.w if weight is None else rw.constant(weight, like=self.op.w)
        return rw.add(_like(self.op, x, w))


def _mix_of(op: Operation | object) -> _Mix | None:
    if not isinstance(op, relax.ConvOp) or op.groups.value.data != 1:
        return None
    weight = constant_of(op.w)
    ones = (1,) * op.spatial_rank
    simple = ints(op.strides) == ones and not any(ints(op.padding))
    if weight is None or weight.shape[2:] != ones or not simple:
        return None
    return _Mix(op, weight) if dtypes.is_float(relax.tensor_type(op.x).dtype) else None


def _positions(value: SSAValue) -> int | None:
    """Return how many positions an image has, nominally."""
    shape = relax.tensor_type(value).known_shape()
    return None if shape is None else prod(map(nominal_size, shape[2:]))


def _taps(op: relax.AvgPoolOp | relax.MeanOp) -> int | None:
    """Return how many positions a result of a pooling is the mean of; None for another mean."""
    if isinstance(op, relax.AvgPoolOp):
        return prod(ints(op.kernel))
    rank = relax.tensor_type(op.operands[0]).rank
    if rank is None or not relax.flag(op.keepdims) or ints(op.axes) != tuple(range(2, rank)):
        return None
    return _positions(op.operands[0])


def _gain(weight: Array, before: int, after: int, taps: int) -> int:
    """Return what it saves to pool from `before` to `after` positions before channels are mixed.

    In operations of a convolution.
    """
    filters, channels = weight.shape[:2]
    more = ELEMENT_COST * taps * after * (channels - filters)
    return 2 * weight.size * (before - after) - more


def _pool_before(rw: Rewriter, op: relax.AvgPoolOp | relax.MeanOp) -> SSAValue | None:
    """`pool(conv(x)) -> conv(pool(x))`, also with a bias: its mean is the bias."""
    y, bias = op.operands[0], None
    if isinstance(y.owner, relax.AddOp) and y.has_one_use() and not _counts_padding(op):
        found = with_constant(y.owner)
        if found is not None and _is_bias(found[2], relax.tensor_type(y).rank):
            rw.absorb(y.owner)
            y, bias, _ = found
    mix, taps = _mix_of(y.owner), _taps(op)
    before, after = _positions(y), _positions(op.results[0])
    if mix is None or taps is None or before is None or after is None:
        return None
    if not y.has_one_use() or _gain(mix.weight, before, after, taps) <= 0:
        return None
    pooled = rw.add(_like(op, mix.op.x))
    rw.absorb(mix.op)
    mixed = mix.on(rw, pooled)
    return mixed if bias is None else rw.add(relax.AddOp(mixed, bias))


def _counts_padding(op: relax.AvgPoolOp | relax.MeanOp) -> bool:
    return isinstance(op, relax.AvgPoolOp) and op.counts_padding and any(ints(op.padding))


def _is_bias(array: Array, rank: int | None) -> bool:
    """Tell whether a constant is one number for each channel."""
    channel = None if rank is None or array.ndim > rank else array.ndim - rank + 1
    return channel is not None and array.size == (array.shape[channel] if channel >= 0 else 1)


def _pool_after(rw: Rewriter, op: relax.ConvOp, mix: _Mix) -> SSAValue | None:
    """`conv(pool(x)) -> pool(conv(x))`."""
    pool = op.x.owner
    if not isinstance(pool, relax.AvgPoolOp) or not op.x.has_one_use():
        return None
    taps, before, after = _taps(pool), _positions(pool.x), _positions(op.x)
    if taps is None or before is None or after is None:
        return None
    if _gain(mix.weight, before, after, taps) >= 0:
        return None
    mixed = mix.on(rw, pool.x)
    rw.absorb(pool)
    return rw.add(_like(pool, mixed))


def _like(op: relax.RelaxOp, *operands: SSAValue) -> Operation:
    """Return an operator of the same kind and properties; its types are inferred."""
    make = cast(Callable[..., Operation], type(op))  # each kind takes its own keywords
    return make(*operands, **op.properties)


def _resized(value: SSAValue) -> relax.ResizeOp | None:
    """Return what makes a value if that resamples each channel for itself, and nobody else asks.

    To so many more positions that it pays to sum over the channels before, and to add the sums of
    other channels after.
    """
    op = value.owner
    if not isinstance(op, relax.ResizeOp) or not value.has_one_use() or op.roi is not None:
        return None
    x, y = relax.tensor_type(op.x).known_shape(), relax.tensor_type(op.result).known_shape()
    before, after = _positions(op.x), _positions(op.result)
    if x is None or y is None or before is None or after is None or x[:2] != y[:2]:
        return None
    if (op.scale_values or (1.0, 1.0))[:2] != (1.0, 1.0) or not x[1].is_constant:
        return None
    pays = 2 * x[1].constant_value * (after - before) > ELEMENT_COST * after
    return op if pays else None


def _resize(rw: Rewriter, op: relax.ResizeOp, x: SSAValue) -> SSAValue:
    """Insert the same resampling of an image with another number of channels."""
    shape, old = relax.tensor_type(x).known_shape(), relax.tensor_type(op.result).known_shape()
    assert shape is not None
    assert old is not None
    sizes = relax.DimsAttr.of((*shape[:2], *old[2:]))
    new = relax.TensorType.of(sizes.data, relax.tensor_type(x).dtype)
    properties = {**op.properties, "sizes": sizes}
    return rw.add(relax.ResizeOp.create(operands=[x], result_types=[new], properties=properties))


def _mix_parts(rw: Rewriter, op: relax.ConvOp, mix: _Mix) -> SSAValue | None:
    """`conv(concat(resize(x), s)) -> conv(s) + resize(conv(x))`."""
    concat, parts = op.x.owner, [op.x]
    if isinstance(concat, relax.ConcatOp) and op.x.has_one_use() and concat.axis.value.data == 1:
        parts = list(concat.operands)
        rw.absorb(concat)
    resized = [_resized(part) for part in parts]
    channels = [_channels(part) for part in parts]
    if not any(resized) or None in channels:
        return None
    ends = np.cumsum([count or 0 for count in channels])
    weights = np.split(mix.weight, ends[:-1], axis=1)
    kept = [i for i, resize in enumerate(resized) if resize is None]
    sums: list[SSAValue] = []
    if kept:
        plain = [parts[i] for i in kept]
        joined = plain[0] if len(plain) == 1 else rw.add(relax.ConcatOp(*plain, axis=1))
        sums.append(mix.on(rw, joined, np.concatenate([weights[i] for i in kept], axis=1)))
    for resize, weight in zip(resized, weights, strict=True):
        if resize is not None:
            sums.append(_resize(rw, resize, mix.on(rw, resize.x, weight)))
    return _sum(rw, sums)


def _sum(rw: Rewriter, values: Sequence[SSAValue]) -> SSAValue:
    total = values[0]
    for value in values[1:]:
        total = rw.add(relax.AddOp(total, value))
    return total


def _channels(value: SSAValue) -> int | None:
    shape = relax.tensor_type(value).known_shape()
    return shape[1].constant_value if shape is not None and shape[1].is_constant else None


def _mixing(rw: Rewriter, op: relax.ConvOp) -> SSAValue | None:
    mix = _mix_of(op)
    if mix is None:
        return None
    return _pool_after(rw, op, mix) or _mix_parts(rw, op, mix)


@dataclass(frozen=True)
class ShrinkConvolutionsPass(ModulePass):
    """See the module docstring."""

    name = "shrink-convolutions"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Rewriter(
            {
                relax.AvgPoolOp: (_pool_before,),
                relax.MeanOp: (_pool_before,),
                relax.ConvOp: (_mixing,),
            }
        ).run(op)
