"""The attributes of operators that slide a window: kernel, strides, dilations, padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....symbolic import IntExpr
from ..node import Node


@dataclass(frozen=True)
class Window:
    """A window over spatial axes, one entry per axis."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    before: list[int]
    after: list[int]

    @property
    def padding(self) -> list[int]:
        """All amounts before, then all after."""
        return self.before + self.after

    def extent(self, axis: int) -> int:
        """Return how many positions the window covers on an axis."""
        return (self.kernel[axis] - 1) * self.dilations[axis] + 1


def read_window(node: Node, kernel: Sequence[int], sizes: Sequence[IntExpr]) -> Window:
    """Return the window that a node's attributes describe over axes of `sizes`.

    Raises:
        ModelError: lists of a wrong length; padding that depends on a dim known at run time.
    """
    rank = len(sizes)
    strides = node.integers("strides", None) or [1] * rank
    dilations = node.integers("dilations", None) or [1] * rank
    pads = node.integers("pads", None) or [0] * (2 * rank)
    counts = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
    for name, values in counts.items():
        if len(values) != rank:
            raise node.fail(f"{name} is {list(values)}; expected {rank} entries")
    if len(pads) != 2 * rank:
        raise node.fail(f"pads is {pads}; expected {2 * rank} entries")
    window = Window(list(kernel), strides, dilations, pads[:rank], pads[rank:])
    match node.text("auto_pad", "NOTSET"):
        case "NOTSET" | "":
            return window
        case "VALID":
            return Window(list(kernel), strides, dilations, [0] * rank, [0] * rank)
        case "SAME_UPPER" | "SAME_LOWER" as mode:
            return _same(node, window, sizes, mode == "SAME_UPPER")
        case other:
            raise node.fail(f"auto_pad is {other!r}")


def _same(node: Node, window: Window, sizes: Sequence[IntExpr], upper: bool) -> Window:
    """Return the window with the padding that makes ceil(size / stride) positions."""
    before: list[int] = []
    after: list[int] = []
    for axis, size in enumerate(sizes):
        stride, extent = window.strides[axis], window.extent(axis)
        if stride == 1:
            total = extent - 1
        elif size.is_constant:
            n = size.constant_value
            total = max((-(-n // stride) - 1) * stride + extent - n, 0)
        elif size.is_multiple_of(stride):
            total = max(extent - stride, 0)
        else:
            raise node.fail(
                f"auto_pad with stride {stride} over a dim of {size}: the padding depends on it",
                "fix the dim with from_onnx(..., dims=) or shapes=",
            )
        small, large = total // 2, total - total // 2
        before.append(small if upper else large)
        after.append(large if upper else small)
    return Window(window.kernel, window.strides, window.dilations, before, after)


def ceil_extra(node: Node, window: Window, sizes: Sequence[IntExpr]) -> list[int]:
    """Return the padding after each axis that lets in the window which ceil_mode adds.

    A window that would start beyond the last element and the padding before it is not added
    (as PyTorch, and ONNX since opset 19).
    """
    if not node.integer("ceil_mode", 0):
        return [0] * len(sizes)
    return [_axis_extra(node, window, axis, size) for axis, size in enumerate(sizes)]


def _axis_extra(node: Node, window: Window, axis: int, size: IntExpr) -> int:
    stride, extent = window.strides[axis], window.extent(axis)
    before, after = window.before[axis], window.after[axis]
    if stride == 1:
        return 0
    if not size.is_constant:
        if after + stride > extent:
            raise node.fail(
                f"ceil_mode over a dim of {size}: the number of windows depends on it",
                "fix the dim with from_onnx(..., dims=) or shapes=",
            )
        return stride - 1  # rounds up whatever the dim is
    padded = size.constant_value + before + after
    count = -(-(padded - extent) // stride) + 1
    if (count - 1) * stride >= size.constant_value + before:
        count -= 1
    return max((count - 1) * stride + extent - padded, 0)


def static_kernel(node: Node, dims: Sequence[IntExpr]) -> list[int]:
    """Return the kernel's size: the attribute, or the weight's spatial dims.

    Raises:
        ModelError: it is not known, or the attribute contradicts the weight.
    """
    declared = node.integers("kernel_shape", None)
    if not all(dim.is_constant for dim in dims):
        if declared is None:
            raise node.fail(f"the kernel's size {list(map(str, dims))} is not known")
        return declared
    found = [dim.constant_value for dim in dims]
    if declared is not None and declared != found:
        raise node.fail(f"kernel_shape is {declared}, but the weight's is {found}")
    return found
