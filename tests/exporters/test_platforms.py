"""What a triple says about files."""

import pytest

from tyrex.backends.llvm.host import detect_host
from tyrex.backends.llvm.targets import NAMED_TARGETS, parse_target
from tyrex.exporters.platforms import platform_of


@pytest.mark.parametrize(
    ("triple", "system", "kind", "suffix", "has_threads"),
    [
        ("x86_64-unknown-linux-gnu", "linux", "elf", ".so", True),
        ("armv7-unknown-linux-gnueabihf", "linux", "elf", ".so", True),
        ("arm64-apple-macosx11.0.0", "macos", "macho", ".dylib", True),
        ("x86_64-apple-darwin20", "macos", "macho", ".dylib", True),
        ("x86_64-unknown-windows-gnu", "windows", "coff", ".dll", False),
        ("wasm32-unknown-unknown", "wasm", "wasm", ".wasm", False),
        ("riscv64-unknown-none-elf", "none", "elf", ".so", False),
    ],
)
def test_triples(triple: str, system: str, kind: str, suffix: str, has_threads: bool) -> None:
    platform = platform_of(triple)
    assert (platform.system, platform.object_format) == (system, kind)
    assert (platform.shared_suffix, platform.has_threads) == (suffix, has_threads)


def test_this_machine() -> None:
    assert platform_of(detect_host().triple).is_here
    others = [name for name in NAMED_TARGETS if name != "native"]
    here = [name for name in others if platform_of(parse_target(name).triple).is_here]
    assert len(here) < len(others)
    assert not platform_of("wasm32-unknown-unknown").is_here
