"""An executable that has builds for single shapes made; see specialization.py.

This folder has no compiler: whoever makes such an executable brings the builder
(driver/specializing.py does).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .bytecode import TensorSpec
from .executable import Executable
from .specialization import Key, Shape, Specialization, Specializations

Builder = Callable[[Mapping[str, Shape], int], Executable]
"""Returns a build for the shapes of inputs, by name, whose runs use so many threads."""


class SpecializingExecutable(Executable):
    """An executable for all shapes that has builds for some made; called as any other.

    Its functions by name (`exe["main"]`), virtual machines and exported files are those of the
    build for all shapes.
    """

    def __init__(
        self, *args: Any, specialization: Specialization, builder: Builder, **named: Any
    ) -> None:
        """Put an executable together; see `Executable` for the other arguments.

        Args:
            args: of `Executable`.
            specialization: when builds are made, and how many are kept.
            builder: makes them.
            named: of `Executable`.
        """
        super().__init__(*args, **named)
        names = [name for name, _ in self.signature.inputs]
        self._is_static = all(
            isinstance(spec, TensorSpec) and spec.static_shape is not None
            for _, spec in self.signature.inputs
        )

        def build(key: Key) -> Executable:
            return builder(dict(zip(names, key, strict=True)), self.threads)

        self._specializations = Specializations(specialization, names, build)

    @property
    def specializations(self) -> Specializations[Executable]:
        """The builds for single shapes."""
        return self._specializations

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run "main" by the build for the arguments' shapes, else by the one for all shapes."""
        if named:
            args, named = tuple(self.signature.positional(named, args)), {}
        key = self._key(args)
        if key is None:
            return super().__call__(*args)
        build = self._build_for(key)
        if build is not None:
            return build(*args)
        result = super().__call__(*args)
        self._specializations.note(key)
        return result

    def run(
        self,
        inputs: Mapping[str, Any] | Sequence[Any],
        out: Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> Any:
        """Run "main" with inputs by name or in order; see `Executable.run`."""
        values = self.signature.positional(inputs) if isinstance(inputs, Mapping) else inputs
        key = self._key(values)
        if key is None:
            return super().run(inputs, out)
        build = self._build_for(key)
        if build is not None:
            return build.run(inputs, out)
        result = super().run(inputs, out)
        self._specializations.note(key)
        return result

    def _build_for(self, key: Key) -> Executable | None:
        build = self._specializations.find(key)
        if build is not None and build.threads != self.threads:
            build.threads = self.threads
        return build

    def _key(self, values: Sequence[Any]) -> Key | None:
        """Return the shapes of the arguments; None where a build of its own is of no use."""
        if self._is_static:
            return None
        try:
            key = tuple([tuple(value.shape) for value in values])
        except (AttributeError, TypeError):
            return None
        return key if len(key) == len(self.signature.inputs) else None

    def stats(self) -> dict[str, Any]:
        """Return figures; those of builds for single shapes are in "specializations"."""
        return {**super().stats(), "specializations": self._specializations.stats()}
