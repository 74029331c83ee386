"""Dims that are known at run time only: expressions over a function's symbols.

An expression is a program for a stack, `n 2 * 1 +` for `n * 2 + 1`: nothing to parse when a file
is read, and nothing but integers to compute. Python's integers do not overflow, so a size is exact
before it is compared with what an address can say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import LoadError, ShapeError

MAX_SIZE = 2**63 - 1
"""The largest size in bytes that addresses of 64 bits, and offsets in native code, can say."""

_OPERATORS = ("+", "*", "floordiv", "mod", "min", "max")
_PRECEDENCE = {"+": 1, "*": 2, "floordiv": 2, "mod": 2}
_LEAF = 3
MAX_TOKENS = 4096
"""A longer expression in a file is a damaged file."""


@dataclass(frozen=True, slots=True)
class SymbolicDim:
    """A dim over symbols, as postfix: numbers, names of symbols, operators of two operands."""

    code: tuple[int | str, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, in order of appearance."""
        names = (t for t in self.code if isinstance(t, str) and t not in _OPERATORS)
        return tuple(dict.fromkeys(names))

    def evaluate(self, values: Mapping[str, int]) -> int:
        """Return the dim where its symbols have values.

        Raises:
            ShapeError: a division by zero.
        """
        stack: list[int] = []
        for token in self.code:
            if type(token) is int:
                stack.append(token)
            elif token in _OPERATORS:
                right = stack.pop()
                stack[-1] = _apply(str(token), stack[-1], right)
            else:
                stack.append(values[str(token)])
        return stack[0]

    def fault(self) -> str | None:
        """Return what is wrong with the code, or None."""
        depth = 0
        for token in self.code:
            if token in _OPERATORS:
                depth -= 2
                if depth < 0:
                    return f"operator {token} lacks an operand"
            elif isinstance(token, str) and not token.isidentifier():
                return f"{token!r} is no symbol"
            depth += 1
        if depth != 1 or len(self.code) > MAX_TOKENS:
            return f"{len(self.code)} tokens leave {depth} values"
        return None

    def __str__(self) -> str:
        stack: list[tuple[str, int]] = []
        for token in self.code:
            if token not in _OPERATORS:
                stack.append((str(token), _LEAF))
                continue
            right, left = stack.pop(), stack.pop()
            level = _PRECEDENCE.get(str(token))
            if level is None:
                stack.append((f"{token}({left[0]}, {right[0]})", _LEAF))
                continue
            # The right operand binds tighter: division is not associative.
            first, second = _inside(left, level), _inside(right, level + 1)
            stack.append((f"{first} {token} {second}", level))
        return stack[0][0]


RELATIONS = ("equal", "broadcast", "expand", "at_most", "at_least")
"""How two dims have to be related, in the order of enum tyrex_dims_relation (native/abi.h)."""


def relation_fault(relation: int, found: int, expected: int) -> str | None:
    """Return the end of a message about dims that are not related as they have to be, or None.

    As tyrex_fail_dims (native/error.c) has it.
    """
    match RELATIONS[relation]:
        case "equal":
            holds, words = found == expected, f"{expected}"
        case "broadcast":
            holds, words = found == expected or 1 in (found, expected), f"{expected} or 1"
        case "expand":
            holds, words = found in (expected, 1), f"{expected} or 1"
        case "at_most":
            holds, words = found <= expected, f"at most {expected}"
        case _:
            holds, words = found >= expected, f"at least {expected}"
    return None if holds else f"found {found}, expected {words}"


Dim = int | SymbolicDim | None
"""A dim of a type: a number, an expression, or not known."""


def encode_dim(dim: SymbolicDim) -> str:
    """Return a dim as a file holds it."""
    return " ".join(map(str, dim.code))


def decode_dim(text: str) -> SymbolicDim:
    """Return the dim that `encode_dim` made a text of.

    Raises:
        LoadError: it is none.
    """
    dim = SymbolicDim(tuple(_token(word) for word in text.split(" ")))
    fault = dim.fault()
    if fault is not None:
        raise LoadError(f"dim {text!r}: {fault}")
    return dim


def _token(word: str) -> int | str:
    digits = word[1:] if word[:1] == "-" else word
    return int(word) if digits.isascii() and digits.isdigit() and len(digits) < 20 else word


def _inside(operand: tuple[str, int], level: int) -> str:
    return operand[0] if operand[1] >= level else f"({operand[0]})"


def _apply(operator: str, x: int, y: int) -> int:
    match operator:
        case "+":
            return x + y
        case "*":
            return x * y
        case "min":
            return min(x, y)
        case "max":
            return max(x, y)
        case _ if y == 0:
            raise ShapeError(f"a size is {x} {operator} 0")
        case "floordiv":
            return x // y
        case _:
            return x % y
