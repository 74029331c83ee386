"""The part of the native library that is a module of Python: see native/call.c."""

from collections.abc import Callable
from typing import Any

Parameter = tuple[int, int, tuple[int, ...], object, int]
"""Of an argument or result: DLPack's type code, bytes of an element, shape, dtype, all bytes."""

class Caller:
    num_threads: int

    def __new__(
        cls,
        program: tuple[int, int, int, int, int],
        inputs: tuple[Parameter, ...],
        outputs: tuple[Parameter, ...],
        tensor: type[Any],
        array: type[Any],
        allocate: Callable[[int], Any],
        fail: Callable[[int, str], object],
        owner: object,
        num_threads: int,
        num_symbols: int,
    ) -> Caller: ...
    def call(self, *args: Any) -> Any: ...
    def run(
        self, inputs: tuple[int, ...], outputs: tuple[int, ...], symbols: tuple[int, ...], /
    ) -> None: ...
    def prepare(self) -> None: ...
    def forget(self) -> None: ...
