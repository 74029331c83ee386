"""Half floats: computed in f32 and rounded once, as native code does."""

from __future__ import annotations

import numpy as np

from .registry import Array


def is_half(x: Array) -> bool:
    """Tell whether an array holds f16 or bf16."""
    return x.dtype.itemsize == 2 and x.dtype.kind in "fV"


def wide(x: Array) -> Array:
    """Return half floats as f32, everything else as it is."""
    return x.astype(np.float32) if is_half(x) else x


def narrow_like(result: Array, x: Array) -> Array:
    """Return `result` in the element type of `x`."""
    return result.astype(x.dtype, copy=False)
