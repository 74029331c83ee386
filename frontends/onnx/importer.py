"""from_onnx: an ONNX model becomes a module with the function `@main`.

One walk over the nodes that the outputs need. Each name stands for an SSA value, an array, or an
array of dims (see `values`); a node whose inputs are known is computed at once, every other one is
handed to its converter (`registry`), or, where there is none, replaced by the function that ONNX
or the model defines it with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
import onnx
from onnx import FunctionProto, GraphProto, NodeProto, TensorProto, ValueInfoProto
from xdsl.dialects.builtin import (
    DictionaryAttr,
    FunctionType,
    LocationAttr,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import Attribute, Block, BlockArgument, OpResult, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from ...dialects import relax
from ...dialects.diagnostics import CompileError
from .branches import choose
from .builder import Builder, Tensor
from .errors import ModelError, PathsDifferError, file_location
from .evaluate import evaluate
from .functions import body_of, check_inputs
from .graph import has_subgraph, live_nodes
from .lists import OBJECT, unstacked
from .lists import given as given_list
from .lists import returned as returned_list
from .loading import LoadedModel, load, normal_domain, opset_versions
from .node import Node, producers
from .registry import Converter, Result, find
from .scope import Follow, Scope
from .shapes import fold
from .support import check_supported
from .symbols import (
    DimSize,
    InputDims,
    Symbols,
    ends_of,
    identifier,
    sizes_of,
    tensor_info,
)
from .tensors import TensorReader, element_type, read_sparse
from .texts import convert as convert_texts
from .texts import given as given_texts
from .texts import read as read_texts
from .texts import returned as returned_texts
from .values import Listed, Stacked, Texts, Value, is_known

Finish: TypeAlias = Callable[[Scope, Builder], "list[Value]"]
"""What a graph's results are, once all its nodes are converted: in the block of the last one."""

_PATH_LIMIT = 64  # Ifs whose followers are converted twice: each may double what is behind it
_FOLD_LIMIT = 1 << 20  # bytes; larger results are left to the pass fold-constants


def from_onnx(
    model: str | Path | bytes | onnx.ModelProto,
    dims: Mapping[str, DimSize] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, object] | None = None,
) -> ModuleOp:
    """Return a module whose `relax.func @main` computes the model.

    Args:
        model: a file, its bytes, or the parsed model.
        dims: sizes of named dims; those not named stay symbols. So do those with a range of sizes,
            (least, largest) or a Python range, which plans for the largest.
        shapes: whole shapes of inputs, by input name.
        values: values of inputs, which then are constants and no inputs of `@main`: arrays, lists
            of them for a sequence, None for an absent optional. Weights are replaced likewise.

    Raises:
        UnsupportedOperatorsError: the model needs what Tyrex cannot import: all of it is named.
        UnknownValueError: a shape, or the like, is computed from run-time values.
        ModelError: the model is broken or the arguments do not fit it.
    """
    loaded = load(model)
    try:
        importer = Importer(loaded, dims or {}, shapes or {}, values or {})
        return importer.run()
    except ModelError as error:
        error.add_note(f"while importing {loaded.label}")
        raise


_CONTRADICTION = (
    "the model contradicts itself, or dims= and shapes= do not fit it; onnx.checker.check_model("
    "model, full_check=True) shows more"
)


class Importer:
    """The state of one import.

    Attributes:
        reader: reads the model's weights.
        symbols: the symbols of the module.
        functions: the functions that the model defines, by domain, name and overload.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        dims: Mapping[str, DimSize],
        shapes: Mapping[str, Sequence[int]],
        values: Mapping[str, object],
    ) -> None:
        self.loaded = loaded
        self.where = file_location(loaded.label)
        self.reader = TensorReader(loaded.path)
        self.symbols = Symbols()
        self.functions = {
            (normal_domain(function.domain), function.name, function.overload): function
            for function in loaded.proto.functions
        }
        self._dims, self._shapes, self._fixed = dims, shapes, values
        self._input_names: dict[BlockArgument, str] = {}
        self._num_paths = 0
        self._end: Finish | None = None
        self._active: list[tuple[str, str, str]] = []  # the functions being inlined

    def run(self) -> ModuleOp:
        """Return the module."""
        graph = self.loaded.proto.graph
        weights = {tensor.name for tensor in graph.initializer}
        weights.update(tensor.values.name for tensor in graph.sparse_initializer)
        scope = Scope(self.loaded.opsets)
        self._bind_fixed(graph, scope)
        inputs = [v for v in graph.input if v.name not in weights and v.name not in scope]
        given = weights.union(scope.values, (value.name for value in inputs))
        outputs = [value.name for value in graph.output]
        nodes = live_nodes(graph.node, outputs, given, self.where)
        check_supported(self.loaded, self.functions, graph, nodes, inputs)
        builder = Builder(Block())
        self._bind_inputs(inputs, scope, builder)
        self._bind_weights(graph, scope, builder)

        def end(inner: Scope, b: Builder) -> list[Value]:
            return [self._output(name, inner[name], b) for name in outputs]

        self._end = end
        results = [cast(SSAValue, value) for value in self.walk(nodes, scope, builder, end)]
        return self._module(inputs, outputs, results, builder)

    # Inputs

    def _bind_fixed(self, graph: GraphProto, scope: Scope) -> None:
        infos = {value.name: value for value in graph.input}
        infos.update((t.name, ValueInfoProto()) for t in graph.initializer if t.name not in infos)
        for name, given in self._fixed.items():
            if name not in infos:
                names = ", ".join(map(repr, infos))
                raise ModelError(self.where, f"values= names {name!r}; the model has {names}")
            scope.values[name] = self._fixed_value(name, given, infos[name])

    def _fixed_value(self, name: str, given: object, info: ValueInfoProto) -> Value:
        if given is None:
            return None
        if isinstance(given, list | tuple):
            return tuple(
                self._fixed_value(name, item, ValueInfoProto())
                for item in cast(Sequence[object], given)
            )
        array = np.asarray(given)
        try:
            relax.ConstantAttr.of(array)
        except NotImplementedError as error:
            raise ModelError(self.where, f"values= of input {name!r}: {error}") from error
        code = info.type.tensor_type.elem_type
        if code:
            expected = relax.ConstantAttr.of(array).dtype
            declared = element_type(code, self.where)
            if expected != declared:
                raise ModelError(
                    self.where, f"values= gives input {name!r} as {expected}; it is {declared}"
                )
        return array

    def _bind_inputs(
        self, inputs: Sequence[ValueInfoProto], scope: Scope, builder: Builder
    ) -> None:
        block = builder.block
        resolver = InputDims(self.symbols, self._dims, self._shapes, self.where)
        for info in self.loaded.proto.graph.input:
            given = scope.values.get(info.name)
            if isinstance(given, np.ndarray) and info.type.HasField("tensor_type"):
                resolver.fix(info, given.shape, "values=")
        shapes = resolver.resolve([value for value in inputs if _is_of_numbers(value)])
        for value in inputs:
            if not _is_of_numbers(value):
                self._bind_object(value, scope, builder)
                continue
            dtype = element_type(tensor_info(value).elem_type, self.where)
            tensor = relax.TensorType.of(shapes[value.name], dtype)
            argument = block.insert_arg(tensor, len(block.args))
            argument.name_hint = identifier(value.name)
            self._input_names[argument] = value.name
            scope.values[value.name] = argument

    def _bind_object(self, info: ValueInfoProto, scope: Scope, builder: Builder) -> None:
        """Bind an input that is an object of the host: a sequence, or a tensor of strings."""
        argument = builder.block.insert_arg(OBJECT, len(builder.block.args))
        argument.name_hint = identifier(info.name)
        self._input_names[argument] = info.name
        builder.location = self.where
        if info.type.HasField("tensor_type"):
            dims = self._shapes.get(info.name, sizes_of(info.type.tensor_type))
            scope.values[info.name] = given_texts(builder, argument, dims, info.name)
            return
        tensor = info.type.sequence_type.elem_type.tensor_type
        sizes = sizes_of(tensor)
        dims = None if sizes is None else [None if size < 0 else size for size in sizes]
        item = relax.TensorType.of(dims, element_type(tensor.elem_type, self.where))
        scope.values[info.name] = given_list(builder, argument, item, info.name)

    def _bind_weights(self, graph: GraphProto, scope: Scope, builder: Builder) -> None:
        for tensor in graph.initializer:
            if tensor.name in scope.values:
                continue
            if tensor.data_type == TensorProto.STRING:
                scope.weights[tensor.name] = partial(read_texts, builder, tensor)
            else:
                scope.weights[tensor.name] = partial(self.reader.read, tensor, self.where)
        for sparse in graph.sparse_initializer:
            if sparse.values.name not in scope.values:
                read = partial(read_sparse, self.reader, sparse, self.where)
                scope.weights[sparse.values.name] = read

    def origins(self, value: SSAValue) -> list[str]:
        """Return the names of the graph's inputs that `value` is computed from."""
        found = producers(value)
        return [self._input_names[arg] for arg in found if arg in self._input_names]

    # Nodes

    def walk(
        self, nodes: Sequence[NodeProto], scope: Scope, builder: Builder, finish: Finish
    ) -> list[Value]:
        """Convert nodes in order, bind their outputs, and return what `finish` makes of them.

        Where the branches of an If have results without a common type (of different ranks, say),
        the nodes behind it are converted into each of its branches, and `finish`, too.
        """
        for position, proto in enumerate(nodes):
            inputs = [scope[name] if name else None for name in proto.input]
            version = scope.opsets.get(normal_domain(proto.domain), 1)
            node = Node(proto, version, inputs, builder, scope, self)
            try:
                results = self._convert_checked(node)
            except PathsDifferError:
                if proto.op_type != "If" or self._num_paths >= _PATH_LIMIT:
                    raise
                self._num_paths += 1
                return self._split(node, nodes[position + 1 :], finish)
            _bind_outputs(node, results)
        return finish(scope, builder)

    def _convert_checked(self, node: Node) -> Sequence[Value]:
        builder = node.builder
        saved, builder.location = builder.location, node.location
        try:
            check_inputs(node)
            return self.convert(node)
        except CompileError:
            raise
        except VerifyException as error:
            raise node.fail(str(error), _CONTRADICTION) from error
        except (ArithmeticError, IndexError, ValueError) as error:
            # What no check above foresaw: shapes and attributes that contradict each other.
            message = f"its inputs or attributes do not fit: {error}"
            raise node.fail(message, _CONTRADICTION) from error
        finally:
            builder.location = saved

    def _split(self, node: Node, rest: Sequence[NodeProto], finish: Finish) -> list[Value]:
        """Convert an If whose branches go on to the end of the graph, each by itself."""

        def follow(results: Sequence[Value], builder: Builder) -> list[Value]:
            inner = Scope(node.scope.opsets, node.scope)
            _bind_outputs(Node(node.proto, node.version, (), builder, inner, self), results)
            return self.walk(rest, inner, builder, finish)

        return list(choose(node, follow, is_last=finish is self._end))

    def convert(self, node: Node) -> Sequence[Value]:
        """Return the results of a node: folded, converted, or by its function."""
        if any(isinstance(value, Texts) for value in node.inputs):
            return convert_texts(node, self._convert)
        return self._convert(node)

    def _convert(self, node: Node) -> Sequence[Value]:
        domain = normal_domain(node.proto.domain)
        known = bool(node.inputs) and node.is_all_known()
        if known and not domain:
            folded = fold(node)
            if folded is not None:
                return folded if isinstance(folded, tuple) else (folded,)
        own = self.functions.get((domain, node.op_type, node.proto.overload))
        if own is not None:
            return self.inline(node, own, None)
        entry = find(domain, node.op_type, node.version)
        if entry is None:
            body = body_of(node)
            if body is None:
                raise node.unsupported(f"operator {node.op_type} of opset {node.version}")
            return self.inline(node, body, node.location)
        numbers = all(value is None or isinstance(value, np.ndarray) for value in node.inputs)
        if known and numbers and not has_subgraph(node.proto):
            return self._convert_and_evaluate(node, entry.convert)
        return _values(entry.convert(node))

    def _convert_and_evaluate(self, node: Node, convert: Converter) -> Sequence[Value]:
        """Convert a node on constants in a block of its own, and compute it if it is small."""
        target = node.builder
        scratch = Builder(Block())
        scratch.location = target.location
        node.builder = scratch
        try:
            results = _values(convert(node))
        finally:
            node.builder = target
        arrays = evaluate(scratch.block, results) if _is_small(results) else None
        if arrays is not None:
            return arrays
        for op in list(scratch.block.ops):
            op.detach()
            target.block.add_op(op)
        return results

    def inline(
        self, node: Node, function: FunctionProto, location: LocationAttr | None
    ) -> Sequence[Value]:
        """Return the results of a function's body on a node's inputs.

        Its operations come from `location` where one is given, else from the body's own nodes:
        the user has written the functions of the model, but not those of ONNX.
        """
        key = (function.domain, function.name, function.overload)
        if key in self._active:
            raise node.fail(f"function {function.name!r} calls itself", "ONNX has no recursion")
        attributes = {attr.name: attr for attr in function.attribute_proto}  # the defaults
        attributes.update(node.attributes)
        opsets = opset_versions(function, self.loaded.label)
        for domain, version in node.scope.opsets.items():
            opsets.setdefault(domain, version)
        scope = Scope(opsets, None, attributes, location or node.scope.location)
        for i, name in enumerate(function.input):
            scope.values[name] = node.get(i)
        outputs = [name for i, name in enumerate(function.output) if node.wants(i)]
        nodes = live_nodes(function.node, outputs, scope, node.location)
        names = list(enumerate(function.output))
        self._active.append(key)
        try:
            return self.walk(
                nodes,
                scope,
                node.builder,
                lambda s, b: [s[name] if node.wants(i) else None for i, name in names],
            )
        finally:
            self._active.pop()

    def subgraph(
        self,
        graph: GraphProto,
        inputs: Sequence[Value],
        outer: Scope,
        builder: Builder,
        where: LocationAttr,
        follow: Follow | None = None,
    ) -> list[Value]:
        """Return the results of a node's subgraph on `inputs`, converted into `builder`.

        With `follow`, what it makes of the results, in the block where they are.
        """
        scope = Scope(outer.opsets, outer)
        for info, value in zip(graph.input, inputs, strict=True):
            scope.values[info.name] = value
        self._bind_weights(graph, scope, builder)
        outputs = [value.name for value in graph.output]

        def finish(inner: Scope, b: Builder) -> list[Value]:
            results = [inner[name] for name in outputs]
            return results if follow is None else follow(results, b)

        return self.walk(live_nodes(graph.node, outputs, scope, where), scope, builder, finish)

    # The module

    def _module(
        self,
        inputs: Sequence[ValueInfoProto],
        outputs: Sequence[str],
        results: Sequence[SSAValue],
        builder: Builder,
    ) -> ModuleOp:
        end = relax.ReturnOp(*results)
        end.location = self.where
        builder.block.add_op(end)
        types = FunctionType.from_lists(
            [arg.type for arg in builder.block.args], [result.type for result in results]
        )
        named = {new: StringAttr(old) for new, old in self.symbols.names.items() if old}
        attributes: dict[str, Attribute] = {"dim_names": DictionaryAttr(named)} if named else {}
        main = relax.FuncOp(
            "main",
            types,
            Region(builder.block),
            _symbols_of(builder.block),
            [value.name for value in inputs],
            outputs,
            attributes,
        )
        bounds = relax.bounds_attr([self._bounds_of(symbol) for symbol in main.symbol_names])
        if bounds is not None:
            main.properties["symbol_bounds"] = bounds
        main.location = self.where
        name = self.loaded.proto.graph.name
        module = ModuleOp([main], sym_name=StringAttr(name) if name else None)
        return module

    def _bounds_of(self, symbol: str) -> tuple[int, int | None]:
        """Return the sizes that a symbol may have."""
        size = self._dims.get(self.symbols.names.get(symbol, ""), self._dims.get(symbol))
        return (0, None) if size is None or isinstance(size, int) else ends_of(size)

    def _output(self, name: str, value: Value, builder: Builder) -> SSAValue:
        if value is None:
            raise ModelError(self.where, f"output {name!r} is an absent optional")
        if isinstance(value, Stacked):
            return unstacked(builder, value)
        if isinstance(value, Listed):
            return returned_list(builder, value)
        if isinstance(value, Texts):
            return returned_texts(builder, value)
        if isinstance(value, tuple):
            fields = [self._output(name, field, builder) for field in value]
            return builder.emit(relax.TupleOp, *fields).value
        return builder.value(value)


def _is_of_numbers(info: ValueInfoProto) -> bool:
    """Tell whether an input is a tensor of numbers, perhaps optional."""
    if info.type.HasField("sequence_type"):
        return False
    return tensor_info(info).elem_type != TensorProto.STRING


def _symbols_of(block: Block) -> list[str]:
    """Return the symbols of the arguments: those that the function declares."""
    found: dict[str, None] = {}
    for arg in block.args:
        shape = arg.type.known_shape() if isinstance(arg.type, relax.TensorType) else None
        for dim in shape or ():
            found.update((str(key), None) for key in dim.free_vars())
    return list(found)


def _bind_outputs(node: Node, results: Sequence[Value]) -> None:
    names = node.proto.output
    if len(results) < node.num_outputs:
        raise node.unsupported(f"output {len(results)} ({names[len(results)]!r})")
    for name, result in zip(names, results, strict=False):
        if name:
            node.scope.values[name] = result
            if isinstance(result, OpResult) and result.name_hint is None:
                result.name_hint = identifier(name)


def _values(result: Result) -> Sequence[Value]:
    """Return what a converter returned as values."""
    if isinstance(result, Tensor):
        return (result.item,)
    if isinstance(result, tuple | list):
        return [item.item if isinstance(item, Tensor) else item for item in result]
    return (cast(Value, result),)


def _is_small(results: Sequence[Value]) -> bool:
    """Tell whether results are worth computing at once: of known shape and few bytes."""
    total = 0
    for result in results:
        if result is None or is_known(result):
            continue
        if not isinstance(result, SSAValue) or not isinstance(result.type, relax.TensorType):
            return False
        shape = result.type.static_shape()
        if shape is None:
            return False
        total += prod(shape) * 8
    return total <= _FOLD_LIMIT
