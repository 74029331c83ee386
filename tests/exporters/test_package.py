"""Names of C, and which instruction sets a processor is asked for."""

import pytest

from tyrex.backends.llvm.host import detect_host
from tyrex.exporters.cpu_features import FEATURES, checked_features
from tyrex.exporters.package import identifier, is_identifier


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("m", "m"),
        ("libdigits", "digits"),
        ("yolo-v8.n", "yolo_v8_n"),
        ("8x8", "m8x8"),
        ("_private", "m_private"),
        ("tyrex", "model_tyrex"),
        ("tyrex_arena", "model_tyrex_arena"),
        ("tyrexes", "tyrexes"),
        ("main", "model_main"),
        ("größe", "gr__e"),
        ("lib", "model"),
    ],
)
def test_files_give_names(stem: str, name: str) -> None:
    assert identifier(stem) == name
    assert is_identifier(name)


def test_features_are_those_that_are_there() -> None:
    found = checked_features("x86_64", ("+avx2", "-avx512f", "+fma", "+xsaves"))
    assert [f.name for f in found] == ["avx2", "fma"]
    assert checked_features("wasm32", ("+simd128",)) == []


def test_features_have_one_place_each() -> None:
    features = FEATURES["x86_64"].values()
    assert len({(f.leaf, f.subleaf, f.register, f.bit) for f in features}) == len(features)


def test_the_hosts_vectors_are_checked() -> None:
    host = detect_host()
    if host.arch != "x86_64":
        pytest.skip("only x86-64 is asked so far")
    assert host.has("avx2") == (
        "avx2" in {f.name for f in checked_features("x86_64", host.features)}
    )
