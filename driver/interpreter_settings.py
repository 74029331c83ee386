"""What a compile changes in the Python interpreter while it runs, and puts back.

IR is many small objects that live until the compile ends: every pass of the garbage collector over
them is wasted, and takes a third of the time. Regions in regions are walked by recursion, deeper
than Python allows by default.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

RECURSION_LIMIT = 10_000
"""Python frames a compile may use: xDSL parses and clones one nested region per 7 to 10 frames."""


class _Settings:
    """The settings before the first of the compiles that are running began."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running = 0
        self.recursion_limit = 0
        self.gc_is_enabled = False

    def enter(self) -> None:
        with self.lock:
            if self.running == 0:
                self.recursion_limit = sys.getrecursionlimit()
                self.gc_is_enabled = gc.isenabled()
                sys.setrecursionlimit(max(self.recursion_limit, RECURSION_LIMIT))
                gc.disable()
            self.running += 1

    def leave(self) -> None:
        with self.lock:
            self.running -= 1
            if self.running == 0:
                sys.setrecursionlimit(self.recursion_limit)
                if self.gc_is_enabled:
                    gc.enable()


_settings = _Settings()


@contextmanager
def compiling() -> Generator[None]:
    """Change the settings in the body; threads may be inside at once, the last restores them."""
    _settings.enter()
    try:
        yield
    finally:
        _settings.leave()
