"""Kernels as C compute what the interpreter computes, under sanitizers: bit for bit."""

from pathlib import Path

import pytest

from ..kernels import all_cases, assert_same  # noqa: TID251  # the tests' folder, not the package's
from .programs import (  # noqa: TID251
    COMPILERS,
    batch,
    build,
    lowered_to_c,
    needs_compiler,
    run,
)

pytestmark = needs_compiler


@pytest.mark.parametrize("compiler", COMPILERS)
def test_scheduled_kernels(compiler: str, tmp_path: Path) -> None:
    cases = [make() for _, make in all_cases(seeds=1)]
    arguments = [case.arguments(1) for case in cases]
    counts = [len(case.func.inputs) for case in cases]
    source = lowered_to_c(batch([case.func.clone() for case in cases], arguments))
    inputs = [a for args, n in zip(arguments, counts, strict=True) for a in args[:n]]
    outputs = [a for args, n in zip(arguments, counts, strict=True) for a in args[n:]]
    found = run(build(tmp_path, source, compiler), inputs, outputs)
    expected = [a for case in cases for a in case.outputs_of(case.func, seed=1)]
    assert_same(found, expected)
