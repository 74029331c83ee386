"""Where an operation comes from: the nodes of the ONNX graph, kept through every pass.

A node's location is a `NameLoc` that reads `OpType:node_name:first_output`; an operation that a
pass made from several is a `FusedLoc` of theirs.
"""

from collections.abc import Iterable
from typing import NamedTuple, cast

from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    LocationAttr,
    NameLoc,
    NoneAttr,
    StringAttr,
    UnknownLoc,
)
from xdsl.ir import Attribute, Operation


class Source(NamedTuple):
    """An ONNX node: its operator, its name (may be empty) and its first output."""

    op_type: str
    name: str
    output: str


def onnx_location(name: str, op_type: str, output: str) -> NameLoc:
    """Return the location of an ONNX node."""
    return NameLoc(StringAttr(f"{op_type}:{name}:{output}"), NoneAttr())


def leaves(location: Attribute) -> Iterable[LocationAttr]:
    """Yield the places that a location names, in order."""
    if isinstance(location, FusedLoc):
        for part in _parts(location):
            yield from leaves(part)
    elif isinstance(location, LocationAttr) and not isinstance(location, UnknownLoc):
        yield location


def _parts(location: FusedLoc) -> tuple[Attribute, ...]:
    # xDSL types the field as any attribute, and verifies that it is an array.
    return cast(ArrayAttr[Attribute], location.locations).data


def fuse_locations(locations: Iterable[LocationAttr]) -> LocationAttr:
    """Return one location for all of `locations`: each leaf once, in order of appearance."""
    found = tuple(dict.fromkeys(leaf for loc in locations for leaf in leaves(loc)))
    if not found:
        return UNKNOWN_LOC
    if len(found) == 1:
        return found[0]
    return FusedLoc(ArrayAttr(found), NoneAttr())


def fuse_op_locations(ops: Iterable[Operation]) -> LocationAttr:
    """Return one location for operations that become one."""
    return fuse_locations(op.location for op in ops)


def is_known(location: LocationAttr) -> bool:
    """Tell whether the location says anything at all."""
    return next(iter(leaves(location)), None) is not None


def sources(location: LocationAttr) -> tuple[Source, ...]:
    """Return the ONNX nodes that a location names."""
    return tuple(
        Source(parts[0], ":".join(parts[1:-1]), parts[-1])
        for leaf in leaves(location)
        if isinstance(leaf, NameLoc) and len(parts := leaf.desc.data.split(":")) >= 3
    )


def show(location: Attribute) -> str:
    """Return a location as people read it: `model.mlir:3:5`, `Conv "conv1" -> y`."""
    match location:
        case FileLineColLoc():
            return f"{location.filename.data}:{location.line.data}:{location.column.data}"
        case NameLoc():
            parts = location.desc.data.split(":")
            if len(parts) < 3:
                return f'"{location.desc.data}"'
            name = ":".join(parts[1:-1])
            return f'{parts[0]} "{name}" -> {parts[-1]}' if name else f"{parts[0]} -> {parts[-1]}"
        case FusedLoc():
            return ", ".join(show(part) for part in _parts(location))
        case CallSiteLoc():
            return f"{show(location.callee)} called from {show(location.caller)}"
        case _:
            return "<unknown location>"
