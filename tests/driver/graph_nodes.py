"""The nodes that random graphs are made of, one function for each kind: see graph_writer.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import GraphProto, helper

from driver.graph_writer import (  # noqa: TID251  # the tests' folder
    Failure,
    Maker,
    Value,
    Writer,
    value_info,
)

UNARY = ("Neg", "Abs", "Relu", "Identity", "Floor")
INEXACT = ("Sigmoid", "Tanh", "Softsign", "HardSwish", "Erf")
BINARY = ("Add", "Sub", "Mul", "Max", "Min")
COMPARISONS = ("Less", "Equal", "GreaterOrEqual")
REDUCTIONS = ("ReduceSum", "ReduceMax", "ReduceMean", "ReduceL1", "ReduceProd")
"""Of version 18, which takes axes as an input."""


def unary(w: Writer) -> object:
    if w.rng.random() < 0.3:
        return w.add(w.rng.choice(INEXACT), [w.float()], is_exact=False)
    return w.add(w.rng.choice(UNARY), [w.float()])


def binary(w: Writer) -> object:
    a = w.number()
    return w.add(w.rng.choice(BINARY), [a, w.pick(a.dtype)])


def compare(w: Writer) -> object:
    return w.add(w.rng.choice(COMPARISONS), [w.float(exact=True), w.float(exact=True)])


def where(w: Writer) -> object:
    return w.add("Where", [w.pick(np.bool_), w.float(), w.float()])


def cast(w: Writer) -> object:
    code = helper.np_dtype_to_tensor_dtype(np.dtype(w.rng.choice((np.float32, np.int64))))
    dtype = w.rng.choice((np.float32, np.int64, np.bool_))
    return w.add("Cast", [w.pick(dtype, exact=True)], to=code)


def matmul(w: Writer) -> object:
    a, b = w.float(1, 2, 3), w.float(1, 2, 3)
    if w.rng.random() < 0.4:
        a = w.add("Transpose", [w.float(2)], perm=[1, 0])[0]
    return w.add("MatMul", [a, b], is_exact=False)


def gemm(w: Writer) -> object:
    flags = {key: w.rng.randrange(2) for key in ("transA", "transB")}
    more = [w.float(0, 1, 2)] if w.rng.random() < 0.5 else []
    return w.add("Gemm", [w.float(2), w.float(2), *more], is_exact=False, **flags)


def conv(w: Writer) -> object:
    x = w.float(4)
    kernel = w.rng.randrange(1, 4)
    weight = w.constant(np.ones((3, max(1, x.runs[0].shape[1]), kernel, 1)) / 4, np.float32)
    pads = [w.rng.randrange(kernel) if i % 2 == 0 else 0 for i in range(4)]
    strides = [w.rng.randrange(1, 3), 1]
    return w.add("Conv", [x, weight], is_exact=False, pads=pads, strides=strides)


def pool(w: Writer) -> object:
    kernel = [w.rng.randrange(1, 3), w.rng.randrange(1, 3)]
    ceil = w.rng.randrange(2)
    op = w.rng.choice(("MaxPool", "AveragePool"))
    return w.add(op, [w.float(4)], kernel_shape=kernel, ceil_mode=ceil, is_exact=op == "MaxPool")


def reduce(w: Writer) -> object:
    x = w.float()
    axes = [w.constant([w.axis(x)])] if x.rank and w.rng.random() < 0.8 else []
    op = w.rng.choice(REDUCTIONS)
    attributes: dict[str, Any] = {"keepdims": w.rng.randrange(2)}
    return w.add(op, [x, *axes], is_exact=op == "ReduceMax", **attributes)


def argmax(w: Writer) -> object:
    x = w.float(exact=True)
    op = w.rng.choice(("ArgMax", "ArgMin"))
    return w.add(op, [x], axis=w.axis(x), keepdims=w.rng.randrange(2))


def softmax(w: Writer) -> object:
    x = w.float()
    return w.add("Softmax", [x], axis=w.axis(x), is_exact=False)


def cumsum(w: Writer) -> object:
    x = w.float()
    flags = {key: w.rng.randrange(2) for key in ("exclusive", "reverse")}
    return w.add("CumSum", [x, w.constant(w.axis(x))], is_exact=False, **flags)


def transpose(w: Writer) -> object:
    x = w.number()
    axes: dict[str, Any] = {}
    if x.rank:
        axes["perm"] = w.rng.sample(range(x.rank), x.rank)
    return w.add("Transpose", [x], **axes)


def reshape(w: Writer) -> object:
    x = w.number()
    parts = [w.constant([w.rng.choice((-1, -1, 0, 1, 2, 4))]) for _ in range(w.rng.randrange(1, 3))]
    if w.rng.random() < 0.6:
        parts.append(w.size())
    w.rng.shuffle(parts)
    return w.add("Reshape", [x, w.add("Concat", parts, axis=0)[0]])


def flatten(w: Writer) -> object:
    x = w.number()
    return w.add("Flatten", [x], axis=w.rng.randrange(x.rank + 1))


def unsqueeze(w: Writer) -> object:
    x = w.number()
    if x.rank > 3:
        raise Failure
    axes = w.constant([w.rng.randrange(-x.rank - 1, x.rank + 1)])
    return w.add(w.rng.choice(("Unsqueeze", "Squeeze")), [x, axes])


def concat(w: Writer) -> object:
    x = w.number()
    others = [w.pick(x.dtype, x.rank) for _ in range(w.rng.randrange(1, 3))]
    return w.add("Concat", [x, *others], axis=w.axis(x))


def split(w: Writer) -> object:
    x = w.number()
    axis = w.axis(x)
    if w.rng.random() < 0.5:
        return w.add("Split", [x], 2, axis=axis, num_outputs=2)
    length = w.add("Shape", [x], start=axis % x.rank, end=axis % x.rank + 1)[0]
    first = w.size()
    rest = w.add("Sub", [length, first])[0]
    return w.add("Split", [x, w.add("Concat", [first, rest], axis=0)[0]], 2, axis=axis)


def slice_(w: Writer) -> object:
    x = w.number()
    axis = w.constant([w.axis(x)])
    start, end = (
        w.constant([w.rng.randrange(-5, 6)]) if w.rng.random() < 0.6 else w.size() for _ in range(2)
    )
    step = w.constant([w.rng.choice((1, 1, 2, -1, -2))])
    return w.add("Slice", [x, start, end, axis, step])


def pad(w: Writer) -> object:
    x = w.float(1, 2, 3)
    counts = [w.rng.randrange(-1, 3) if w.rng.random() < 0.3 else 1 for _ in range(2 * x.rank)]
    mode = w.rng.choice(("constant", "edge", "reflect", "constant"))
    return w.add("Pad", [x, w.constant(counts)], mode=mode)


def tile(w: Writer) -> object:
    x = w.number()
    parts = [w.size() if w.rng.random() < 0.5 else w.constant([1]) for _ in range(x.rank)]
    return w.add("Tile", [x, w.add("Concat", parts, axis=0)[0]])


def expand(w: Writer) -> object:
    x = w.number()
    if w.rng.random() < 0.5:
        return w.add("Expand", [x, w.add("Shape", [w.number()])[0]])
    parts = [w.size() for _ in range(w.rng.randrange(1, 4))]
    return w.add("Expand", [x, w.add("Concat", parts, axis=0)[0]])


def shape(w: Writer) -> object:
    return w.add(w.rng.choice(("Shape", "Size")), [w.number()])


def range_(w: Writer) -> object:
    step = w.constant(w.rng.choice((1, 1, 2, -1)))
    return w.add("Range", [w.scalar(), w.scalar(), step])


def constant_of_shape(w: Writer) -> object:
    parts = [w.size() for _ in range(w.rng.randrange(1, 3))]
    if w.rng.random() < 0.2:
        parts.append(w.add("Sub", [w.size(), w.size()])[0])
    return w.add("ConstantOfShape", [w.add("Concat", parts, axis=0)[0]])


def one_hot(w: Writer) -> object:
    values = w.constant([0, 1], np.float32)
    indices = w.pick(np.int64, 1, 2, exact=True)
    return w.add("OneHot", [indices, w.size(), values], axis=w.rng.choice((-1, 0)))


def gather(w: Writer) -> object:
    x = w.number()
    indices = w.pick(np.int64, 0, 1, exact=True)
    return w.add("Gather", [x, indices], axis=w.axis(x))


def gather_elements(w: Writer) -> object:
    x, indices = w.float(1, 2), w.pick(np.int64, 1, 2, exact=True)
    return w.add("GatherElements", [x, indices], axis=w.axis(x))


def scatter(w: Writer) -> object:
    x, indices = w.float(1, 2), w.pick(np.int64, 1, 2, exact=True)
    updates = w.add("Cast", [indices], to=1)[0]
    how = w.rng.choice(("none", "add"))
    return w.add("ScatterElements", [x, indices, updates], axis=w.axis(x), reduction=how)


def gather_nd(w: Writer) -> object:
    x = w.float(1, 2, 3)
    indices = w.add("Unsqueeze", [w.pick(np.int64, 1, exact=True), w.constant([1])])[0]
    return w.add("GatherND", [x, indices])


def top_k(w: Writer) -> object:
    x = w.float(exact=True)
    return w.add("TopK", [x, w.size()], 2, axis=w.axis(x), largest=w.rng.randrange(2))


def non_zero(w: Writer) -> object:
    return w.add("NonZero", [w.float(1, 2, exact=True)])


def compress(w: Writer) -> object:
    x = w.float(1, exact=True)
    condition = w.add("Less", [x, w.constant(w.rng.randrange(-1, 2), np.float32)])[0]
    return w.add("Compress", [x, condition], axis=0)


def unique(w: Writer) -> object:
    return w.add("Unique", [w.float(1, 2, exact=True)], 4)


def trilu(w: Writer) -> object:
    return w.add("Trilu", [w.float(2, 3)], upper=w.rng.randrange(2))


def eye_like(w: Writer) -> object:
    return w.add("EyeLike", [w.float(2)], k=w.rng.randrange(-1, 2))


def normalize(w: Writer) -> object:
    x = w.float(2, 3)
    scale = w.add("Slice", [x, w.constant([0]), w.constant([1]), w.constant([0])])[0]
    scale = w.add("Squeeze", [scale, w.constant([0])])[0]
    return w.add("LayerNormalization", [x, scale], axis=1, is_exact=False)


# -- sequences -----------------------------------------------------------------------------------


def sequence(w: Writer) -> object:
    found = [value for value in w.values if value.is_sequence]
    if not found or w.rng.random() < 0.4:
        if w.rng.random() < 0.5:
            return w.add("SequenceConstruct", [w.float() for _ in range(w.rng.randrange(1, 4))])
        x = w.float(1, 2, 3)
        length = w.constant(w.rng.randrange(1, 3)) if w.rng.random() < 0.5 else w.size()
        keep: dict[str, Any] = {"keepdims": 0} if w.rng.random() < 0.2 else {}
        return w.add("SplitToSequence", [x] if keep else [x, length], axis=w.axis(x), **keep)
    chosen = w.rng.choice(found)
    at = w.constant(w.rng.randrange(-2, 2)) if w.rng.random() < 0.7 else w.scalar()
    match w.rng.randrange(5):
        case 0:
            return w.add("SequenceAt", [chosen, at])
        case 1:
            more = [at] if w.rng.random() < 0.5 else []
            return w.add("SequenceInsert", [chosen, w.float(), *more])
        case 2:
            return w.add("SequenceErase", [chosen, at])
        case 3:
            return w.add("SequenceLength", [chosen])
        case _:
            new_axis = w.rng.randrange(2)
            return w.add("ConcatFromSequence", [chosen], axis=0, new_axis=new_axis)


# -- control flow ----------------------------------------------------------------------------------


def _graph(
    w: Writer, inputs: list[Value], outputs: list[Value], has_ranks: bool = False
) -> GraphProto:
    """Return what an inner writer wrote; ONNX Runtime asks for ranks in a Scan, and of scalars."""
    return helper.make_graph(
        w.nodes,
        w.prefix,
        [value_info(v.name, v.runs[0], has_ranks or v.rank == 0) for v in inputs],
        [value_info(v.name, v.runs[0], has_ranks) for v in outputs],
    )


def _result(w: Writer, dtype: Any = None) -> Value:
    """Return a value of an inner graph's own, through Identity where it is of outside."""
    value = w.pick(dtype or w.rng.choice((np.float32, np.float32, np.int64)))
    return w.add("Identity", [value])[0]


def if_(w: Writer) -> object:
    condition = w.condition()
    count = w.rng.randrange(1, 3)
    graphs: list[GraphProto] = []
    dtypes = [w.rng.choice((np.float32, np.float32, np.int64)) for _ in range(count)]
    for name in ("t", "e"):
        inner = w.inner(name)
        inner.write(w.rng.randrange(4), NODES if w.depth else (*NODES, if_, loop))
        graphs.append(_graph(inner, [], [_result(inner, dtype) for dtype in dtypes]))
    then, otherwise = graphs
    return w.add("If", [condition], count, then_branch=then, else_branch=otherwise)


def _placeholder(w: Writer, name: str, runs: tuple[Any, ...], exact: bool = True) -> Value:
    return Value(f"{w.prefix}{len(w.nodes)}{name}", runs, exact)


def loop(w: Writer) -> object:
    count = len(w.values[0].runs)
    trips = w.scalar() if w.rng.random() < 0.8 else w.constant(2)
    states = [w.number() for _ in range(w.rng.randrange(3))]
    step = _placeholder(w, "i", (np.asarray(0, np.int64),) * count)
    going = _placeholder(w, "c", (np.asarray(True),) * count)
    carried = [
        _placeholder(w, f"s{i}", state.runs, state.is_exact) for i, state in enumerate(states)
    ]
    inner = w.inner("b", [step, going, *carried])
    inner.write(w.rng.randrange(1, 5), NODES if w.depth else (*NODES, if_))
    goes_on = inner.add("Identity", [going])[0]
    if w.rng.random() < 0.4:
        limit = inner.constant(w.rng.randrange(3))
        goes_on = inner.add("Less", [step, limit])[0]
    results = [_result(inner, state.dtype) for state in states]
    scans = [_result(inner) for _ in range(w.rng.randrange(3))]
    body = _graph(inner, [step, going, *carried], [goes_on, *results, *scans])
    outputs = len(results) + len(scans)
    if not outputs:
        raise Failure
    exact = all(value.is_exact for value in (*results, *scans))
    return w.add("Loop", [trips, None, *states], outputs, is_exact=exact, body=body)


def scan(w: Writer) -> object:
    states = [w.float() for _ in range(w.rng.randrange(2))]
    over = [w.float(1, 2, 3) for _ in range(w.rng.randrange(1, 3))]
    for arrays in zip(*(value.runs for value in over), strict=True):
        lengths = {array.shape[:1] for array in arrays}
        if len(lengths) > 1 or not lengths.isdisjoint({(), (0,)}):
            raise Failure
    carried = [_placeholder(w, f"s{i}", v.runs, v.is_exact) for i, v in enumerate(states)]
    slices = [
        _placeholder(w, f"x{i}", tuple(a[0] for a in v.runs), v.is_exact)
        for i, v in enumerate(over)
    ]
    inner = w.inner("n", [*carried, *slices])
    inner.write(w.rng.randrange(1, 4), ELEMENTWISE)
    results = [_result(inner, np.float32) for _ in (*states, *range(w.rng.randrange(1, 3)))]
    # ONNX Runtime aborts where a rank is not the declared one, or a state changes its shape.
    if any(len({a.ndim for a in v.runs}) > 1 for v in (*carried, *slices, *results)):
        raise Failure
    for state, result in zip(states, results, strict=False):
        if [a.shape for a in state.runs] != [a.shape for a in result.runs]:
            raise Failure
    body = _graph(inner, [*carried, *slices], results, has_ranks=True)
    exact = all(value.is_exact for value in results)
    directions = [w.rng.randrange(2) for _ in over]
    return w.add(
        "Scan",
        [*states, *over],
        len(results),
        is_exact=exact,
        body=body,
        num_scan_inputs=len(over),
        scan_input_directions=directions,
    )


ELEMENTWISE: tuple[Maker, ...] = (unary, binary, where, softmax, transpose, concat, matmul, reduce)
NODES: tuple[Maker, ...] = (
    *(unary, binary, binary, compare, where, cast, matmul, gemm, conv, pool, reduce, argmax),
    *(softmax, cumsum, transpose, reshape, reshape, flatten, unsqueeze, concat, split, slice_),
    *(slice_, pad, tile, expand, shape, range_, constant_of_shape, one_hot, gather),
    *(gather_elements, scatter, gather_nd, top_k, non_zero, compress, unique, trilu, eye_like),
    *(normalize, sequence, sequence),
)
ALL: tuple[Maker, ...] = (*NODES, *(if_, loop, scan) * 4, *(sequence,) * 2)
