"""`VirtualMachine`: runs the functions of a program.

    vm = VirtualMachine(executable, cpu(), memory_cfg="pooled")
    y = vm["main"](x)

Results are tensors in memory of their own, from the machine's allocator. Any number of threads may
call one machine at once: each call takes a state (a native context and frames) of its own, and
leaves it for the next.

A machine can be watched: `profile`, `tap`, `set_instrument`. Calls in steps (`set_input`,
`invoke_stateful`, `get_outputs`) and saved calls are in stateful.py. Source of the names and of
what they mean: `tvm.runtime.vm.VirtualMachine`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from .bytecode import Program
from .closures import BoundFunction
from .device import Device, cpu
from .errors import ERROR_RECURSION, ArgumentError, DTypeError, RuntimeFailure
from .execution import Execution
from .frame import Frame
from .image import Image
from .kernel_library import KernelLibrary
from .memory import Allocator, make_allocator
from .observation import Instrument, Observer, Observers, Tap
from .outputs import admit_outputs, check_output
from .report import Profiler, Report
from .signature import Signature
from .state import StatefulFunction
from .stateful import Closure, StatefulCalls, arity_of
from .tensor import Tensor
from .threads import Context, check_num_threads, default_num_threads
from .timing import TimeEvaluator

MAX_DEPTH = 100
"""Calls of functions that call themselves: some Python frames each, far below Python's limit.

Native code has the same limit (native/blocks.c)."""

MemoryConfig = str | Allocator | Mapping[Device | str, str | Allocator] | None


_NO_OUTPUTS: dict[int, Tensor] = {}


class _State:
    """What one call at a time uses: a native context and the frames of its functions."""

    __slots__ = (
        "allocator",
        "arena",
        "context",
        "depth",
        "entered",
        "frames",
        "image",
        "num_threads",
        "observer",
    )

    def __init__(self, image: Image, allocator: Allocator, num_threads: int) -> None:
        self.image = image
        self.allocator = allocator
        self.num_threads = num_threads
        self.context = Context(num_threads)
        self.arena = self.context.arena
        self.frames: list[list[Frame]] = [[] for _ in image.layouts]
        self.depth = 0
        """Of calls of functions that call themselves."""
        self.entered = 0
        """The function that the run began with."""
        self.observer: Observer | None = None

    def set_threads(self, num_threads: int) -> None:
        self.context.num_threads = self.num_threads = num_threads

    def call(self, position: int, args: list[Any], outputs: dict[int, Tensor]) -> list[Any]:
        """Run a function in a frame that nobody else uses."""
        idle = self.frames[position]
        if idle:
            frame = idle.pop()
        else:
            frame = Frame(self.image, position, self.context.address, self.allocator)
        try:
            return frame.run(args, Execution(self.allocator, self.invoke, outputs, self.observer))
        finally:
            idle.append(frame)

    def invoke(self, position: int, args: list[Any]) -> Any:
        """Run a function for another one: one result is a value, more are a tuple."""
        if position not in self.image.recursive:
            results = self.call(position, args, {})
            return results[0] if len(results) == 1 else tuple(results)
        if self.depth >= MAX_DEPTH:
            functions = self.image.program.functions
            raise RuntimeFailure(
                f"{functions[self.entered].name}: recursion deeper than {MAX_DEPTH} calls in"
                f" {functions[position].name}",
                ERROR_RECURSION,
            )
        self.depth += 1
        try:
            results = self.call(position, args, {})
        finally:
            self.depth -= 1
        return results[0] if len(results) == 1 else tuple(results)


class Callee:
    """A function of a machine, to be called: positional arguments or names."""

    def __init__(self, machine: VirtualMachine, position: int) -> None:
        self._machine = machine
        self.position = position
        self.signature = machine.signatures[position]

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the function; arguments in order or by name."""
        machine = self._machine
        if machine.stateful.slots:
            machine.stateful.check_free(self.signature.name)
        if named or len(args) < len(self.signature.inputs):
            args = tuple(self.signature.positional(named, args))
        return machine.call(self.position, args)

    def run(
        self,
        inputs: Mapping[str, Any] | Sequence[Any],
        out: Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> Any:
        """Call with arguments by name or in order, results into the buffers of `out`, if any."""
        self._machine.stateful.check_free(self.signature.name)
        args = self.signature.positional(self.signature.by_name(inputs))
        return self._machine.call(self.position, args, out)

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
                comes back, "naive" returns it to the system; or an `Allocator`, which other
                machines may use too; or a mapping of devices to these.
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
        self.allocator = _allocator(memory_cfg, self.device)
        default = getattr(program, "threads", None) if threads is None else threads
        self.threads = default_num_threads() if default is None else default
        self.signatures = [Signature.of(function) for function in image.program.functions]
        self.stateful = StatefulCalls()
        self._may_recurse = bool(image.recursive)
        self._saved: dict[str, Closure] = {}
        self._instrument: Instrument | None = None
        self._taps: list[Tap] = []
        self._observer: Observer | None = None
        self._idle: list[_State] = []

    @property
    def threads(self) -> int:
        """Threads of a parallel loop, the caller's included; results do not depend on it."""
        return self._threads

    @threads.setter
    def threads(self, value: int) -> None:
        self._threads = check_num_threads(value, "VirtualMachine: threads")

    def __getitem__(self, name: str) -> Callee | Closure:
        """Return the function `name`, or the call that was saved as it.

        Raises:
            ArgumentError: there is none.
        """
        saved = self._saved.get(name)
        return self.function(name) if saved is None else saved

    def function(self, name: str) -> Callee:
        """Return the function `name` of the program.

        Raises:
            ArgumentError: there is none.
        """
        position = self.image.positions.get(name)
        if position is None:
            known = ", ".join((*self.image.positions, *self._saved)) or "none"
            raise ArgumentError(f"VirtualMachine: there is no function {name!r}; known: {known}")
        return Callee(self, position)

    def set_input(self, name: str, *args: Any, **named: Any) -> None:
        """Set the inputs of function `name` for `invoke_stateful`: in order or by name.

        A `Tensor` is used as it is, anything else is copied. Outputs of an earlier invocation are
        forgotten.

        Raises:
            TyrexError: there is no such function, or an argument does not fit.
        """
        self.stateful.set_input(self.function(name), args, named)

    def clear_input(self, name: str) -> None:
        """Forget the inputs and outputs of function `name`, so that it can be called directly."""
        self.stateful.clear_input(self.function(name).signature.name)

    def invoke_stateful(self, name: str) -> None:
        """Run function `name` on the inputs that were set; `get_outputs` returns the results.

        Raises:
            TyrexError: no inputs were set, or the function failed; then it has no outputs.
        """
        callee = self.function(name)
        self.stateful.invoke(name, partial(self.call, callee.position))

    def get_outputs(self, name: str, *indices: int) -> Any:
        """Return what `invoke_stateful` left: a result or a tuple, or what `indices` lead to.

        Raises:
            ArgumentError: there are no outputs, or none at these indices.
        """
        return self.stateful.get_outputs(self.function(name).signature.name, indices)

    def get_output_arity(self, name: str, *indices: int) -> int:
        """Return how many fields an output has; -1 for a tensor."""
        return arity_of(self.get_outputs(name, *indices))

    def bind_state(
        self, name: str, state: Mapping[str, str], initial: Mapping[str, Any] | None = None
    ) -> StatefulFunction:
        """Return function `name` as a stream: inputs that are outputs of the call before.

        Args:
            name: of a function.
            state: by the name of an input, the output whose value it gets next time.
            initial: by the name of an input, its value in the first call; zeros otherwise.

        Raises:
            ArgumentError: an input or output does not exist, or they do not fit each other.
        """
        return StatefulFunction(self.function(name), state, initial)

    def save_function(
        self, name: str, saved_name: str, *args: Any, include_return: bool = True, **named: Any
    ) -> None:
        """Keep a call of function `name` with arguments bound, to be called as `saved_name`.

        Args:
            name: of a function.
            saved_name: a new name.
            args: the function's last arguments.
            include_return: whether the saved call returns the function's result, else None.
            named: arguments by name.

        Raises:
            ArgumentError: the new name is taken, or an argument does not exist.
        """
        if saved_name in self.image.positions or saved_name in self._saved:
            raise ArgumentError(f"save_function: the name {saved_name!r} is taken; use another one")
        self._saved[saved_name] = Closure(self.function(name), args, named, include_return)

    def invoke_closure(self, closure: Callee | Closure | BoundFunction, *args: Any) -> Any:
        """Call a closure or a function: `machine["saved"]`, or what a program returned.

        Raises:
            DTypeError: it is none.
            ArgumentError: it is of another program, or takes other arguments.
        """
        if isinstance(closure, BoundFunction):
            if closure.image is not self.image:
                raise ArgumentError(
                    f"invoke_closure: found {closure!r} of another program; expected one that this"
                    " machine's program made"
                )
            return self.call(closure.position, closure.arguments(args))
        if not isinstance(closure, Callee | Closure):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DTypeError(f"invoke_closure: expected a closure; found {type(closure).__name__}")
        return closure(*args)

    def time_evaluator(
        self,
        name: str,
        device: Device | None = None,
        number: int = 10,
        repeat: int = 1,
        min_repeat_ms: float = 0.0,
        cooldown_interval_ms: float = 0.0,
    ) -> TimeEvaluator:
        """Return what times function `name`, called with the function's arguments.

        Args:
            name: of a function or a saved call; "invoke_stateful" times that method, called with
                a function's name.
            device: the machine's.
            number: calls of one repeat.
            repeat: how many figures to return.
            min_repeat_ms: a repeat that is shorter is made of more calls.
            cooldown_interval_ms: how long to wait before each repeat but the first.

        Raises:
            ArgumentError: there is no such function, or a number is out of its range.
        """
        if device is not None and device != self.device:
            raise ArgumentError(
                f"time_evaluator: found {device}; the machine runs on {self.device}"
            )
        function = self.invoke_stateful if name == "invoke_stateful" else self[name]
        return TimeEvaluator(function, number, repeat, min_repeat_ms, cooldown_interval_ms)

    def set_instrument(self, function: Callable[..., object] | None) -> None:
        """Have a function called before and after every kernel; None for no more.

        `function(func, name, before_run, ret_value, *args)`; see `observation.Instrument`. It may
        return `SKIP_RUN` before a call that is not to be made.
        """
        self._instrument = None if function is None else Instrument(function)
        self._set_observer()

    def tap(self, pattern: str) -> Tap:
        """Collect the intermediate values whose names in the model are like `pattern`.

        A context manager: values are collected until it is left. See `observation.Tap`.
        """
        tap = Tap(pattern, self._close_tap)
        self._taps.append(tap)
        self._set_observer()
        return tap

    def _close_tap(self, tap: Tap) -> None:
        self._taps = [other for other in self._taps if other is not tap]
        self._set_observer()

    def _set_observer(self) -> None:
        self._observer = self._observe(None)

    def _observe(self, profiler: Profiler | None) -> Observer | None:
        inner = [observer for observer in (profiler, self._instrument) if observer is not None]
        observers = [*self._taps, *inner]
        return Observers(observers) if observers else None

    def profile(self, name: str, *args: Any, **named: Any) -> Report:
        """Run function `name` twice, and return what every call of the second run took.

        The arguments are the function's; none where its inputs were set.

        Raises:
            TyrexError: arguments are missing, given although inputs were set, or do not fit.
        """
        callee = self.function(name)
        inputs = self.stateful.inputs_of(name)
        if inputs is not None and (args or named):
            raise ArgumentError(
                f"profile: found arguments of {name!r}, whose inputs are set; expected none, or"
                f" clear_input({name!r}) before"
            )
        given = callee.signature.positional(named, args) if inputs is None else inputs
        self.call(callee.position, given)
        profiler = Profiler()
        self._run(callee.position, callee.signature.admit(given), {}, self._observe(profiler))
        program = self.image.program
        facts = {"executor": "bytecode", "threads": self.threads, **program.metadata}
        facts.pop("kernels", None)
        return profiler.report(str(self.device), facts)

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
        if out is None:
            results = self._run(position, values, _NO_OUTPUTS, self._observer)
            return results[0] if len(results) == 1 else tuple(results)
        outputs = admit_outputs(signature, out, values)
        results = self._run(position, values, outputs, self._observer)
        for index, buffer in outputs.items():
            if results[index] is not buffer:
                check_output(signature, index, buffer, results[index].shape)
                results[index] = buffer.copyfrom(results[index])
        return results[0] if len(results) == 1 else tuple(results)

    def _run(
        self,
        position: int,
        values: list[Any],
        outputs: dict[int, Tensor],
        observer: Observer | None,
    ) -> list[Any]:
        """Run function `position` on arguments that fit."""
        try:
            state = self._idle.pop()
        except IndexError:
            state = _State(self.image, self.allocator, self._threads)
        try:
            state.observer = observer
            if self._may_recurse:
                state.entered, state.depth = position, int(position in self.image.recursive)
            if state.num_threads != self._threads:
                state.set_threads(self._threads)
            return state.call(position, values, outputs)
        finally:
            state.observer = None
            state.arena.reset()
            self._idle.append(state)


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


def _allocator(config: MemoryConfig, device: Device) -> Allocator:
    if isinstance(config, Mapping):
        by_device = {Device.parse(k) if isinstance(k, str) else k: v for k, v in config.items()}
        unknown = [str(key) for key in by_device if key != device]
        if unknown:
            raise ArgumentError(
                f"VirtualMachine: memory_cfg names device {unknown[0]}; the machine runs on"
                f" {device}"
            )
        config = by_device.get(device)
    if config is None:
        config = "pooled"
    if isinstance(config, Allocator):
        return config
    if not isinstance(config, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DTypeError(
            f"VirtualMachine: memory_cfg: expected the name of an allocator, an Allocator, or a"
            f" mapping of devices to these; found {config!r}"
        )
    return make_allocator(config)
