"""Whole models as native code: one call runs the program, no Python in between.

The entry is `int32_t run(tyrex_context *context, void **inputs, void **outputs)`: addresses of
tensors that Python has checked, destinations included. A session is what one call at a time
needs; calls of several threads take one each, and leave it for the next.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .bytecode import Spec, TensorSpec
from .dtype import DType
from .errors import LoadError
from .memory import Allocator, make_allocator
from .native_library import native
from .signature import Signature
from .tensor import Tensor
from .threads import Context, check_num_threads
from .vm import admit_outputs

_ENTRY_TYPE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


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

    def run(self, inputs: int, outputs: int) -> None:
        """Run the model on arrays of addresses, given by their addresses.

        Raises:
            TyrexError: it failed.
        """
        ...


class LocalSession:
    """A session of an entry that was linked into this process."""

    def __init__(self, address: int, name: str, num_threads: int) -> None:
        self._entry = _ENTRY_TYPE(address)
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

    def run(self, inputs: int, outputs: int) -> None:
        """Run the model; its memory stays for the next run.

        Raises:
            TyrexError: a kernel failed, or there is no memory.
        """
        code = self._entry(self._address, inputs, outputs)
        self._reset()
        if code:
            error = native().error(self._name, code)
            native().error_clear()
            raise error


class _State:
    """A session, and the arrays of addresses that it is called with."""

    __slots__ = ("input_words", "inputs", "output_words", "outputs", "session")

    def __init__(self, session: Session, signature: Signature) -> None:
        self.session = session
        self.inputs = (ctypes.c_void_p * max(len(signature.inputs), 1))()
        self.outputs = (ctypes.c_void_p * max(len(signature.outputs), 1))()
        self.input_words = ctypes.addressof(self.inputs)
        self.output_words = ctypes.addressof(self.outputs)


class NativeProgram:
    """A model to be called: positional arguments or names, as a function of a machine."""

    def __init__(
        self,
        signature: Signature,
        new_session: Callable[[int], Session],
        threads: int,
        allocator: Allocator | None = None,
    ) -> None:
        """Put a model together.

        Args:
            signature: all of it tensors of static shapes.
            new_session: makes a session with so many threads.
            threads: of a run.
            allocator: of results.

        Raises:
            LoadError: a type is not static.
        """
        self.signature = signature
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
        results: list[Tensor] = []
        for index, (shape, dtype, size) in enumerate(self._results):
            buffer = given.get(index)
            if buffer is None:
                block = self._allocator.allocate(size)
                buffer = Tensor(block.address, shape, dtype, block)
            results.append(buffer)
        try:
            state = self._idle.pop()
        except IndexError:
            state = _State(self._new_session(self._threads), self.signature)
        try:
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
        session.run(state.input_words, state.output_words)

    def forget_sessions(self) -> None:
        """Give back what calls left for the next one."""
        self._idle.clear()

    def __repr__(self) -> str:
        return str(self.signature)


def _static(spec: Spec, signature: Signature) -> tuple[tuple[int, ...], DType, int]:
    shape = spec.static_shape if isinstance(spec, TensorSpec) else None
    if not isinstance(spec, TensorSpec) or shape is None:
        raise LoadError(f"{signature.name}: native code returns tensors of static shapes: {spec}")
    return shape, spec.dtype, spec.size_bytes or 0
