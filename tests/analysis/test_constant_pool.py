"""Which constants of a program are one."""

import numpy as np

from tyrex.analysis.constant_pool import SMALL_BYTES, ConstantPool
from tyrex.dialects import dtypes
from tyrex.dialects.relax import ConstantAttr


def constant(array: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> ConstantAttr:
    return ConstantAttr.of(array, dtypes.from_numpy(array.dtype))


def test_equal_small_constants_are_one() -> None:
    pool = ConstantPool()
    ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
    found = [pool.position(constant(a)) for a in (ones, zeros, ones.copy(), ones.reshape(2, 2))]
    assert found == [0, 1, 0, 2]
    assert [c.array.shape for c in pool.constants] == [(4,), (4,), (2, 2)]


def test_large_constants_are_one_where_they_are_one_array() -> None:
    pool = ConstantPool()
    large = np.zeros(SMALL_BYTES, np.float32)
    first, again = constant(large), constant(large)
    assert first.array is again.array
    assert [pool.position(c) for c in (first, again, constant(large.copy()))] == [0, 0, 1]
