import pytest

from tyrex.runtime.assembly import assemble, disassemble
from tyrex.runtime.errors import LoadError

from .programs import TEXT, program  # noqa: TID251  # the tests' folder, not the package's


def test_text_round_trip() -> None:
    assert disassemble(program()).strip() == TEXT.strip()
    assert assemble(disassemble(program())) == program()


def test_odd_names_and_types_round_trip() -> None:
    text = """program 1
kernel @"a kernel"
host @"log\\nit"
constant 0: bool[0] = ""

func @f("x 1": float32[?, 3], t: (bfloat16[*], (object), ())) -> ("": int4[]) registers 2 {
  0: if %0 else 0
  1: %1 = host @"log\\nit"()
  2: kernel @"a kernel"(%1, -9223372036854775808)
  3: ret %1
}
"""
    assert disassemble(assemble(text)) == text


def test_large_constants_may_be_left_out() -> None:
    text = disassemble(program(), max_constant_bytes=8)
    assert "constant 0: float32[4] = elided" in text
    with pytest.raises(LoadError, match="were left out"):
        assemble(text)


CASES = {
    "programm 1": "expected 'program'",
    "program 2": "found version 2, expected 1",
    "program 1 ~": "found '~'",
    "program 1\nthing": ":2: expected kernel, host, constant or func; found 'thing'",
    'program 1 constant 1: bool[] = "00"': "expected constant 0; found 1",
    'program 1 constant 0: bool[] = "0"': "digits",
    'program 1 constant 0: bool[2] = "00"': "a constant of type bool\\[2\\] with 1 bytes",
    "program 1 constant 0: float33[] = 1": "unknown data type 'float33'",
    "program 1 constant 0: bool[-3] = 1": "a dim of -3",
    "program 1 func @f() -> () registers 0 { 1: ret }": "expected instruction 0; found 1",
    "program 1 func @f() -> () registers 0 { 0: jump() }": "'jump', which is no instruction",
    "program 1 func @f() -> () registers 0 { 0: kernel @k() }": "kernel @k is not declared",
    "program 1 func @f() -> () registers 0 { 0: func @g() }": "func @g is not declared",
    "program 1 func @f() -> () registers 0 { 0: goto 1 }": "target 1 does not exist",
    "program 1 func @f() -> () registers 0 { 0: kill() }": "does not end with ret or goto",
    "program 1 func @f() -> () registers 0 { }": "does not end with ret or goto",
    "program 1 func @f() -> () registers 0 { 0: ret": "expected a number; found 'the end'",
    "program 1 func @f() -> (x: object) registers 0 { 0: ret }": "returns 0 values; expected 1",
    "program 1 func @f() -> (x: object) registers 1 { 0: ret %1 }": "register 1 does not exist",
    "program 1 func @f(x: object) -> () registers 0 { 0: ret }": "0 registers for 1 arguments",
    "program 1 func @f() -> () registers 1 { 0: %0 = storage(8, 3) 1: ret }": "aligned to 3",
    "program 1 func @f() -> () registers 1 { 0: %0 = storage(-8, 8) 1: ret }": "negative number",
    "program 1 func @f() -> () registers 1 { 0: %0 = storage(8) 1: ret }": "other arguments",
    "program 1 func @f() -> () registers 1 { 0: storage(8, 8) 1: ret }": "other arguments",
    "program 1 func @f() -> () registers 1 { 0: %0 = output(object, 0) 1: ret }": "known shape",
    "program 1 func @f() -> () registers 1 { 0: %0 = output(bool[?], 0) 1: ret }": "known shape",
    "program 1 func @f() -> () registers 1 { 0: %0 = constant(#0) 1: ret }": "constant 0 does not",
    "program 1 kernel @k func @f() -> () registers 1 { 0: kernel @k(1, %0) 1: ret }": "takes reg",
    "program 1 kernel @k func @f() -> () registers 1 { 0: %0 = kernel @k() 1: ret }": "no result",
    "program 1 func @f() -> () registers 1 { 0: func @f(%0) 1: ret }": "1 arguments; expected 0",
    "program 1 host @h func @f() -> () registers 1 { 0: host @h(1) 1: ret }": "takes registers",
    "program 1 func @f() -> () registers 0 { 0: ret } func @f() -> () registers 0 { 0: ret }": (
        "two functions have one name"
    ),
}


@pytest.mark.parametrize("text", CASES)
def test_what_is_wrong_is_said(text: str) -> None:
    with pytest.raises(LoadError, match=CASES[text]):
        assemble(text)
