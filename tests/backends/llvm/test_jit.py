"""Code in the process: built, compiled, loaded, called, and closed."""

import ctypes
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, UnitAttr, bf16, f16, f32, i32, i64

from tyrex.backends.llvm.compile import compile_to_object
from tyrex.backends.llvm.host import detect_host
from tyrex.backends.llvm.jit import JITObject
from tyrex.dialects import llvm
from tyrex.dialects.llvm.build import LLVMBuilder
from tyrex.dialects.llvm.types import PTR, vector
from tyrex.runtime.errors import LoadError
from tyrex.runtime.object_loader import LoadedObject, can_load_here
from tyrex.runtime.system_symbols import system_address

Loader = type[LoadedObject] | type[JITObject]

KERNEL = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
NOALIAS = [{"llvm.noalias": UnitAttr()}, {"llvm.noalias": UnitAttr()}, {}]


@pytest.fixture(params=[LoadedObject, JITObject])
def loader(request: pytest.FixtureRequest) -> Loader:
    """Both linkers give the same."""
    if request.param is LoadedObject and not can_load_here():
        pytest.skip("the runtime links no objects for this machine")
    return request.param


def kernel(body: Callable[[LLVMBuilder, llvm.FuncOp], None], name: str = "k") -> bytes:
    """Return the object of `i32 k(ptr in, ptr out, i64 n)`."""
    module = ModuleOp([])
    b = LLVMBuilder(module)
    body(b, b.function(name, [PTR, PTR, i64], i32, arg_attrs=NOALIAS))
    b.ret(b.integer(0, i32))
    module.verify()
    return compile_to_object(module, detect_host())


def call(loaded: LoadedObject | JITObject, source: np.ndarray, name: str = "k") -> np.ndarray:
    out = np.zeros_like(source)
    function = KERNEL(loaded.address(name))
    assert function(source.ctypes.data, out.ctypes.data, source.size) == 0
    return out


def libm_call(function: str) -> Callable[[LLVMBuilder, llvm.FuncOp], None]:
    def body(b: LLVMBuilder, f: llvm.FuncOp) -> None:
        source, out, n = f.body.block.args if len(f.body.blocks) == 1 else f.body.blocks[0].args
        b.declare(function, [f32], f32)
        with b.loop(n) as i:
            result = b.call(function, [b.load(b.gep(source, f32, i), f32, 4)], f32)
            assert result is not None
            b.store(result, b.gep(out, f32, i), 4)

    return body


@pytest.mark.parametrize(
    ("name", "reference"), [("expf", np.exp), ("tanhf", np.tanh), ("sinf", np.sin)]
)
def test_functions_of_libm(
    name: str, reference: Callable[[np.ndarray], np.ndarray], loader: Loader
) -> None:
    x = np.linspace(-3, 3, 101, dtype=np.float32)
    with loader(kernel(libm_call(name))) as loaded:
        np.testing.assert_allclose(call(loaded, x), reference(x), rtol=1e-6)


def test_vectors_masks_and_gathers(loader: Loader) -> None:
    v, lanes = vector(f32, 8), vector(i64, 8)

    def body(b: LLVMBuilder, f: llvm.FuncOp) -> None:
        source, out, n = f.body.blocks[0].args
        iota = b.dense(list(range(8)), lanes)
        with b.loop(b.binary(llvm.SDivOp, b.add(n, b.integer(7)), b.integer(8))) as block:
            base = b.mul(block, b.integer(8))
            index = b.add(b.broadcast(base, 8), iota)
            mask = b.icmp("slt", index, b.broadcast(n, 8))
            x = b.masked_load(b.gep(source, f32, base), mask, b.splat(0.0, v), 4)
            # The elements from the end, by gather.
            mirrored = b.sub(b.broadcast(b.sub(n, b.integer(1)), 8), index)
            y = b.gather(b.gep(source, f32, mirrored), mask, x, 4)
            positive = b.fcmp("ogt", y, b.zero(v))
            total = b.real_binary(llvm.FAddOp, x, b.select(positive, y, b.zero(v)))
            b.masked_store(total, b.gep(out, f32, base), mask, 4)

    x = np.arange(-9, 12, dtype=np.float32)
    with loader(kernel(body)) as loaded:
        np.testing.assert_array_equal(call(loaded, x), x + np.maximum(x[::-1], 0))


@pytest.mark.parametrize("narrow", [f16, bf16])
def test_narrow_floats(narrow: object, loader: Loader) -> None:
    assert narrow in (f16, bf16)

    def body(b: LLVMBuilder, f: llvm.FuncOp) -> None:
        source, out, n = f.body.blocks[0].args
        with b.loop(n) as i:
            x = b.load(b.gep(source, f32, i), f32, 4)
            small = b.cast(llvm.FPTruncOp, x, narrow)  # pyright: ignore[reportArgumentType]
            b.store(b.cast(llvm.FPExtOp, small, f32), b.gep(out, f32, i), 4)

    x = np.array([0.1, -1e-8, 3.0, np.inf, 65504.0, 1e30, 1 + 2**-8 + 2**-12], np.float32)
    if narrow is f16:
        with np.errstate(over="ignore"):
            expected = x.astype(np.float16).astype(np.float32)
    else:
        bits = x.view(np.uint32)
        rounded = bits + 0x7FFF + ((bits >> 16) & 1)
        expected = (rounded & 0xFFFF0000).astype(np.uint32).view(np.float32)
    with loader(kernel(body)) as loaded:
        np.testing.assert_array_equal(call(loaded, x), expected)


def test_globals_and_internal_functions(loader: Loader) -> None:
    text = """
    @table = internal constant [4 x float] [float 1.0, float 2.0, float 3.0, float 4.0]
    define internal float @lookup(i64 %i) noinline {
      %p = getelementptr float, ptr @table, i64 %i
      %x = load float, ptr %p
      ret float %x
    }
    define i32 @k(ptr %in, ptr %out, i64 %n) {
      %x = call float @lookup(i64 2)
      store float %x, ptr %out
      ret i32 0
    }"""
    with loader(compile_to_object(text, detect_host())) as loaded:
        assert loaded.names == {"k"}
        assert call(loaded, np.zeros(1, np.float32))[0] == 3.0


def test_objects_that_call_each_other(loader: Loader) -> None:
    host = detect_host()
    first = compile_to_object("define i32 @one() { ret i32 1 }", host)
    second = compile_to_object(
        "declare i32 @one()\ndefine i32 @two() { %a = call i32 @one()\n%b = add i32 %a, 1\n"
        "ret i32 %b }",
        host,
    )
    with loader([first, second]) as loaded:
        assert ctypes.CFUNCTYPE(ctypes.c_int32)(loaded.address("two"))() == 2


def test_two_libraries_may_have_the_same_names(loader: Loader) -> None:
    host = detect_host()
    values = [loader(compile_to_object(f"define i32 @k() {{ ret i32 {n} }}", host)) for n in (1, 2)]
    results = [ctypes.CFUNCTYPE(ctypes.c_int32)(v.address("k"))() for v in values]
    assert results == [1, 2]
    for value in values:
        value.close()


def test_a_symbol_given_by_address(loader: Loader) -> None:
    callback = ctypes.CFUNCTYPE(ctypes.c_int32)(lambda: 42)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    text = "declare i32 @hook()\ndefine i32 @k() { %a = call i32 @hook()\nret i32 %a }"
    image = compile_to_object(text, detect_host())
    with loader(image, {"hook": address}) as loaded:
        assert ctypes.CFUNCTYPE(ctypes.c_int32)(loaded.address("k"))() == 42
    with pytest.raises(LoadError, match="an object needs hook, which nobody defines"):
        loader(image)


def test_the_process_lends_nothing_but_libm(loader: Loader) -> None:
    assert system_address("expf")
    assert system_address("memcpy")
    assert system_address("system") is None
    text = "declare i32 @getpid()\ndefine i32 @k() { %a = call i32 @getpid()\nret i32 %a }"
    with pytest.raises(LoadError, match="getpid"):
        loader(compile_to_object(text, detect_host()))


def test_wrong_names_and_closed_objects(loader: Loader) -> None:
    loaded = loader(compile_to_object("define void @k() { ret void }", detect_host()))
    with pytest.raises(LoadError, match="does not define 'q'; it has k"):
        loaded.address("q")
    loaded.close()
    loaded.close()
    with pytest.raises(LoadError, match="has been closed"):
        loaded.address("k")


def test_damaged_objects(loader: Loader) -> None:
    image = compile_to_object("define void @k() { ret void }", detect_host())
    with pytest.raises(LoadError, match="no 64-bit little-endian ELF"):
        loader(b"hello")
    with pytest.raises(LoadError, match="cannot be loaded"):
        loader(image[:-40])
    foreign = bytearray(image)
    other = 183 if image[18] != 183 else 62  # AArch64, x86-64
    foreign[18:20] = other.to_bytes(2, "little")
    with pytest.raises(LoadError, match=f"for ELF machine {other} cannot be loaded"):
        loader(bytes(foreign))


def test_loading_needs_no_compiler() -> None:
    code = (
        "import sys\n"
        "from tyrex.backends.llvm import codegen, host, jit, pool, targets, worker\n"
        "assert not {'xdsl', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
