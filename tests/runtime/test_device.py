import pytest

from tyrex.runtime import Device, cpu
from tyrex.runtime.errors import ArgumentError


def test_cpu():
    assert cpu() == Device("cpu", 0) == Device.parse("cpu") == Device.parse("cpu:0")
    assert str(cpu()) == "cpu:0"
    assert cpu().dlpack == (1, 0)


@pytest.mark.parametrize("text", ["gpu", "cpu:1", "cpu:", "cpu:x", ""])
def test_unknown(text: str):
    with pytest.raises(ArgumentError, match="Device: "):
        Device.parse(text)
