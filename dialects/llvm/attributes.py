"""Attributes that upstream's `llvm` dialect lacks: loop hints and alias scopes, in MLIR's syntax.

Both become metadata in the LLVM IR: the first on the branch that closes a loop, the second on
loads and stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from xdsl.dialects.builtin import IntegerType
from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

Unroll = Literal["full", "disable", "enable"]


@dataclass(frozen=True, slots=True)
class LoopHints:
    """What the optimiser is told about one loop; None leaves the choice to it."""

    unroll: Unroll | int | None = None
    """Unroll completely, never, as the optimiser likes (despite its thresholds), or by a count."""
    vectorize: bool | int | None = None
    """Whether the loop vectorizer may run; a number is the width it has to use."""
    interleave: int | None = None
    """How many iterations the loop vectorizer interleaves; 1 means none."""
    must_progress: bool = False
    """The loop ends or has a side effect, so one without effects may be deleted."""

    def __post_init__(self) -> None:
        counts = (self.unroll, self.vectorize, self.interleave)
        if any(type(n) is int and n < 1 for n in counts):
            raise ValueError(f"loop hints: counts start at 1, found {self}")


# One MLIR field: its name and the (key, value, is a 32-bit count) entries inside.
_Entry = tuple[str, bool | int]
_UNROLL_TEXT: dict[Unroll, _Entry] = {
    "full": ("full", True),
    "disable": ("disable", True),
    "enable": ("disable", False),
}


def _unroll_entries(hints: LoopHints) -> Sequence[_Entry]:
    if hints.unroll is None:
        return ()
    return (
        _UNROLL_TEXT[hints.unroll] if isinstance(hints.unroll, str) else ("count", hints.unroll),
    )


def _vectorize_entries(hints: LoopHints) -> Sequence[_Entry]:
    match hints.vectorize:
        case None:
            return ()
        case bool(allowed):
            return (("disable", not allowed),)
        case width:
            return (("disable", False), ("width", width))


@irdl_attr_definition
class LoopAnnotationAttr(Data[LoopHints]):
    """`#llvm.loop_annotation<unroll = <full = true>, mustProgress = true>` on a closing branch."""

    name = "llvm.loop_annotation"

    def print_parameter(self, printer: Printer) -> None:
        """Print the fields that are set, in MLIR's order."""
        hints = self.data
        groups: list[tuple[str, Sequence[_Entry]]] = [
            ("vectorize", _vectorize_entries(hints)),
            ("interleave", () if hints.interleave is None else (("count", hints.interleave),)),
            ("unroll", _unroll_entries(hints)),
        ]
        parts = [
            f"{group} = <{', '.join(f'{key} = {_value_text(value)}' for key, value in entries)}>"
            for group, entries in groups
            if entries
        ]
        if hints.must_progress:
            parts.append("mustProgress = true")
        printer.print_string(f"<{', '.join(parts)}>")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> LoopHints:
        """Parse what `print_parameter` prints."""
        groups: dict[str, dict[str, bool | int]] = {}
        must_progress = False

        def parse_group() -> None:
            nonlocal must_progress
            group = parser.parse_identifier(" (a field of loop_annotation)")
            parser.parse_punctuation("=")
            if group == "mustProgress":
                must_progress = parser.parse_boolean()
            elif group in _FIELDS:
                groups[group] = _parse_entries(parser, group)
            else:
                parser.raise_error(
                    f"loop_annotation has no field '{group}'; use one of "
                    f"{', '.join([*_FIELDS, 'mustProgress'])}"
                )

        parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parse_group)
        return LoopHints(
            unroll=_unroll_of(groups.get("unroll", {})),
            vectorize=_vectorize_of(groups.get("vectorize", {})),
            interleave=groups.get("interleave", {}).get("count"),
            must_progress=must_progress,
        )


_FIELDS = {
    "vectorize": ("disable", "width"),
    "interleave": ("count",),
    "unroll": ("full", "disable", "count"),
}


def _value_text(value: bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value} : i32"


def _parse_entries(parser: AttrParser, group: str) -> dict[str, bool | int]:
    entries: dict[str, bool | int] = {}

    def parse_entry() -> None:
        key = parser.parse_identifier(f" (a field of {group})")
        if key not in _FIELDS[group]:
            parser.raise_error(f"{group} has no field '{key}'; use one of {_FIELDS[group]}")
        parser.parse_punctuation("=")
        if key in ("count", "width"):
            entries[key] = parser.parse_integer(allow_boolean=False, allow_negative=False)
            parser.parse_punctuation(":")
            if parser.parse_type() != IntegerType(32):
                parser.raise_error(f"{key} is an i32")
        else:
            entries[key] = parser.parse_boolean()

    parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parse_entry)
    return entries


def _unroll_of(entries: dict[str, bool | int]) -> Unroll | int | None:
    if "count" in entries:
        return entries["count"]
    if entries.get("full"):
        return "full"
    if "disable" in entries:
        return "disable" if entries["disable"] else "enable"
    return None


def _vectorize_of(entries: dict[str, bool | int]) -> bool | int | None:
    if "width" in entries:
        return entries["width"]
    return not entries["disable"] if "disable" in entries else None


FULL_UNROLL = LoopAnnotationAttr(LoopHints(unroll="full"))
NO_UNROLL = LoopAnnotationAttr(LoopHints(unroll="disable"))
NO_VECTORIZE = LoopAnnotationAttr(LoopHints(vectorize=False))
PLAIN_LOOP = LoopAnnotationAttr(LoopHints(unroll="disable", vectorize=False))


@dataclass(frozen=True, slots=True)
class AliasScope:
    """A set of memory accesses: those of one buffer (`name`), inside one function (`domain`)."""

    name: str
    domain: str


@irdl_attr_definition
class AliasScopeAttr(Data[AliasScope]):
    """`#llvm.alias_scope<id = "A", domain = <id = "kernel">>`.

    An access in scope A does not alias one that lists A in its `noalias_scopes`.
    """

    name = "llvm.alias_scope"

    def print_parameter(self, printer: Printer) -> None:
        """Print the scope and the domain as MLIR does."""
        printer.print_string("<id = ")
        printer.print_string_literal(self.data.name)
        printer.print_string(", domain = <id = ")
        printer.print_string_literal(self.data.domain)
        printer.print_string(">>")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> AliasScope:
        """Parse what `print_parameter` prints."""

        def parse_id() -> str:
            parser.parse_keyword("id")
            parser.parse_punctuation("=")
            return parser.parse_str_literal()

        with parser.in_angle_brackets():
            name = parse_id()
            parser.parse_punctuation(",")
            parser.parse_keyword("domain")
            parser.parse_punctuation("=")
            with parser.in_angle_brackets():
                domain = parse_id()
        return AliasScope(name, domain)
