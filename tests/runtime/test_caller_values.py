"""Calls into buffers and at changing shapes: the quick way is the careful one's equal."""

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.runtime.errors import TyrexError
from tyrex.runtime.executable import Executable
from tyrex.runtime.tensor import Tensor

X = np.arange(6, dtype=np.float32).reshape(2, 3)
Y = X + 1
SIZES = [(n, m) for n in (0, 1, 2, 3, 7) for m in (0, 1, 5)]

STATIC = """relax.func @main(%x: T, %y: T) -> (T, T)
    attributes {input_names = ["x", "y"], output_names = ["s", "d"]} {
  %s = relax.add %x, %y : (T, T) -> T
  %d = relax.subtract %x, %y : (T, T) -> T
  relax.return %s, %d : T, T
}
""".replace("T", "!relax.tensor<[2, 3], f32>")

_JOINED = """relax.func @main<n, m>(%x: X, %y: Y) -> (X, J)
    attributes {input_names = ["x", "y"], output_names = ["t", "j"]} {
  %t = relax.neg %x : (X) -> X
  %j = relax.concat %x, %y {axis = 0} : (X, Y) -> J
  relax.return %t, %j : X, J
}
""".replace("X", "!relax.tensor<[n, 3], f32>").replace("Y", "!relax.tensor<[m, 3], f32>")
JOINED = _JOINED.replace("J", "!relax.tensor<[n + m, 3], f32>")


@pytest.fixture(scope="module")
def modes() -> list[Executable]:
    return [tyrex.compile(STATIC, exec_mode=m, threads=1) for m in ("compiled", "bytecode")]


@pytest.fixture(scope="module")
def joined() -> Executable:
    exe = tyrex.compile(JOINED, threads=1)
    assert exe.exec_mode == "compiled"
    return exe


def new(shape: tuple[int, ...] = (2, 3), dtype: str = "float32") -> NDArray[Any]:
    return np.full(shape, 77, dtype)


def read_only() -> NDArray[Any]:
    array = new()
    array.flags.writeable = False
    return array


def both_halves() -> tuple[NDArray[Any], NDArray[Any]]:
    block = new((3, 3))
    return block[:2], block[1:]


Buffers = Callable[[], Any]
BUFFERS: dict[str, Buffers] = {
    "arrays": lambda: [new(), new()],
    "a tuple": lambda: (new(), new()),
    "by name": lambda: {"s": new(), "d": new()},
    "one of them": lambda: {"d": new()},
    "none of them": dict,
    "nothing for one": lambda: [None, new()],
    "nothing at all": lambda: None,
    "tensors": lambda: [Tensor.from_numpy(new()), Tensor.from_numpy(new())],
    "mixed": lambda: {"s": Tensor.from_numpy(new()), "d": new()},
    "halves": lambda: tuple(new((4, 3)).reshape(2, 2, 3)),
    "too few": lambda: [new()],
    "too many": lambda: [new(), new(), new()],
    "another name": lambda: {"s": new(), "q": new()},
    "read-only": lambda: [read_only(), new()],
    "read-only tensor": lambda: [new(), Tensor.from_numpy(read_only())],
    "another type": lambda: [new(dtype="int32"), new()],
    "another shape": lambda: [new(), new((3, 2))],
    "another rank": lambda: [new((6,)), new()],
    "columns first": lambda: [np.asfortranarray(new()), new()],
    "every other": lambda: [new((4, 6))[::2, ::2], new()],
    "one twice": lambda: [(array := new()), array],
    "overlapping": both_halves,
    "an input": lambda: [X, new()],
    "an input's tensor": lambda: [new(), Tensor.from_numpy(Y)],
    "numbers": lambda: [1.0, 2.0],
    "lists": lambda: [X.tolist(), None],
    "text": lambda: "sd",
}


def outcome(exe: Executable, inputs: Any, out: Any) -> Any:
    """Return the results and what the buffers hold, or the error."""
    try:
        found = exe.run(inputs, out)
    except TyrexError as error:
        return type(error).__name__, str(error)
    values: Any = out.values() if hasattr(out, "values") else out or ()
    buffers: list[Any] = list(values)
    held = [None if b is None else np.array(b).tolist() for b in buffers]
    return [np.array(tensor).tolist() for tensor in found], held


@pytest.mark.parametrize("name", BUFFERS)
def test_buffers_are_taken_or_refused_as_by_bytecode(name: str, modes: list[Executable]) -> None:
    x, y = X.copy(), Y.copy()
    found = [outcome(exe, {"x": X, "y": Y}, BUFFERS[name]()) for exe in modes]
    assert found[0] == found[1]
    np.testing.assert_array_equal((X, Y), (x, y))


@pytest.mark.parametrize(
    "inputs", [[X, Y], (X, Y), {"y": Y, "x": X}, [X], [X, Y, X], {"x": X}, {"x": X, "z": Y}, 3]
)
def test_inputs_are_taken_or_refused_as_by_bytecode(inputs: Any, modes: list[Executable]) -> None:
    found = [outcome(exe, inputs, [new(), new()]) for exe in modes]
    assert found[0] == found[1]


def test_results_are_the_buffers(modes: list[Executable]) -> None:
    for exe in modes:
        s, d = Tensor.from_numpy(new()), new()
        found = exe.run([X, Y], out=[s, d])
        assert found[0] is s
        assert isinstance(found[1], Tensor)
        assert np.shares_memory(found[1].numpy(), d)
        np.testing.assert_array_equal(d, X - Y)
        del d
        gc.collect()
        np.testing.assert_array_equal(found[1].numpy(), X - Y)


def test_shapes_that_come_again_and_new_ones(joined: Executable) -> None:
    rng = np.random.default_rng(0)
    for i in range(200):
        n, m = SIZES[rng.integers(len(SIZES))] if i % 3 else SIZES[2]
        x, y = (rng.standard_normal((k, 3)).astype(np.float32) for k in (n, m))
        if i % 2:
            t, j = joined(x, Tensor.from_numpy(y))
        else:
            out = new((n, 3)), new((n + m, 3))
            t, j = joined.run([x, y], out=out)
            np.testing.assert_array_equal(out[1], j.numpy())
        np.testing.assert_array_equal(t.numpy(), -x)
        np.testing.assert_array_equal(j.numpy(), np.concatenate([x, y]))


def test_shapes_that_are_known_are_checked_again(joined: Executable) -> None:
    x, y = X, Y[:1]
    expected = joined(x, y)[1].numpy()
    for wrong in ([x, y[:, :2]], [x[0], y], [x.astype(np.float64), y], [x, y.T]):
        with pytest.raises(TyrexError):
            joined(*wrong)
    for out in ([new(), new((2, 3))], [new((3, 3)), new((3, 3))], [X, new((3, 3))]):
        with pytest.raises(TyrexError):
            joined.run([x, y], out=out)
    np.testing.assert_array_equal(joined(x, y)[1].numpy(), expected)


def test_calls_keep_nothing(modes: list[Executable], joined: Executable) -> None:
    x, out, tensor = X.copy(), new(), Tensor.from_numpy(new())
    sizes = [new((k, 3)) for k in range(12)]
    wide = new((12, 3))
    watched: list[Any] = [x, out, tensor, tensor.shape, tensor.dtype, *sizes]

    def calls(count: int) -> None:
        for i in range(count):
            modes[0].run([x, x], out=[out, tensor])
            modes[0].run({"x": x, "y": x}, out={"s": out})
            outcome(modes[0], [x, x], [x, out])
            outcome(modes[0], [x, x], [out, out])
            joined(sizes[i % 12], x)
            joined.run([sizes[i % 12], x[:0]], out=[None, wide[: i % 12]])

    calls(24)
    gc.collect()
    before, blocks = [sys.getrefcount(v) for v in watched], sys.getallocatedblocks()
    calls(600)
    gc.collect()
    assert [sys.getrefcount(v) for v in watched] == before
    assert abs(sys.getallocatedblocks() - blocks) < 200
