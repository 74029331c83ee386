"""What `tyrex check` says about a wrong pass: results, the first value that differs, the change."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import FusedLoc, LocationAttr, ModuleOp
from xdsl.ir import Operation

from ..dialects import relax
from ..dialects.location import is_known, leaves, show
from ..dialects.side_files import constants_folder
from ..interpreters.relax import Interpreter
from .checking import TOLERANCE, Checked, Wrong
from .instruments import write_module
from .summaries import difference

Array = NDArray[Any]

MAX_LINES = 12
MAX_WIDTH = 140


@dataclass(frozen=True)
class Value:
    """A value of a run, by where it comes from."""

    place: str
    op_name: str
    array: Array


class _Tracer(Interpreter):
    """Runs a module and keeps the last value of every place of the model."""

    def __init__(self, module: ModuleOp) -> None:
        super().__init__(module)
        self.values: dict[str, Value] = {}

    def run_op(self, op: Operation, frame: Any) -> Sequence[Any]:
        results = super().run_op(op, frame)
        place = _place(op.location)
        last: Any = results[-1] if results else None
        if place and isinstance(last, np.ndarray):
            self.values.pop(place, None)  # the last one is the node's result
            name = op.callee_name if isinstance(op, relax.CallTIROp) else op.name
            copied: Array = np.array(cast(Array, last))  # kernels may write to it afterwards
            self.values[place] = Value(place, name, copied)
        return results


def _place(location: LocationAttr) -> str:
    """Return the last node or line that a location names."""
    found = list(leaves(location)) if isinstance(location, FusedLoc) else [location]
    return show(found[-1]) if found and is_known(found[-1]) else ""


def trace(module: ModuleOp, inputs: Sequence[Array]) -> dict[str, Value]:
    """Return the values of a module's nodes in the order of their run, as far as it goes."""
    tracer = _Tracer(module)
    try:
        tracer.call("main", inputs)
    except Exception:  # a wrong program may do anything; what it did until then is of interest
        return tracer.values
    return tracer.values


def report(checked: Checked, model: str, inputs: Sequence[Array], names: Sequence[str]) -> str:
    """Return what is known about a wrong pass, over several lines.

    Args:
        checked: the pass.
        model: its label.
        inputs: that it was run on.
        names: of the model's results.
    """
    wrong = checked.wrong
    assert wrong is not None, "the pass is wrong"
    if wrong.failure:
        lines = [f"check: {checked.pass_name} breaks {model}: {wrong.failure}"]
    else:
        lines = [f"check: {checked.pass_name} changes what {model} computes"]
    rows = zip(names, wrong.expected, wrong.found, strict=False)
    lines += [f"  output {name}: {_apart(a, b)}" for name, a, b in rows if _differs(b, a)]
    lines += _first_value(wrong, inputs)
    lines += _change(wrong)
    return "\n".join(lines)


def _differs(found: Array, expected: Array) -> bool:
    return difference(found, expected) > TOLERANCE


def _apart(expected: Array, found: Array) -> str:
    """Return how two arrays differ: how much, where most."""
    kinds = [f"{a.dtype}[{', '.join(map(str, a.shape))}]" for a in (expected, found)]
    if kinds[0] != kinds[1]:
        return f"expected {kinds[0]}, found {kinds[1]}"
    a, b = (array.astype(np.float64) for array in (expected, found))
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    scale = np.abs(a[np.isfinite(a)]).max(initial=0.0) or 1.0
    with np.errstate(all="ignore"):
        error = np.nan_to_num(np.where(same, 0.0, np.abs(a - b)), nan=np.inf)
    far = int((error > TOLERANCE * scale).sum())
    worst = np.unravel_index(int(error.argmax()), error.shape)
    at = f" at [{', '.join(map(str, worst))}]" if worst else ""
    return (
        f"{kinds[0]}: {far} of {error.size} values differ by up to {error.max() / scale:.1e} of"
        f" the largest; most{at}: expected {expected[worst]:.6g}, found {found[worst]:.6g}"
    )


def _first_value(wrong: Wrong, inputs: Sequence[Array]) -> Iterator[str]:
    """Yield a line about the first value of a node that is another after the pass."""
    if not any(isinstance(func, relax.FuncOp) for func in wrong.after.body.ops):
        return
    before = trace(wrong.before, inputs)
    for place, value in trace(wrong.after, inputs).items():
        known = before.get(place)
        is_like = known is not None and known.array.shape == value.array.shape
        if known is not None and is_like and _differs(value.array, known.array):
            apart = _apart(known.array, value.array)
            yield f"  first value that differs: {place}, by {value.op_name}: {apart}"
            return


def _change(wrong: Wrong) -> Iterator[str]:
    """Yield the lines that the pass changed, the first of them."""
    try:
        before, after = (str(module).splitlines() for module in (wrong.before, wrong.after))
    except Exception:  # what is not valid may have no text
        return
    changed = [
        line.replace("  ", "", 1) if line[1:].startswith(" ") else line
        for line in unified_diff(before, after, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    yield "  what it changed:"
    for line in changed[:MAX_LINES]:
        yield f"    {line[:MAX_WIDTH]}{'...' if len(line) > MAX_WIDTH else ''}"
    if len(changed) > MAX_LINES:
        yield f"    ... and {len(changed) - MAX_LINES} lines more"


def dump(checked: Checked, folder: Path) -> tuple[Path, Path]:
    """Write the module before and after a wrong pass, with their constants; return the files."""
    wrong = checked.wrong
    assert wrong is not None, "the pass is wrong"
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"before-{checked.pass_name}.mlir", folder / f"after-{checked.pass_name}.mlir"
    for path, module in zip(paths, (wrong.before, wrong.after), strict=True):
        stream = io.StringIO()
        write_module(module, stream)
        path.write_text(stream.getvalue(), encoding="utf-8")
        relax.save_constants(module, constants_folder(path))
    return paths
