"""What a compile changes in the Python interpreter while it runs, and puts back.

IR is many small objects that live until the compile ends: every pass of the collector over them is
wasted, and takes a third of the time. What a compile leaves in cycles is collected afterwards.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

_lock = threading.Lock()
_running = 0
_was_enabled = False


@contextmanager
def compiling() -> Generator[None]:
    """Keep the garbage collector out of the body; several threads may be inside at once."""
    global _running, _was_enabled
    with _lock:
        if _running == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0 and _was_enabled:
                gc.enable()
