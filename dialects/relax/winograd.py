"""Convolution by minimal filtering: `relax.winograd_conv` and the matrices behind it.

`Y = A^T [ (G g G^T) . (B^T d B) ] A` for a tile of m x m results from (m + 2) x (m + 2) inputs
with 3 x 3 filters: 36 products in the place of 144 for m = 4, 16 in the place of 36 for m = 2.
Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr
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

from ...symbolic import as_expr
from .base import RelaxOp
from .operand_checks import check_equal, check_same_dtype, ints, tensor_type, window_extent
from .types import Dim, TensorType

Matrix = tuple[tuple[float, ...], ...]
TAPS = 3


@dataclass(frozen=True)
class Filtering:
    """F(m x m, 3 x 3): the transforms of input, filter and result."""

    m: int
    input: Matrix  # B^T, (m + 2) x (m + 2)
    filter: Matrix  # G, (m + 2) x 3
    result: Matrix  # A^T, m x (m + 2)

    @property
    def alpha(self) -> int:
        """The side of an input tile."""
        return self.m + TAPS - 1


FILTERINGS: dict[int, Filtering] = {
    2: Filtering(
        2,
        ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1)),
        ((1, 1, 1, 0), (0, 1, -1, -1)),
    ),
    4: Filtering(
        4,
        (
            (4, 0, -5, 0, 1, 0),
            (0, -4, -4, 1, 1, 0),
            (0, 4, -4, -1, 1, 0),
            (0, -2, -1, 2, 1, 0),
            (0, 2, -1, -2, 1, 0),
            (0, 4, 0, -5, 0, 1),
        ),
        (
            (1 / 4, 0, 0),
            (-1 / 6, -1 / 6, -1 / 6),
            (-1 / 6, 1 / 6, -1 / 6),
            (1 / 24, 1 / 12, 1 / 6),
            (1 / 24, -1 / 12, 1 / 6),
            (0, 0, 1),
        ),
        ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1)),
    ),
}


@irdl_op_definition
class WinogradConvOp(RelaxOp):
    """BlockedConvOp with 3 x 3 filters and stride 1, by minimal filtering F(m x m, 3 x 3).

    x [N, C/b, H, W, b], u [(m + 2)^2, O/b, C/b, b of C, b of O]: the filters, transformed.
    The result is the convolution's up to rounding: see the tests for the bound. With `pool`, it is
    the maximum of each pool x pool results: they are of one tile.

    (C1) both operands have one element type and their ranks are 5.
    (C2) m is 2 or 4, u has (m + 2)^2 matrices, padding has four entries.
    (C3) the channels of x and u agree.
    (C4) pool divides m, and height and width of the convolution.
    """

    name = "relax.winograd_conv"
    x = operand_def(TensorType)
    u = operand_def(TensorType)
    m = prop_def(IntegerAttr)
    padding = prop_def(DenseArrayBase)
    pool = opt_prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    @property
    def pooled(self) -> int:
        """The side of the squares of results of which the maximum counts; 1 for each by itself."""
        return 1 if self.pool is None else self.pool.value.data

    def infer_types(self) -> Sequence[Attribute]:
        check_same_dtype(self, "(C1)")
        x, u = tensor_type(self.x), tensor_type(self.u)
        if x.shape is None or u.shape is None or x.rank != 5 or u.rank != 5:
            raise VerifyException(f"{self.name}: (C1) found {x} and {u}, expected rank 5 of both")
        m = self.m.value.data
        if m not in FILTERINGS or len(ints(self.padding)) != 4:
            raise VerifyException(f"{self.name}: (C2) m = {m}, padding {ints(self.padding)}")
        alpha = FILTERINGS[m].alpha
        check_equal(self, u.shape[0], _dim(alpha * alpha), "(C2)", "transformed taps")
        check_equal(self, x.shape[1], u.shape[2], "(C3)", "blocks of input channels")
        check_equal(self, x.shape[4], u.shape[3], "(C3)", "channels in a block")
        top, left, bottom, right = ints(self.padding)
        taps = _dim(TAPS)
        height = window_extent(x.shape[2], taps, 1, 1, top + bottom)
        width = window_extent(x.shape[3], taps, 1, 1, left + right)
        size = self._pooled_size(height, width)
        return [TensorType.of((x.shape[0], u.shape[1], *size, u.shape[4]), x.dtype)]

    def _pooled_size(self, height: Dim, width: Dim) -> tuple[Dim, Dim]:
        if self.pool is None:
            return height, width
        side = self.pooled
        if side < 1 or self.m.value.data % side:
            raise VerifyException(f"{self.name}: (C4) pool = {side} does not divide m")
        for size in (height, width):
            if size is None or not size.is_multiple_of(side):
                raise VerifyException(f"{self.name}: (C4) pool = {side} does not divide {size}")
        assert height is not None, "it is a multiple"
        assert width is not None, "it is a multiple"
        return height // side, width // side


def _dim(value: int) -> Dim:
    return as_expr(value)


WINOGRAD: tuple[type[RelaxOp], ...] = (WinogradConvOp,)
