"""Models as native code: one C function, called with addresses. What "compiled" runs.

The function is `int32_t run(context, inputs, outputs)`, made by lower-vm-to-llvm; it is linked into
this process, or comes with an exported library. That of a model with symbols has a fourth argument,
an array of their values: what the shapes of the inputs tell, checked here, as are the sizes that
they lead to. Arguments are checked as those of bytecode: what fits as it is, native code sees for
itself (native/call.c); the rest is converted, or refused, here. A shape is an int64 tensor of its
dims there, and a tuple for the caller. A result whose size data decide is *open*: its place among
the outputs is that of a record, `{address, dim 0, ...}`, which the function fills in; what lies
there is copied before the context has its next run.

Any number of threads may call one program at once: each run takes a context of its own, and leaves
it for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ctypes import addressof, c_int64, memmove
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .bytecode import Param, ShapeSpec, Symbol, TensorSpec
from .dtype import DType
from .errors import LoadError
from .image import Layout, check_size
from .matching import Matcher
from .memory import Allocator, MemoryStats, make_allocator
from .native_library import caller_type, native
from .outputs import admit_outputs, check_output
from .signature import Signature
from .tensor import Tensor
from .threads import check_num_threads

if TYPE_CHECKING:
    from ._native import Parameter

_NO_CODE = 255  # no type code of DLPack's: nothing that NumPy shows has it

Result = tuple[tuple[int, ...], DType, int] | None
"""Shape, data type and bytes of a result; None where only the run knows."""

_WORD_BYTES = 8


class NativeHost(Protocol):
    """The host program of a model as code that is not in its place yet."""

    def link(self, constants: Sequence[int]) -> int:
        """Return the address of the entry; it lasts as long as this object.

        Args:
            constants: the addresses of the program's constants, in its order.
        """
        ...


@dataclass(frozen=True)
class NativeEntry:
    """A model in memory: the addresses of its functions."""

    run: int
    owner: object
    """Keeps the code in memory."""
    place: str
    """Begins the messages of errors."""
    create: int = 0
    """With the others, of a library that has contexts of its own; 0 for code of this process."""
    set_num_threads: int = 0
    destroy: int = 0
    last_error: int = 0

    @property
    def functions(self) -> tuple[int, int, int, int, int]:
        """The addresses in the order of native/call.c."""
        return self.create, self.run, self.set_num_threads, self.destroy, self.last_error


class Shapes:
    """What the symbols of a call are, and the results that they lead to."""

    def __init__(
        self,
        name: str,
        matcher: Matcher,
        symbols: Sequence[Symbol],
        results: Sequence[Param],
        check_memory: Callable[[Mapping[str, int]], object],
    ) -> None:
        """Put together what is known of the shapes of a function.

        Args:
            name: of the function.
            matcher: finds the values of the symbols.
            symbols: in the order in which native code takes their values.
            results: tensors; dims that are neither numbers nor expressions are open.
            check_memory: refuses values for which a run has no size in memory.

        Raises:
            LoadError: a result has no known rank.
        """
        self._name, self._matcher, self._check_memory = name, matcher, check_memory
        self._specs = [_result_spec(param, name) for param in _as_tensors(results)]
        self._names = [symbol.name for symbol in symbols]
        self._last: tuple[dict[str, int], list[int], list[Result]] = ({}, [], [])
        self.count = len(self._names)

    @staticmethod
    def of_layout(layout: Layout) -> Shapes:
        """Return the shapes of a program's function."""
        main = layout.function
        return Shapes(main.name, layout.matcher, main.symbols, main.results, layout.places)

    @staticmethod
    def of_signature(signature: Signature, symbols: Sequence[Symbol]) -> Shapes:
        """Return the shapes of a library's function, which looks at its memory itself."""
        items = [(f"{signature.name}: argument {n!r}", spec) for n, spec in signature.inputs]
        matcher = Matcher(items, symbols)
        return Shapes(signature.name, matcher, symbols, signature.outputs, lambda values: None)

    def of(self, values: Sequence[Any]) -> tuple[list[int], list[Result]]:
        """Return the values of the symbols, in order, and the results of a call.

        Raises:
            ShapeError: shapes contradict each other, or lead to sizes that nothing can hold.
        """
        symbols: dict[str, int] = {}
        self._matcher.match(values, symbols)
        last = self._last
        if last[0] != symbols:
            self._check_memory(symbols)  # the memory of the run, too, must have a size
            results = [self._result(spec, symbols) for spec in self._specs]
            self._last = last = symbols, [symbols[name] for name in self._names], results
        return last[1], last[2]

    def _result(self, spec: TensorSpec, symbols: Mapping[str, int]) -> Result:
        if not spec.is_shaped:
            return None
        shape = spec.shape_at(symbols)
        size = prod(shape) * spec.dtype.size_bytes
        check_size(size, self._name, symbols)
        return shape, spec.dtype, size


class NativeProgram:
    """A model to be called: positional arguments or names, as a function of a machine."""

    def __init__(
        self,
        signature: Signature,
        entry: NativeEntry,
        threads: int,
        allocator: Allocator | None = None,
        shapes: Shapes | None = None,
    ) -> None:
        """Put a model together.

        Args:
            signature: all of it tensors and shapes of known ranks; of static shapes, unless there
                are symbols; dims of results that data decide are not known.
            entry: the model's code.
            threads: of a run.
            allocator: of results.
            shapes: where there are symbols.

        Raises:
            LoadError: a type is not static, and no symbol tells it.
        """
        self.signature = signature
        self._shapes = shapes
        self._results: list[Result] = []
        inputs, outputs = map(_as_tensors, (signature.inputs, signature.outputs))
        for param in inputs:
            if shapes is None:
                _static(param, signature)
            else:
                _shaped(param, signature.name)
        if shapes is None:
            self._results = [_known(param, signature) for param in outputs]
        specs = [_result_spec(param, signature.name) for param in outputs]
        params = signature.inputs + signature.outputs
        self._has_shapes = any(isinstance(param.spec, ShapeSpec) for param in params)
        self._open = {i: spec for i, spec in enumerate(specs) if not spec.is_shaped}
        self._entry = entry
        self._allocator = allocator or make_allocator("pooled")
        self._caller = caller_type()(
            entry.functions,
            tuple(_parameter(param) for param in inputs),
            tuple(_parameter(param) for param in outputs),
            Tensor,
            np.ndarray,
            self._allocator.allocate,
            partial(_fail, entry.place),
            entry.owner,
            check_num_threads(threads, f"{signature.name}: threads"),
            0 if self._shapes is None else self._shapes.count,
            tuple(name for name, _ in signature.inputs),
            tuple(name for name, _ in signature.outputs),
        )
        # Native code looks at tensors by itself; what is open, and shapes, are seen to here.
        self._is_plain = not self._open and not self._has_shapes
        self._quick = self._caller.call if self._is_plain else _not_quick

    @property
    def threads(self) -> int:
        """Threads of a run, the caller's included; results do not depend on it."""
        return self._caller.num_threads

    @threads.setter
    def threads(self, value: int) -> None:
        self._caller.num_threads = check_num_threads(value, f"{self.signature.name}: threads")

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the model; arguments in order or by name.

        Raises:
            TyrexError: an argument does not fit, or the model failed.
        """
        if named and not args and not self._has_shapes:
            result = self._caller.call_into(named, None)
            if result is not NotImplemented:
                return result
        if named:
            args = tuple(self.signature.positional(named, args))
        result = self._quick(*args)
        if result is not NotImplemented:
            return result
        if len(args) < len(self.signature.inputs):
            args = tuple(self.signature.positional({}, args))
        return self._call(args, None)

    def run(
        self,
        inputs: Mapping[str, Any] | Sequence[Any],
        out: Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> Any:
        """Run with arguments by name or in order, results into the buffers of `out` where given."""
        if self._is_plain:
            result = self._caller.call_into(inputs, out)
            if result is not NotImplemented:
                return result
        return self._call(self.signature.positional(self.signature.by_name(inputs)), out)

    def _call(self, args: Sequence[Any], out: Mapping[str, Any] | Sequence[Any] | None) -> Any:
        values = [_as_tensor(value) for value in self.signature.admit(args)]
        given = {} if out is None else admit_outputs(self.signature, out, values)
        symbols: list[int] = []
        wanted = self._results
        if self._shapes is not None:
            symbols, wanted = self._shapes.of(values)
            if not self._open:
                self._caller.remember(
                    tuple([dim for value in values for dim in value.shape]),
                    tuple(symbols),
                    tuple([(shape, size) for shape, _, size in filter(None, wanted)]),
                )
        results: list[Tensor | None] = []
        for index, result in enumerate(wanted):
            buffer = given.get(index)
            if result is None:
                buffer = None  # it is looked at when its shape is known
            elif buffer is not None:
                check_output(self.signature, index, buffer, result[0])
            else:
                buffer = self._new(*result)
            results.append(buffer)
        found: list[Any] = self._run(values, results, symbols, given)
        if self._has_shapes:
            for index, param in enumerate(self.signature.outputs):
                if isinstance(param.spec, ShapeSpec):
                    found[index] = tuple(found[index].numpy().tolist())
        return found[0] if len(found) == 1 else tuple(found)

    def _run(
        self,
        values: Sequence[Tensor],
        results: list[Tensor | None],
        symbols: Sequence[int],
        given: Mapping[int, Tensor],
    ) -> list[Tensor]:
        """Run on tensors that fit; return the results, with those that were open."""
        records = {i: (c_int64 * (1 + len(s.shape or ())))() for i, s in self._open.items()}
        places = [
            addressof(records[index]) if result is None else result.data
            for index, result in enumerate(results)
        ]
        inputs = tuple([value.data for value in values])

        def take() -> None:
            """Copy what is open, as long as the context keeps it."""
            for index, record in records.items():
                address, *shape = record
                spec = self._open[index]
                size = prod(shape) * spec.dtype.size_bytes
                buffer = given.get(index)
                if buffer is not None:
                    check_output(self.signature, index, buffer, tuple(shape))
                else:
                    buffer = self._new(tuple(shape), spec.dtype, size)
                memmove(buffer.data, address, size)
                results[index] = buffer

        run = self._caller.run
        if records:
            run(inputs, tuple(places), tuple(symbols), take)
        else:
            run(inputs, tuple(places), tuple(symbols))
        return [result for result in results if result is not None]

    def _new(self, shape: tuple[int, ...], dtype: DType, size: int) -> Tensor:
        block = self._allocator.allocate(size)
        return Tensor(block.address, shape, dtype, block)

    def prepare(self) -> None:
        """Make a context now.

        Raises:
            UnsupportedError: the processor lacks instructions that the model uses.
            OutOfMemoryError: the system has no memory left.
        """
        self._caller.prepare()

    def memory_stats(self) -> MemoryStats:
        """Return what results and the memory of runs took so far.

        The runs of a library that was exported use memory of the library's own, of which nothing
        is known.
        """
        results = self._allocator.stats()
        capacity, used, peak, grows = self._caller.memory()
        return MemoryStats(
            in_use_bytes=results.in_use_bytes + used,
            peak_bytes=results.peak_bytes + peak,
            cached_bytes=results.cached_bytes + capacity - used,
            num_allocations=results.num_allocations,
            num_system_allocations=results.num_system_allocations + grows,
        )

    def forget_contexts(self) -> None:
        """Give back what calls left for the next one."""
        self._caller.forget()

    def __repr__(self) -> str:
        return str(self.signature)


def _as_tensors(params: Sequence[Param]) -> list[Param]:
    """Return parameters as native code has them."""
    return [
        Param(name, TensorSpec(DType("int64"), (spec.rank,)))
        if isinstance(spec, ShapeSpec) and spec.rank is not None
        else Param(name, spec)
        for name, spec in params
    ]


def _as_tensor(value: Any) -> Tensor:
    """Return an argument that fits as native code takes it."""
    if isinstance(value, Tensor):
        return value
    return Tensor.from_numpy(np.asarray(value, np.int64))


def _not_quick(*args: Any) -> Any:
    return NotImplemented


def _fail(place: str, code: int, message: str) -> None:
    raise native().exception(code, message, place)


def _parameter(param: Param) -> Parameter:
    """Return what native code knows of a parameter; -1 is a dim that a call decides."""
    spec = param.spec
    assert isinstance(spec, TensorSpec), "checked before"
    dtype = spec.dtype
    code = _NO_CODE if dtype.is_extension else dtype.dlpack_code
    shape = tuple(dim if isinstance(dim, int) else -1 for dim in spec.shape or ())
    return code, dtype.size_bytes, shape, dtype, spec.size_bytes or 0


def _shaped(param: Param, name: str) -> TensorSpec:
    spec = param.spec
    if not isinstance(spec, TensorSpec) or not spec.is_shaped:
        raise LoadError(f"{name}: native code takes tensors of known shapes: {spec}")
    return spec


def _result_spec(param: Param, name: str) -> TensorSpec:
    spec = param.spec
    if not isinstance(spec, TensorSpec) or spec.shape is None:
        raise LoadError(f"{name}: native code returns tensors of known ranks: {spec}")
    return spec


def _known(param: Param, signature: Signature) -> Result:
    spec = _result_spec(param, signature.name)
    return _static(param, signature) if spec.is_shaped else None


def _static(param: Param, signature: Signature) -> tuple[tuple[int, ...], DType, int]:
    spec = param.spec
    shape = spec.static_shape if isinstance(spec, TensorSpec) else None
    if not isinstance(spec, TensorSpec) or shape is None:
        raise LoadError(
            f"{signature.name}: native code takes and returns tensors of static shapes: {spec}"
        )
    return shape, spec.dtype, spec.size_bytes or 0
