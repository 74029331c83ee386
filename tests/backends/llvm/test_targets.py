"""Targets by name and by description."""

import pytest

from tyrex.backends.llvm.host import detect_host
from tyrex.backends.llvm.library import is_known
from tyrex.backends.llvm.targets import (
    NAMED_TARGETS,
    TargetError,
    known_architectures,
    parse_target,
)


@pytest.mark.parametrize("name", NAMED_TARGETS)
def test_named_targets(name: str) -> None:
    assert is_known(parse_target(name).triple)


def test_native() -> None:
    assert parse_target("native") == detect_host()
    assert "x86_64" in known_architectures()


def test_levels_of_x86() -> None:
    v2, v3, v4 = (parse_target(f"x86-64-v{level}") for level in (2, 3, 4))
    assert [t.vector_bits for t in (v2, v3, v4)] == [128, 256, 512]
    assert set(v2.features) < set(v3.features) < set(v4.features)
    assert v3.has("fma")
    assert "-prefer-256-bit" in v4.features


def test_a_triple_with_options() -> None:
    target = parse_target("x86_64-linux-gnu,cpu=bdver1,features=+avx2,-sse4a,cores=8,l2_bytes=4096")
    assert target.triple == "x86_64-unknown-linux-gnu"
    assert target.cpu == "bdver1"
    assert target.features == ("+avx2", "-sse4a")
    assert (target.vector_bits, target.cores, target.l2_bytes) == (256, 8, 4096)


@pytest.mark.parametrize(
    ("text", "triple", "vectors"),
    [
        ("aarch64-linux-musl", "aarch64-unknown-linux-musl", (128, 32)),
        ("aarch64-linux-gnu,features=+sve", "aarch64-unknown-linux-gnu", (128, 32)),
        ("armv7-linux", "armv7-unknown-linux-gnueabihf", (128, 16)),
        ("armv7-linux-gnueabihf,features=-neon", "armv7-unknown-linux-gnueabihf", (64, 16)),
        ("riscv64-linux-gnu,features=+v", "riscv64-unknown-linux-gnu", (128, 32)),
        ("riscv64-linux-gnu", "riscv64-unknown-linux-gnu", (64, 32)),
        ("wasm32,features=-simd128", "wasm32-unknown-unknown", (64, 16)),
        ("wasm32-wasi", "wasm32-unknown-wasi", (128, 16)),
        ("x86_64-pc-windows-msvc", "x86_64-pc-windows-msvc", (128, 16)),
        ("aarch64-apple-macos", "arm64-apple-macosx11.0.0", (128, 32)),
        ("x86_64-apple-darwin20", "x86_64-apple-darwin20", (128, 16)),
        ("aarch64-none-elf", "aarch64-unknown-none-elf", (128, 32)),
    ],
)
def test_triples_bring_their_family(text: str, triple: str, vectors: tuple[int, int]) -> None:
    target = parse_target(text)
    assert target.triple == triple
    assert (target.vector_bits, target.vector_registers) == vectors


def test_the_caches_of_the_machine_at_hand_stay() -> None:
    host = detect_host()
    target = parse_target(f"native,features={host.features[0]}")
    assert (target.l1d_bytes, target.l2_bytes) == (host.l1d_bytes, host.l2_bytes)


def test_a_model_brings_its_features() -> None:
    target = parse_target("x86_64-linux-gnu,cpu=haswell,features=-fma")
    assert target.vector_bits == 256
    assert target.has("avx2")
    assert not target.has("fma")


def test_options_change_a_named_target() -> None:
    target = parse_target("x86-64-v4,features=-avx512f,cores=2")
    assert target.vector_bits == 256
    assert "-avx512f" in target.features
    assert not target.has("avx512f")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo", "target 'foo' is unknown; use one of native, x86-64,"),
        ("mips-linux-gnu", "or a triple of"),
        ("aarch64-linxu-gnu", "did you mean aarch64-linux-gnu or arm64-linux-gnu"),
        ("x86-64v3", "did you mean x86-64-v3"),
        ("wasm", "did you mean wasm32"),
        ("riscv64", "did you mean riscv64-linux"),
        ("x86-64,cpu=skylark", "LLVM knows no cpu 'skylark' of x86_64: did you mean skylake"),
        ("aarch64-linux-gnu,features=+sev", "knows no feature 'sev' of aarch64: did you mean "),
        ("native,speed=1", "'speed=1' is no option; use cpu="),
        ("native,cpu", "'cpu' is no option"),
        ("native,cpu=a,cpu=b", "option 'cpu' is given twice"),
        ("native,cores=many", "cores is a number, found 'many'"),
        ("native,cores=0", "cores starts at 1"),
        ("x86-64,features=avx", "has to start with"),
    ],
)
def test_errors_say_what_is_known(text: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    assert message in str(caught.value)


def test_an_architecture_that_this_llvm_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_arm(triple: str) -> bool:
        return "arm" in triple

    monkeypatch.setattr("tyrex.backends.llvm.targets.is_known", only_arm)
    with pytest.raises(TargetError, match="has no code generator for 'x86_64'"):
        parse_target("x86-64")
