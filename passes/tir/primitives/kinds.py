"""How loops run: parallel, vectorize, unroll; notes on loops and blocks."""

from __future__ import annotations

from xdsl.ir import Attribute

from ....analysis.bindings import is_affine
from ....analysis.nests import Write
from ....analysis.regions import body_accesses, child_blocks, over_loops, written
from ....dialects import tir
from .errors import describe
from .exchange import check_exchange, is_private
from .legality import SPATIAL, Checks


def parallel(loop: tir.ForOp) -> None:
    """Let a loop's iterations run on several threads."""
    checks = Checks("parallel")
    checks.serial(loop)
    checks.no_vector_around(loop)
    check_data_parallel(checks, loop)
    _set_kind(loop, tir.ForKind.PARALLEL)


def vectorize(loop: tir.ForOp) -> None:
    """Let a loop's iterations be the lanes of vectors."""
    checks = Checks("vectorize")
    checks.serial(loop)
    extent = loop.extent_expr()
    if not extent.is_constant:
        checks.refuse(
            loop,
            f"the extent {extent} of {describe(loop)} is not constant",
            "split it by the number of lanes and vectorize the inner loop",
        )
    checks.no_vector_around(loop)
    inside = [
        o
        for o in loop.body.walk()
        if isinstance(o, tir.ForOp)
        and o.kind.data is not tir.ForKind.SERIAL
        and o.kind.data is not tir.ForKind.UNROLLED
    ]
    for other in inside:
        checks.refuse(
            loop, f"{describe(other)}, in one nest with it, is {other.kind.data.value} already"
        )
    for op in loop.body.walk():
        if isinstance(op, tir.IfOp):
            checks.refuse(op, "a conditional inside the loop cannot differ from lane to lane")
        if isinstance(op, tir.AllocOp):
            checks.refuse(op, "memory inside the loop would be one for all lanes")
    check_data_parallel(checks, loop)
    _check_lanes_store_apart(checks, loop)
    _set_kind(loop, tir.ForKind.VECTORIZED)


def _check_lanes_store_apart(checks: Checks, loop: tir.ForOp) -> None:
    """Check that a loop moves every store; one whose condition leaves one iteration need not."""
    if loop.extent_expr() == 1:
        return
    for block in child_blocks(loop):
        for op in body_accesses(block):
            moved = {key for index in over_loops(op, block) for key in index.free_vars()}
            if isinstance(op, Write) and loop.induction_var not in moved:
                checks.refuse(
                    loop, f"{describe(block)} writes one element in all iterations of the loop"
                )


def unroll(loop: tir.ForOp) -> None:
    """Let a loop's iterations stand one after the other in the code."""
    checks = Checks("unroll")
    checks.serial(loop)
    _set_kind(loop, tir.ForKind.UNROLLED)


def _set_kind(loop: tir.ForOp, kind: tir.ForKind) -> None:
    loop.properties["kind"] = tir.ForKindAttr(kind)


def check_data_parallel(checks: Checks, loop: tir.ForOp) -> None:
    """Check that a loop's iterations write different elements and read none of each other's."""
    for block in child_blocks(loop):
        checks.complete_or_reduction(block)
        if all(is_private(buffer, loop) for buffer in written(block)):
            continue
        bindings = block.exprs_over_values(block.bindings)
        for value, kind, binding in zip(block.iter_vars, block.kinds.data, bindings, strict=True):
            if kind is not SPATIAL and loop.induction_var in binding.free_vars():
                name = f"%{value.name_hint}" if value.name_hint else "an iteration variable"
                checks.refuse(
                    loop,
                    f"{describe(loop)} is in the binding of {name}, of kind {kind.value}, of "
                    f"{describe(block)}; expected spatial variables only",
                    "use rfactor to make partial results along the loop",
                )
        if not is_affine(block):
            checks.affine(block)
    check_exchange(checks, loop)


def annotate(op: tir.BlockOp | tir.ForOp, key: str, value: Attribute) -> None:
    """Note something on a loop or block."""
    if key in op.attributes:
        Checks("annotate").refuse(
            op,
            f'{describe(op)} bears "{key}" = {op.attributes[key]} already',
            "unannotate it first",
        )
    op.attributes[key] = value


def unannotate(op: tir.BlockOp | tir.ForOp, key: str) -> None:
    """Take a note back."""
    if key not in op.attributes:
        found = ", ".join(op.attributes) or "none"
        Checks("unannotate").refuse(op, f'{describe(op)} bears no "{key}"; its notes: {found}')
    del op.attributes[key]
