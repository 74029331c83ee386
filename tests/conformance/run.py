"""Run the ONNX backend suite: `python tests/conformance/run.py --help`.

    run.py                              every case; a table, and why cases do not pass
    run.py --match test_conv --verbose  some of them, a line each
    run.py --passing                    what must pass (CI); status 1 if a case does not
    run.py --update                     add what newly passes to passing.txt
    run.py --keep DIR --match NAME      leave the case's files for a debugger

The folder is the package `conformance` (the name `tests` is taken by another package), so this
script only puts it on the path.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.path.remove(str(Path(__file__).parent))
    runpy.run_module("conformance.command", run_name="__main__")
