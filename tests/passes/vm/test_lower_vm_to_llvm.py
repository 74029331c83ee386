"""Random programs as native code: branches, loops, tuples, views, in-place calls.

What they compute is compared with the interpreter of the graph, and with their own bytecode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.ir import Block, SSAValue

import tyrex
from tyrex.dialects.verify import verify_module
from tyrex.interpreters.relax import interpreter as relax_interpreter

from .random_programs import Generator  # noqa: TID251  # the tests' folder, not the package's

Array = NDArray[Any]


class NativeGenerator(Generator):
    """Makes programs without functions of Python, which native code does not call."""

    def host(self, block: Block, values: list[SSAValue]) -> None:
        self.add(block, values)


def arrays(found: object) -> list[Array]:
    several = cast(tuple[object, ...], found) if isinstance(found, tuple) else (found,)
    return [np.asarray(value) for value in several]


def check(found: Sequence[Array], expected: Sequence[Array]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_mean_the_same_as_native_code(seed: int) -> None:
    generator = NativeGenerator(seed)
    module = generator.module()
    verify_module(module)
    inputs = generator.inputs()
    expected: list[Array] = relax_interpreter.run(module, "main", inputs)
    before = [x.copy() for x in inputs]
    exe = tyrex.compile(module)
    assert exe.exec_mode == "compiled", exe.stats()["bytecode_because"]
    first = arrays(exe(*inputs))
    for other in (generator.inputs(), inputs):  # a run finds what the last one left
        check(arrays(exe(*other)), arrays(exe.machine["main"](*other)))
    check(first, expected)
    check(inputs, before)
