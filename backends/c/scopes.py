"""Functions of C that one kernel becomes: what is known of each while it is printed."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from ...dialects import tir
from .lines import Lines


@dataclass
class Scope:
    """A function of C under construction."""

    lines: Lines
    prefix: str
    """Begins the names of functions that come out of it."""
    is_parallel: bool = False
    """It runs a part of a parallel loop: loops inside are serial."""
    used: dict[SSAValue, None] = field(default_factory=dict[SSAValue, None])
    defined: set[SSAValue] = field(default_factory=set[SSAValue])
    calls_context: bool = False


def part_function(name: str, fields: dict[str, str], body: Lines) -> str:
    """Return the function that runs a part of a parallel loop, and what it is given."""
    lines = Lines()
    if fields:
        with lines.braces(f"struct {name}", "};"):
            for field_name, kind in fields.items():
                lines.add(f"{kind.replace('restrict ', '')}{field_name};")
        lines.add("")
    with lines.braces(f"static int32_t {name}(void *closure, int64_t begin, int64_t end)"):
        if fields:
            lines.add(f"const struct {name} *const given = closure;")
        else:
            lines.add("(void)closure;")
        for field_name, kind in fields.items():
            pointer = "" if "*" in kind else "const "
            lines.add(f"{pointer}{kind}{field_name} = given->{field_name};")
        lines.extend(body)
        lines.add("return 0;")
    return lines.text()


def live_operations(kernel: tir.FuncOp) -> set[Operation]:
    """Return the operations that do something, or whose results somebody needs.

    Hints are not among them: the loops are another compiler's.
    """
    live: set[Operation] = set()
    for op in reversed(list(kernel.body.walk())):
        acts = not op.results and not isinstance(op, tir.PrefetchOp)
        if acts or any(use.operation in live for result in op.results for use in result.uses):
            live.add(op)
    return live


_WRITES = tir.StoreOp | tir.PredicatedStoreOp | tir.TransposeOp


def written_buffers(kernel: tir.FuncOp) -> set[SSAValue]:
    """Return the buffers that something writes to."""
    stores = (op for op in kernel.body.walk() if isinstance(op, _WRITES))
    return {op.buffer for op in stores}
