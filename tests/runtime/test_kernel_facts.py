import pytest

from tyrex.runtime.dims import SymbolicDim
from tyrex.runtime.kernel_facts import (
    METADATA_KEY,
    KernelFacts,
    argument_name,
    pack_facts,
    unpack_facts,
)


def test_round_trip() -> None:
    symbolic = SymbolicDim((2, argument_name(3), "*"))
    facts = {"a": KernelFacts(1, 2, 3), "b": KernelFacts(0, 1), "c": KernelFacts(1, 1, symbolic)}
    assert unpack_facts({METADATA_KEY: pack_facts(facts)}) == facts


@pytest.mark.parametrize(
    "text", ["", "7", "[]", "{", '{"a": [1]}', '{"a": 3}', '{"a": [1, 1, "+"]}']
)
def test_what_cannot_be_read_is_not_known(text: str) -> None:
    assert unpack_facts({METADATA_KEY: text}) == {}
    assert unpack_facts({}) == {}
