import pytest

from tyrex.runtime.kernel_facts import METADATA_KEY, KernelFacts, pack_facts, unpack_facts


def test_round_trip() -> None:
    facts = {"a": KernelFacts(1, 2, 3), "b": KernelFacts(0, 1)}
    assert unpack_facts({METADATA_KEY: pack_facts(facts)}) == facts


@pytest.mark.parametrize("text", ["", "7", "[]", "{", '{"a": [1]}', '{"a": 3}'])
def test_what_cannot_be_read_is_not_known(text: str) -> None:
    assert unpack_facts({METADATA_KEY: text}) == {}
    assert unpack_facts({}) == {}
