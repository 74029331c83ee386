"""lit_tests/inprocess.py must fail what should fail, and run elsewhere what it cannot run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

TESTS: dict[str, tuple[str, str]] = {
    "pass": (
        "PASS",
        """
// RUN: tyrex-opt %s | filecheck %s
// CHECK: @f
func.func private @f()
""",
    ),
    "wrong_check": (
        "FAIL",
        """
// RUN: tyrex-opt %s | filecheck %s
// CHECK: @nobody
func.func private @f()
""",
    ),
    "tool_fails": (
        "FAIL",
        """
// RUN: tyrex-opt %s
nonsense
""",
    ),
    "tool_fails_before_pipe": (
        "FAIL",
        """
// RUN: tyrex-opt %s --split-input-file | filecheck %s
// CHECK: @f
func.func private @f()
// -----
nonsense
""",
    ),
    "not_expected": (
        "FAIL",
        """
// RUN: not tyrex-opt %s
func.func private @f()
""",
    ),
    "second_run_fails": (
        "FAIL",
        """
// RUN: tyrex-opt %s
// RUN: not tyrex-opt %s
func.func private @f()
""",
    ),
    "second_command_fails": (
        "FAIL",
        """
// RUN: tyrex-opt %s && not tyrex-opt %s
func.func private @f()
""",
    ),
    "pass_continued": (
        "PASS",
        """
// RUN: tyrex-opt %s \\
// RUN:   | filecheck %s
// CHECK: @f
func.func private @f()
""",
    ),
    "pass_stderr": (
        "PASS",
        """
// RUN: not tyrex-opt %s 2>&1 | filecheck %s
// CHECK: error: unknown operation
nonsense
""",
    ),
    "pass_files": (
        "PASS",
        """
// RUN: mkdir -p %t.d && tyrex-opt %s > %t.d/o && cat %t.d/o | filecheck %s
// RUN: rm -rf %t.d && not tyrex-opt %t.d/o
// CHECK: @f
func.func private @f()
""",
    ),
    "pass_shell": (
        "PASS",
        """
// RUN: tyrex-opt %s | grep '@f'
func.func private @f()
""",
    ),
    "fail_shell": (
        "FAIL",
        """
// RUN: tyrex-opt %s | grep '@nobody'
func.func private @f()
""",
    ),
    "no_checks": (
        "FAIL",
        """
// RUN: tyrex-opt %s | filecheck %s
func.func private @f()
""",
    ),
    "no_run": (
        "UNRESOLVED",
        """
func.func private @f()
""",
    ),
    "xfail": (
        "XFAIL",
        """
// RUN: tyrex-opt %s
// XFAIL: *
nonsense
""",
    ),
    "unsupported": (
        "UNSUPPORTED",
        """
// RUN: tyrex-opt %s
// REQUIRES: moon
nonsense
""",
    ),
    "expected": (
        "PASS",
        """
// RUN: EXPECTED
// expected-error @+1 {{unknown operation}}
nonsense
""",
    ),
    "not_met": (
        "FAIL",
        """
// RUN: EXPECTED
// expected-error @+1 {{nothing}}
func.func private @f()
""",
    ),
    "not_foreseen": (
        "FAIL",
        """
// RUN: EXPECTED
nonsense
""",
    ),
}
"""Name -> (lit's verdict, the test)."""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("house") / "lit_tests"
    folder.mkdir()
    for name in ("lit.cfg.py", "inprocess.py"):
        (folder / name).write_bytes((ROOT / "lit_tests" / name).read_bytes())
    for name, (_, text) in TESTS.items():
        (folder / f"{name}.mlir").write_text(text)
    code = "from lit.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "-a", "-j1", str(folder)], capture_output=True, text=True
    )
    assert done.returncode == 1
    return done.stdout


@pytest.mark.parametrize("name", sorted(TESTS))
def test_the_verdict(output: str, name: str) -> None:
    found = re.search(rf"^(\w+): tyrex :: {name}\.mlir", output, re.MULTILINE)
    assert found is not None
    assert found[1] == TESTS[name][0]


def test_a_failure_shows_the_command_the_reason_and_the_input(output: str) -> None:
    report = output.split("TEST 'tyrex :: wrong_check.mlir' FAILED")[1].split("*****\n")[1]
    assert re.search(r"^\$ tyrex-opt .*wrong_check.mlir$", report, re.MULTILINE)
    assert 'Couldn\'t match "@nobody"' in report
    assert "--- its input:\nbuiltin.module {" in report


def test_a_tool_that_failed_shows_its_errors(output: str) -> None:
    report = output.split("TEST 'tyrex :: tool_fails.mlir' FAILED")[1]
    assert "exit code 1, where 0 was expected" in report
    assert "error: unknown operation 'nonsense'" in report
