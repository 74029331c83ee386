"""What a user changes in the pipelines: passes that are left out, and passes that are put in.

A pipeline is data (`passes/pipelines.py`); a pass that somebody tries out stands in a file of
theirs. So where it runs is said by the name of a pass that is there already.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..runtime.errors import ArgumentError

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

Insertions = Mapping[str, "tuple[ModulePass, ...]"]
"""The name of a pass -> what runs next to it."""


def _none() -> Insertions:
    return {}


@dataclass(frozen=True)
class PipelineEdits:
    """What is different from the pipelines as they are written."""

    disabled: frozenset[str] = frozenset()
    """Names of passes that are left out; what stands next to them still runs."""
    before: Insertions = field(default_factory=_none)
    """What runs before each run of a pass."""
    after: Insertions = field(default_factory=_none)
    """What runs after it."""

    @property
    def inserts(self) -> bool:
        """Whether there are passes that were put in."""
        return bool(self.before or self.after)

    def __bool__(self) -> bool:
        """Tell whether anything is different."""
        return bool(self.disabled) or self.inserts

    def applied(self, passes: Iterable[ModulePass]) -> list[ModulePass]:
        """Return the passes of a pipeline as they run."""
        found: list[ModulePass] = []
        for one in passes:
            found += self.before.get(one.name, ())
            if one.name not in self.disabled:
                found.append(one)
            found += self.after.get(one.name, ())
        return found

    def check_places(self, running: Iterable[str]) -> None:
        """Refuse insertions next to passes that do not run.

        Args:
            running: the names of all passes of a compile.

        Raises:
            ArgumentError: a pass would never run.
        """
        names = list(dict.fromkeys(running))
        places = [("insert_before", self.before), ("insert_after", self.after)]
        for option, insertions in places:
            for name in insertions:
                if name not in names:
                    raise ArgumentError(_nowhere(option, name, names))


def _nowhere(option: str, name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"these do: {', '.join(names)}"
    return f"{option}: no pass '{name}' runs in this compile; {hint}"


NO_EDITS = PipelineEdits()
