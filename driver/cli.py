"""tyrex: run, compile, measure and look into models.

    tyrex run model.onnx --random          compile, run, summarize the outputs
    tyrex compile model.onnx --to llvm     see a level, or write a file
    tyrex bench model.onnx --against onnxruntime
    tyrex profile model.onnx               what every kernel takes
    tyrex check model.onnx                 which pass changes a result

Exit codes: 0 all well; 1 the model or the program is wrong, or a check failed; 2 the command line
is wrong, or tyrex itself failed.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

COMMANDS = {
    "run": "command_run:run",
    "compile": "command_compile:compile_command",
    "bench": "command_bench:bench",
    "profile": "command_profile:profile",
    "check": "command_check:check",
    "inspect": "command_inspect:inspect_command",
    "targets": "command_targets:targets",
    "cache": "command_cache:cache",
}
"""Command -> `file:function`; a file is imported when its command is."""


class _Commands(click.Group):
    """The commands, loaded one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names, the main one first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        return getattr(import_module(f".{module}", __package__), name)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tyrex", prog_name="tyrex")
@click.option("--full-traceback", is_flag=True, help="Show where in tyrex an error was raised.")
def cli(full_traceback: bool) -> None:
    """Compile ONNX models and MLIR programs to native code, run them, measure them."""
    del full_traceback  # read by main


def main(argv: Sequence[str] | None = None) -> int:
    """Run `tyrex` on `argv` (default: the process's arguments) and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Taken at any place: a message tells to add it.
    full_traceback = "--full-traceback" in arguments
    arguments = [argument for argument in arguments if argument != "--full-traceback"]
    try:
        code = cli.main(arguments, prog_name="tyrex", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return 2 if isinstance(error, click.UsageError) else 1
    except (click.Abort, KeyboardInterrupt):
        print("tyrex: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # what the output was piped into has seen enough
        sys.stderr.close()
        return 0
    except Exception as error:
        return _failed(error, full_traceback)


def _failed(error: Exception, full_traceback: bool) -> int:
    """Tell an error on stderr; return the exit code."""
    from .error_report import internal_error, is_user_error, report

    is_users = is_user_error(error)
    if full_traceback:
        traceback.print_exception(error)
    elif is_users:
        print(report(error, {}), file=sys.stderr)
    else:
        print(internal_error("tyrex", error), file=sys.stderr)
    return 1 if is_users else 2


if __name__ == "__main__":
    sys.exit(main())
