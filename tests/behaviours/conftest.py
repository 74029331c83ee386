"""Both ways to run a program: every behaviour is asked of both, or one is refused by name."""

from collections.abc import Callable

import pytest

import tyrex
from tyrex.runtime.executable import Executable

Compile = Callable[..., Executable]


@pytest.fixture(params=["bytecode", "compiled"])
def build(request: pytest.FixtureRequest) -> Compile:
    """Return what compiles text for one mode; `refused` names why native code cannot run it."""

    def compile_text(text: str, refused: str = "", **options: object) -> Executable:
        exe = tyrex.compile(text, exec_mode=request.param, threads=1, **options)  # pyright: ignore[reportArgumentType]
        if not refused:
            assert exe.exec_mode == request.param, exe.stats().get("bytecode_because")
        elif request.param == "compiled":
            assert exe.exec_mode == "bytecode"
            assert refused in exe.stats()["bytecode_because"]
        return exe

    return compile_text
