"""LLVM's own list of processors and features."""

from tyrex.backends.llvm.names import known_names


def test_what_llvm_knows() -> None:
    processors, features = known_names("aarch64-unknown-linux-gnu")
    assert {"generic", "cortex-a53", "neoverse-n1"} <= processors
    assert {"neon", "sve", "dotprod"} <= features
    assert known_names("z80-unknown-unknown") == (frozenset(), frozenset())
