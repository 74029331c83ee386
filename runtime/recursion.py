"""Which functions of a program may call themselves, at once or through others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .bytecode import Builtin, Call, CalleeKind, Function, Program


def recursive_functions(program: Program) -> frozenset[int]:
    """Return the positions of functions that may lead to themselves.

    A closure that is called may be one of any function that there are closures of.
    """
    made = [call for f in program.functions for call in _builtins(f, Builtin.CLOSURE)]
    names = {program.texts[call.args[0].value] for call in made}
    bound = {i for i, function in enumerate(program.functions) if function.name in names}
    following = [
        _called(function) | (bound if any(_builtins(function, Builtin.INVOKE)) else set[int]())
        for function in program.functions
    ]
    return frozenset(i for i in range(len(following)) if i in _reachable(i, following))


def _called(function: Function) -> set[int]:
    calls = (i for i in function.code if isinstance(i, Call))
    return {call.callee for call in calls if call.kind is CalleeKind.FUNCTION}


def _builtins(function: Function, builtin: Builtin) -> Iterator[Call]:
    """Yield the calls of a builtin."""
    for call in function.code:
        if isinstance(call, Call) and call.kind is CalleeKind.BUILTIN and call.callee == builtin:
            yield call


def _reachable(start: int, following: Sequence[set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        new = following[waiting.pop()] - found
        found |= new
        waiting += new
    return found
