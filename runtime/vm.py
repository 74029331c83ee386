"""`VirtualMachine`: runs the functions of a program.

    vm = VirtualMachine(executable, cpu(), memory_cfg="pooled")
    y = vm["main"](x)

Results are tensors in memory of their own, from the machine's allocator. Any number of threads may
call one machine at once: each call takes a state (a native context and frames) of its own, and
leaves it for the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .bytecode import Program, TensorSpec
from .device import Device, cpu
from .errors import ArgumentError, DTypeError, RuntimeFailure, ShapeError, TyrexError
from .frame import Execution, Frame
from .image import Image
from .kernel_library import KernelLibrary
from .memory import Allocator, make_allocator
from .signature import Signature
from .tensor import Tensor, as_tensor
from .threads import Context, check_num_threads, default_num_threads

MAX_DEPTH = 100
"""Calls of functions within each other: some Python frames each, far below Python's limit."""

MemoryConfig = str | Mapping[Device | str, str] | None


class _State:
    """What one call at a time uses: a native context and the frames of its functions."""

    __slots__ = ("allocator", "arena", "context", "depth", "frames", "image", "num_threads")

    def __init__(self, image: Image, allocator: Allocator, num_threads: int) -> None:
        self.image = image
        self.allocator = allocator
        self.num_threads = num_threads
        self.context = Context(num_threads)
        self.arena = self.context.arena
        self.frames: list[list[Frame]] = [[] for _ in image.layouts]
        self.depth = 0

    def set_threads(self, num_threads: int) -> None:
        if self.num_threads != num_threads:
            self.context.num_threads = self.num_threads = num_threads

    def call(self, position: int, args: list[Any], outputs: dict[int, Tensor]) -> list[Any]:
        """Run a function in a frame that nobody else uses."""
        idle = self.frames[position]
        if idle:
            frame = idle.pop()
        else:
            frame = Frame(self.image, position, self.context.address, self.allocator)
        try:
            return frame.run(args, Execution(self.allocator, self.invoke, outputs))
        finally:
            idle.append(frame)

    def invoke(self, position: int, args: list[Any]) -> Any:
        """Run a function for another one: one result is a value, more are a tuple."""
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                name = self.image.program.functions[position].name
                raise RuntimeFailure(
                    f"{name}: found calls within calls, {MAX_DEPTH} deep; expected fewer: does a"
                    " function that calls itself come to an end?"
                )
            results = self.call(position, args, {})
        finally:
            self.depth -= 1
        return results[0] if len(results) == 1 else tuple(results)


class Callee:
    """A function of a machine, to be called: positional arguments or names."""

    def __init__(self, machine: VirtualMachine, position: int) -> None:
        self._machine = machine
        self._position = position
        self.signature = machine.signatures[position]

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the function; arguments in order or by name."""
        if named or len(args) < len(self.signature.inputs):
            args = tuple(self.signature.positional(named, args))
        return self._machine.call(self._position, args)

    def run(
        self, inputs: Mapping[str, Any], out: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> Any:
        """Call with arguments by name, results into the buffers of `out` where given."""
        return self._machine.call(self._position, self.signature.positional(inputs), out)

    def __repr__(self) -> str:
        return str(self.signature)


class VirtualMachine:
    """Runs a program on a device."""

    def __init__(
        self,
        program: Any,
        device: Device | Sequence[Device] | None = None,
        memory_cfg: MemoryConfig = None,
        *,
        kernels: KernelLibrary | None = None,
        threads: int | None = None,
    ) -> None:
        """Make a machine.

        Args:
            program: an `Executable`, an `Image`, or a `Program` with its `kernels`.
            device: where it runs; the CPU when None.
            memory_cfg: the allocator of results and frames: "pooled" (the default) keeps what
                comes back, "naive" returns it to the system; or a mapping of devices to these.
            kernels: of a bare program.
            threads: of a parallel loop; the executable's, else the environment's when None.

        Raises:
            DTypeError: `program` is none of these.
            ArgumentError: a device or an allocator that does not exist.
            LoadError: a kernel is missing.
        """
        image = getattr(program, "image", program)
        if isinstance(image, Program):
            image = Image(image, kernels)
        if not isinstance(image, Image):
            raise DTypeError(
                f"VirtualMachine: expected an Executable or a Program; found"
                f" {type(program).__name__}"
            )
        self.image = image
        self.device = _one_device(device)
        self.allocator = make_allocator(_allocator_name(memory_cfg, self.device))
        default = getattr(program, "threads", None) if threads is None else threads
        self.threads = default_num_threads() if default is None else default
        self.signatures = [Signature.of(function) for function in image.program.functions]
        self._idle: list[_State] = []

    @property
    def threads(self) -> int:
        """Threads of a parallel loop, the caller's included; results do not depend on it."""
        return self._threads

    @threads.setter
    def threads(self, value: int) -> None:
        self._threads = check_num_threads(value, "VirtualMachine: threads")

    def __getitem__(self, name: str) -> Callee:
        """Return the function `name`.

        Raises:
            ArgumentError: there is none.
        """
        position = self.image.positions.get(name)
        if position is None:
            known = ", ".join(self.image.positions) or "none"
            raise ArgumentError(f"VirtualMachine: there is no function {name!r}; known: {known}")
        return Callee(self, position)

    def call(
        self,
        position: int,
        args: Sequence[Any],
        out: Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> Any:
        """Check the arguments, run function `position`, return its result or their tuple.

        Raises:
            TyrexError: an argument does not fit, or the function failed.
        """
        signature = self.signatures[position]
        values = signature.admit(args)
        outputs = {} if out is None else admit_outputs(signature, out, values)
        try:
            state = self._idle.pop()
        except IndexError:
            state = _State(self.image, self.allocator, self._threads)
        try:
            state.set_threads(self._threads)
            results = state.call(position, values, outputs)
        finally:
            state.arena.reset()
            self._idle.append(state)
        for index, buffer in outputs.items():
            if results[index] is not buffer:
                check_output(signature, index, buffer, results[index].shape)
                results[index] = buffer.copyfrom(results[index])
        return results[0] if len(results) == 1 else tuple(results)


def _one_device(device: Device | Sequence[Device] | None) -> Device:
    if device is None:
        return cpu()
    if isinstance(device, Device):
        return device
    devices = list(device)
    if not all(isinstance(item, Device) for item in devices):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DTypeError(f"VirtualMachine: expected a Device or a list of them; found {device!r}")
    if len(devices) != 1:
        raise ArgumentError(f"VirtualMachine: expected one device; found {len(devices)}")
    return devices[0]


def _allocator_name(config: MemoryConfig, device: Device) -> str:
    if config is None:
        return "pooled"
    if isinstance(config, str):
        return config
    if not isinstance(config, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DTypeError(
            f"VirtualMachine: memory_cfg: expected a name or a mapping of devices to names;"
            f" found {config!r}"
        )
    by_device = {
        Device.parse(key) if isinstance(key, str) else key: name for key, name in config.items()
    }
    unknown = [str(key) for key in by_device if key != device]
    if unknown:
        raise ArgumentError(
            f"VirtualMachine: memory_cfg names device {unknown[0]}; the machine runs on {device}"
        )
    return by_device.get(device, "pooled")


def admit_outputs(
    signature: Signature, out: Mapping[str, Any] | Sequence[Any], inputs: Sequence[Any]
) -> dict[int, Tensor]:
    """Return the buffers for results, by position.

    Raises:
        ArgumentError: a name is unknown; a buffer is read-only, not contiguous, or overlaps an
            input or another buffer.
        DTypeError: a buffer has another data type.
        ShapeError: a buffer has another shape.
    """
    names = [name for name, _ in signature.outputs]
    if not isinstance(out, Mapping):
        check_several(out, f"{signature.name}: out")
        if len(out) != len(names):
            raise ArgumentError(
                f"{signature.name}: out: expected {len(names)} buffers; found {len(out)}"
            )
        out = dict(zip(names, out, strict=True))
    result: dict[int, Tensor] = {}
    taken = [(f"argument {name!r}", value) for (name, _), value in _tensors(signature, inputs)]
    for name, buffer in out.items():
        if name not in names:
            raise ArgumentError(
                f"{signature.name}: out: there is no result {name!r}; expected one of"
                f" {', '.join(names) or 'none'}: {signature}"
            )
        if buffer is None:
            continue
        position = names.index(name)
        place = f"{signature.name}: out[{name!r}]"
        tensor = _admit_output(buffer, signature.outputs[position].spec, place)
        for what, other in taken:
            if _overlap(tensor, other):
                raise ArgumentError(f"{place}: the buffer overlaps {what}: give it its own memory")
        taken.append((f"out[{name!r}]", tensor))
        result[position] = tensor
    return result


def check_several(values: object, place: str) -> None:
    """Raise `DTypeError` for what is no sequence of values."""
    if not isinstance(values, list | tuple):
        raise DTypeError(
            f"{place}: expected a dict by name, or a list or tuple in order; found"
            f" {type(values).__name__}"
        )


def _tensors(signature: Signature, inputs: Sequence[Any]) -> list[tuple[Any, Tensor]]:
    pairs = zip(signature.inputs, inputs, strict=True)
    return [(param, value) for param, value in pairs if isinstance(value, Tensor)]


def _admit_output(buffer: Any, spec: Any, place: str) -> Tensor:
    if not isinstance(spec, TensorSpec):
        raise ArgumentError(f"{place}: the result is no tensor but {spec}; leave it out")
    try:
        tensor = as_tensor(buffer)
    except TyrexError as error:
        raise type(error)(f"{place}: {error}") from None
    if tensor.dtype is not spec.dtype:
        raise DTypeError(f"{place}: expected {spec.dtype}; found {tensor.dtype}")
    if not _fits(tensor.shape, spec):
        expected = spec if spec.static_shape is None else f"shape {spec.static_shape}"
        raise ShapeError(f"{place}: expected {expected}; found {tensor.shape}")
    if tensor.read_only:
        raise ArgumentError(f"{place}: the buffer is read-only")
    if not tensor.is_contiguous or tensor.data % tensor.dtype.size_bytes:
        raise ArgumentError(
            f"{place}: the buffer is not contiguous, or not aligned to its elements: results"
            " cannot be written to it"
        )
    return tensor


def check_output(signature: Signature, index: int, buffer: Tensor, shape: tuple[int, ...]) -> None:
    """Check that a buffer has the shape that a result turned out to have.

    Raises:
        ShapeError: it has another one.
    """
    if buffer.shape != shape:
        raise ShapeError(
            f"{signature.name}: out[{signature.outputs[index].name!r}]: expected shape {shape};"
            f" found {buffer.shape}"
        )


def _fits(shape: tuple[int, ...], spec: TensorSpec) -> bool:
    """Tell whether a shape has the dims of a type that are numbers."""
    if spec.shape is None:
        return True
    return len(shape) == len(spec.shape) and all(
        found == dim or not isinstance(dim, int)
        for found, dim in zip(shape, spec.shape, strict=True)
    )


def _overlap(a: Tensor, b: Tensor) -> bool:
    return a.data < b.data + b.nbytes and b.data < a.data + a.nbytes
