"""The C compiler of the system: found, run, and its complaints passed on.

It compiles the C part of an exported library and links all of it. `cc=` names it, else the
variable CC, else the first of cc, gcc and clang that is there.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..runtime.errors import RuntimeFailure, UnsupportedError

_COMPILERS = ("cc", "gcc", "clang")
_INSTALL = "install one (Debian, Ubuntu: `apt install gcc`; Fedora: `dnf install gcc`)"
_LOG_LINES = 12


def find_compiler(given: str | None = None) -> list[str]:
    """Return the command of a C compiler: its path, then what `given` adds ("ccache gcc").

    Raises:
        UnsupportedError: there is none.
    """
    named = given or os.environ.get("CC")
    if named:
        words = shlex.split(named)
        found = shutil.which(words[0]) if words else None
        if found is None:
            raise UnsupportedError(
                f"export: there is no C compiler {named!r}; name another with cc=, or {_INSTALL}"
            )
        return [found, *words[1:]]
    for name in _COMPILERS:
        found = shutil.which(name)
        if found is not None:
            return [found]
    raise UnsupportedError(
        f"export: there is no C compiler, neither {', '.join(_COMPILERS)}: {_INSTALL}, or name one"
        " with cc= or the variable CC"
    )


def find_binutil(name: str) -> str:
    """Return the path of a tool of binutils: `ar`, `objcopy`.

    Raises:
        UnsupportedError: it is not there.
    """
    found = shutil.which(name)
    if found is None:
        raise UnsupportedError(
            f"export: there is no `{name}`, which .a and .o files need; install binutils, or"
            " export a .so"
        )
    return found


def run_tool(command: Sequence[str], folder: Path) -> None:
    """Run a tool in a folder.

    Raises:
        RuntimeFailure: it fails; the message ends with what it said.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.strip().splitlines()[-_LOG_LINES:])
        raise RuntimeFailure(
            f"export: `{shlex.join(command)}` failed with status {done.returncode}:\n{tail}"
        )
