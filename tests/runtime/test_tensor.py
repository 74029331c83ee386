import gc
import weakref
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tyrex.runtime import Tensor, as_tensor, cpu, make_allocator
from tyrex.runtime.dtype import ALL, FLOAT32, DType
from tyrex.runtime.errors import ArgumentError, BoundsError, DTypeError, ShapeError


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4), (0,), (3, 0, 2)])
def test_empty(shape: tuple[int, ...], dtype: DType):
    tensor = Tensor.empty(shape, dtype)
    assert tensor.data % 64 == 0
    assert tensor.data != 0
    array = tensor.numpy()
    assert (array.shape, array.dtype) == (shape, dtype.to_numpy())
    assert (array.size, array.nbytes) == (tensor.num_elements, tensor.nbytes)
    assert (tensor.rank, tensor.device) == (len(shape), cpu())
    assert tensor.is_contiguous
    assert array.flags.writeable
    if array.size:
        assert array.ctypes.data == tensor.data


def test_empty_takes_names_and_allocators():
    allocator = make_allocator("pooled")
    tensor = Tensor.empty([2, np.int64(3)], "float32", allocator)
    assert (tensor.shape, tensor.dtype, tensor.strides) == ((2, 3), FLOAT32, (3, 1))
    assert allocator.stats().in_use_bytes == 64


@pytest.mark.parametrize("shape", [(-1,), (2, -3)])
def test_negative_dimensions(shape: tuple[int, ...]):
    with pytest.raises(ArgumentError, match=r"Tensor.empty: expected dimensions from 0"):
        Tensor.empty(shape, "float32")
    with pytest.raises(ArgumentError, match=r"Tensor.view: expected dimensions from 0"):
        Tensor.empty((6,), "float32").view(shape)


def test_numpy_shares_memory():
    tensor = Tensor.empty((2, 3), "float32")
    tensor.numpy()[:] = 7
    again = np.asarray(tensor)
    assert again.ctypes.data == tensor.data
    assert again.sum() == 42


def test_array_protocol():
    tensor = Tensor.from_numpy(np.arange(3))
    assert np.array(tensor).ctypes.data != tensor.data
    assert np.asarray(tensor, np.float32).dtype == np.float32
    assert tensor.__array__(copy=False).ctypes.data == tensor.data
    assert tensor.__array__(copy=True).ctypes.data != tensor.data
    with pytest.raises(ArgumentError, match="needs a copy"):
        tensor.__array__(np.float32, copy=False)
    np.testing.assert_array_equal(np.add(tensor, 1), [1, 2, 3])


@pytest.mark.parametrize("dtype", ALL)
def test_from_numpy_shares_memory(dtype: DType):
    array = np.arange(6).astype(dtype.to_numpy()).reshape(2, 3)
    tensor = Tensor.from_numpy(array)
    assert (tensor.data, tensor.dtype, tensor.shape) == (array.ctypes.data, dtype, (2, 3))
    np.testing.assert_array_equal(tensor.numpy(), array)
    assert np.asarray(tensor).dtype == array.dtype


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float8_e4m3fn", "bool"])
def test_strided_arrays(dtype: str):
    array = np.arange(24).reshape(4, 6).astype(DType(dtype).to_numpy())[::2, ::-2]
    tensor = Tensor.from_numpy(array)
    assert (tensor.strides, tensor.is_contiguous) == ((12, -2), False)
    assert tensor.data == array.ctypes.data
    np.testing.assert_array_equal(tensor.numpy(), array)
    compact = tensor.contiguous()
    assert compact.is_contiguous
    np.testing.assert_array_equal(compact.numpy(), array)
    with pytest.raises(ArgumentError, match="not contiguous"):
        tensor.view((2,))


def test_fields_of_structured_arrays_are_copied():
    array = np.zeros(3, [("a", "<i4"), ("b", "i1")])
    array["a"] = [1, 2, 3]
    assert as_tensor(array["a"]).tolist() == [1, 2, 3]


def test_contiguous_copies_only_what_must_be():
    tensor = Tensor.empty((16,), "float32")
    assert tensor.contiguous() is tensor
    assert tensor.contiguous(64) is tensor
    part = tensor.view((2,), byte_offset=4)
    assert part.contiguous() is part
    assert part.contiguous(64).data % 64 == 0
    array = np.frombuffer(b"\0" * 9, np.float32, 2, offset=1)
    misaligned = Tensor.from_numpy(array)
    assert misaligned.read_only
    assert misaligned.contiguous().data % 64 == 0
    assert not misaligned.contiguous().read_only


def test_swapped_bytes():
    with pytest.raises(DTypeError, match="byte-swapped"):
        as_tensor(np.zeros(2, ">f4"))


def test_view():
    tensor = Tensor.from_numpy(np.arange(12, dtype=np.int32))
    np.testing.assert_array_equal(tensor.view((3, 4)).numpy(), np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(tensor.view((2,), byte_offset=8).numpy(), [2, 3])
    assert tensor.view((48,), "uint8").tolist()[4] == 1
    assert tensor.view((0,), byte_offset=48).shape == (0,)
    assert tensor.view((), byte_offset=44).item() == 11
    assert tensor.view((2, 2), byte_offset=16).view((2,), byte_offset=8).tolist() == [6, 7]


@pytest.mark.parametrize(
    ("shape", "dtype", "byte_offset"),
    [((13,), None, 0), ((12,), None, 4), ((1,), None, 48), ((1,), None, -4), ((7,), "int64", 0)],
)
def test_view_out_of_bounds(shape: tuple[int, ...], dtype: str | None, byte_offset: int):
    tensor = Tensor.empty((12,), "int32")
    with pytest.raises(BoundsError, match=r"expected bytes within 0\.\.48"):
        tensor.view(shape, dtype, byte_offset)


def test_view_misaligned():
    with pytest.raises(ArgumentError, match="aligns int32 to 4 bytes; found 2"):
        Tensor.empty((12,), "int32").view((1,), byte_offset=2)


def test_views_and_arrays_keep_the_memory_alive():
    allocator = make_allocator("naive")
    tensor = Tensor.empty((16,), "float32", allocator)
    part = tensor.view((2,), byte_offset=8)
    del tensor
    array = part.numpy()
    extension = part.view((2,), "bfloat16").numpy()
    del part
    assert allocator.stats().in_use_bytes == 64
    array[:] = 1
    del array
    assert allocator.stats().in_use_bytes == 64
    del extension
    assert allocator.stats().in_use_bytes == 0


def test_tensors_keep_arrays_alive():
    array = np.arange(4)
    alive = weakref.ref(array)
    tensor = Tensor.from_numpy(array)
    del array
    gc.collect()
    assert alive() is not None
    assert weakref.ref(tensor)() is tensor
    del tensor
    gc.collect()
    assert alive() is None


def test_read_only():
    array = np.arange(4)
    array.flags.writeable = False
    tensor = as_tensor(array)
    assert tensor.read_only
    assert tensor.view((2,)).read_only
    assert not tensor.numpy().flags.writeable
    assert not tensor.copy().read_only
    with pytest.raises(ArgumentError, match="read-only"):
        tensor.copyfrom(np.arange(4))


def test_copyfrom():
    tensor = Tensor.empty((2, 3), "float32")
    source = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert tensor.copyfrom(source) is tensor
    np.testing.assert_array_equal(tensor.numpy(), source)
    tensor.copyfrom(np.asfortranarray(source))
    np.testing.assert_array_equal(tensor.numpy(), source)


def test_copyfrom_overlapping():
    array = np.arange(8)
    as_tensor(array[2:]).copyfrom(as_tensor(array[:-2]))
    assert array.tolist() == [0, 1, 0, 1, 2, 3, 4, 5]
    as_tensor(array).copyfrom(array[::-1])
    assert array.tolist() == [5, 4, 3, 2, 1, 0, 1, 0]


def test_copyfrom_neither_casts_nor_broadcasts():
    tensor = Tensor.empty((2, 3), "float32")
    with pytest.raises(ShapeError, match=r"expected shape \(2, 3\); found \(3,\)"):
        tensor.copyfrom(np.zeros(3, np.float32))
    with pytest.raises(DTypeError, match="expected float32; found float64"):
        tensor.copyfrom(np.zeros((2, 3)))


def test_item_and_tolist():
    assert as_tensor(np.float32(1.5), allow_scalars=True).item() == 1.5
    assert as_tensor(np.array([[True]])).item() is True
    assert type(as_tensor(np.array([3])).item()) is int
    assert as_tensor(np.zeros((2, 0))).tolist() == [[], []]
    assert as_tensor(np.array([1.5], ml_dtypes.bfloat16)).tolist() == [1.5]
    with pytest.raises(ShapeError, match=r"expected one element; found shape \(2,\)"):
        as_tensor(np.zeros(2)).item()


def test_repr():
    tensor = as_tensor(np.array([1, 2]))
    assert repr(tensor) == "Tensor([1, 2], shape=(2,), dtype=int64)"
    large = Tensor.empty((2, 100), "bfloat16")
    assert repr(large) == "Tensor(shape=(2, 100), dtype=bfloat16)"
    assert "read_only=True" in repr(as_tensor(np.broadcast_to(np.zeros(1), (30,))))


class HasDLPack:
    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0

    def __dlpack__(self, **arguments: Any) -> Any:
        return np.arange(3.0).__dlpack__()


def test_as_tensor():
    tensor = Tensor.empty((2,), "float32")
    assert as_tensor(tensor) is tensor
    assert as_tensor(np.zeros(2), dtype="float64").dtype == "float64"
    assert as_tensor(HasDLPack()).tolist() == [0, 1, 2]
    with pytest.raises(DTypeError, match="expected float32; found float64: convert it first"):
        as_tensor(np.zeros(2), dtype="float32")


@pytest.mark.parametrize("value", [1, 1.5, True, [1, 2], (1, 2), np.float32(1)])
def test_numbers_only_where_asked(value: Any):
    with pytest.raises(DTypeError, match=r"found a \w+: wrap it with numpy\.asarray"):
        as_tensor(value)
    tensor = as_tensor(value, allow_scalars=True, dtype="float32")
    assert tensor.dtype == "float32"
    np.testing.assert_array_equal(tensor.numpy(), value)


@pytest.mark.parametrize("value", ["text", None, {1: 2}, object()])
def test_no_tensor(value: Any):
    with pytest.raises(DTypeError, match="expected a Tensor, a NumPy array or an object"):
        as_tensor(value)


@pytest.mark.parametrize("value", [[[1], [1, 2]], 300])
def test_no_tensor_in_these_numbers(value: Any):
    with pytest.raises(ArgumentError, match="cannot make a tensor"):
        as_tensor(value, allow_scalars=True, dtype="uint8")


def test_strings_in_lists():
    with pytest.raises(DTypeError, match="no data type"):
        as_tensor(["text"], allow_scalars=True)
