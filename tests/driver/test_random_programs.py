"""Programs that nobody thought of: both modes compute what the interpreter does."""

import pytest

from .random_programs import mistakes, program  # noqa: TID251  # the tests' folder


@pytest.mark.parametrize("first", range(0, 32, 8))
def test_both_modes_compute_what_the_interpreter_does(first: int) -> None:
    for seed in range(first, first + 8):
        assert not mistakes(seed), f"seed {seed}"


def test_programs_have_everything_in_them() -> None:
    texts = "\n".join(program(seed) for seed in range(32))
    for op in ("if", "while", "call @helper1", "tuple_get_item", "reshape", "cum_sum", "softmax"):
        assert f"relax.{op} " in texts.replace("(", " ")
