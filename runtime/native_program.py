"""Whole models as native code: one call runs the program, no Python in between.

The entry is `int32_t run(tyrex_context *context, void **inputs, void **outputs)`: addresses of
tensors that Python has checked, destinations included. A session is what one call at a time
needs; calls of several threads take one each, and leave it for the next.

A model with symbols has a fourth argument, an array of their values: what the shapes of the inputs
tell, checked here, as are the sizes that they lead to.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Protocol

from .bytecode import Spec, TensorSpec
from .dtype import DType
from .errors import LoadError
from .image import Layout, check_size
from .memory import Allocator, make_allocator
from .native_library import native
from .signature import Signature
from .tensor import Tensor
from .threads import Context, check_num_threads
from .vm import admit_outputs, check_output

_ENTRY_TYPE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_SYMBOLIC_ENTRY_TYPE = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)

Result = tuple[tuple[int, ...], DType, int]
"""Shape, data type and bytes of a result."""


class NativeHost(Protocol):
    """The host program of a model as code that is not in its place yet."""

    def link(self, constants: Sequence[int]) -> int:
        """Return the address of the entry; it lasts as long as this object.

        Args:
            constants: the addresses of the program's constants, in its order.
        """
        ...


class Session(Protocol):
    """What one run at a time needs: memory, threads."""

    @property
    def num_threads(self) -> int:
        """Threads of a parallel loop, the caller's included."""
        ...

    @num_threads.setter
    def num_threads(self, value: int) -> None: ...

    def run(self, inputs: int, outputs: int, symbols: int) -> None:
        """Run the model on arrays of addresses, given by their addresses.

        Args:
            inputs: the address of the array of inputs.
            outputs: that of the array of destinations.
            symbols: that of the values of symbols; of no meaning to a model without.

        Raises:
            TyrexError: it failed.
        """
        ...


class LocalSession:
    """A session of an entry that was linked into this process."""

    def __init__(
        self, address: int, name: str, num_threads: int, has_symbols: bool = False
    ) -> None:
        self._entry = (_SYMBOLIC_ENTRY_TYPE if has_symbols else _ENTRY_TYPE)(address)
        self._has_symbols = has_symbols
        self._name = name
        self._context = Context(num_threads)
        self._address = self._context.address
        self._reset = self._context.arena.reset
        self._num_threads = num_threads  # reading the context's costs more than the call

    @property
    def num_threads(self) -> int:
        """Threads of a parallel loop, the caller's included."""
        return self._num_threads

    @num_threads.setter
    def num_threads(self, value: int) -> None:
        self._context.num_threads = self._num_threads = value

    def run(self, inputs: int, outputs: int, symbols: int) -> None:
        """Run the model; its memory stays for the next run.

        Raises:
            TyrexError: a kernel failed, or there is no memory.
        """
        if self._has_symbols:
            code = self._entry(self._address, inputs, outputs, symbols)
        else:
            code = self._entry(self._address, inputs, outputs)
        self._reset()
        if code:
            error = native().error(self._name, code)
            native().error_clear()
            raise error


class _State:
    """A session, and the arrays of addresses that it is called with."""

    __slots__ = (
        "input_words",
        "inputs",
        "output_words",
        "outputs",
        "session",
        "symbol_words",
        "symbols",
    )

    def __init__(self, session: Session, signature: Signature, num_symbols: int) -> None:
        self.session = session
        self.inputs = (ctypes.c_void_p * max(len(signature.inputs), 1))()
        self.outputs = (ctypes.c_void_p * max(len(signature.outputs), 1))()
        self.input_words = ctypes.addressof(self.inputs)
        self.output_words = ctypes.addressof(self.outputs)
        self.symbols = (ctypes.c_int64 * max(num_symbols, 1))()
        self.symbol_words = ctypes.addressof(self.symbols)


class _Shapes:
    """What the symbols of a call are, and the results that they lead to."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._specs = [_shaped(p.spec, layout.function.name) for p in layout.function.results]
        self._names = [symbol.name for symbol in layout.function.symbols]
        self._last: tuple[dict[str, int], list[int], list[Result]] = ({}, [], [])
        self.count = len(self._names)

    def of(self, values: Sequence[Any]) -> tuple[list[int], list[Result]]:
        """Return the values of the symbols, in order, and the results of a call.

        Raises:
            ShapeError: shapes contradict each other, or lead to sizes that nothing can hold.
        """
        symbols: dict[str, int] = {}
        self._layout.matcher.match(values, symbols)
        last = self._last
        if last[0] != symbols:
            self._layout.places(symbols)  # the memory of the run, too, must have a size
            results = [self._result(spec, symbols) for spec in self._specs]
            self._last = last = symbols, [symbols[name] for name in self._names], results
        return last[1], last[2]

    def _result(self, spec: TensorSpec, symbols: Mapping[str, int]) -> Result:
        shape = spec.shape_at(symbols)
        size = prod(shape) * spec.dtype.size_bytes
        check_size(size, self._layout.function.name, symbols)
        return shape, spec.dtype, size


class NativeProgram:
    """A model to be called: positional arguments or names, as a function of a machine."""

    def __init__(
        self,
        signature: Signature,
        new_session: Callable[[int], Session],
        threads: int,
        allocator: Allocator | None = None,
        layout: Layout | None = None,
    ) -> None:
        """Put a model together.

        Args:
            signature: all of it tensors; of static shapes, unless there is a layout.
            new_session: makes a session with so many threads.
            threads: of a run.
            allocator: of results.
            layout: of the program's function, where it has symbols.

        Raises:
            LoadError: a type is not static, and no symbol tells it.
        """
        self.signature = signature
        self._shapes = _Shapes(layout) if layout is not None and layout.function.symbols else None
        self._results: list[Result] = []
        if self._shapes is None:
            self._results = [_static(param.spec, signature) for param in signature.outputs]
        self._new_session = new_session
        self._allocator = allocator or make_allocator("pooled")
        self._idle: list[_State] = []
        self.threads = threads

    @property
    def threads(self) -> int:
        """Threads of a run, the caller's included; results do not depend on it."""
        return self._threads

    @threads.setter
    def threads(self, value: int) -> None:
        self._threads = check_num_threads(value, f"{self.signature.name}: threads")

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the model; arguments in order or by name.

        Raises:
            TyrexError: an argument does not fit, or the model failed.
        """
        if named or len(args) < len(self.signature.inputs):
            args = tuple(self.signature.positional(named, args))
        return self._call(args, None)

    def run(
        self, inputs: Mapping[str, Any], out: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> Any:
        """Run with arguments by name, results into the buffers of `out` where given."""
        return self._call(self.signature.positional(inputs), out)

    def _call(
        self, args: Sequence[Any], out: Mapping[str, Any] | Sequence[Any] | None
    ) -> Tensor | tuple[Tensor, ...]:
        values = self.signature.admit(args)
        given = {} if out is None else admit_outputs(self.signature, out, values)
        symbols: list[int] = []
        wanted = self._results
        if self._shapes is not None:
            symbols, wanted = self._shapes.of(values)
        results: list[Tensor] = []
        for index, (shape, dtype, size) in enumerate(wanted):
            buffer = given.get(index)
            if buffer is not None:
                check_output(self.signature, index, buffer, shape)
            else:
                block = self._allocator.allocate(size)
                buffer = Tensor(block.address, shape, dtype, block)
            results.append(buffer)
        try:
            state = self._idle.pop()
        except IndexError:
            count = 0 if self._shapes is None else self._shapes.count
            state = _State(self._new_session(self._threads), self.signature, count)
        try:
            for index, number in enumerate(symbols):
                state.symbols[index] = number
            self._run(state, values, results)
        finally:
            self._idle.append(state)
        return results[0] if len(results) == 1 else tuple(results)

    def _run(self, state: _State, values: Sequence[Tensor], results: Sequence[Tensor]) -> None:
        session = state.session
        if session.num_threads != self._threads:
            session.num_threads = self._threads
        for index, value in enumerate(values):
            state.inputs[index] = value.data
        for index, result in enumerate(results):
            state.outputs[index] = result.data
        session.run(state.input_words, state.output_words, state.symbol_words)

    def forget_sessions(self) -> None:
        """Give back what calls left for the next one."""
        self._idle.clear()

    def __repr__(self) -> str:
        return str(self.signature)


def _shaped(spec: Spec, name: str) -> TensorSpec:
    if not isinstance(spec, TensorSpec) or not spec.is_shaped:
        raise LoadError(f"{name}: native code returns tensors of known shapes: {spec}")
    return spec


def _static(spec: Spec, signature: Signature) -> tuple[tuple[int, ...], DType, int]:
    shape = spec.static_shape if isinstance(spec, TensorSpec) else None
    if not isinstance(spec, TensorSpec) or shape is None:
        raise LoadError(f"{signature.name}: native code returns tensors of static shapes: {spec}")
    return shape, spec.dtype, spec.size_bytes or 0
