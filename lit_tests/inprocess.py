"""A lit test format that runs the tools inside lit's workers instead of starting processes.

Starting Python and importing the compiler costs half a second a command; here the modules are
imported once, before lit forks its workers, and a command costs what its work costs. RUN lines are
read with lit's own parsers (substitutions, REQUIRES, XFAIL, continuation lines). A test with a
command that is not in the table, or with shell syntax beyond pipes, `&&`, `not` and redirections,
runs whole in lit's shell as it would anywhere.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import lit.formats
import lit.ShCommands
import lit.ShUtil
import lit.Test
import lit.TestRunner
from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import parse_argv_options
from filecheck.parser import Parser as CheckParser

TIMEOUT_S = 120
SHOWN_LINES = 60
"""Lines of a tool's output that a failure report shows."""

REDIRECTIONS = {(">",), (">", 2), (">>",), ("<",), (">&", 2)}


class Unsupported(Exception):
    """The script needs a real shell."""


@dataclass
class Result:
    """What a command left behind."""

    code: int
    stdout: bytes = b""
    stderr: str = ""


class InProcess(lit.formats.ShTest):
    """Runs RUN lines made of the commands in `tools` (name -> `module:function`) in this process.

    A tool's function takes the list of arguments and returns an exit code, or exits.
    """

    def __init__(self, tools: dict[str, str]):
        super().__init__(execute_external=False)
        self.tools = tools

    def execute(self, test, lit_config):
        if test.config.unsupported:
            return lit.Test.Result(lit.Test.UNSUPPORTED, "Test is unsupported")
        parsed = lit.TestRunner.parseIntegratedTestScript(test)
        if isinstance(parsed, lit.Test.Result):
            return parsed
        if lit_config.noExecute:
            return lit.Test.Result(lit.Test.PASS)
        try:
            pipelines = [p for line in self._script(test, parsed) for p in self._pipelines(line)]
        except Unsupported:
            return super().execute(test, lit_config)
        with _time_limit(), warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            try:
                return self._run_all(pipelines)
            except TimeoutError:
                return lit.Test.Result(lit.Test.TIMEOUT, f"took more than {TIMEOUT_S} s")

    def _script(self, test, script: list[str]) -> list[str]:
        folder, base = lit.TestRunner.getTempPaths(test)
        Path(base).parent.mkdir(parents=True, exist_ok=True)
        substitutions = lit.TestRunner.getDefaultSubstitutions(test, folder, base)
        conditions = dict.fromkeys(test.config.available_features, True)
        lines = lit.TestRunner.applySubstitutions(
            script, substitutions, conditions, recursion_limit=test.config.recursiveExpansionLimit
        )
        marked = (re.fullmatch(lit.TestRunner.kPdbgRegex, line) for line in lines)
        return [m[2] if m else line for m, line in zip(marked, lines, strict=True)]

    def _pipelines(self, line: str) -> Iterator[list[lit.ShCommands.Command]]:
        """Yield the pipelines of a line in the order in which they run."""
        try:
            parsed = lit.ShUtil.ShParser(line, False, True).parse()
        except ValueError as error:
            raise Unsupported(line) from error
        yield from self._flatten(parsed)

    def _flatten(self, node) -> Iterator[list[lit.ShCommands.Command]]:
        if isinstance(node, lit.ShCommands.Seq) and node.op == "&&":
            yield from self._flatten(node.lhs)
            yield from self._flatten(node.rhs)
        elif isinstance(node, lit.ShCommands.Pipeline) and not node.negate:
            for command in node.commands:
                self._check(command)
            yield node.commands
        else:
            raise Unsupported(node)

    def _check(self, command: lit.ShCommands.Command) -> None:
        args = command.args
        if not all(isinstance(arg, str) for arg in args):
            raise Unsupported("glob")
        while args and args[0] == "not":
            args = args[1:]
        if not args or (args[0] not in BUILTINS and args[0] not in self.tools):
            raise Unsupported(command)
        if any(tuple(kind) not in REDIRECTIONS for kind, _ in command.redirects):
            raise Unsupported(command)

    def _run_all(self, pipelines):
        log: list[str] = []
        for commands in pipelines:
            stdin = b""
            failed = False
            for command in commands:
                before = stdin
                expect_failure, result = self._run(command, stdin)
                ok = (result.code != 0) == expect_failure
                failed |= not ok
                log += _describe(command, result, ok, before)
                stdin = result.stdout
            if failed:
                return lit.Test.Result(lit.Test.FAIL, "\n".join(log) + "\n")
        return lit.Test.Result(lit.Test.PASS, "")

    def _run(self, command, stdin: bytes) -> tuple[bool, Result]:
        args = list(command.args)
        expect_failure = False
        while args[0] == "not":
            expect_failure = not expect_failure
            args.pop(0)
        for kind, path in command.redirects:
            if tuple(kind) == ("<",):
                stdin = Path(path).read_bytes()
        builtin = BUILTINS.get(args[0])
        if builtin is not None:
            result = builtin(args[1:], stdin)
        else:
            result = _call(self.tools[args[0]], args[1:], stdin)
        _redirect(command.redirects, result)
        return expect_failure, result


def _redirect(redirects, result: Result) -> None:
    for kind, path in redirects:
        match tuple(kind):
            case (">&", 2):
                result.stdout += result.stderr.encode()
                result.stderr = ""
            case (">",) | (">>",):
                with open(path, "ab" if kind[0] == ">>" else "wb") as file:
                    file.write(result.stdout)
                result.stdout = b""
            case (">", 2):
                Path(path).write_text(result.stderr)
                result.stderr = ""
            case _:
                pass


def _call(place: str, args: list[str], stdin: bytes) -> Result:
    """Call a tool's main function with the standard streams replaced."""
    module, _, name = place.partition(":")
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.StringIO()
    old_stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = _exit_code(lambda: getattr(import_module(module), name)(args))
    finally:
        sys.stdin = old_stdin
    out.flush()
    return Result(code, out.buffer.getvalue(), err.getvalue())


def _exit_code(run: Callable[[], object]) -> int:
    try:
        code = run()
    except SystemExit as exit_:
        code = exit_.code
    except TimeoutError:
        raise
    except Exception:
        traceback.print_exc()
        return 70
    if isinstance(code, str):
        print(code, file=sys.stderr)
        return 1
    return code if isinstance(code, int) else 0


def _filecheck(args: list[str], stdin: bytes) -> Result:
    err = io.StringIO()
    with contextlib.redirect_stdout(err), contextlib.redirect_stderr(err):
        try:
            options = parse_argv_options(["filecheck", *args])
            if options.input_file == "-":
                text = FInput.canonicalize_line_ends(stdin.decode())
                source = FInput("<stdin>", text)
            else:
                source = FInput.from_opts(options)
            code = Matcher(options, source, CheckParser.from_opts(options)).run()
        except RuntimeError as error:
            print(f"filecheck: {error}")
            code = 2
    return Result(code, b"", err.getvalue())


def _cat(args: list[str], stdin: bytes) -> Result:
    return Result(0, b"".join(Path(path).read_bytes() for path in args) if args else stdin)


def _mkdir(args: list[str], stdin: bytes) -> Result:
    for path in args:
        if not path.startswith("-"):
            os.makedirs(path, exist_ok="-p" in args)
    return Result(0)


def _rm(args: list[str], stdin: bytes) -> Result:
    for path in args:
        if path.startswith("-"):
            continue
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.remove(path)
    return Result(0)


BUILTINS: dict[str, Callable[[list[str], bytes], Result]] = {
    "filecheck": _filecheck,
    "cat": _cat,
    "mkdir": _mkdir,
    "rm": _rm,
}


def _describe(command, result: Result, ok: bool, stdin: bytes) -> list[str]:
    """Say what a command did; what it was given, too, where it is filecheck that failed."""
    lines = [f"$ {shlex.join(command.args)}"]
    if not ok:
        lines.append(
            f"exit code {result.code}, where {'a failure' if result.code == 0 else '0'}"
            " was expected"
        )
    if result.stderr.strip():
        lines.append(result.stderr.rstrip())
    if not ok and "filecheck" in command.args:
        text = stdin.decode(errors="replace").splitlines()
        lines += ["--- its input:", *text[:SHOWN_LINES]]
        if len(text) > SHOWN_LINES:
            lines.append(f"... {len(text) - SHOWN_LINES} more lines")
    return lines


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(TIMEOUT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def preload() -> None:
    """Import the tools and every dialect, once for all workers."""
    from tyrex.dialects import get_all_dialects

    import_module("tyrex.driver.opt")
    for load in get_all_dialects().values():
        # A dialect that cannot be imported fails the tests that use it, with its traceback.
        with contextlib.suppress(ImportError):
            load()
