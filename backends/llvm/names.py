"""The processors and features that LLVM knows of an architecture, by its own list.

LLVM prints the list and nothing hands it out, so a child prints it. LLVM ignores names that it
does not know, with a line on stderr: code for such a target would be for a lesser machine.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache

from .library import is_known

_ENTRY = re.compile(r"^  (\S+)\s+- ", re.MULTILINE)
_PRINT = (
    "import sys; from llvmlite import binding as b; b.initialize_all_targets(); "
    "b.initialize_all_asmprinters(); "
    "b.Target.from_triple(sys.argv[1]).create_target_machine(cpu='help')"
)


@cache
def known_names(triple: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the processors and the features that LLVM knows for a triple's architecture.

    Both are empty where LLVM has no such target.
    """
    if not is_known(triple):
        return frozenset(), frozenset()
    done = subprocess.run(
        [sys.executable, "-c", _PRINT, triple], capture_output=True, text=True, check=False
    )
    processors, _, features = done.stderr.partition("Available features")
    return frozenset(_ENTRY.findall(processors)), frozenset(_ENTRY.findall(features))
