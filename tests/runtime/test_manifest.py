"""Manifests: what they say is read back; what this version does not know is refused by name."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tyrex.runtime.errors import LoadError
from tyrex.runtime.manifest import FORMAT, Manifest
from tyrex.runtime.processor import Question

MANIFEST = Manifest(
    "m",
    "0.1.0",
    "x86_64-unknown-linux-gnu",
    ("+avx2",),
    (Question("avx2", 7, 0, 1, 5, 6),),
    {"add": "k0"},
    ("m_constant0",),
    "m_main_run",
    "",
    {"model": "m.onnx"},
    ("x: float32[4]",),
    ("y: float32[4]",),
    {"weights.bin": (16, "xxh64:0000000000000000"), "program.vm": (10, "sha256:00")},
)


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(MANIFEST.text()) | fields).encode()


def test_round_trip() -> None:
    assert Manifest.read(MANIFEST.text().encode()) == MANIFEST
    bytecode = replace(MANIFEST, entry=None, refusal="calls Python")
    assert Manifest.read(bytecode.text().encode()) == bytecode


def test_other_versions_of_tyrex_are_read() -> None:
    for version in ("0.0.1", "99.0"):
        assert Manifest.read(changed(tyrex=version)).tyrex == version


def test_unknown_fields_are_ignored() -> None:
    assert Manifest.read(changed(since_version_9=[1, 2])) == MANIFEST


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"format": FORMAT + 1, "tyrex": "9.1"}, r"found format 2, written by Tyrex 9\.1; this Ty"),
        ({"format": "1"}, "found format '1'"),
        ({"abi": 77}, "found code of ABI version 77, written by Tyrex 0.1.0; this Tyrex runs"),
        ({"needs": ["gpu"], "tyrex": "2.0"}, r"needs gpu, written by Tyrex 2\.0; .* update it"),
        ({"needs": 3}, "'needs'|needs: found int"),
        ({"name": 3}, "'name': found int"),
        ({"kernels": {"a": 1}}, "'a': found int"),
        ({"kernels": ["a"]}, "'kernels': found list"),
        ({"cpu": [{"name": "avx2"}]}, "'leaf' is missing"),
        ({"cpu": [MANIFEST.cpu[0]._asdict() | {"register": 4}]}, "'cpu': "),
        ({"cpu": [MANIFEST.cpu[0]._asdict() | {"bit": -1}]}, "'cpu': "),
        ({"members": {"a": [1]}}, r"member 'a': found \[1\]"),
        ({"members": {"weights.bin": [1, "sha256:00"]}}, "found checksum 'sha256:00', no xxh64"),
        ({"members": {"image.so": [1, "xxh64:00"]}}, "found checksum 'xxh64:00', no sha256"),
        ({"members": {"a": [True, "sha256:00"]}}, "'a': found bool"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(LoadError, match=message):
        Manifest.read(changed(**fields))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b"[" * 100_000, b"\xff", b"1" * 10_000])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(LoadError, match="manifest"):
        Manifest.read(text)


def test_what_is_missing_is_named() -> None:
    fields = json.loads(MANIFEST.text())
    for key in fields:
        left = {name: value for name, value in fields.items() if name != key}
        if key == "entry":
            continue  # null says the same
        with pytest.raises(LoadError, match=f"{key}|found format None|found code of ABI"):
            Manifest.read(json.dumps(left).encode())
