"""Random small graphs of ONNX, by trial: a node is kept where ONNX Runtime runs it at all sizes.

Every value is an array for each of a few sizes of the symbols n and m, so whatever a node needs of
shapes and values is tried out, not known here. Graphs have branches, loops, scans, sequences, sizes
that data decide; a node that runs at some sizes and fails at others is kept apart (`failing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper
from onnx import numpy_helper as numpy_helper

Array = NDArray[Any]

OPSET = 18
MAX_ELEMENTS = 2000
FATAL_ONLY = 4  # ONNX Runtime's level of logging
SIZES = (((3, 4), (1, 2), (4, 1)), ((2, 2), (5, 3), (2, 4)), ((4, 2), (1, 3), (3, 1)))
"""(n, m) of the runs of a graph, and more such; not 0, of which ONNX Runtime has its own ideas."""

INPUTS: dict[str, tuple[type[Any], tuple[str | int, ...]]] = {
    "x": (np.float32, ("n", 4)),
    "y": (np.float32, ("n", "m")),
    "z": (np.float32, ("m",)),
    "v": (np.float32, (1, 2, "n", "m")),
    "k": (np.int64, ("n",)),
    "s": (np.int64, ()),
    "c": (np.bool_, ()),
}
"""Input -> (element type, shape); `s` is a size from 0 to 3, `k` holds numbers from 0 to 2."""


@dataclass(frozen=True)
class Value:
    """A value of a graph: what it is in each run."""

    name: str
    runs: tuple[Any, ...]
    """Arrays, or lists of arrays."""
    is_exact: bool
    """Whether every way to compute it gives the same bits."""

    @property
    def is_sequence(self) -> bool:
        """Whether it is a sequence of tensors."""
        return isinstance(self.runs[0], list)

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self.runs[0].dtype

    @property
    def rank(self) -> int:
        """How many axes it has in the first run; branches may make others."""
        return self.runs[0].ndim


class Failure(Exception):
    """A node that cannot be added."""


@dataclass
class Writer:
    """A graph being written, or one of its subgraphs."""

    rng: Random
    values: list[Value]
    prefix: str = ""
    depth: int = 0
    nodes: list[NodeProto] = field(default_factory=list[NodeProto])
    failing: list[list[NodeProto]] = field(default_factory=list[list[NodeProto]])
    """Nodes of which the last one runs at some sizes and fails at others."""

    # -- nodes -------------------------------------------------------------------------------

    def add(
        self,
        op_type: str,
        inputs: Sequence[Value | None],
        outputs: int = 1,
        is_exact: bool = True,
        **attributes: Any,
    ) -> list[Value]:
        """Append a node; return its results.

        Raises:
            Failure: it does not run.
        """
        names = [f"{self.prefix}{len(self.nodes)}_{i}" for i in range(outputs)]
        given = ["" if value is None else value.name for value in inputs]
        node = helper.make_node(op_type, given, names, **attributes)
        node.name = f"{op_type}_{names[0]}"
        captured = {value.name: value for value in self.values}
        used = [captured[name] for name in _names_used(node) if name in captured]
        runs = _run(node, used, outputs)
        good = [run is not None for run in runs]
        if not all(good):
            if any(good) and self.depth == 0:
                self.failing.append([*self.nodes, node])
            raise Failure
        exact = is_exact and all(v.is_exact for v in used)
        found = [
            Value(name, tuple(run[i] for run in runs if run is not None), exact)
            for i, name in enumerate(names)
        ]
        self.nodes.append(node)
        self.values += found
        return found

    def constant(self, array: Any, dtype: Any = np.int64) -> Value:
        """Append a constant."""
        tensor = numpy_helper.from_array(np.asarray(array, dtype))
        return self.add("Constant", [], value=tensor)[0]

    # -- choices -----------------------------------------------------------------------------

    def pick(self, dtype: Any, *ranks: int, exact: bool = False) -> Value:
        """Choose a tensor of an element type, later ones rather than early ones.

        Raises:
            Failure: there is none of these ranks.
        """
        found = [
            value
            for value in self.values
            if not value.is_sequence
            and value.dtype == dtype
            and (not ranks or value.rank in ranks)
            and (value.is_exact or not exact)
        ]
        if not found:
            raise Failure
        return found[max(self.rng.randrange(len(found)) for _ in range(2))]

    def float(self, *ranks: int, exact: bool = False) -> Value:
        """Choose a float tensor."""
        return self.pick(np.float32, *ranks, exact=exact)

    def number(self) -> Value:
        """Choose a tensor of floats or integers."""
        return self.pick(self.rng.choice((np.float32, np.float32, np.int64)))

    def axis(self, value: Value) -> int:
        """Choose an axis, counted from either end.

        Raises:
            Failure: there is none.
        """
        if value.rank == 0:
            raise Failure
        return self.rng.randrange(-value.rank, value.rank)

    def size(self) -> Value:
        """Choose or make a vector of one integer: a constant, a dim, or what an input says."""
        match self.rng.randrange(3):
            case 0:
                return self.constant([self.rng.randrange(4)])
            case 1:
                value = self.number()
                start = self.axis(value) % value.rank
                return self.add("Shape", [value], start=start, end=start + 1)[0]
            case _:
                scalar = self.pick(np.int64, 0, exact=True)
                return self.add("Unsqueeze", [scalar, self.constant([0])])[0]

    def scalar(self) -> Value:
        """Choose or make an integer."""
        return self.add("Squeeze", [self.size(), self.constant([0])])[0]

    def condition(self) -> Value:
        """Choose or make a bool."""
        if self.rng.random() < 0.5:
            return self.pick(np.bool_, 0, exact=True)
        op = self.rng.choice(("Less", "Equal", "Greater"))
        return self.add(op, [self.scalar(), self.scalar()])[0]

    # -- graphs ------------------------------------------------------------------------------

    def write(self, count: int, makers: Sequence[Maker]) -> None:
        """Append about `count` nodes of what `makers` make."""
        for _ in range(4 * count):
            if len(self.nodes) >= count:
                return
            before = len(self.nodes), len(self.values)
            try:
                self.rng.choice(makers)(self)
            except Failure:
                del self.nodes[before[0] :], self.values[before[1] :]

    def inner(self, name: str, more: Iterable[Value] = ()) -> Writer:
        """Return the writer of a subgraph, which sees what is there."""
        prefix = f"{self.prefix}{len(self.nodes)}{name}"
        return Writer(self.rng, [*self.values, *more], prefix, self.depth + 1)


Maker = Callable[[Writer], object]


def _names_used(node: NodeProto) -> list[str]:
    """Return the names that a node reads, its subgraphs' included."""
    found = dict.fromkeys(name for name in node.input if name)
    for attribute in node.attribute:
        for inner in attribute.g.node:
            found.update(dict.fromkeys(_names_used(inner)))
        found.update(dict.fromkeys(value.name for value in attribute.g.output))
    return list(found)


def value_info(name: str, run: Any, has_rank: bool = False) -> ValueInfoProto:
    """Return what a graph says of a value: nothing of its shape, or its rank."""
    if isinstance(run, list):
        element = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
        return helper.make_value_info(name, helper.make_sequence_type_proto(element))
    dims = (None,) * run.ndim if has_rank else None
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(run.dtype), dims)


def _run(node: NodeProto, used: Sequence[Value], outputs: int) -> list[list[Any] | None]:
    """Return what a node gives in each run, None where it fails.

    Raises:
        Failure: it can be run nowhere, or makes too much.
    """
    named = [helper.make_empty_tensor_value_info(name) for name in node.output]
    graph = helper.make_graph([node], "g", [value_info(v.name, v.runs[0]) for v in used], named)
    try:
        session = new_session(make_model(graph))
    except Exception as error:  # whatever it is: not a node for this graph
        raise Failure from error
    found: list[list[Any] | None] = []
    for index in range(len(SIZES[0])):
        try:
            results = session.run(None, {v.name: v.runs[index] for v in used})
        except Exception:
            results = None
        found.append(results)
        for result in results or ():
            if _is_large(result):
                raise Failure
    return found


def _is_large(result: Any) -> bool:
    arrays = cast(list[Any], result if isinstance(result, list) else [result])
    return sum(array.size for array in arrays) > MAX_ELEMENTS or len(arrays) > 8


def make_model(graph: GraphProto) -> ModelProto:
    """Return the model of a graph."""
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def new_session(model: ModelProto) -> Any:
    """Return a session of ONNX Runtime that changes nothing of a model."""
    runtime: Any = ort  # whose names have no types
    options = runtime.SessionOptions()
    options.log_severity_level = FATAL_ONLY
    options.intra_op_num_threads = 1
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return runtime.InferenceSession(model.SerializeToString(), options)


def inputs_of(seed: int) -> list[dict[str, Array]]:
    """Return the inputs of each run of a graph: quarters, so that sums are exact."""
    rng = np.random.default_rng(seed)
    found: list[dict[str, Array]] = []
    for index, (n, m) in enumerate(SIZES[seed % len(SIZES)]):
        run: dict[str, Array] = {}
        for name, (dtype, shape) in INPUTS.items():
            dims = [n if dim == "n" else m if dim == "m" else int(dim) for dim in shape]
            if dtype is np.float32:
                run[name] = (rng.integers(-8, 9, dims) / 4).astype(np.float32)
            elif dtype is np.int64:
                run[name] = np.asarray(rng.integers(0, 3 if dims else 4, dims), np.int64)
            else:
                run[name] = np.asarray(bool((seed + index) % 2))
        found.append(run)
    return found
