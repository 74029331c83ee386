"""MLIR text damaged at random: an error with a place, or a module that verifies; never a crash."""

import random
import re
from pathlib import Path

import pytest

from tyrex.dialects.locating_parser import parse_module
from tyrex.dialects.verify import verify_module
from tyrex.driver.error_report import is_user_error, report
from tyrex.driver.pass_context import compiler_context, recursion_limit

LIT_TESTS = Path(__file__).parents[2] / "lit_tests" / "dialects"
TRIES = 100
TOKEN = re.compile(r'[%@#!^]?[\w.]+|"[^"]*"|->|[^\s\w]')
WORDS = (
    "-1", "0", "99999999999999999999", "1.5", '"s"', "f32", "index", "[]", "()", "{}", "<>", "%x",
    "@f", "none", "true", "?", "*", "!relax.object", "tensor<2xf32>",
)  # fmt: skip


def texts() -> list[str]:
    """Return small programs of every dialect, right ones and wrong ones."""
    files = sorted(LIT_TESTS.rglob("*.mlir"))
    return [part for path in files for part in path.read_text().split("// -----")]


def damage(text: str, rng: random.Random) -> str:
    """Take a token away, double it, put another in its place, or lengthen it."""
    tokens = list(TOKEN.finditer(text))
    if not tokens:
        return text
    token, other = rng.choice(tokens), rng.choice(tokens)
    word = token[0]
    new = rng.choice(("", other[0], rng.choice(WORDS), f"{word} {word}", f"{word}x", f"{word}_1"))
    return text[: token.start()] + new + text[token.end() :]


@pytest.mark.parametrize("seed", range(10))
def test_damaged_text(seed: int) -> None:
    rng = random.Random(seed)
    programs = texts()
    for _ in range(TRIES):
        text = rng.choice(programs)
        for _ in range(rng.randrange(1, 3)):
            text = damage(text, rng)
        error = error_of(text)
        if error is not None:
            assert is_user_error(error), text
            assert "damaged.mlir:" in report(error, {}), text


def error_of(text: str) -> Exception | None:
    try:
        with recursion_limit():
            verify_module(parse_module(compiler_context(), text, "damaged.mlir"))
    except Exception as error:
        return error
    return None


def test_parameters_that_a_type_does_not_take() -> None:
    text = "relax.func @main(%x: !relax.object<[3], f32>) { relax.return }"
    with pytest.raises(Exception, match=r"'relax\.object' takes another number of parameters"):
        parse_module(compiler_context(), text, "a.mlir")
