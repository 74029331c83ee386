"""Running passes: what is in force around a compile, and the loop that applies a pipeline.

`with PassContext(...)` sets the options of every compile in its body, in this thread or task only.
"""

import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ..dialects import register_all_dialects
from .instruments import DumpIR, Instrument, Timing, VerifyEach
from .interpreter_settings import RECURSION_LIMIT
from .pass_specs import Passes, passes_of
from .pipeline_edits import PipelineEdits


@dataclass(frozen=True)
class PassContext:
    """The options of a compile; entered as a context manager, they are in force in its body."""

    opt_level: int = 2
    """0 (one kernel per operator) to 3 (tuned, reassociation)."""

    instruments: Sequence[Instrument] = ()
    """Watchers of every pipeline, in order."""

    dump_ir: str | Path | None = None
    """A folder that gets the module after every pass, in numbered files."""

    verify_each: bool = False
    """Verify the module after every pass."""

    disabled_passes: frozenset[str] = frozenset()
    """Names of passes to leave out."""

    insert_before: Mapping[str, Passes] = field(default_factory=dict[str, Passes])
    """The name of a pass -> passes that run before it, wherever it stands in a pipeline."""

    insert_after: Mapping[str, Passes] = field(default_factory=dict[str, Passes])
    """The same, after it. What is next to a disabled pass takes its place."""

    edits: PipelineEdits = field(init=False, repr=False, compare=False)
    """All three, checked."""

    _dump: DumpIR | None = field(init=False, repr=False, compare=False, default=None)
    _tokens: list[Token["PassContext | None"]] = field(
        init=False, repr=False, compare=False, default_factory=list[Token["PassContext | None"]]
    )

    def __post_init__(self) -> None:
        """Check the options; see the fields.

        Raises:
            ValueError: there is no such level of -O.
            DTypeError, UsageError: what is inserted is no pass.
        """
        if self.opt_level not in range(4):
            raise ValueError(f"opt_level is {self.opt_level!r}; it must be 0, 1, 2 or 3")
        object.__setattr__(self, "instruments", tuple(self.instruments))
        object.__setattr__(self, "disabled_passes", frozenset(self.disabled_passes))
        edits = PipelineEdits(
            self.disabled_passes,
            _inserted("insert_before", self.insert_before),
            _inserted("insert_after", self.insert_after),
        )
        object.__setattr__(self, "edits", edits)
        if self.dump_ir is not None:
            # One for the whole context: its numbers run on from pipeline to pipeline.
            object.__setattr__(self, "_dump", DumpIR(self.dump_ir))

    def __enter__(self) -> Self:
        self._tokens.append(_current.set(self))
        for instrument in self.instruments:
            instrument.enter_context()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _current.reset(self._tokens.pop())
        for instrument in reversed(self.instruments):
            instrument.exit_context()

    @staticmethod
    def current() -> "PassContext":
        """Return the innermost context entered, or one with the default options."""
        return _current.get() or _DEFAULT

    def all_instruments(self) -> tuple[Instrument, ...]:
        """Return the context's instruments and those that its options ask for."""
        verify = (VerifyEach(),) if self.verify_each else ()
        dump = (self._dump,) if self._dump is not None else ()
        return (*dump, *verify, *self.instruments)


def _inserted(option: str, given: Mapping[str, Passes]) -> dict[str, tuple[ModulePass, ...]]:
    found: dict[str, tuple[ModulePass, ...]] = {}
    for place, passes in given.items():
        found[place] = passes_of(passes, f"{option}: {place}")
    return found


_current: ContextVar[PassContext | None] = ContextVar("tyrex_pass_context", default=None)
_DEFAULT = PassContext()


def compiler_context() -> Context:
    """Return a fresh xDSL context that knows every dialect of the house, loaded when met."""
    return register_all_dialects(Context())


def run_pipeline(
    module: ModuleOp,
    passes: Iterable[ModulePass],
    instruments: Sequence[Instrument] = (),
    context: Context | None = None,
) -> ModuleOp:
    """Apply `passes` to `module` in order, in place, and return it.

    Args:
        module: changed in place.
        passes: as the current `PassContext` edits them.
        instruments: called besides those of the current `PassContext`.
        context: the xDSL context handed to the passes; by default one with every dialect.
    """
    options = PassContext.current()
    context = context if context is not None else compiler_context()
    watchers = _in_order((*options.all_instruments(), *instruments))
    chosen = options.edits.applied(passes)
    with recursion_limit():
        for watcher in watchers:
            watcher.before_pipeline(module)
        for module_pass in chosen:
            _run_pass(module, module_pass, watchers, context)
        for watcher in watchers:
            watcher.after_pipeline(module)
    return module


def _in_order(instruments: Sequence[Instrument]) -> list[Instrument]:
    """Put the clocks next to the pass, so that they measure it and not the other watchers."""
    return sorted(instruments, key=lambda instrument: isinstance(instrument, Timing))


def _run_pass(
    module: ModuleOp, module_pass: ModulePass, watchers: Sequence[Instrument], context: Context
) -> None:
    for watcher in watchers:
        watcher.before_pass(module, module_pass)
    try:
        module_pass.apply(context, module)
    except Exception as error:
        error.add_note(f"while running pass '{module_pass.spec()}'")
        raise
    for watcher in reversed(watchers):
        watcher.after_pass(module, module_pass)


@contextmanager
def recursion_limit(limit: int = RECURSION_LIMIT) -> Generator[None]:
    """Allow deep recursion in the body, and restore the interpreter's limit after it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, limit))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
