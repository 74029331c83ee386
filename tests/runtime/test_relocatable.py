"""Reading the symbols of an object."""

import pytest

from tyrex.backends.llvm.codegen import Machine, Options, generate
from tyrex.runtime.elf import MACHINES
from tyrex.runtime.relocatable import read_object

SOURCE = """
@shared = global i32 1
@own = internal global i32 2
declare float @tanhf(float)
declare extern_weak i32 @perhaps()
define internal float @hidden(float %x) noinline {
  %y = call float @tanhf(float %x)
  ret float %y
}
define float @shown(float %x) {
  %y = call float @hidden(float %x)
  %a = icmp eq ptr @perhaps, null
  %z = select i1 %a, float %x, float %y
  ret float %z
}"""


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_symbols(arch: str) -> None:
    image = generate(SOURCE, Machine(f"{arch}-unknown-linux-gnu"), Options(opt_level=0))
    symbols = read_object(image)
    assert symbols is not None
    assert set(symbols.defined) == {"shared", "shown"}
    assert set(symbols.undefined) == {"tanhf"}
    assert symbols.machine == MACHINES[arch]


def test_other_files() -> None:
    assert read_object(b"") is None
    assert read_object(b"\x00asm\x01\x00\x00\x00") is None
    with pytest.raises(ValueError, match="is damaged"):
        read_object(b"\x7fELF\x02\x01" + bytes(20))
