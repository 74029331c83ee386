import copy
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tyrex.runtime import dtype as dtypes
from tyrex.runtime.dtype import DType
from tyrex.runtime.errors import DTypeError


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_round_trips(dtype: DType):
    assert DType(str(dtype)) is dtype
    assert dtypes.as_dtype(str(dtype)) is dtype
    assert dtypes.from_numpy(dtype.to_numpy()) is dtype
    assert dtype.to_numpy().itemsize == dtype.size_bytes
    assert dtype.to_numpy().name == dtype
    assert copy.deepcopy(dtype) is dtype
    assert copy.copy(dtype) is dtype


@pytest.mark.parametrize("dtype", [d for d in dtypes.ALL if d.bits >= 8])
def test_dlpack_round_trip(dtype: DType):
    assert dtypes.from_dlpack(dtype.dlpack_code, dtype.bits, 1) is dtype


def test_is_its_name():
    assert dtypes.FLOAT32 == "float32"
    assert {"float32": 1}[dtypes.FLOAT32] == 1
    assert f"{dtypes.BFLOAT16}" == "bfloat16"


def test_sizes():
    assert (dtypes.BOOL.size_bytes, dtypes.BFLOAT16.size_bytes, dtypes.INT64.size_bytes) == (
        1,
        2,
        8,
    )
    assert (DType("int4").bits, DType("int4").size_bytes) == (4, 1)


@pytest.mark.parametrize(
    ("value", "name"),
    [(np.float32, "float32"), (float, "float64"), (bool, "bool"), (ml_dtypes.bfloat16, "bfloat16")],
)
def test_classes(value: Any, name: str):
    assert dtypes.as_dtype(value) == name


@pytest.mark.parametrize("value", ["float", "complex64", np.complex64, object, "M8[s]", 7, "f4"])
def test_unknown(value: Any):
    with pytest.raises(DTypeError):
        dtypes.as_dtype(value)


def test_swapped_bytes_say_what_to_do():
    with pytest.raises(DTypeError, match=r"byte-swapped .*newbyteorder"):
        dtypes.from_numpy(np.dtype(">f4"))


def test_unknown_dlpack():
    with pytest.raises(DTypeError, match="code 2 with 32 bits and 4 lanes"):
        dtypes.from_dlpack(2, 32, 4)
    with pytest.raises(DTypeError, match="code 5 with 64 bits"):
        dtypes.from_dlpack(5, 64, 1)
