"""Objects linked by the runtime; what any linker does, tests/backends/llvm/test_jit.py tests."""

import ctypes
import random
import struct
import subprocess
import sys

import pytest

from tyrex.backends.llvm.compile import compile_to_object
from tyrex.backends.llvm.host import detect_host
from tyrex.runtime.errors import LoadError
from tyrex.runtime.object_loader import LoadedObject, can_load_here
from tyrex.runtime.relocatable import read_object

pytestmark = pytest.mark.skipif(not can_load_here(), reason="links objects for x86-64 alone")

# A call of libm, data that is written, a table of addresses, a switch, constants.
SOURCE = """
@counter = internal global i32 40
@zeros = internal global [8 x i32] zeroinitializer
@functions = internal constant [2 x ptr] [ptr @one, ptr @two]
declare float @tanhf(float)
declare extern_weak i32 @nowhere()
define internal i32 @one() noinline { ret i32 1 }
define internal i32 @two() noinline { ret i32 2 }
define i32 @count() {
  %a = load i32, ptr @counter
  %z = load i32, ptr getelementptr ([8 x i32], ptr @zeros, i64 0, i64 3)
  %b = add i32 %a, 1
  store i32 %b, ptr @counter
  %c = add i32 %b, %z
  ret i32 %c
}
define i32 @pick(i64 %i) {
  %p = getelementptr [2 x ptr], ptr @functions, i64 0, i64 %i
  %f = load ptr, ptr %p
  %r = call i32 %f()
  ret i32 %r
}
define i32 @has_nowhere() {
  %a = icmp ne ptr @nowhere, null
  %b = zext i1 %a to i32
  ret i32 %b
}
define float @scaled(float %x) {
  %y = call float @tanhf(float %x)
  %z = fmul float %y, 3.5
  ret float %z
}
"""


def test_every_kind_of_section() -> None:
    with LoadedObject(compile_to_object(SOURCE, detect_host())) as loaded:
        integer = ctypes.CFUNCTYPE(ctypes.c_int32)
        assert [integer(loaded.address("count"))() for _ in range(2)] == [41, 42]
        assert integer(loaded.address("has_nowhere"))() == 0
        pick = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64)(loaded.address("pick"))
        assert [pick(0), pick(1)] == [1, 2]
        scaled = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)(loaded.address("scaled"))
        assert scaled(0.5) == pytest.approx(3.5 * 0.46211716)


def test_code_cannot_be_written_nor_data_executed() -> None:
    with LoadedObject(compile_to_object(SOURCE, detect_host())) as loaded:
        address = loaded.address("count")
        with open("/proc/self/maps") as maps:
            protections = [
                line.split()[1]
                for line in maps
                if int(line.split("-")[0], 16) <= address < int(line.split("-")[1].split()[0], 16)
            ]
    assert protections == ["r-xp"]


def test_two_objects_may_not_define_one_name() -> None:
    image = compile_to_object("define void @k() { ret void }", detect_host())
    with pytest.raises(LoadError, match="two objects define 'k'"):
        LoadedObject([image, image])


def test_an_unknown_relocation() -> None:
    image = bytearray(compile_to_object(SOURCE, detect_host()))
    file = read_object(bytes(image))
    assert file is not None
    table = next(s for s in file.sections if s.name == ".rela.text")
    at = bytes(image).index(bytes(table.content)) + 8
    struct.pack_into("<I", image, at, 250)
    with pytest.raises(LoadError, match="relocation 250 of x86-64 is not known here"):
        LoadedObject(bytes(image))


def test_damaged_objects_are_refused_or_loaded_but_never_crash() -> None:
    image = compile_to_object(SOURCE, detect_host())
    rng = random.Random(7)
    refused = 0
    for _ in range(300):
        changed = bytearray(image)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        if rng.random() < 0.2:
            del changed[rng.randrange(len(changed)) :]
        try:
            LoadedObject(bytes(changed)).close()
        except LoadError:
            refused += 1
    assert refused > 30


def test_it_imports_no_compiler() -> None:
    code = (
        "import sys\n"
        "from tyrex.runtime import object_loader\n"
        "assert not {'xdsl', 'llvmlite', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
