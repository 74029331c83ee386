"""Models for other machines, run there: under qemu-user, the same numbers as here.

What a machine lacks is skipped with the reason. Debian and Ubuntu have all of it: qemu-user, and
the C library of aarch64, riscv64 and ARM (libc6-arm64-cross, ...); package ziglang compiles.
"""

from functools import cache
from pathlib import Path

import pytest

from . import cross_models  # noqa: TID251  # the tests' folder, not the package's
from .cross_models import (  # noqa: TID251
    AARCH64,
    ARM,
    RISCV64,
    Case,
    Emulator,
    build,
    check,
    run,
    toolchain_or_skip,
)

CASES = {"digits": cache(cross_models.digits), "small_cnn": cache(cross_models.small_cnn)}

RISCV_V = ("-cpu", "rv64,v=true,vext_spec=v1.0")

RUNS = [
    ("digits", "aarch64-linux-gnu", AARCH64, ()),
    ("small_cnn", "aarch64-linux-gnu", AARCH64, ("-cpu", "cortex-a53")),
    ("small_cnn", "aarch64-linux-gnu,features=+sve", AARCH64, ("-cpu", "max")),
    ("digits", "riscv64-linux-gnu", RISCV64, ("-cpu", "rv64,v=false")),
    ("small_cnn", "riscv64-linux-gnu", RISCV64, ()),
    ("small_cnn", "riscv64-linux-gnu-v", RISCV64, RISCV_V),
    ("digits", "armv7-linux-gnueabihf", ARM, ()),
    ("small_cnn", "armv7-linux-gnueabihf", ARM, ("-cpu", "cortex-a7")),
    ("small_cnn", "armv7-linux-gnueabihf,features=-neon,-vfp4", ARM, ("-cpu", "cortex-a9")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "target", "emulator", "options"), RUNS)
def test_the_same_numbers_as_here(
    name: str, target: str, emulator: Emulator, options: tuple[str, ...], tmp_path: Path
) -> None:
    command = emulator.command_or_skip(*options)
    toolchain = toolchain_or_skip(target)
    case: Case = CASES[name]()
    check(case, run(case, command, build(case, target, tmp_path, toolchain)))


LACKING = [
    ("aarch64-linux-gnu,features=+sve", AARCH64, "cortex-a53", "sve"),
    ("riscv64-linux-gnu-v", RISCV64, "rv64,v=false", "v"),
    ("armv7-linux-gnueabihf", ARM, "cortex-a9", "vfp4"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("target", "emulator", "cpu", "feature"), LACKING)
def test_a_processor_that_lacks_something_is_told(
    target: str, emulator: Emulator, cpu: str, feature: str, tmp_path: Path
) -> None:
    command = emulator.command_or_skip("-cpu", cpu)
    toolchain = toolchain_or_skip(target)
    case = CASES["digits"]()
    done = run(case, command, build(case, target, tmp_path, toolchain))
    message = f"model: this processor lacks {feature}, which the model was compiled for\n"
    assert (done.returncode, done.stderr) == (3, message)
