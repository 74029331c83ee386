"""The part of the native library that is a module of Python: see native/call.c."""

from collections.abc import Callable
from typing import Any

Parameter = tuple[int, int, tuple[int, ...], object, int]
"""Of an argument or result: DLPack's type code, bytes of an element, shape (-1 where a call decides
it), dtype, all bytes."""

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
        input_names: tuple[str, ...],
        output_names: tuple[str, ...],
    ) -> Caller: ...
    def call(self, *args: Any) -> Any: ...
    def call_into(self, inputs: Any, outputs: Any, /) -> Any: ...
    def remember(
        self,
        dims: tuple[int, ...],
        symbols: tuple[int, ...],
        results: tuple[tuple[tuple[int, ...], int], ...],
        /,
    ) -> None: ...
    def run(
        self,
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
        symbols: tuple[int, ...],
        take: Callable[[], object] = ...,
        /,
    ) -> None: ...
    def prepare(self) -> None: ...
    def forget(self) -> None: ...
    def memory(self) -> tuple[int, int, int, int]: ...
