"""The list of cases that pass: it grows, and shrinks only when asked to in so many words."""

from collections.abc import Mapping
from pathlib import Path

from .outcome import Outcome, Status

PASSING = Path(__file__).with_name("passing.txt")


def read(path: Path = PASSING) -> set[str]:
    """The names in the list."""
    return set(path.read_text().split()) if path.exists() else set()


def regressions(known: set[str], outcomes: Mapping[str, Outcome]) -> list[str]:
    """The names in the list that ran now and did not pass."""
    return sorted(
        name for name in known & outcomes.keys() if outcomes[name].status is not Status.PASSED
    )


def update(path: Path, outcomes: Mapping[str, Outcome], *, allow_removal: bool) -> set[str]:
    """Add what passes; remove what ran and does not, if allowed. Returns the new list."""
    names = read(path)
    if allow_removal:
        names -= set(regressions(names, outcomes))
    names |= {name for name, o in outcomes.items() if o.status is Status.PASSED}
    path.write_text("".join(f"{name}\n" for name in sorted(names)))
    return names
