"""WeakTable: one live node per structure, so that comparing nodes is `is`."""

from __future__ import annotations

import weakref
from collections.abc import Hashable
from threading import RLock
from typing import Generic

from typing_extensions import TypeVar

N = TypeVar("N")


class Ref(weakref.ref[N], Generic[N]):
    """A weak reference that knows its place in the table."""

    __slots__ = ("place",)
    place: Hashable


class WeakTable(Generic[N]):
    """The live nodes of one kind, by structure.

    Readers look into `refs` themselves (a method call would double the cost of a hit). A slot is
    filled without the lock, by the atomic `setdefault`; only emptying or refilling one takes it.

    Attributes:
        refs: the structure of a node -> the node, possibly dead for a moment.
    """

    __slots__ = ("_drop", "_lock", "refs")

    def __init__(self) -> None:
        # Reentrant: a node may die, and its callback run, while this thread holds the lock.
        lock = self._lock = RLock()
        refs: dict[Hashable, Ref[N]] = {}

        def drop(ref: weakref.ref[N]) -> None:
            assert isinstance(ref, Ref)
            with lock:
                if refs.get(ref.place) is ref:
                    del refs[ref.place]

        self.refs = refs
        self._drop = drop

    def add(self, place: Hashable, node: N) -> N:
        """The live node at `place`: `node`, or what another thread has put there first."""
        ref = Ref(node, self._drop)
        ref.place = place
        present = self.refs.setdefault(place, ref)
        if present is ref:
            return node
        with self._lock:
            live = self.refs.setdefault(place, ref)()
            if live is not None:
                return live
            self.refs[place] = ref
            return node
