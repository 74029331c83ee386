"""Which functions of a host program call themselves, at once or through others."""

from __future__ import annotations

from collections.abc import Mapping

from ..dialects import vm


def callees_of(func: vm.FuncOp) -> list[str]:
    """Return the names of the functions that a function calls, each once."""
    return list(dict.fromkeys(op.callee_name for op in func.walk() if isinstance(op, vm.InvokeOp)))


def recursive(calls: Mapping[str, list[str]]) -> list[str]:
    """Return the functions that lead to themselves, in the order of `calls`."""
    return [name for name in calls if name in _reachable(name, calls)]


def _reachable(name: str, calls: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for callee in calls[waiting.pop()]:
            if callee not in found:
                found.add(callee)
                waiting.append(callee)
    return found
