import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from tyrex.runtime import Tensor, make_allocator
from tyrex.runtime.dtype import ALL, DType
from tyrex.runtime.errors import ArgumentError, DTypeError

EXCHANGED_BY_NUMPY = [d for d in ALL if not d.is_extension]
EXCHANGED = [d for d in ALL if d.bits >= 8]


class Producer:
    """An object with `__dlpack__` of another library; forwards to `source`."""

    def __init__(self, source: Any, device: tuple[int, int] = (1, 0)):
        self.source = source
        self.device = device

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **arguments: Any) -> Any:
        return self.source.__dlpack__(**arguments)


class OldProducer:
    """One written before DLPack 1."""

    def __init__(self, source: Tensor):
        self.source = source

    def __dlpack__(self, stream: None = None) -> Any:
        return self.source.__dlpack__()


@pytest.mark.parametrize("dtype", EXCHANGED_BY_NUMPY)
def test_numpy_round_trip_shares_memory(dtype: DType):
    array = np.arange(6).reshape(2, 3).astype(dtype.to_numpy())
    tensor = Tensor.from_dlpack(array)
    assert (tensor.shape, tensor.dtype, tensor.data) == ((2, 3), dtype, array.ctypes.data)
    back = np.from_dlpack(tensor)
    assert back.ctypes.data == array.ctypes.data
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype", EXCHANGED)
def test_every_type_round_trips_between_tensors(dtype: DType):
    tensor = Tensor.empty((2, 3), dtype)
    back = Tensor.from_dlpack(tensor)
    assert (back.data, back.dtype, back.shape) == (tensor.data, dtype, (2, 3))


def test_old_producers_and_consumers():
    tensor = Tensor.empty((3,), "bfloat16")
    back = Tensor.from_dlpack(OldProducer(tensor))
    assert (back.data, back.dtype, back.read_only) == (tensor.data, "bfloat16", False)


def test_a_bare_capsule_is_used_once():
    tensor = Tensor.empty((3,), "float32")
    capsule = tensor.__dlpack__(max_version=(1, 0))
    assert Tensor.from_dlpack(capsule).data == tensor.data
    with pytest.raises(ArgumentError, match="unused DLPack tensor"):
        Tensor.from_dlpack(capsule)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1)])
def test_scalars_and_empty_tensors(shape: tuple[int, ...]):
    tensor = Tensor.empty(shape, "float32")
    array = np.from_dlpack(tensor)
    assert array.shape == shape
    assert Tensor.from_dlpack(array).shape == shape
    assert Tensor.from_dlpack(array).is_contiguous


def test_read_only_is_kept():
    array = np.arange(4)
    array.flags.writeable = False
    tensor = Tensor.from_numpy(array)
    assert tensor.read_only
    back = np.from_dlpack(tensor)
    assert not back.flags.writeable
    assert Tensor.from_dlpack(tensor).read_only
    with pytest.raises(BufferError, match="cannot say read-only"):
        tensor.__dlpack__()
    copied = Tensor.from_dlpack(tensor.__dlpack__(copy=True))
    assert copied.data != tensor.data
    assert not copied.read_only


def test_strides_are_kept():
    array = np.arange(12).reshape(3, 4)[::2, ::-1]
    tensor = Tensor.from_dlpack(array)
    assert (tensor.strides, tensor.is_contiguous) == ((8, -1), False)
    np.testing.assert_array_equal(np.from_dlpack(tensor), array)


def test_float8_needs_version_1_1():
    tensor = Tensor.empty((2,), "float8_e5m2")
    with pytest.raises(BufferError, match=r"before version 1\.1"):
        tensor.__dlpack__(max_version=(1, 0))
    with pytest.raises(BufferError, match="int4"):
        Tensor.empty((2,), "int4").__dlpack__(max_version=(1, 1))


def test_refused_arguments():
    tensor = Tensor.empty((2,), "float32")
    stream: Any = 1
    with pytest.raises(ArgumentError, match="no streams"):
        tensor.__dlpack__(stream=stream)
    with pytest.raises(BufferError, match="device"):
        tensor.__dlpack__(dl_device=(2, 0))
    assert tensor.__dlpack_device__() == (1, 0)
    assert Tensor.from_dlpack(tensor.__dlpack__(dl_device=(1, 0), copy=False)).data == tensor.data


def test_refused_sources():
    with pytest.raises(ArgumentError, match=r"expected memory of the CPU; found .*\(2, 0\)"):
        Tensor.from_dlpack(Producer(np.zeros(2), device=(2, 0)))
    with pytest.raises(DTypeError, match="no data type for DLPack's code 5"):
        Tensor.from_dlpack(np.zeros(2, np.complex64))
    with pytest.raises(DTypeError, match="expected an object with __dlpack__; found list"):
        Tensor.from_dlpack([1, 2])


def test_a_refused_tensor_is_given_back():
    array = np.zeros(2, np.complex64)
    alive = weakref.ref(array)
    with pytest.raises(DTypeError):
        Tensor.from_dlpack(array)
    del array
    gc.collect()
    assert alive() is None


def test_consumers_keep_the_memory_alive():
    allocator = make_allocator("naive")
    array = np.from_dlpack(Tensor.empty((100,), "float32", allocator))
    assert allocator.stats().in_use_bytes == 448
    array[:] = 1
    view = array[10:20]
    del array
    assert allocator.stats().in_use_bytes == 448
    assert view.sum() == 10
    del view
    assert allocator.stats().in_use_bytes == 0


def test_unused_capsules_give_back():
    allocator = make_allocator("naive")
    tensor = Tensor.empty((100,), "float32", allocator)
    capsules = [tensor.__dlpack__(), tensor.__dlpack__(max_version=(1, 0))]
    del tensor
    assert allocator.stats().in_use_bytes == 448
    capsules.clear()
    assert allocator.stats().in_use_bytes == 0


def test_imported_memory_is_given_back():
    array = np.zeros(100, np.float32)
    alive = weakref.ref(array)
    tensor = Tensor.from_dlpack(array)
    part = tensor.view((10,), byte_offset=40)
    del array, tensor
    gc.collect()
    assert alive() is not None
    del part
    gc.collect()
    assert alive() is None


def test_dropped_in_another_thread():
    allocator = make_allocator("naive")
    arrays = [np.from_dlpack(Tensor.empty((8,), "float32", allocator)) for _ in range(100)]
    thread = threading.Thread(target=arrays.clear)
    thread.start()
    thread.join()
    assert allocator.stats().in_use_bytes == 0


def test_exchange_leaks_nothing():
    allocator = make_allocator("pooled")
    for _ in range(200):
        Tensor.from_dlpack(np.from_dlpack(Tensor.empty((8,), "float32", allocator)))
    stats = allocator.stats()
    assert stats.in_use_bytes == 0
    assert stats.num_system_allocations <= 2
