"""What a primitive says when it refuses: the loop or block concerned, found, expected, remedy."""

from __future__ import annotations

from xdsl.ir import Operation

from ....dialects import tir
from ....dialects.diagnostics import CompileError


class ScheduleError(CompileError):
    """A primitive that would change what the kernel computes, or cannot be done here.

    Args:
        primitive: the name of the primitive.
        op: the loop or block concerned; None where it is gone.
        message: what was found and what was expected.
        hint: what to do about it.
    """

    def __init__(
        self, primitive: str, op: Operation | None, message: str, hint: str | None = None
    ) -> None:
        self.primitive = primitive
        text = f"{primitive}: {message}"
        if op is not None:
            text += "\n" + excerpt_of(op)
        super().__init__(op.location if op is not None else None, text, hint=hint)
        self.op = op
        if hint is not None:
            self.args = (f"{self.args[0]}\nhint: {hint}",)


def headline(op: Operation) -> str:
    """Return the first line of an operation's text: `tir.for %i in 17 serial`."""
    return str(op).split("\n", 1)[0].removesuffix("{").rstrip()


def excerpt_of(op: Operation) -> str:
    """Return the loops and blocks around `op`, one a line, `op` marked."""
    path: list[Operation] = [op]
    parent = op.parent_op()
    while parent is not None and isinstance(parent, tir.ForOp | tir.BlockOp | tir.FuncOp):
        path.append(parent)
        parent = parent.parent_op()
    lines = [f"{'  ' * (depth + 1)}{headline(o)}" for depth, o in enumerate(reversed(path))]
    lines[-1] += "    <-- here"
    return "\n".join(lines)


def describe(op: Operation) -> str:
    """Return how a message calls a loop or a block."""
    match op:
        case tir.BlockOp():
            return f'block "{op.block_name.data}"'
        case tir.ForOp():
            name = op.induction_var.name_hint
            return f"loop %{name}" if name else f"the loop `{headline(op)}`"
        case _:
            return op.name
