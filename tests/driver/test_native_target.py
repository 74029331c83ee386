"""The machine at hand, remembered."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tyrex.backends.llvm.host import detect_host
from tyrex.driver.native_target import native_target

LOOK = (
    "import sys, tyrex\n"
    "from tyrex.driver.native_target import native_target\n"
    "target = native_target()\n"
    "print('llvmlite' in sys.modules, target)"
)


def test_it_is_what_llvm_says() -> None:
    assert native_target() == detect_host()


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="the system describes no processor")
def test_a_second_process_loads_no_llvm(tmp_path: Path) -> None:
    environment = {**os.environ, "TYREX_CACHE_DIR": str(tmp_path)}
    lines = [
        subprocess.run(
            [sys.executable, "-c", LOOK],
            env=environment,
            text=True,
            check=True,
            capture_output=True,
        ).stdout.split(maxsplit=1)
        for _ in range(2)
    ]
    assert [line[0] for line in lines] == ["True", "False"]
    assert lines[0][1] == lines[1][1] == f"{detect_host()}\n"
