"""Which inputs of a kernel its output may lie in: what the kernel alone says of in-place calls."""

from __future__ import annotations

from ..dialects import tir
from .op_patterns import Pattern, access_pattern, plain_steps


def overwritable_inputs(kernel: tir.FuncOp) -> tuple[int, ...]:
    """Return the inputs that may share memory with output 0, by position.

    The last step alone reads such an input, at the element that it writes then, and nothing but
    that step touches the output. Schedules must keep to that: whoever computes an element twice
    must not read a pair's input the second time.
    """
    steps = plain_steps(kernel)
    if steps is None or steps[-1].reduce:
        return ()
    last, output = steps[-1], kernel.outputs[0]
    return tuple(
        i
        for i, value in enumerate(kernel.inputs)
        if value.type == output.type
        and any(load.buffer is value for load in last.loads)
        and all(load.buffer is not value for step in steps[:-1] for load in step.loads)
        and all(
            isinstance(load, tir.LoadOp) and access_pattern(last, load) is Pattern.ELEMENTWISE
            for load in last.loads
            if load.buffer is value
        )
    )
