"""Instruction sets that processors are asked for."""

import pytest

from tyrex.backends.llvm.names import known_names
from tyrex.backends.llvm.targets import NAMED_TARGETS, parse_target
from tyrex.exporters.cpu_features import FEATURES, checked_features


@pytest.mark.parametrize("arch", FEATURES)
def test_names_are_those_of_llvm(arch: str) -> None:
    _, known = known_names(f"{arch}-unknown-linux-gnu")
    assert set(FEATURES[arch]) <= known


def test_what_named_targets_need_is_asked_for() -> None:
    asked = {
        name: {feature.name for feature in checked_features(target.arch, target.features)}
        for name in NAMED_TARGETS
        if (target := parse_target(name))
    }
    assert {"avx2", "fma"} <= asked["x86-64-v3"]
    assert asked["aarch64-linux-gnu"] == {"neon"}
    assert asked["riscv64-linux-gnu-v"] - asked["riscv64-linux-gnu"] == {"v"}
    assert asked["armv7-linux-gnueabihf"] == {"neon", "vfp4"}
    assert not asked["wasm32"]
