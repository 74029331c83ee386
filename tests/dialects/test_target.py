"""The target attribute, from Python; its syntax is tested by lit."""

import pytest
from xdsl.dialects.builtin import ModuleOp, StringAttr

from tyrex.dialects.target import MODULE_ATTRIBUTE, Target, set_target, target_of


def test_a_module_remembers_its_target() -> None:
    module = ModuleOp([])
    assert target_of(module) is None
    target = Target("x86_64-linux-gnu", "haswell", ("+avx2",), vector_bits=256)
    set_target(module, target)
    assert target_of(module) == target
    module.attributes[MODULE_ATTRIBUTE] = StringAttr("x86")
    with pytest.raises(TypeError, match="has to be a #tyrex"):
        target_of(module)


def test_what_schedules_ask() -> None:
    target = Target("x86_64-linux-gnu", "", ("+avx2", "-fma"), vector_bits=256)
    assert target.arch == "x86_64"
    assert target.has("avx2")
    assert not target.has("fma")
    assert target.lanes(4) == 8
    assert target.lanes(64) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"triple": ""}, "the triple is empty"),
        ({"features": ("avx2",)}, "has to start with"),
        ({"features": ("+avx2,+fma",)}, "has to start with"),
        ({"vector_bits": 96}, "a power of two"),
        ({"cores": 0}, "cores starts at 1"),
        ({"l1d_bytes": 0}, "l1d_bytes starts at 1"),
    ],
)
def test_nonsense_is_refused(changes: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {"triple": "x86_64-linux-gnu", **changes}
    with pytest.raises(ValueError, match=message):
        Target(**fields)  # pyright: ignore[reportArgumentType]
