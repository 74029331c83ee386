"""What a user is told when a program is wrong: the place, what was found, what to do.

A `CompileError` carries the operation (or the location) at fault, notes about other places and a
hint. `render` shows it as every tool of the house prints it:

    model.mlir:3:8: error: 'arith.addi' operand #0 (%y) does not dominate this use
      %x = arith.addi %y, %y : i32
           ^
    model.mlir:4:8: note: defined here
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    LocationAttr,
    NameLoc,
)
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import DiagnosticException

from . import location as locations

Where = Operation | LocationAttr | None
"""The place a message is about: an operation, a bare location, or nowhere in particular."""


@dataclass(frozen=True)
class Note:
    """One printed message: `severity` is `error`, `note` or `hint`; `op_name` may be empty."""

    severity: str
    location: LocationAttr
    op_name: str
    message: str

    @property
    def text(self) -> str:
        """The message, led by the operation's name as `'relax.add' ...`."""
        if not self.op_name or self.message.startswith((f"'{self.op_name}'", f"{self.op_name}:")):
            return self.message
        return f"'{self.op_name}' {self.message}"

    def file_position(self) -> FileLineColLoc | None:
        """Return the first position in a file that the location names, if any."""
        return next(_file_positions(self.location), None)


class CompileError(DiagnosticException):
    """A program that cannot be compiled, and where.

    Args:
        op: the operation at fault, its location, or None.
        message: what was found and what was expected.
        notes: other places that matter, as (operation or location, message).
        hint: what to do about it.
    """

    def __init__(
        self,
        op: Where,
        message: str,
        notes: Sequence[tuple[Where, str]] = (),
        hint: str | None = None,
    ):
        self.op = op if isinstance(op, Operation) else None
        self.error = _note("error", op, message)
        self.message = message
        self.notes = tuple(_note("note", where, text) for where, text in notes)
        self.hint = hint
        super().__init__(f"{locations.show(self.error.location)}: error: {self.error.text}")

    def diagnostics(self) -> tuple[Note, ...]:
        """Return the error, then its notes, then its hint: one element per printed message."""
        hint = () if self.hint is None else (Note("hint", UNKNOWN_LOC, "", self.hint),)
        return (self.error, *self.notes, *hint)

    def render(self, sources: Mapping[str, str] | None = None) -> str:
        """Return the whole message; `sources` maps file names to the texts that are at hand."""
        return render_notes(self.diagnostics(), sources or {})


class CompileErrors(CompileError):
    """Several errors found before any work was done, told in one report."""

    def __init__(self, errors: Iterable[CompileError]):
        self.errors = tuple(errors)
        if not self.errors:
            raise ValueError("CompileErrors needs at least one error")
        first = self.errors[0]
        super().__init__(first.op or first.error.location, first.message, (), first.hint)
        self.args = ("\n".join(str(error) for error in self.errors),)

    def diagnostics(self) -> tuple[Note, ...]:
        """Return every message of every error, in order."""
        return tuple(note for error in self.errors for note in error.diagnostics())


def render_notes(notes: Iterable[Note], sources: Mapping[str, str]) -> str:
    """Return the messages, each with its place, its source line and a caret."""
    return "\n".join(line for note in notes for line in _render_note(note, sources))


def excerpt(line: str, column: int) -> tuple[str, str]:
    """Return a source line and the line under it with a caret at `column` (from 1)."""
    shown = line.rstrip("\r\n")
    column = min(max(column, 1), len(shown) + 1)
    padding = "".join("\t" if char == "\t" else " " for char in shown[: column - 1])
    return f"  {shown}", f"  {padding}^"


def _note(severity: str, where: Where, message: str) -> Note:
    if isinstance(where, Operation):
        return Note(severity, where.location, where.name, message)
    return Note(severity, where if where is not None else UNKNOWN_LOC, "", message)


def _file_positions(location: Attribute) -> Iterator[FileLineColLoc]:
    match location:
        case FileLineColLoc():
            yield location
        case NameLoc():
            yield from _file_positions(location.location)
        case FusedLoc():
            for part in _parts(location):
                yield from _file_positions(part)
        case CallSiteLoc():
            yield from _file_positions(location.callee)
        case _:
            return


def _parts(location: FusedLoc) -> Iterable[Attribute]:
    parts = location.locations
    return parts if isinstance(parts, Iterable) else ()


def _render_note(note: Note, sources: Mapping[str, str]) -> Iterator[str]:
    place = "" if note.location is UNKNOWN_LOC else f"{locations.show(note.location)}: "
    yield f"{place}{note.severity}: {note.text}"
    position = note.file_position()
    if position is None:
        return
    lines = _source_of(position.filename.data, sources).splitlines()
    if 1 <= position.line.data <= len(lines):
        yield from excerpt(lines[position.line.data - 1], position.column.data)


def _source_of(name: str, sources: Mapping[str, str]) -> str:
    if name in sources:
        return sources[name]
    try:
        return Path(name).read_text(encoding="utf-8") if name.endswith(".mlir") else ""
    except (OSError, UnicodeDecodeError):
        return ""
