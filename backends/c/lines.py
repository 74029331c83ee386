"""Lines of C under construction."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


class Lines:
    """Indented lines."""

    def __init__(self, depth: int = 0) -> None:
        self._lines: list[str] = []
        self._depth = depth

    def add(self, line: str) -> None:
        """Append a line."""
        self._lines.append(f"{'  ' * self._depth}{line}")

    def extend(self, other: Lines) -> None:
        """Append other lines as they are."""
        self._lines += other._lines

    @contextmanager
    def braces(self, head: str, tail: str = "}") -> Generator[None]:
        """Append `head {`, what the body appends, and `}`."""
        self.add(f"{head} {{".lstrip())
        self._depth += 1
        yield
        self._depth -= 1
        self.add(tail)

    def text(self) -> str:
        """Return the lines as text."""
        return "\n".join(self._lines)
