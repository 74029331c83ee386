"""Builds for single shapes beside a build for all: each shape that comes often gets its own.

A model of symbolic dims is compiled once and runs at every size. Where a few sizes come again and
again, a build that knows them is quicker: its loops have constant extents, its memory has fixed
places. `Specializations` counts the shapes of calls, has a build made once a shape has come often
enough, and keeps the builds that were used last. Whatever goes wrong with a build, the call is
served by the one for all shapes.
Source of the idea: polymorphic inline caches, Hölzle, Chambers, Ungar, ECOOP 1991.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeVar  # noqa: TID251  the runtime lacks typing_extensions

from .errors import ArgumentError

Shape = tuple[int, ...]
Key = tuple[Shape, ...]
"""The shapes of all inputs, in order."""

Build = TypeVar("Build")

MAX_COUNTED = 1024
"""Shapes whose calls are counted, the last ones: an endless row of new shapes needs no memory."""


@dataclass(frozen=True)
class Specialization:
    """When builds for single shapes are made, and how many are kept."""

    limit: int
    """Builds that are kept; one more drops the one whose last call is longest ago."""
    after: int = 2
    """Calls of a shape that the build for all shapes serves, before it gets its own."""
    background: bool = False
    """Whether builds are made in a thread of their own, while calls go on as before."""

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ArgumentError: one is none, or below 1.
        """
        for name, value in (("limit", self.limit), ("after", self.after)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:  # pyright: ignore[reportUnnecessaryIsInstance]  # users give anything
                raise ArgumentError(
                    f"Specialization: {name}: expected a number from 1 on; found {value!r}"
                )

    @staticmethod
    def of(given: object) -> Specialization | None:
        """Return what `specialize=` means: a number of builds to keep, or all of it; 0, None: off.

        Raises:
            ArgumentError: it is something else.
        """
        match given:
            case Specialization():
                return given
            case None:
                return None
            case int() if not isinstance(given, bool) and given >= 0:
                return Specialization(given) if given else None
            case _:
                raise ArgumentError(
                    "specialize: expected how many builds to keep, or tyrex.Specialization(limit,"
                    f" after=2, background=False); found {given!r}"
                )


class Specializations(Generic[Build]):
    """The builds of one executable, and what is known of their shapes. Threads may share it."""

    def __init__(
        self, policy: Specialization, names: Sequence[str], build: Callable[[Key], Build]
    ) -> None:
        """Begin without a build.

        Args:
            policy: when builds are made.
            names: of the inputs.
            build: makes one.
        """
        self.policy = policy
        self._names, self._build = tuple(names), build
        self._lock = threading.Lock()
        self._builds: OrderedDict[Key, Build] = OrderedDict()
        self._calls: OrderedDict[Key, int] = OrderedDict()  # served by the build for all shapes
        self._failures: OrderedDict[Key, str] = OrderedDict()
        self._pending: dict[Key, Future[None] | None] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._hits = self._misses = self._built = self._dropped = 0

    def find(self, key: Key) -> Build | None:
        """Return the build for some shapes, if there is one."""
        with self._lock:
            found = self._builds.get(key)
            if found is None:
                self._misses += 1
            else:
                self._hits += 1
                self._builds.move_to_end(key)
            return found

    def note(self, key: Key) -> None:
        """Take note that a call of these shapes went well; make their build where it is time."""
        with self._lock:
            if key in self._builds or key in self._pending or key in self._failures:
                return
            count = self._calls[key] = self._calls.pop(key, 0) + 1
            if len(self._calls) > MAX_COUNTED:
                self._calls.popitem(last=False)
            if count < self.policy.after:
                return
            del self._calls[key]
            self._pending[key] = None
            if self.policy.background:
                self._pool = self._pool or ThreadPoolExecutor(1, "tyrex-specialization")
                self._pending[key] = self._pool.submit(self._make, key)
                return
        self._make(key)

    def _make(self, key: Key) -> None:
        """Make a build and keep it; where that fails, keep why."""
        made, failure = None, ""
        try:
            made = self._build(key)
        except Exception as error:
            # Whatever it is: the model runs without this build, and stats() tells.
            failure = f"{type(error).__name__}: {error}"
        finally:  # also where a signal ends the work: the shape may come again
            with self._lock:
                self._keep(key, made, failure)

    def _keep(self, key: Key, made: Build | None, failure: str) -> None:
        """Take up what became of a build; the lock is held."""
        if self._pending.pop(key, self) is self:
            return  # cleared while it was made
        if failure:
            self._failures[key] = failure
            if len(self._failures) > MAX_COUNTED:
                self._failures.popitem(last=False)
        if made is not None:
            self._built += 1
            self._builds[key] = made
            while len(self._builds) > self.policy.limit:
                self._builds.popitem(last=False)
                self._dropped += 1

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until no build is being made; return False where that took longer than allowed."""
        with self._lock:
            pending = [future for future in self._pending.values() if future is not None]
        return not wait(pending, timeout_s).not_done

    def clear(self) -> None:
        """Drop all builds, those being made, too, and forget what failed."""
        with self._lock:
            for known in (self._builds, self._calls, self._failures, self._pending):
                known.clear()

    @property
    def shapes(self) -> tuple[dict[str, Shape], ...]:
        """The shapes that have builds, by input, those used last at the end."""
        with self._lock:
            return tuple(dict(zip(self._names, key, strict=True)) for key in self._builds)

    def stats(self) -> dict[str, Any]:
        """Return figures: builds, hits, misses (calls), built, dropped, pending, failures."""
        with self._lock:
            return {
                "builds": len(self._builds),
                "limit": self.policy.limit,
                "hits": self._hits,
                "misses": self._misses,
                "built": self._built,
                "dropped": self._dropped,
                "pending": len(self._pending),
                "failures": {self._text(key): why for key, why in self._failures.items()},
            }

    def _text(self, key: Key) -> str:
        return ", ".join(f"{n}={list(s)}" for n, s in zip(self._names, key, strict=True))
