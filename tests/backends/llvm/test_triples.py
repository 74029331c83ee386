"""Triples as people write them."""

import pytest

from tyrex.backends.llvm.triples import normalized


@pytest.mark.parametrize(
    ("text", "triple"),
    [
        ("x86_64-linux", "x86_64-unknown-linux-gnu"),
        ("armv7a-linux", "armv7a-unknown-linux-gnueabihf"),
        ("x86_64-pc-linux-musl", "x86_64-pc-linux-musl"),
        ("aarch64-windows", "aarch64-unknown-windows-gnu"),
        ("x86_64-apple-darwin", "x86_64-apple-macosx11.0.0"),
        ("aarch64-macos13.1", "arm64-apple-macos13.1"),
        ("riscv64-unknown-none-elf", "riscv64-unknown-none-elf"),
        ("aarch64", None),
        ("aarch64-", None),
        ("aarch64-solaris", None),
        ("aarch64-linux-gnu-more", None),
    ],
)
def test_what_is_left_out_is_filled_in(text: str, triple: str | None) -> None:
    assert normalized(text) == triple
