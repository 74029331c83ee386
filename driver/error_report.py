"""Exceptions as messages for people: what every command-line tool of the house prints."""

from collections.abc import Mapping

from xdsl.dialects.builtin import UNKNOWN_LOC, FileLineColLoc, IntAttr, LocationAttr, StringAttr
from xdsl.utils.exceptions import DiagnosticException, ParseError
from xdsl.utils.lexer import Span

from ..dialects.diagnostics import CompileError, Note, render_notes
from ..runtime.errors import TyrexError
from .pass_specs import UsageError

USER_ERRORS = (ParseError, DiagnosticException, NotImplementedError, MemoryError)
"""What says that the program is wrong or asks for what is not there yet."""


def is_user_error(error: Exception) -> bool:
    """Tell whether the user can do something about an error; the others are bugs."""
    return isinstance(error, (*USER_ERRORS, TyrexError, UsageError, OSError))


def notes_of(error: Exception) -> list[Note]:
    """Return what an error has to say, in the order in which it is told."""
    match error:
        case CompileError():
            return list(error.diagnostics())
        case ParseError():
            more: list[tuple[Span[str] | Span[bytes], str | None]] = getattr(error, "refs", [])
            return [
                Note("error", _location(error.span), "", error.msg),
                *(Note("note", _location(span), "", text or "here") for span, text in more),
            ]
        case NotImplementedError():
            return [Note("error", UNKNOWN_LOC, "", f"not implemented: {error}")]
        case _:
            return [Note("error", UNKNOWN_LOC, "", str(error))]


def report(error: Exception, sources: Mapping[str, str]) -> str:
    """Return the whole message for a user error, with source lines where they are at hand."""
    return "\n".join([render_notes(notes_of(error), sources), *_pipeline_notes(error)])


def internal_error(tool: str, error: BaseException) -> str:
    """Return the message for a bug: what was raised, during what, and how to see where."""
    lines = [f"{tool}: internal error: {type(error).__name__}: {error}", *_pipeline_notes(error)]
    return "\n".join([*lines, "note: run again with --full-traceback to see where"])


def _location(span: Span[str] | Span[bytes]) -> LocationAttr:
    place = span.get_location()
    return FileLineColLoc(StringAttr(place.file), IntAttr(place.line), IntAttr(place.col))


def _pipeline_notes(error: BaseException) -> list[str]:
    """Return the notes that the pipeline attached; xDSL's dumps of the module are left out."""
    notes: list[str] = getattr(error, "__notes__", [])
    return [f"note: {note}" for note in notes if "\n" not in note]
