"""Programs that nobody thought of: both modes compute what the interpreter does."""

import pytest

from .program_writer import DTYPES, LENGTHS, program  # noqa: TID251  # the tests' folder
from .random_programs import mistakes  # noqa: TID251  # the tests' folder

CONTROL = ("if", "while", "call_tir", "call_tir_inplace", "tuple_get_item", "reshape")
MOVES = ("concat", "split", "permute_dims", "strided_slice", "where", "cast")
OPAQUE = ("cum_sum", "softmax")


@pytest.mark.parametrize("first", range(0, 32, 8))
def test_both_modes_compute_what_the_interpreter_does(first: int) -> None:
    for seed in range(first, first + 8):
        assert not mistakes(seed), f"seed {seed}"


def test_checked_kernels_find_nothing() -> None:
    for seed in range(100, 106):
        assert not mistakes(seed, sanitize="bounds"), f"seed {seed}"


def test_programs_have_everything_in_them() -> None:
    programs = [program(seed) for seed in range(48)]
    text = "\n".join(programs)
    for op in (*CONTROL, *MOVES, *OPAQUE):
        assert f"= relax.{op} " in text, op
    for part in ("call @helper1(", "%k", "-> (tuple<", "= relax.max ", "<n>"):
        assert part in text, part
    for dtype in DTYPES:
        assert any(f"{dtype}> {{" in p or f", {dtype}>)" in p for p in programs), dtype
    for length in LENGTHS:
        assert f"[{length}]" in text
