"""Operators of `relax` that slide a window over spatial axes: convolutions and poolings.

Tensors are [N, C, *S] with 1 to 3 spatial axes. `padding` is one amount before each spatial axis,
then one after each; `strides`, `dilations` and `kernel` have one entry per spatial axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, i64
from xdsl.ir import Attribute
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ...symbolic import as_expr, ceildiv
from .. import dtypes
from .base import RelaxOp
from .operand_checks import (
    DtypeTest,
    check_dtype,
    check_equal,
    check_same_dtype,
    flag,
    ints,
    is_number,
    tensor_type,
    window_extent,
)
from .types import Dim, TensorType

MAX_SPATIAL = 3


def check_counts(op: RelaxOp, spatial: int, rule: str, **found: int) -> None:
    """Check that every list of a window's properties has the entries that it needs."""
    for name, count in found.items():
        expected = 2 * spatial if name == "padding" else spatial
        if count != expected:
            raise VerifyException(
                f"{op.name}: {rule} {name} has {count} entries, expected {expected} for "
                f"{spatial} spatial axes"
            )


class WindowOp(RelaxOp):
    """Base: what convolutions and poolings have in common."""

    strides = prop_def(DenseArrayBase)
    padding = prop_def(DenseArrayBase)
    dilations = prop_def(DenseArrayBase)
    traits = traits_def(Pure())

    @property
    def spatial_rank(self) -> int:
        """The number of spatial axes."""
        return len(ints(self.strides))

    @property
    def padding_before(self) -> tuple[int, ...]:
        """The padding before each spatial axis."""
        return ints(self.padding)[: self.spatial_rank]

    @property
    def padding_after(self) -> tuple[int, ...]:
        """The padding after each spatial axis."""
        return ints(self.padding)[self.spatial_rank :]

    def check_spatial(self, x: TensorType, rule: str, **more: DenseArrayBase) -> None:
        """Check the ranks and the lengths of the properties."""
        spatial = self.spatial_rank
        if not 1 <= spatial <= MAX_SPATIAL or (x.rank is not None and x.rank != spatial + 2):
            raise VerifyException(
                f"{self.name}: {rule} {x} with {spatial} strides; expected [N, C, *S] with one "
                f"stride for each of 1 to {MAX_SPATIAL} spatial axes"
            )
        lists = {"padding": self.padding, "dilations": self.dilations, **more}
        check_counts(self, spatial, rule, **{name: len(ints(a)) for name, a in lists.items()})
        if min(*ints(self.strides), *ints(self.dilations)) < 1:
            raise VerifyException(f"{self.name}: {rule} strides and dilations are at least 1")


class ConvBase(WindowOp):
    """Base of the two convolutions: a weight and groups."""

    x = operand_def(TensorType)
    w = operand_def(TensorType)
    groups = prop_def(IntegerAttr)
    result = result_def(TensorType)

    def check_operands(self) -> tuple[TensorType, TensorType, int]:
        """Check (C1) and (C2); return the types of x and w and the number of groups."""
        check_same_dtype(self, "(C1)")
        x, w, groups = tensor_type(self.x), tensor_type(self.w), self.groups.value.data
        check_dtype(self, x, is_number, "(C1)")
        self.check_spatial(x, "(C2)")
        self.check_spatial(w, "(C2)")
        if groups < 1:
            raise VerifyException(f"{self.name}: (C3) {groups} groups, expected at least 1")
        return x, w, groups


@irdl_op_definition
class ConvOp(ConvBase):
    """`y[n, o, s] = sum over c, k of x[n, g C/G + c, s stride + k dilation - pad] w[o, c, k]`.

    x [N, C, *S], w [O, C/G, *K], G groups, g = o // (O/G); x is 0 outside its borders.

    (C1) both operands hold numbers of one element type.
    (C2) ranks and properties agree on 1 to 3 spatial axes.
    (C3) C = G w.shape[1], and G divides O.
    """

    name = "relax.conv"

    def infer_types(self) -> Sequence[Attribute]:
        x, w, groups = self.check_operands()
        if x.shape is None or w.shape is None:
            return [TensorType.of(None, x.dtype)]
        filters, per_group = w.shape[:2]
        if per_group is not None:
            check_equal(self, x.shape[1], per_group * groups, "(C3)", "input channels")
        if filters is not None and filters.is_constant and filters.constant_value % groups:
            raise VerifyException(f"{self.name}: (C3) {groups} groups do not divide {filters}")
        spatial = _extents_of(self, x.shape[2:], w.shape[2:])
        return [TensorType.of((x.shape[0], filters, *spatial), x.dtype)]


@irdl_op_definition
class ConvTransposeOp(ConvBase):
    """`y[n, o, t] = sum over c, s, k: t = s stride + k dilation - pad of x[n, c, s] w[c, o, k]`.

    x [N, C, *S], w [C, O/G, *K]: the channels c and o are of one of G groups. The result has
    `(S - 1) stride + dilation (K - 1) + 1 - padding + output_padding` positions on an axis.

    (C1) both operands hold numbers of one element type.
    (C2) ranks and properties agree on 1 to 3 spatial axes.
    (C3) C = w.shape[0], and G divides C.
    """

    name = "relax.conv_transpose"
    output_padding = prop_def(DenseArrayBase)

    def infer_types(self) -> Sequence[Attribute]:
        x, w, groups = self.check_operands()
        self.check_spatial(x, "(C2)", output_padding=self.output_padding)
        if x.shape is None or w.shape is None:
            return [TensorType.of(None, x.dtype)]
        channels, per_group = w.shape[:2]
        check_equal(self, x.shape[1], channels, "(C3)", "input channels")
        if channels is not None and channels.is_constant and channels.constant_value % groups:
            raise VerifyException(f"{self.name}: (C3) {groups} groups do not divide {channels}")
        filters = None if per_group is None else per_group * groups
        spatial = [self._extent(i, x.shape[2 + i], w.shape[2 + i]) for i in range(len(x.shape) - 2)]
        return [TensorType.of((x.shape[0], filters, *spatial), x.dtype)]

    def _extent(self, i: int, size: Dim, kernel: Dim) -> Dim:
        if size is None or kernel is None:
            return None
        stride, dilation = ints(self.strides)[i], ints(self.dilations)[i]
        cut = self.padding_before[i] + self.padding_after[i]
        more = ints(self.output_padding)[i]
        return (size - 1) * stride + (kernel - 1) * dilation + 1 - cut + more


@irdl_op_definition
class GroupedConvOp(WindowOp):
    """ConvOp with an axis of groups: x [N, G, C/G, *S], w [G, O/G, C/G, *K], y [N, G, O/G, *S'].

    `interleaved` says y [N, O/G, G, *S'] instead: the order of channels after a channel shuffle.
    Source: Zhang et al., "ShuffleNet", CVPR 2018, section 3.1.

    (C1) both operands hold numbers of one element type.
    (C2) x has one spatial axis per stride after its first three, w too; padding fits them.
    (C3) the groups and the channels in a group of x and w agree.
    """

    name = "relax.grouped_conv"
    x = operand_def(TensorType)
    w = operand_def(TensorType)
    interleaved = prop_def(IntegerAttr)
    result = result_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        check_same_dtype(self, "(C1)")
        x, w, spatial = tensor_type(self.x), tensor_type(self.w), self.spatial_rank
        check_dtype(self, x, is_number, "(C1)")
        if x.shape is None or w.shape is None or not x.rank == w.rank == spatial + 3:
            raise VerifyException(
                f"{self.name}: (C2) {x} and {w} with {spatial} strides; expected "
                f"[N, G, C/G, *S] and [G, O/G, C/G, *K]"
            )
        lists = {"padding": self.padding, "dilations": self.dilations}
        check_counts(self, spatial, "(C2)", **{name: len(ints(a)) for name, a in lists.items()})
        check_equal(self, x.shape[1], w.shape[0], "(C3)", "groups")
        check_equal(self, x.shape[2], w.shape[2], "(C3)", "input channels of a group")
        channels = w.shape[:2]
        if flag(self.interleaved):
            channels = channels[::-1]
        extents = _extents_of(self, x.shape[3:], w.shape[3:])
        return [TensorType.of((x.shape[0], *channels, *extents), x.dtype)]


def _extents_of(op: WindowOp, sizes: Sequence[Dim], kernel: Sequence[Dim]) -> list[Dim]:
    """Return the number of windows along each spatial axis."""
    padding = zip(op.padding_before, op.padding_after, strict=True)
    return [
        window_extent(size, taps, stride, dilation, before + after)
        for size, taps, stride, dilation, (before, after) in zip(
            sizes, kernel, ints(op.strides), ints(op.dilations), padding, strict=True
        )
    ]


@irdl_op_definition
class BlockedConvOp(WindowOp):
    """ConvOp with b channels innermost: x [N, C/b, H, W, b] to y [N, O/b, H', W', b].

    w [O/b, C/b, KH, KW, b of C, b of O]. Three more forms: w [O/b, C, KH, KW, b] with a plain
    x [N, C, H, W], for the first layer, and with an x in blocks of which C fills the last in part;
    a depthwise w [C/b, KH, KW, b], one filter per channel.
    Source: NCHW[x]c of Liu et al., "Optimizing CNN Model Inference on CPUs", ATC 2019.

    (C1) both operands hold numbers of one element type.
    (C2) x and w have one of the four forms, with two entries in each list of properties.
    (C3) the channels of x and w agree.
    """

    name = "relax.blocked_conv"
    x = operand_def(TensorType)
    w = operand_def(TensorType)
    result = result_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        check_same_dtype(self, "(C1)")
        x, w = tensor_type(self.x), tensor_type(self.w)
        check_dtype(self, x, is_number, "(C1)")
        if x.shape is None or w.shape is None or (x.rank, w.rank) not in _BLOCKED_RANKS:
            raise VerifyException(f"{self.name}: (C2) found {x} and {w}; see the four forms")
        lists = {"strides": self.strides, "padding": self.padding, "dilations": self.dilations}
        check_counts(self, 2, "(C2)", **{name: len(ints(a)) for name, a in lists.items()})
        if self.is_depthwise:
            filters, kernel, block = x.shape[1], w.shape[1:3], w.shape[3]
            check_equal(self, x.shape[1], w.shape[0], "(C3)", "blocks of channels")
            check_equal(self, x.shape[4], w.shape[3], "(C3)", "channels in a block")
        else:
            filters, kernel, block = w.shape[0], w.shape[2:4], w.shape[-1]
            self._check_channels(x.shape, w.shape)
        spatial = _extents_of(self, x.shape[2:4], kernel)
        return [TensorType.of((x.shape[0], filters, *spatial, block), x.dtype)]

    def _check_channels(self, x: Sequence[Dim], w: Sequence[Dim]) -> None:
        blocks, channels = x[1], w[1]
        if len(x) == _BLOCKED_RANK == len(w):
            channels = None if channels is None or x[4] is None else ceildiv(channels, x[4])
        check_equal(self, blocks, channels, "(C3)", "input channels")
        if len(w) > _BLOCKED_RANK:
            check_equal(self, x[4], w[4], "(C3)", "channels in a block")

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel has a filter of its own."""
        return tensor_type(self.w).rank == _BLOCKED_DEPTHWISE_RANK


_BLOCKED_RANK = 5
_BLOCKED_DEPTHWISE_RANK = 4
_BLOCKED_RANKS = (
    (_BLOCKED_RANK, 6),
    (4, _BLOCKED_RANK),
    (_BLOCKED_RANK, _BLOCKED_RANK),
    (_BLOCKED_RANK, _BLOCKED_DEPTHWISE_RANK),
)


class PoolOp(WindowOp):
    """Base of the poolings: a window of fixed size, and padding beyond the counted padding.

    `ceil_extra` is padding after each spatial axis that lets one more window in, where the last
    one would be cut off; it never counts as an element (absent: none).

    (C1) x holds numbers that the operator accepts (each class says which).
    (C2) rank and properties agree on 1 to 3 spatial axes.
    """

    x = operand_def(TensorType)
    kernel = prop_def(DenseArrayBase)
    ceil_extra = opt_prop_def(DenseArrayBase)
    ACCEPTS: ClassVar[DtypeTest] = is_number

    @property
    def extra(self) -> tuple[int, ...]:
        """The padding after each spatial axis that is no element."""
        return (0,) * self.spatial_rank if self.ceil_extra is None else ints(self.ceil_extra)

    def infer_types(self) -> Sequence[Attribute]:
        x = tensor_type(self.x)
        check_dtype(self, x, type(self).ACCEPTS, "(C1)")
        more = {} if self.ceil_extra is None else {"ceil_extra": self.ceil_extra}
        self.check_spatial(x, "(C2)", kernel=self.kernel, **more)
        if x.shape is None:
            return [x]
        return [TensorType.of((*x.shape[:2], *self._extents(x.shape[2:])), x.dtype)]

    def _extents(self, sizes: Sequence[Dim]) -> list[Dim]:
        amounts = zip(self.padding_before, self.padding_after, self.extra, strict=True)
        windows = zip(ints(self.kernel), ints(self.strides), ints(self.dilations), strict=True)
        return [
            window_extent(size, as_expr(kernel), stride, dilation, sum(padding))
            for size, (kernel, stride, dilation), padding in zip(
                sizes, windows, amounts, strict=True
            )
        ]


@irdl_op_definition
class MaxPoolOp(PoolOp):
    """`y[n, c, s] = max over k of x[n, c, s stride + k dilation - pad]`, in range; of numbers."""

    name = "relax.max_pool"
    result = result_def(TensorType)


@irdl_op_definition
class MaxPoolWithIndicesOp(PoolOp):
    """MaxPoolOp, and where each maximum (the first of equals) lies in x, row-major, as i64."""

    name = "relax.max_pool_with_indices"
    result = result_def(TensorType)
    indices = result_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        (values,) = super().infer_types()
        assert isinstance(values, TensorType)
        return [values, TensorType.of(values.shape, i64)]


@irdl_op_definition
class AvgPoolOp(PoolOp):
    """`y[n, c, s] = sum over k of x[n, c, s stride + k dilation - pad] / count`; of floats.

    The count is of the window's positions within x, and within the padding if `count_include_pad`.
    """

    name = "relax.avg_pool"
    result = result_def(TensorType)
    count_include_pad = prop_def(IntegerAttr)
    ACCEPTS = dtypes.is_float

    @property
    def counts_padding(self) -> bool:
        """Whether padding counts as elements."""
        return flag(self.count_include_pad)


WINDOWS: tuple[type[RelaxOp], ...] = (
    AvgPoolOp,
    BlockedConvOp,
    ConvOp,
    ConvTransposeOp,
    GroupedConvOp,
    MaxPoolOp,
    MaxPoolWithIndicesOp,
)
