"""Annotations that say which diagnostics a file must produce, as MLIR's tools read them.

    // expected-error {{substring}}          on the same line
    // expected-error @+2 {{substring}}      two lines down (@-1, @above, @below; @* is any line)
    // expected-note @below {{substring}}    a note of an error

Every error and note must be expected, and every expectation must come true exactly once.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..dialects.diagnostics import Note

_ANNOTATION = re.compile(
    r"expected-(?P<severity>error|note|hint)\s*"
    r"(?:@(?P<where>\*|above|below|[+-]\d+)\s*)?"
    r"\{\{(?P<text>.*?)\}\}"
)


@dataclass(frozen=True)
class Expectation:
    """One annotation: what must be reported, and on which line (None: on any)."""

    severity: str
    line: int | None
    text: str
    written_at: int

    def matches(self, note: Note) -> bool:
        """Tell whether `note` is what this annotation foresees."""
        if note.severity != self.severity or self.text not in note.text:
            return False
        position = note.file_position()
        return self.line is None or (position is not None and position.line.data == self.line)


def read_expectations(text: str) -> list[Expectation]:
    """Return the annotations in `text`, in order; lines count from 1."""
    return [
        Expectation(match["severity"], _line(match["where"], number), match["text"], number)
        for number, line in enumerate(text.splitlines(), start=1)
        for match in _ANNOTATION.finditer(line)
    ]


def _line(where: str | None, here: int) -> int | None:
    match where:
        case None:
            return here
        case "*":
            return None
        case "above":
            return here - 1
        case "below":
            return here + 1
        case offset:
            return here + int(offset)


def compare(
    name: str, expected: Iterable[Expectation], notes: Sequence[Note]
) -> tuple[list[str], list[Note]]:
    """Return what did not come true, as messages about the file `name`, and what was not foreseen.

    Hints need no annotation: they belong to their error.
    """
    left = list(notes)
    missing: list[str] = []
    for expectation in expected:
        found = next((note for note in left if expectation.matches(note)), None)
        if found is None:
            missing.append(
                f"{name}:{expectation.written_at}: error: expected {expectation.severity}"
                f' "{expectation.text}" was not produced'
                + (f" on line {expectation.line}" if expectation.line is not None else "")
            )
        else:
            left.remove(found)
    return missing, [note for note in left if note.severity != "hint"]
