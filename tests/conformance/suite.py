"""The cases of the ONNX backend suite, in memory and on disk.

Package onnx makes 1 884 node cases in memory and brings 140 more as files. Here they are one thing:
a model with data sets. On disk a case is in ONNX's own layout, which tools of other projects
read too: `model.onnx`, `test_data_set_0/input_0.pb`, `output_0.pb`, ...
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from onnx import (
    GraphProto,
    ModelProto,
    OptionalProto,
    SequenceProto,
    TensorProto,
    TypeProto,
    ValueInfoProto,
    numpy_helper,
)
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

Array = NDArray[Any]
Value: TypeAlias = "Array | list[Value] | None"
"""A tensor, a sequence of values, or an absent optional."""

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
EXPANDED = "_expanded"
DOMAINS_OF_ONNX = ("", "ai.onnx")


@dataclass(frozen=True)
class DataSet:
    """Inputs in the order of the graph's inputs, and the outputs expected for them."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


@dataclass(frozen=True)
class Case:
    """One case: a model, what goes in and what must come out."""

    name: str
    kind: str
    model: ModelProto
    data_sets: tuple[DataSet, ...]
    rtol: float
    atol: float

    @property
    def is_expanded(self) -> bool:
        """Whether the operator is spelled out as the function that defines it."""
        return EXPANDED in self.name

    @property
    def primary_name(self) -> str:
        """The name of the case that this one is the expansion of, or its own."""
        return self.name.partition(EXPANDED)[0]

    def ops(self) -> tuple[str, ...]:
        """The operators of the graph and its subgraphs, in order of first use."""
        return tuple(dict.fromkeys(_ops(self.model.graph)))

    def subject(self) -> str:
        """The operator that the case is about, as far as graph and name tell."""
        ops = [op for op in self.ops() if op != "Constant"] or list(self.ops())
        if len(ops) == 1:
            return ops[0]
        words = self.name.replace("_", "").lower()
        named = [op for op in ops if op.rpartition(".")[2].lower() in words]
        return max(named, key=len, default=f"({self.kind})")


def load_cases() -> list[Case]:
    """Every case of the suite: about five seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, from onnx's own reference functions
        return [_load(case) for kind in KINDS for case in load_model_tests(kind=kind)]


def subjects(cases: Sequence[Case]) -> dict[str, str]:
    """The operator of each case by case name; an expansion has its primary case's."""
    found = {case.name: case.subject() for case in cases if not case.is_expanded}
    for case in cases:
        if case.is_expanded:
            found[case.name] = found.get(case.primary_name, f"({case.kind})")
    return found


def write_case(case: Case, folder: Path) -> None:
    """Write the case in ONNX's layout."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for i, data in enumerate(case.data_sets):
        at = folder / f"test_data_set_{i}"
        at.mkdir(exist_ok=True)
        for stem, values, infos in _columns(case.model, data):
            for j, (value, info) in enumerate(zip(values, infos, strict=False)):
                (at / f"{stem}_{j}.pb").write_bytes(_to_bytes(value, info.type))


def read_data_sets(model: ModelProto, folder: Path) -> tuple[DataSet, ...]:
    """The data sets beside a `model.onnx`."""
    return tuple(
        DataSet(
            _read_values(at, "input", model.graph.input),
            _read_values(at, "output", model.graph.output),
        )
        for at in sorted(folder.glob("test_data_set_*"))
    )


def _columns(
    model: ModelProto, data: DataSet
) -> Iterator[tuple[str, tuple[Value, ...], Sequence[ValueInfoProto]]]:
    yield "input", data.inputs, model.graph.input
    yield "output", data.outputs, model.graph.output


def _load(case: TestCase) -> Case:
    if case.model is None:
        folder = Path(cast(str, case.model_dir))  # cast: a case has a model or a folder
        model = ModelProto.FromString((folder / "model.onnx").read_bytes())
        data_sets = read_data_sets(model, folder)
    else:
        model = case.model
        data_sets = tuple(
            DataSet(tuple(map(_to_value, inputs)), tuple(map(_to_value, outputs)))
            for inputs, outputs in case.data_sets or ()
        )
    return Case(case.name, case.kind, model, data_sets, case.rtol, case.atol)


def _to_value(item: object) -> Value:
    """The suite holds arrays, NumPy scalars, protos and lists of them."""
    if item is None:
        return None
    if isinstance(item, TensorProto):
        return numpy_helper.to_array(item)
    if isinstance(item, list):
        return [_to_value(element) for element in cast(list[object], item)]
    return np.asarray(item)


def _read_values(folder: Path, stem: str, infos: Sequence[ValueInfoProto]) -> tuple[Value, ...]:
    count = len(list(folder.glob(f"{stem}_*.pb")))
    return tuple(
        _from_bytes((folder / f"{stem}_{i}.pb").read_bytes(), infos[i].type) for i in range(count)
    )


# numpy_helper's functions for sequences and optionals are annotated with unparametrised lists.
def _to_bytes(value: Value, kind: TypeProto) -> bytes:
    match kind.WhichOneof("value"):
        case "sequence_type":
            return numpy_helper.from_list(cast(list[Any], value)).SerializeToString()
        case "optional_type":
            return numpy_helper.from_optional(cast(Any, value)).SerializeToString()
        case _:
            return numpy_helper.from_array(cast(Array, value)).SerializeToString()


def _from_bytes(data: bytes, kind: TypeProto) -> Value:
    match kind.WhichOneof("value"):
        case "sequence_type":
            return cast(Value, numpy_helper.to_list(SequenceProto.FromString(data)))
        case "optional_type":
            return cast(Value, numpy_helper.to_optional(OptionalProto.FromString(data)))
        case _:
            return numpy_helper.to_array(TensorProto.FromString(data))


def _ops(graph: GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield node.op_type if node.domain in DOMAINS_OF_ONNX else f"{node.domain}.{node.op_type}"
        for attribute in node.attribute:
            yield from _ops(attribute.g)
            for subgraph in attribute.graphs:
                yield from _ops(subgraph)
