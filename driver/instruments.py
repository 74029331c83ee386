"""Watchers of a pass pipeline: timing, printing, verification, dumps.

An instrument is called before and after each pass. It looks and never changes the module; what it
prints goes to stderr, so that the module alone is on stdout.
"""

import sys
import time
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.printer import Printer

from ..dialects.diagnostics import CompileError
from ..dialects.verify import verify_module


class Instrument:
    """A watcher that does nothing; override what is of interest."""

    def enter_context(self) -> None:
        """Called when a `PassContext` that holds this instrument is entered."""

    def exit_context(self) -> None:
        """Called when that `PassContext` is left."""

    def before_pipeline(self, module: ModuleOp) -> None:
        """Called once before the first pass."""

    def before_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        """Called before each pass."""

    def after_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        """Called after each pass that did not raise."""

    def after_pipeline(self, module: ModuleOp) -> None:
        """Called once after the last pass."""


@dataclass
class Span:
    """A named stretch of time, and the stretches inside it."""

    name: str
    seconds: float = 0.0
    parts: list["Span"] = field(default_factory=list["Span"])


class Timing(Instrument):
    """How long each pass took, as a tree; `with timing.span("emit"):` adds what is not a pass.

    Held by a `PassContext`, it prints its table on stderr (or `stream`) when the context is left.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self.root = Span("total")
        self._open = [self.root]
        self._started: list[float] = []

    @contextmanager
    def span(self, name: str) -> Generator[Span]:
        """Measure the body of the `with` statement as one row of the table."""
        span = self._begin(name)
        try:
            yield span
        finally:
            self._end()

    def exit_context(self) -> None:
        """Print the table."""
        self.abandon()
        print(self.table(), file=self._stream or sys.stderr)

    def before_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        """Start the clock of the pass."""
        self._begin(str(module_pass.spec()))

    def after_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        """Stop the clock of the pass."""
        self._end()

    def abandon(self) -> None:
        """Close every open stretch, after an error left some open."""
        while len(self._open) > 1:
            self._end()

    def _begin(self, name: str) -> Span:
        span = Span(name)
        self._open[-1].parts.append(span)
        self._open.append(span)
        self._started.append(time.perf_counter())
        return span

    def _end(self) -> None:
        self._open.pop().seconds = time.perf_counter() - self._started.pop()

    def table(self) -> str:
        """Return one row per stretch: milliseconds, share of the total, name indented by depth."""
        total = self.root.seconds or sum(part.seconds for part in self.root.parts)
        rows = [f"{'ms':>10}  {'%':>5}  stage"]
        for span, depth in _rows(Span("total", total, self.root.parts), 0):
            share = 100 * span.seconds / total if total else 0.0
            rows.append(f"{span.seconds * 1e3:10.3f}  {share:5.1f}  {'  ' * depth}{span.name}")
        return "\n".join(rows)


def _rows(span: Span, depth: int) -> Iterator[tuple[Span, int]]:
    yield span, depth
    for part in span.parts:
        yield from _rows(part, depth + 1)
    rest = span.seconds - sum(part.seconds for part in span.parts)
    # What no part accounts for, where it is more than noise.
    if span.parts and rest > 0.05 * span.seconds:
        yield Span("(other)", rest), depth + 1


class VerifyEach(Instrument):
    """Verifies the module after every pass, and names the pass that broke it."""

    def after_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        """Raise `CompileError` when the pass left a module that is not well formed."""
        try:
            verify_module(module)
        except CompileError as error:
            error.add_note(f"the module is not valid after pass '{module_pass.name}'")
            raise


class Print(Instrument):
    """Prints the module before and after the named passes; `None` stands for every pass."""

    def __init__(
        self,
        before: Collection[str] | None = (),
        after: Collection[str] | None = (),
        stream: TextIO | None = None,
        *,
        debuginfo: bool = False,
    ):
        self._before, self._after = before, after
        self._stream = stream
        self._debuginfo = debuginfo

    def before_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        """Print the module if the pass is one of `before`."""
        self._print(self._before, "before", module, module_pass)

    def after_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        """Print the module if the pass is one of `after`."""
        self._print(self._after, "after", module, module_pass)

    def _print(
        self, names: Collection[str] | None, when: str, module: ModuleOp, module_pass: ModulePass
    ) -> None:
        if names is None or module_pass.name in names:
            stream = self._stream or sys.stderr
            stream.write(f"// -----// IR {when} {module_pass.spec()} //----- //\n")
            write_module(module, stream, debuginfo=self._debuginfo)


class PrintBefore(Print):
    """Prints the module before the named passes (every pass when none is named)."""

    def __init__(self, *names: str, stream: TextIO | None = None):
        super().__init__(before=names or None, stream=stream)


class PrintAfter(Print):
    """Prints the module after the named passes (every pass when none is named)."""

    def __init__(self, *names: str, stream: TextIO | None = None):
        super().__init__(after=names or None, stream=stream)


class DumpIR(Instrument):
    """Writes the module into a folder: `00-input.mlir`, then one numbered file per pass."""

    def __init__(self, folder: str | Path, *, debuginfo: bool = False):
        self._folder = Path(folder)
        self._debuginfo = debuginfo
        self._count = 0

    def before_pipeline(self, module: ModuleOp) -> None:
        """Write what the first pass gets."""
        if self._count == 0:
            self._write(module, "input")

    def after_pass(self, module: ModuleOp, module_pass: ModulePass) -> None:
        """Write what the pass left."""
        self._write(module, module_pass.name)

    def _write(self, module: ModuleOp, name: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._count:02}-{name}.mlir"
        self._count += 1
        with path.open("w", encoding="utf-8") as stream:
            write_module(module, stream, debuginfo=self._debuginfo)


def write_module(
    module: ModuleOp, stream: TextIO, *, generic: bool = False, debuginfo: bool = False
) -> None:
    """Write the text of `module` and a newline."""
    printer = Printer(stream, print_generic_format=generic, print_debuginfo=debuginfo)
    printer.print_op(module)
    stream.write("\n")
