"""Programs of symbolic shapes, compiled once and run at many: natively and in the interpreter."""

import shutil
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters import relax as relax_interpreter
from tyrex.runtime.bytecode import TensorSpec
from tyrex.runtime.dims import SymbolicDim
from tyrex.runtime.errors import ArgumentError, ShapeError

Array = NDArray[Any]
MODES = ("bytecode", "compiled")


def t(*dims: object, dtype: str = "f32") -> str:
    """Return a tensor type."""
    return f"!relax.tensor<[{', '.join(map(str, dims))}], {dtype}>"


PLAIN = "{transpose_a = false, transpose_b = false}"
TRANSPOSED = "{transpose_a = false, transpose_b = true}"
STRIDED = (
    "{strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,"
    " groups = 1 : i64}"
)
IMAGE = t("b", 8, "(h + 1) floordiv 2", "(w + 1) floordiv 2")
X, Y, NM = t("n", 24), t("m", 24), t("n + m", 24)

PROGRAMS = {
    "elementwise": f"""relax.func @main<n>(%x: {X}, %y: {X}) -> ({X}) {{
  %a = relax.add %x, %y : ({X}, {X}) -> {X}
  %b = relax.tanh %a : ({X}) -> {X}
  relax.return %b : {X}
}}""",
    "chain": f"""relax.func @main<n>(%x: {X}) -> ({X}) {{
  %a = relax.softmax %x {{axis = 1}} : ({X}) -> {X}
  %b = relax.softmax %a {{axis = 0}} : ({X}) -> {X}
  %c = relax.add %a, %b : ({X}, {X}) -> {X}
  %d = relax.softmax %c {{axis = 1}} : ({X}) -> {X}
  relax.return %d : {X}
}}""",
    "lengths": f"""relax.func @main<b, n>(%x: {t("b", 3, "n")}) -> ({t("b", 3, "n")}) {{
  %a = relax.softmax %x {{axis = 2}} : ({t("b", 3, "n")}) -> {t("b", 3, "n")}
  %b = relax.softmax %a {{axis = 1}} : ({t("b", 3, "n")}) -> {t("b", 3, "n")}
  relax.return %b : {t("b", 3, "n")}
}}""",
    "concat": f"""relax.func @main<n, m>(%x: {X}, %y: {Y}) -> ({NM}, {t("n * 24")}) {{
  %a = relax.concat %x, %y {{axis = 0}} : ({X}, {Y}) -> {NM}
  %b = relax.softmax %a {{axis = 1}} : ({NM}) -> {NM}
  %c = relax.reshape %x {{shape = #relax.dims<[n * 24]>}} : ({X}) -> {t("n * 24")}
  %d = relax.neg %c : ({t("n * 24")}) -> {t("n * 24")}
  relax.return %b, %d : {NM}, {t("n * 24")}
}}""",
    "matmul": f"""relax.func @main<n, k>(%x: {t("n", "k")}, %y: {t("k", 20)}) -> ({t("n", 20)}) {{
  %a = relax.matmul %x, %y {PLAIN} : ({t("n", "k")}, {t("k", 20)}) -> {t("n", 20)}
  %b = relax.relu %a : ({t("n", 20)}) -> {t("n", 20)}
  relax.return %b : {t("n", 20)}
}}""",
    "scores": f"""relax.func @main<b, n>(%x: {t("b", "n", 16)}) -> ({t("b", "n", 16)}) {{
  %a = relax.matmul %x, %x {TRANSPOSED}
      : ({t("b", "n", 16)}, {t("b", "n", 16)}) -> {t("b", "n", "n")}
  %s = relax.softmax %a {{axis = 2}} : ({t("b", "n", "n")}) -> {t("b", "n", "n")}
  %r = relax.matmul %s, %x {PLAIN} : ({t("b", "n", "n")}, {t("b", "n", 16)}) -> {t("b", "n", 16)}
  relax.return %r : {t("b", "n", 16)}
}}""",
    "twice": f"""relax.func @main<n>(%x: {t("n * 2", 3)}, %y: {t("n", 6)}) -> ({t("n", 6)}) {{
  %a = relax.reshape %x {{shape = #relax.dims<[n, 6]>}} : ({t("n * 2", 3)}) -> {t("n", 6)}
  %b = relax.multiply %a, %y : ({t("n", 6)}, {t("n", 6)}) -> {t("n", 6)}
  relax.return %b : {t("n", 6)}
}}""",
    "branches": f"""relax.func @main<n>(%c: {t(dtype="i1")}, %x: {X}) -> ({X}) {{
  %r = relax.if %c : {t(dtype="i1")} -> ({X}) {{
    %a = relax.softmax %x {{axis = 0}} : ({X}) -> {X}
    %b = relax.softmax %a {{axis = 1}} : ({X}) -> {X}
    relax.yield %b : {X}
  }} else {{
    relax.yield %x : {X}
  }}
  %s = relax.add %r, %x : ({X}, {X}) -> {X}
  relax.return %s : {X}
}}""",
    "batch": f"""relax.func @main<b>(%x: {t("b", 2, 9, 8, 16)}, %u: {t(16, 2, 2, 16, 16)})
      -> ({t("b", 2, 9, 8, 16)}) {{
  %c = relax.winograd_conv %x, %u {{m = 2, padding = array<i64: 1, 1, 1, 1>}}
      : ({t("b", 2, 9, 8, 16)}, {t(16, 2, 2, 16, 16)}) -> {t("b", 2, 9, 8, 16)}
  %r = relax.relu %c : ({t("b", 2, 9, 8, 16)}) -> {t("b", 2, 9, 8, 16)}
  relax.return %r : {t("b", 2, 9, 8, 16)}
}}""",
    "images": f"""relax.func @main<b, h, w>(%x: {t("b", 3, "h", "w")}, %k: {t(8, 3, 3, 3)})
      -> ({IMAGE}) {{
  %c = relax.conv %x, %k {STRIDED} : ({t("b", 3, "h", "w")}, {t(8, 3, 3, 3)}) -> {IMAGE}
  relax.return %c : {IMAGE}
}}""",
    "calls": f"""relax.func @half<k>(%x: {t("k", 4)}) -> ({t("k", 4)}) {{
  %a = relax.softmax %x {{axis = 1}} : ({t("k", 4)}) -> {t("k", 4)}
  %b = relax.softmax %a {{axis = 0}} : ({t("k", 4)}) -> {t("k", 4)}
  relax.return %b : {t("k", 4)}
}}
relax.func @main<n>(%x: {t("n", 4)}, %y: {t("n * 3", 4)}) -> ({t("n", 4)}, {t("n * 3", 4)}) {{
  %a = relax.call @half(%x) : ({t("n", 4)}) -> {t("n", 4)}
  %b = relax.call @half(%y) : ({t("n * 3", 4)}) -> {t("n * 3", 4)}
  relax.return %a, %b : {t("n", 4)}, {t("n * 3", 4)}
}}""",
}
SIZES = (0, 1, 2, 3, 7, 16, 17, 33, 50)


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def program(request: pytest.FixtureRequest) -> Any:
    """A program's name, its text, and its executables."""
    text = PROGRAMS[request.param]
    exes = [tyrex.compile(text, exec_mode=mode) for mode in MODES]
    assert [exe.exec_mode for exe in exes] == list(MODES)
    return request.param, text, exes


def inputs_of(exe: Any, sizes: dict[str, int], rng: np.random.Generator) -> list[Array]:
    """Return random arguments of the shapes that the symbols' values make."""
    found: list[Array] = []
    for _, spec in exe.signature.inputs:
        assert isinstance(spec, TensorSpec)
        shape = spec.shape_at(sizes)
        if spec.dtype == "bool":
            found.append(np.array(rng.integers(2), bool).reshape(shape))
        else:
            found.append(rng.standard_normal(shape).astype(np.float32))
    return found


def symbols_of(exe: Any) -> list[str]:
    dims = [dim for _, spec in exe.signature.inputs for dim in spec.shape]
    found = [name for dim in dims if isinstance(dim, SymbolicDim) for name in dim.symbols]
    return list(dict.fromkeys(found))


def as_list(results: Any) -> list[Array]:
    several = cast(tuple[Any, ...], results if isinstance(results, tuple) else (results,))
    return [np.asarray(value) for value in several]


@pytest.mark.parametrize("seed", range(20))
def test_every_shape(program: Any, seed: int) -> None:
    _, text, exes = program
    rng = np.random.default_rng(seed)
    symbols = symbols_of(exes[0])
    # The first calls are of all zeros, then all ones.
    sizes = {s: SIZES[seed] if seed < 2 else int(rng.choice(SIZES)) for s in symbols}
    args = inputs_of(exes[0], sizes, rng)
    expected = relax_interpreter.run(parse_module(compiler_context(), text), "main", args)
    for exe in exes:
        for found, wanted in zip(as_list(exe(*args)), expected, strict=True):
            assert found.shape == wanted.shape
            largest = np.abs(wanted).max(initial=1)
            np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6 * largest)


@pytest.mark.parametrize("mode", MODES)
def test_memory_does_not_grow(mode: str) -> None:
    exe: Any = tyrex.compile(PROGRAMS["scores"], exec_mode=mode)
    rng = np.random.default_rng(0)
    allocator = exe.machine.allocator if mode == "bytecode" else exe._native._allocator

    def run(calls: int) -> int:
        for _ in range(calls):
            shape = int(rng.integers(0, 5)), int(rng.integers(0, 40)), 16
            exe(np.zeros(shape, np.float32))
        return allocator.stats().num_system_allocations

    warm = run(400)
    assert run(1000) <= warm + 8
    assert allocator.stats().in_use_bytes < 1 << 20


@pytest.mark.parametrize("mode", MODES)
def test_shapes_that_do_not_fit(mode: str) -> None:
    exe = tyrex.compile(PROGRAMS["twice"], exec_mode=mode)
    zeros = np.zeros
    with pytest.raises(ShapeError) as caught:
        exe(zeros((5, 3), np.float32), zeros((2, 6), np.float32))
    assert str(caught.value) == (
        "main: argument 'x': expected n * 2 = 4 in dimension 0, where n = 2 (main: argument 'y',"
        " dimension 0); found 5"
    )
    with pytest.raises(ShapeError, match="expected 6 in dimension 1, float32"):
        exe(zeros((4, 3), np.float32), zeros((2, 5), np.float32))
    with pytest.raises(ShapeError, match=r"out\['output0'\]: expected shape \(2, 6\); found"):
        exe.run(
            [zeros((4, 3), np.float32), zeros((2, 6), np.float32)],
            out=[zeros((3, 6), np.float32)],
        )
    y = zeros((2, 6), np.float32)
    exe.run([np.ones((4, 3), np.float32), np.ones((2, 6), np.float32)], out=[y])
    assert (y == 1).all()


@pytest.mark.parametrize("mode", MODES)
def test_sizes_beyond_addresses(mode: str) -> None:
    # What comes in is small; what it leads to is not.
    sides = [t("a", 0), t(0, "b")]
    text = f"""relax.func @main<a, b>(%x: {sides[0]}, %y: {sides[1]}) -> ({t("a", "b")}) {{
  %r = relax.matmul %x, %y {PLAIN} : ({", ".join(sides)}) -> {t("a", "b")}
  relax.return %r : {t("a", "b")}
}}"""
    exe = tyrex.compile(text, exec_mode=mode)
    huge = 2**32
    with pytest.raises(ShapeError, match=r"bytes of memory \(a = 4294967296, b = "):
        exe(np.zeros((huge, 0), np.float32), np.zeros((0, huge), np.float32))
    assert np.asarray(exe(np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32))).sum() == 0


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")
def test_an_exported_program_gives_the_same_bits(program: Any, tmp_path: Path) -> None:
    _, _, exes = program
    exe = exes[MODES.index("compiled")]
    rng = np.random.default_rng(0)
    with tyrex.load_module(exe.export_library(tmp_path / "m.so")) as module:
        assert str(module.signature) == str(exe.signature)
        for _ in range(5):
            sizes = {name: int(rng.choice(SIZES)) for name in symbols_of(exe)}
            inputs = inputs_of(exe, sizes, rng)
            for found, expected in zip(
                as_list(module(*inputs)), as_list(exe(*inputs)), strict=True
            ):
                np.testing.assert_array_equal(found, expected)


# -- shapes that data decide ---------------------------------------------------------------------

BOOL, INT = t(dtype="i1"), t(dtype="i64")
PAIRS = t(2, "s", dtype="i64")

FOUND = f"""relax.func @main<n, m>(%x: {t("n", "m")}) -> ({PAIRS}, {PAIRS}) {{
  %p = relax.relu %x : ({t("n", "m")}) -> {t("n", "m")}
  %y = relax.non_zero %p {{new_symbols = ["s"]}} : ({t("n", "m")}) -> {PAIRS}
  %z = relax.add %y, %y : ({PAIRS}, {PAIRS}) -> {PAIRS}
  relax.return %y, %z : {PAIRS}, {PAIRS}
}}"""

EITHER = f"""relax.func @main<n, m>(%c: {BOOL}, %x: {t("n")}, %y: {t("m")}) -> ({t("k")}) {{
  %r = relax.if %c : {BOOL} -> ({t("?")}) {{
    %a = relax.relu %x : ({t("n")}) -> {t("n")}
    relax.yield %a : {t("n")}
  }} else {{
    %b = relax.concat %y, %x {{axis = 0}} : ({t("m")}, {t("n")}) -> {t("m + n")}
    relax.yield %b : {t("m + n")}
  }}
  %q = relax.match_cast %r {{new_symbols = ["k"]}} : {t("?")} -> {t("k")}
  %z = relax.add %q, %q : ({t("k")}, {t("k")}) -> {t("k")}
  relax.return %z : {t("k")}
}}"""

GROWING = f"""relax.func @main<n>(%x: {t("n")}, %limit: {INT}) -> ({t("k")}) {{
  %one = relax.constant <[], i64, [1]> : {INT}
  %zero = relax.constant <[], i64, [0]> : {INT}
  %r, %i = relax.while %x, %zero : ({t("n")}, {INT}) -> ({t("?")}, {INT}) {{
  ^bb0(%a: {t("?")}, %j: {INT}):
    %go = relax.less %j, %limit : ({INT}, {INT}) -> {BOOL}
    relax.yield %go : {BOOL}
  }} do {{
  ^bb1(%a: {t("?")}, %j: {INT}):
    %s = relax.match_cast %a {{new_symbols = ["s"]}} : {t("?")} -> {t("s")}
    %d = relax.concat %s, %s {{axis = 0}} : ({t("s")}, {t("s")}) -> {t("s * 2")}
    %e = relax.neg %d : ({t("s * 2")}) -> {t("s * 2")}
    %jj = relax.add %j, %one : ({INT}, {INT}) -> {INT}
    relax.yield %e, %jj : {t("s * 2")}, {INT}
  }}
  %q = relax.match_cast %r {{new_symbols = ["k"]}} : {t("?")} -> {t("k")}
  %z = relax.add %q, %q : ({t("k")}, {t("k")}) -> {t("k")}
  relax.return %z : {t("k")}
}}"""


@pytest.mark.parametrize("mode", MODES)
def test_what_is_found_has_its_own_size(mode: str) -> None:
    exe = tyrex.compile(FOUND, exec_mode=mode)
    assert exe.exec_mode == mode
    rng = np.random.default_rng(0)
    for shape in ((0, 3), (1, 1), (5, 7), (20, 30), (5, 7)):
        x = rng.standard_normal(shape).astype(np.float32)
        found, twice = exe(x)
        expected = np.argwhere(x > 0).T
        np.testing.assert_array_equal(np.asarray(found), expected)
        np.testing.assert_array_equal(np.asarray(twice), 2 * expected)


@pytest.mark.parametrize("mode", MODES)
def test_branches_of_other_sizes(mode: str) -> None:
    exe = tyrex.compile(EITHER, exec_mode=mode)
    assert exe.exec_mode == mode
    rng = np.random.default_rng(0)
    for n, m in ((0, 1), (5, 2), (3, 3), (40, 1)):
        x, y = (rng.standard_normal(size).astype(np.float32) for size in (n, m))
        for condition in (True, False, True):
            expected = np.maximum(x, 0) if condition else np.concatenate([y, x])
            np.testing.assert_array_equal(np.asarray(exe(np.array(condition), x, y)), 2 * expected)


@pytest.mark.parametrize("mode", MODES)
def test_a_loop_whose_tensor_grows(mode: str) -> None:
    exe = tyrex.compile(GROWING, exec_mode=mode)
    assert exe.exec_mode == mode
    rng = np.random.default_rng(0)
    for n, limit in ((1, 0), (3, 4), (5, 2), (0, 3), (2, 5)):
        x = rng.standard_normal(n).astype(np.float32)
        expected = x
        for _ in range(limit):
            expected = -np.concatenate([expected, expected])
        np.testing.assert_array_equal(np.asarray(exe(x, np.array(limit))), 2 * expected)


NEGATED = (
    GROWING.replace("relax.concat %s, %s {axis = 0}", "relax.add %s, %s")
    .replace(f"({t('s')}, {t('s')}) -> {t('s * 2')}", f"({t('s')}, {t('s')}) -> {t('s')}")
    .replace(t("s * 2"), t("s"))
)


@pytest.mark.parametrize("mode", MODES)
def test_a_loop_leaves_what_it_began_with(mode: str) -> None:
    """A tensor of unknown size is handed on: the first one is the caller's."""
    exe = tyrex.compile(NEGATED, exec_mode=mode)
    x = np.arange(4, dtype=np.float32)
    given = x.copy()
    np.testing.assert_array_equal(np.asarray(exe(given, np.array(3))), -16 * x)
    np.testing.assert_array_equal(given, x)


# -- ranges of sizes -----------------------------------------------------------------------------


def bounded(bounds: str) -> str:
    return f"""relax.func @main<n>(%x: {X}) -> ({X}) attributes {{symbol_bounds = {bounds}}} {{
  %a = relax.softmax %x {{axis = 0}} : ({X}) -> {X}
  %b = relax.softmax %a {{axis = 1}} : ({X}) -> {X}
  %c = relax.softmax %b {{axis = 0}} : ({X}) -> {X}
  relax.return %c : {X}
}}"""


@pytest.mark.parametrize("mode", MODES)
def test_sizes_out_of_range(mode: str) -> None:
    exe = tyrex.compile(bounded("array<i64: 2, 8>"), exec_mode=mode)
    assert exe.stats()["arena_bytes"] > 0, "planned for the largest size"
    assert np.asarray(exe(np.ones((8, 24), np.float32))).shape == (8, 24)
    for size in (1, 9):
        with pytest.raises(ShapeError, match=f"dimension 0: expected n in 2 to 8; found {size}"):
            exe(np.ones((size, 24), np.float32))


def test_ranges_of_named_dims() -> None:
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    infos = [value(name, onnx.TensorProto.FLOAT, ["batch", 3]) for name in "xy"]
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", infos[:1], infos[1:]))
    for sizes in ((1, 4), range(1, 5)):
        exe = tyrex.compile(model, dims={"batch": sizes})
        assert [str(s) for s in exe.program.functions[0].symbols] == ["batch in 1 to 4"]
        with pytest.raises(ShapeError, match="expected batch in 1 to 4; found 5"):
            exe(np.ones((5, 3), np.float32))
    for wrong in ((4, 1), (1, 2, 3), (-1, 2), range(3, 3), "4"):
        with pytest.raises(ArgumentError, match="dims: "):
            tyrex.compile(model, dims={"batch": cast(int, wrong)})


def network(rng: np.random.Generator) -> onnx.ModelProto:
    """Return a model of convolutions that channels in blocks suit; its images are of any size."""
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    shapes = {"c0": (16, 3, 3, 3), "c1": (16, 1, 5, 5), "c2": (48, 16, 1, 1), "c3": (40, 48, 3, 3)}

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(onnx.helper.make_node(kind, inputs, [output], **attributes))
        return output

    value = "x"
    for name, shape in shapes.items():
        weight = (rng.standard_normal(shape) / np.prod(shape[1:]) ** 0.5).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(weight, f"w{name}"))
        step, pad = 2 if name == "c1" else 1, shape[2] // 2
        value = node(
            "Conv",
            [value, f"w{name}"],
            name,
            strides=[step] * 2,
            pads=[pad] * 4,
            group=16 if name == "c1" else 1,
        )
        value = node("Relu", [value], f"r{name}") if name != "c2" else value
        if name == "c2":
            pool = node("GlobalAveragePool", [value], "mean")
            scaled = node("Mul", [value, node("Sigmoid", [pool], "gate")], "scaled")
            value = node("Add", [value, scaled], "sum")
    small = node("Conv", [value, "wc4"], "c4", strides=[2, 2])
    weights.append(onnx.numpy_helper.from_array(np.ones((32, 40, 1, 1), np.float32), "wc4"))
    weights.append(onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"))
    resized = node(
        "Resize", [small, "", "scales"], "large", mode="nearest",
        coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    )  # fmt: skip
    value = node("Relu", [resized], "repeated")
    node("MaxPool", [value], "y", kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4)
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 3, "h", "w"])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 32, "a", "b"])
    graph = onnx.helper.make_graph(nodes, "network", [x], [y], weights)
    opset = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)


def test_images_of_any_size_in_blocks() -> None:
    rng = np.random.default_rng(0)
    model = network(rng)
    exe = tyrex.compile(model, threads=1)
    graph = tyrex.compile(model, opt_level=0, threads=1)
    assert exe.exec_mode == "compiled"
    kernels = str(tyrex.compile_to(model, "kernels"))
    assert "blocked_conv" in kernels
    assert "winograd_conv" in kernels
    sizes = (1, 2, 3, 5, 13, 16, 27, 29, 40)
    for i in range(24):
        n, h, w = 1 + i % 3 // 2, *map(int, rng.choice(sizes, 2))
        x = rng.standard_normal((n, 3, h, w)).astype(np.float32)
        expected = np.asarray(graph(x))
        np.testing.assert_allclose(np.asarray(exe(x)), expected, rtol=1e-4, atol=1e-5)


def test_a_profile_counts_the_arithmetic_of_each_shape() -> None:
    exe = tyrex.compile(PROGRAMS["matmul"], cache=False)
    for n, k in [(2, 3), (5, 7)]:
        x, y = np.ones((n, k), np.float32), np.ones((k, 20), np.float32)
        report = exe.machine.profile("main", x, y)
        products_and_sums, maxima = 2 * n * k * 20, n * 20
        assert sum(call.flops or 0 for call in report.calls) == products_and_sums + maxima
