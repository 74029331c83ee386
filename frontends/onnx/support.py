"""Everything in a model that cannot be imported, found in one walk before any work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from onnx import (
    AttributeProto,
    FunctionProto,
    GraphProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
)

from .errors import UnsupportedOperatorsError, file_location, group
from .functions import has_body, plain_body, schema_of
from .graph import node_label, subgraphs
from .loading import LoadedModel, normal_domain, opset_versions
from .registry import attribute_int, find, known_domains
from .tensors import is_supported, is_widened, type_name
from .texts import takes_texts

_Functions = Mapping[tuple[str, str, str], FunctionProto]
_Finding = tuple[str, str, str, str]  # domain, operator, reason, node


def check_supported(
    model: LoadedModel,
    functions: _Functions,
    graph: GraphProto,
    nodes: Sequence[NodeProto],
    inputs: Sequence[ValueInfoProto],
) -> None:
    """Raise unless every live node, weight and input of a graph can be imported.

    Raises:
        UnsupportedOperatorsError: all that cannot, with counts and the nodes' names.
    """
    survey = _Survey(model.label, functions)
    found = [*_inputs(inputs), *_weights(graph, nodes)]
    found += survey.nodes(nodes, model.opsets)
    if found:
        raise UnsupportedOperatorsError(file_location(model.label), group(found))


def _inputs(inputs: Iterable[ValueInfoProto]) -> Iterator[_Finding]:
    for value in inputs:
        kind = value.type.WhichOneof("value")
        if kind == "optional_type" and value.type.optional_type.elem_type.HasField("tensor_type"):
            continue  # a tensor that is there; values={name: None} says that it is not
        sequence = value.type.sequence_type.elem_type
        if kind == "sequence_type" and sequence.HasField("tensor_type"):
            code = sequence.tensor_type.elem_type
            if not is_supported(code):
                yield "", "input", _type_reason(code), value.name
            continue
        if kind != "tensor_type":
            what = kind.removesuffix("_type") if kind else "value without a type"
            yield "", "input", f"an input that is a {what}", value.name
        elif value.type.tensor_type.elem_type == TensorProto.STRING:
            continue
        elif not is_supported(value.type.tensor_type.elem_type):
            yield "", "input", _type_reason(value.type.tensor_type.elem_type), value.name


_READ_WIDENED = frozenset({"Cast", "DequantizeLinear"})
"""Operators that read weights of 2, 4 or 8 bits as the numbers they stand for, and nothing more."""


def _weights(graph: GraphProto, nodes: Sequence[NodeProto]) -> Iterator[_Finding]:
    odd = {t.name: t.data_type for t in graph.initializer if not is_supported(t.data_type)}
    for node in nodes if odd else ():
        for name in node.input:
            code = odd.get(name)
            if code is None or (is_widened(code) and node.op_type in _READ_WIDENED):
                continue
            if code == TensorProto.STRING and takes_texts(node.op_type):
                continue
            yield "", "initializer", f"{_type_reason(code)} as input of {node.op_type}", name


def _type_reason(code: int) -> str:
    return f"element type {type_name(code)}"


class _Survey:
    """Looks at nodes, their subgraphs and their functions' bodies, each function once."""

    def __init__(self, label: str, functions: _Functions) -> None:
        self._functions = functions
        self._label = label
        self._seen: set[tuple[str, str, str]] = set()

    def nodes(self, nodes: Iterable[NodeProto], opsets: Mapping[str, int]) -> Iterator[_Finding]:
        """Yield what is not supported about `nodes`."""
        for node in nodes:
            domain = normal_domain(node.domain)
            for reason in self._reasons(node, domain, opsets):
                yield domain, node.op_type, reason, node_label(node)
            key = (domain, node.op_type, node.overload)
            function = self._functions.get(key)
            if function is not None and key not in self._seen:
                self._seen.add(key)
                yield from self.nodes(function.node, opset_versions(function, self._label))
            for graph in subgraphs(node):
                yield from self.nodes(graph.node, opsets)

    def _reasons(self, node: NodeProto, domain: str, opsets: Mapping[str, int]) -> Iterator[str]:
        if (domain, node.op_type, node.overload) in self._functions:
            return
        version = opsets.get(domain)
        if version is None:
            if not find(domain, node.op_type, 1):
                yield f"domain {domain!r} is not in the model's opset_import"
                return
            version = 1
        entry = find(domain, node.op_type, version)
        if entry is None:
            yield from self._without_converter(node, domain, version)
        elif entry.refuse is not None and (reason := entry.refuse(node)) is not None:
            yield reason
        yield from _attribute_reasons(node)

    def _without_converter(self, node: NodeProto, domain: str, version: int) -> Iterator[str]:
        if domain not in known_domains() and schema_of(domain, node.op_type, version) is None:
            yield f"unknown domain {domain!r}"
        elif schema_of(domain, node.op_type, version) is None:
            yield f"ONNX has no such operator in opset {version}"
        elif find(domain, node.op_type, 1 << 30) is not None:
            yield f"opset {version} is too old; convert the model with onnx.version_converter"
        elif not has_body(domain, node.op_type, version):
            yield "no converter"
        else:
            body = plain_body(domain, node.op_type, version)
            if body is not None:
                yield from self._body_reasons(body, version)

    def _body_reasons(self, body: FunctionProto, version: int) -> Iterator[str]:
        for _, op_type, reason, _ in self.nodes(body.node, {"": version}):
            yield f"is defined with {op_type}: {reason}"


def _attribute_reasons(node: NodeProto) -> Iterator[str]:
    for attr in node.attribute:
        is_text = attr.t.data_type == TensorProto.STRING
        if is_text and node.op_type in ("Constant", "LabelEncoder"):
            continue
        if attr.type == AttributeProto.TENSOR and not is_supported(attr.t.data_type):
            yield _type_reason(attr.t.data_type)
    if node.op_type == "Cast":
        code = attribute_int(node, "to", 0)
        if code and not is_supported(code):
            yield f"cast to {_type_reason(code)}"
