"""Values of a kernel under construction: which operation each Python operator becomes."""

from collections.abc import Callable

import pytest
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, bf16, f16, f32, f64, i1, i8, i32, i64
from xdsl.ir import Attribute, Operation

from tyrex.dialects.dtypes import ui8, ui32, ui64
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.dialects.tir.values import MATH_FUNCTIONS, Value, number_attr

Binary = Callable[[Value, Value], Value]
TWO: dict[str, Binary] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "rem": lambda a, b: a % b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "lt": lambda a, b: a < b,
}


def values_of(*dtypes: Attribute) -> tuple[KernelBuilder, list[Value]]:
    k = KernelBuilder("k")
    return k, [k.load(k.input((), dtype)) for dtype in dtypes]


def last(k: KernelBuilder) -> Operation:
    op = k.block.last_op
    assert op is not None
    return op


@pytest.mark.parametrize(
    ("name", "dtype", "expected"),
    [
        ("add", f32, arith.AddfOp),
        ("add", i32, arith.AddiOp),
        ("sub", ui8, arith.SubiOp),
        ("mul", f16, arith.MulfOp),
        ("div", f64, arith.DivfOp),
        ("div", i32, arith.DivSIOp),
        ("div", ui32, arith.DivUIOp),
        ("rem", i8, arith.RemSIOp),
        ("rem", ui8, arith.RemUIOp),
        ("and", i1, arith.AndIOp),
        ("or", i64, arith.OrIOp),
        ("xor", ui64, arith.XOrIOp),
    ],
)
def test_the_element_type_picks_the_operation(
    name: str, dtype: Attribute, expected: type[Operation]
) -> None:
    k, (a, b) = values_of(dtype, dtype)
    result = TWO[name](a, b)
    assert isinstance(last(k), expected)
    assert result.dtype == dtype
    last(k).verify()


@pytest.mark.parametrize(
    ("dtype", "expected"), [(f32, 4), (i32, 2), (ui32, 6), (i1, 6)], ids=["olt", "slt", "ult", "u1"]
)
def test_comparisons_know_the_sign(dtype: Attribute, expected: int) -> None:
    k, (a, b) = values_of(dtype, dtype)
    result = a < b
    assert result.dtype == i1
    predicate = last(k).properties["predicate"]
    assert isinstance(predicate, IntegerAttr)
    assert predicate.value.data == expected


def test_equality_of_floats_is_ordered_and_its_opposite_unordered() -> None:
    k, (a, b) = values_of(f32, f32)
    for kind, expected in (("eq", 1), ("ne", 13)):
        a.compare(kind, b)
        predicate = last(k).properties["predicate"]
        assert isinstance(predicate, IntegerAttr)
        assert predicate.value.data == expected


def test_numbers_take_the_type_of_the_value_beside_them() -> None:
    k, (a,) = values_of(ui8)
    assert (a + 1).dtype == ui8
    assert (1 - a).dtype == ui8
    sub = last(k)
    assert sub.operands[1] is a.ssa
    assert (-a).dtype == ui8
    assert (~a).dtype == ui8


def test_types_are_not_mixed() -> None:
    k, (a, b) = values_of(f32, i32)
    with pytest.raises(TypeError, match="cast one of them"):
        _ = a + b
    with pytest.raises(TypeError, match="cast one of them"):
        _ = a < b
    with pytest.raises(TypeError, match="rem needs integers"):
        k.binary("rem", a, a)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (f32, f64, arith.ExtFOp),
        (f64, bf16, arith.TruncFOp),
        (f32, i32, arith.FPToSIOp),
        (f32, ui8, arith.FPToUIOp),
        (i32, f32, arith.SIToFPOp),
        (ui8, f16, arith.UIToFPOp),
        (i1, f32, arith.UIToFPOp),
        (i8, i64, arith.ExtSIOp),
        (ui8, i64, arith.ExtUIOp),
        (i1, i32, arith.ExtUIOp),
        (i64, ui8, arith.TruncIOp),
        (f32, i1, arith.CmpfOp),
        (i64, i1, arith.CmpiOp),
    ],
)
def test_casts(source: Attribute, target: Attribute, expected: type[Operation]) -> None:
    k, (a,) = values_of(source)
    result = k.cast(a, target)
    assert isinstance(last(k), expected)
    assert result.dtype == target
    last(k).verify()


def test_casts_that_change_no_bit_add_no_operation() -> None:
    k, (a,) = values_of(i32)
    count = len(list(k.block.ops))
    assert k.cast(a, i32) is a
    unsigned = k.cast(a, ui32)
    assert unsigned.dtype == ui32
    assert unsigned.ssa is a.ssa
    assert len(list(k.block.ops)) == count


@pytest.mark.parametrize(
    ("value", "value_type", "expected"),
    [
        (255, i8, -1),
        (-1, i8, -1),
        (2**63, i64, -(2**63)),
        (2, i1, -1),  # a true i1 is all ones
        (1.5, f32, 1.5),
        (1e39, f32, float("inf")),
        (-1e39, bf16, float("-inf")),
        (1e39, f64, 1e39),
        (70000.0, f16, float("inf")),
    ],
)
def test_constants_are_what_the_type_holds(
    value: float, value_type: Attribute, expected: float
) -> None:
    attr = number_attr(value, value_type)
    assert isinstance(attr, FloatAttr | IntegerAttr)
    found = attr.value.data
    assert found == expected


@pytest.mark.parametrize("name", MATH_FUNCTIONS)
def test_functions(name: str) -> None:
    k, (a, b) = values_of(f32, f32)
    result = k.math(name, *((a, b) if name == "powf" else (a,)))
    assert result.dtype == f32
    assert last(k).name.startswith("math.")
    last(k).verify()
    assert isinstance(k.math("exp", a).ssa.owner, math.ExpOp)
