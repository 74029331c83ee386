"""tyrex-opt: read IR, run passes on it, print what they left.

xDSL's `xdsl-opt` with the dialects, passes and targets of this house, and with what it lacks:
diagnostics at `file:line:col`, `expected-error` annotations, printing and dumping around passes,
verification after each, timing on stderr.

Exit codes: 0 all well; 1 the program is wrong or an expectation was not met; 2 the command line is
wrong or tyrex-opt itself failed.
"""

import argparse
import re
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from typing_extensions import override
from xdsl.xdsl_opt_main import xDSLOptMain

from ..dialects import register_all_dialects
from ..dialects.diagnostics import Note, render_notes
from ..dialects.locating_parser import parse_module
from ..dialects.side_files import use_constants_of
from ..dialects.verify import verify_module
from ..passes import get_all_passes
from .error_report import USER_ERRORS, internal_error, notes_of, report
from .expected_diagnostics import compare, read_expectations
from .instruments import DumpIR, Instrument, Print, Timing, VerifyEach
from .pass_context import recursion_limit, run_pipeline
from .pass_specs import UsageError, check_known, list_passes, parse_passes
from .plugins import available_passes
from .targets import get_all_targets

SEPARATOR = "// -----"
"""What separates the parts of a file under --split-input-file (a line that begins so)."""

_FLAG = {"action": "store_true"}


class OptTool(xDSLOptMain):
    """One run of tyrex-opt; the arguments are read when it is made."""

    def __init__(self, args: Sequence[str] | None = None):
        super().__init__((__doc__ or "").partition("\n")[0], args)
        self.exit_code = 0

    # What is there: only what is ours or used by us, each loaded when it is met.

    @override
    def register_all_dialects(self) -> None:
        register_all_dialects(self.ctx)

    @override
    def register_all_frontends(self) -> None:
        return  # the one language read is MLIR text

    @override
    def register_all_passes(self) -> None:
        for name, load in get_all_passes().items():
            self.register_pass(name, load)

    @override
    def register_all_targets(self) -> None:
        self.available_targets |= get_all_targets()

    @override
    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        arg_parser.prog = "tyrex-opt"
        _add_arguments(arg_parser, ", ".join(self.available_targets))

    @override
    def setup_pipeline(self) -> None:
        self.available_passes |= available_passes(self.args.load)
        spec = ",".join(part.strip(" ,") for part in self.args.passes)
        self.passes = parse_passes(spec, self.available_passes)
        for name in (*self.args.print_before, *self.args.print_after):
            check_known(name, self.available_passes, "pass")
        self.timing = Timing()

    def _instruments(self) -> list[Instrument]:
        args = self.args
        after = None if args.print_after_all else args.print_after
        instruments: list[Instrument] = [
            Print(args.print_before, after, debuginfo=args.print_debuginfo)
        ]
        if args.dump_ir is not None:
            instruments.append(DumpIR(args.dump_ir, debuginfo=args.print_debuginfo))
        if args.verify_each and not args.no_verify:
            instruments.append(VerifyEach())
        return [*instruments, self.timing]

    @override
    def run(self) -> None:
        name, text = self._read()
        self._instruments_of_run = self._instruments()
        self._sources = {name: text}
        outputs: list[str] = []
        for part in split(text) if self.args.split_input_file else [text]:
            notes: list[Note] = []
            try:
                outputs.append(self._process(part, name))
            except USER_ERRORS as error:
                if self.args.full_traceback:
                    raise
                notes = notes_of(error)
                outputs.append(self._report(error))
            if self.args.verify_diagnostics:
                self._check_expectations(name, part, notes)
        self._write(f"{SEPARATOR}\n".join(outputs))
        if self.args.timing:
            print(self.timing.table(), file=sys.stderr)

    def _read(self) -> tuple[str, str]:
        path = self.args.input_file
        if path in (None, "-"):
            return "<stdin>", sys.stdin.buffer.read().decode("utf-8")
        use_constants_of(Path(path))
        return path, Path(path).read_text(encoding="utf-8")

    def _process(self, part: str, name: str) -> str:
        args = self.args
        with self.timing.span("parse"):
            module = parse_module(self.ctx, part, name, implicit_module=not args.no_implicit_module)
        if not args.no_verify:
            with self.timing.span("verify"):
                verify_module(module)
        run_pipeline(module, self.passes, self._instruments_of_run, self.ctx)
        with self.timing.span("print"):
            return self.output_resulting_program(module)

    def _report(self, error: Exception) -> str:
        """Tell the error where it is asked for; return what goes to the output in its place."""
        self.timing.abandon()
        if self.args.verify_diagnostics:
            return ""
        message = report(error, self._sources)
        if self.args.show_diagnostics:
            return message + "\n"
        self.exit_code = 1
        print(message, file=sys.stderr)
        return ""

    def _check_expectations(self, name: str, part: str, notes: Sequence[Note]) -> None:
        missing, unexpected = compare(name, read_expectations(part), notes)
        if missing or unexpected:
            self.exit_code = 1
        for message in missing:
            print(message, file=sys.stderr)
        if unexpected:
            print("unexpected:", render_notes(unexpected, self._sources), file=sys.stderr)

    def _write(self, text: str) -> None:
        if self.args.output_file in (None, "-"):
            sys.stdout.write(text)
        else:
            Path(self.args.output_file).write_text(text, encoding="utf-8")


def split(text: str) -> list[str]:
    """Return the parts of `text` between separators, each line at its number in the file."""
    parts: list[str] = []
    offset = 0
    for piece in re.split(rf"^{SEPARATOR}", text, flags=re.MULTILINE):
        parts.append("\n" * offset + piece)
        offset += piece.count("\n")
    return parts


class _ListPasses(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(list_passes())
        parser.exit()


def _add_arguments(parser: argparse.ArgumentParser, targets: str) -> None:
    _add_input_arguments(parser.add_argument_group("input"))
    _add_pass_arguments(parser.add_argument_group("passes"))
    _add_output_arguments(parser.add_argument_group("output"), targets)
    _add_diagnostic_arguments(parser.add_argument_group("diagnostics"))
    tool = f"tyrex-opt {version('tyrex')} (xdsl {version('xdsl')})"
    parser.add_argument("-v", "--version", action="version", version=tool)
    # What xDSL's constructor reads and this tool does in another way: `--disable-verify` there
    # switches off the checks of every attribute in the process, for good.
    parser.set_defaults(disable_verify=False, syntax_highlight=False)


def _add_input_arguments(group: Any) -> None:
    add = group.add_argument
    add("input_file", nargs="?", help="file to read (default: stdin)")
    add("--split-input-file", help=f"treat what '{SEPARATOR}' separates apart", **_FLAG)
    add("--allow-unregistered-dialect", help="accept operations that nobody defined", **_FLAG)
    add("--no-implicit-module", help="the text must be one builtin.module", **_FLAG)


def _add_pass_arguments(group: Any) -> None:
    add = group.add_argument
    add("-p", "--passes", action="append", default=[], help="passes, pipelines: 'a,b{n=1},c'")
    load = "a file of Python with passes of yours; it is run"
    add("--load", action="append", default=[], metavar="FILE.py", help=load)
    add("--list-passes", nargs=0, action=_ListPasses, help="print every pass and its options")
    add("--verify-each", default=True, action=argparse.BooleanOptionalAction)
    add("--disable-verify", dest="no_verify", help="verify nothing", **_FLAG)
    add("--print-before", action="append", default=[], metavar="PASS", help="IR on stderr")
    add("--print-after", action="append", default=[], metavar="PASS", help="IR on stderr")
    add("--print-after-all", help="print the IR after every pass on stderr", **_FLAG)
    add("--dump-ir", metavar="DIR", help="write the IR after every pass into a folder")
    add("--timing", help="print on stderr how long each step took", **_FLAG)


def _add_output_arguments(group: Any, targets: str) -> None:
    add = group.add_argument
    add("-o", "--output-file", help="file to write (default: stdout)")
    add("-t", "--target", default="mlir", help=f"what to print: {targets} (default: mlir)")
    add("--print-op-generic", help="print every operation in generic form", **_FLAG)
    add("--print-no-properties", help="print properties among the attributes", **_FLAG)
    add("--print-debuginfo", help="print locations", **_FLAG)


def _add_diagnostic_arguments(group: Any) -> None:
    add = group.add_argument
    add("--verify-diagnostics", help="check the errors against expected-error comments", **_FLAG)
    add("--show-diagnostics", help="print errors on stdout, go on, exit with 0", **_FLAG)
    add("--full-traceback", help="show where in tyrex an error was raised", **_FLAG)


def main(argv: Sequence[str] | None = None) -> int:
    """Run tyrex-opt on `argv` (default: the process's arguments) and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with recursion_limit():
            tool = OptTool(arguments)
            tool.run()
        return tool.exit_code
    except (UsageError, OSError, UnicodeDecodeError) as error:
        print(f"tyrex-opt: error: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        if "--full-traceback" in arguments:
            traceback.print_exc()
        elif not isinstance(error, USER_ERRORS):
            print(internal_error("tyrex-opt", error), file=sys.stderr)
        return 1 if isinstance(error, USER_ERRORS) else 2


if __name__ == "__main__":
    sys.exit(main())
