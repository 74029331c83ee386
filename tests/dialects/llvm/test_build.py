"""The builder: what it appends is verified IR, made once where once is enough."""

import math

import pytest
from xdsl.dialects.builtin import ModuleOp, UnitAttr, bf16, f16, f32, i1, i8, i32, i64
from xdsl.ir import Operation

from tyrex.dialects import llvm
from tyrex.dialects.llvm.build import CONTRACT, REASSOC, LLVMBuilder
from tyrex.dialects.llvm.types import PTR, VOID, mangle, vector
from tyrex.dialects.location import onnx_location
from tyrex.dialects.verify import verify_module


def new() -> tuple[ModuleOp, LLVMBuilder, llvm.FuncOp]:
    module = ModuleOp([])
    builder = LLVMBuilder(module)
    return module, builder, builder.function("f", [PTR, PTR, i64])


def ops_of(module: ModuleOp, op_type: type[Operation]) -> list[Operation]:
    return [op for op in module.walk() if type(op) is op_type]


def test_everything_it_builds_verifies() -> None:
    module, b, function = new()
    p, q, n = function.body.block.args
    v8, m8 = vector(f32, 8), vector(i1, 8)
    stack = b.alloca(f32, 16, 64)
    with b.loop(n) as i, b.when(b.icmp("slt", i, b.integer(7))):
        x = b.load(b.gep(p, v8, i), v8, 4)
        y = b.broadcast(b.load(b.gep(q, f32, i), f32, 4), 8)
        z = b.elementwise("llvm.fma", x, y, b.splat(0.5, v8), fastmath=CONTRACT)
        mask = b.fcmp("ogt", z, b.zero(v8))
        z = b.select(mask, z, b.neg(z))
        z = b.real_binary(llvm.FMulOp, z, b.dense([1.0, 2.0] * 4, v8))
        b.masked_store(z, b.gep(stack, f32, 8), mask, 4)
        z = b.masked_load(stack, mask, z, 4)
        lanes = b.broadcast(i, 8)
        addresses = b.gep(q, f32, lanes)
        b.scatter(b.gather(addresses, mask, z, 4), addresses, mask, 4)
        total = b.reduce("fadd", z, b.real(-0.0, f32), fastmath=REASSOC)
        largest = b.reduce("fmax", z)
        b.store(b.real_binary(llvm.FAddOp, total, largest), p, 4)
        b.store(b.extract(b.shuffle(z, z, (1, 0)), b.integer(0)), q, 4)
        count = b.reduce("add", b.cast(llvm.ZExtOp, mask, vector(i32, 8)))
        b.store(count, p, 4)
        b.store(b.insert(b.poison(m8), b.integer(1, i1), b.integer(0)), p, 1)
    b.memcpy(p, q, n)
    b.memset(p, b.integer(0, i8), n)
    b.declare("expf", [f32], f32)
    b.call("expf", [b.real(1.0, f32)], f32)
    b.call(b.address_of("expf"), [b.real(1.0, f32)], f32)
    b.ret()
    verify_module(module)


def test_constants_are_made_once_and_dominate() -> None:
    module, b, function = new()
    with b.loop(function.body.block.args[2]):
        first = b.integer(3)
        assert b.integer(3) is first
        assert b.integer(3, i32) is not first
        assert b.real(0.0, f32) is not b.real(-0.0, f32)
        assert b.real(math.nan, f32) is b.real(math.nan, f32)
    b.ret()
    verify_module(module)
    assert first.owner.parent is function.body.blocks.first


@pytest.mark.parametrize("dtype", [f16, bf16, f32])
def test_numbers_out_of_range_become_infinite(dtype: object) -> None:
    _, b, _ = new()
    assert dtype in (f16, bf16, f32)
    for sign in (1.0, -1.0):
        constant = b.real(sign * 1e300, dtype).owner  # pyright: ignore[reportArgumentType]
        assert isinstance(constant, llvm.ConstantOp)
        assert str(sign * math.inf) in str(constant.value.value.data)  # pyright: ignore


def test_large_indices_are_values() -> None:
    module, b, function = new()
    p = function.body.block.args[0]
    b.gep(p, f32, 2**40)
    b.ret()
    verify_module(module)
    (gep,) = ops_of(module, llvm.GEPOp)
    assert len(gep.operands) == 2
    assert "1099511627776" in str(gep.operands[1].owner)


def test_functions_have_one_name_each() -> None:
    _, b, _ = new()
    with pytest.raises(ValueError, match="has a function 'f' already"):
        b.function("f", [])
    b.declare("g", [f32], f32)
    assert b.declare("g", [f32], f32).sym_name.data == "g"
    with pytest.raises(ValueError, match="function 'g' is declared as"):
        b.declare("g", [i64], VOID)


def test_a_function_is_resumed_where_it_was_left() -> None:
    module = ModuleOp([])
    b = LLVMBuilder(module)
    outer = b.function("outer", [PTR])
    block = b.block
    b.function("inner", [], linkage="internal", passthrough=["noinline"])
    b.ret()
    b.resume(outer, block)
    b.call("inner", [], None)
    b.ret()
    verify_module(module)
    assert len(ops_of(module, llvm.CallOp)) == 1
    assert block.last_op is not None
    assert block.last_op.name == "llvm.return"


def test_locations_are_kept() -> None:
    module = ModuleOp([])
    b = LLVMBuilder(module)
    b.location = onnx_location("conv1", "Conv", "y")
    b.function("f", [], arg_attrs=[])
    b.store(b.integer(1), b.alloca(i64, 1, 8), 8)
    b.ret()
    assert {op.location for op in module.walk() if op is not module} == {b.location}


def test_argument_attributes() -> None:
    module = ModuleOp([])
    b = LLVMBuilder(module)
    function = b.function("f", [PTR, i64], arg_attrs=[{"llvm.noalias": UnitAttr()}, {}])
    b.ret()
    verify_module(module)
    assert function.arg_attrs is not None
    assert "llvm.noalias" in function.arg_attrs.data[0].data


def test_names_of_types() -> None:
    assert mangle(vector(bf16, 4)) == "v4bf16"
    assert mangle(vector(PTR, 2)) == "v2p0"
    with pytest.raises(NotImplementedError, match="has no known name"):
        mangle(VOID)
