"""The equations of einsum: `bij,bjk->bik`, with `...` for any number of broadcast axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class EinsumSpec:
    """One label per axis: of each operand, and of the result.

    A letter is its own label; the axes that `...` stands for are `...0`, `...1`, counted from the
    last, so that they align as in broadcasting.
    """

    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]

    @property
    def summed(self) -> tuple[str, ...]:
        """The labels that are summed over, in order of appearance."""
        labels = dict.fromkeys(label for labels in self.inputs for label in labels)
        return tuple(label for label in labels if label not in self.output)


def parse_equation(equation: str, ranks: Sequence[int]) -> EinsumSpec:
    """Return the labels of `equation` for operands of `ranks`.

    Raises:
        ValueError: the equation is malformed or does not fit the ranks.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(f"equation '{equation}' has {len(terms)} terms for {len(ranks)} operands")
    inputs = tuple(_labels(term, rank) for term, rank in zip(terms, ranks, strict=True))
    widest = max((sum(len(x) > 1 for x in labels) for labels in inputs), default=0)
    ellipsis = _ellipsis(widest)
    if arrow:
        output = _output(right, ellipsis)
    else:
        letters = [label for labels in inputs for label in labels if len(label) == 1]
        output = (*ellipsis, *sorted(x for x in set(letters) if letters.count(x) == 1))
    known = {label for labels in inputs for label in labels}
    if len(set(output)) != len(output) or not known.issuperset(output):
        raise ValueError(f"equation '{equation}': each label of the result is one of an operand")
    return EinsumSpec(inputs, output)


def _ellipsis(count: int) -> tuple[str, ...]:
    return tuple(f"...{i}" for i in reversed(range(count)))


def _labels(term: str, rank: int) -> tuple[str, ...]:
    before, dots, after = term.partition("...")
    letters = before + after
    count = rank - len(letters)
    if not all(letter.isalpha() for letter in letters) or count < 0 or (count and not dots):
        raise ValueError(f"term '{term}' does not label the axes of a tensor of rank {rank}")
    return (*before, *_ellipsis(count), *after)


def _output(term: str, ellipsis: tuple[str, ...]) -> tuple[str, ...]:
    before, dots, after = term.partition("...")
    return (*before, *(ellipsis if dots else ()), *after)
