"""What became of a case."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Every case ends in exactly one of these."""

    PASSED = "passed"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    CRASHED = "crashed"


@dataclass(frozen=True)
class Outcome:
    """A case's status, and why if it did not pass."""

    status: Status
    reason: str = ""
    uses_host: bool = False
    """Whether a part of the work was done by a callback into Python."""
