"""Which inputs of a kernel its output may lie in: what the kernel alone says of in-place calls."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ..dialects import tir
from .op_patterns import Pattern, access_pattern, plain_steps


def overwritable_inputs(kernel: tir.FuncOp) -> tuple[int, ...]:
    """Return the inputs that may share memory with output 0, by position.

    On every way from such an input to the output, each step maps elements at their own position:
    then an element of the input is read for the same element of the output alone, however the
    steps are merged. Schedules must keep to that: who computes an element twice must not read
    such an input again after the first time.
    """
    fitting = [v for v in kernel.inputs if v.type in [output.type for output in kernel.outputs]]
    steps = plain_steps(kernel) if fitting else None
    if steps is None:
        return ()
    output = kernel.outputs[0]
    read: set[SSAValue] = {output}  # at the output's own position, by some step
    elsewhere: set[SSAValue] = set()  # at another position, by some step
    for step in reversed(steps):
        target = step.stores[0].buffer
        own = not step.reduce and target in read and target not in elsewhere
        for load in step.loads:
            plain = isinstance(load, tir.LoadOp)
            if own and plain and access_pattern(step, load) is Pattern.ELEMENTWISE:
                read.add(load.buffer)
            else:
                elsewhere.add(load.buffer)
    return tuple(
        i
        for i, value in enumerate(kernel.inputs)
        if value in fitting and value in read and value not in elsewhere
    )
