"""Names, order and liveness of a graph's nodes, found in linear time before any work is done."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from difflib import get_close_matches

from onnx import AttributeProto, GraphProto, NodeProto
from xdsl.dialects.builtin import LocationAttr

from ...dialects.location import onnx_location
from .errors import ModelError


def node_location(node: NodeProto) -> LocationAttr:
    """Return where an operation that comes from `node` comes from."""
    return onnx_location(node.name, node.op_type, node.output[0] if node.output else "")


def node_label(node: NodeProto) -> str:
    """Return the name people know a node by: its own, else its first output."""
    return node.name or (node.output[0] if node.output else node.op_type)


def subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    """Yield the graphs among a node's attributes."""
    for attr in node.attribute:
        if attr.type == AttributeProto.GRAPH:
            yield attr.g
        elif attr.type == AttributeProto.GRAPHS:
            yield from attr.graphs


def check_text(nodes: Iterable[NodeProto], where: LocationAttr) -> None:
    """Raise unless the names of nodes and of what they read and write are text.

    Protobuf hands out bytes where a damaged file holds no UTF-8.

    Raises:
        ModelError: a name is bytes.
    """
    for node in nodes:
        texts = [node.op_type, node.domain, node.name, *node.input, *node.output]
        texts += [attr.name for attr in node.attribute]
        for text in texts:
            if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ModelError(
                    where, f"a node has the name {text!r}, which is no text", hint="fetch it again"
                )
        for graph in subgraphs(node):
            check_text(graph.node, where)


def check_names(graph: GraphProto, where: LocationAttr) -> None:
    """Raise unless every name of a graph is text, and those of its inputs and weights differ.

    Raises:
        ModelError: a name is bytes, or given twice.
    """
    names = [value.name for value in (*graph.input, *graph.output)]
    names += [tensor.name for tensor in graph.initializer]
    names += [d.dim_param for v in graph.input for d in v.type.tensor_type.shape.dim]
    for name in (graph.name, *names):
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ModelError(
                where, f"the graph has the name {name!r}, which is no text", hint="fetch it again"
            )
    check_text(graph.node, where)
    for what, group in (("inputs", graph.input), ("initializers", graph.initializer)):
        found = [item.name for item in group]
        if len(set(found)) != len(found):
            twice = next(name for name in found if found.count(name) > 1)
            raise ModelError(where, f"two {what} have the name {twice!r}", hint="rename one")


def has_subgraph(node: NodeProto) -> bool:
    """Tell whether a node has graphs among its attributes."""
    return next(subgraphs(node), None) is not None


def free_names(graph: GraphProto) -> dict[str, None]:
    """Return the names that a subgraph takes from the graphs around it, in order of use."""
    bound = {value.name for value in graph.input}
    bound.update(tensor.name for tensor in graph.initializer)
    bound.update(tensor.values.name for tensor in graph.sparse_initializer)
    for node in graph.node:
        bound.update(node.output)
    free: dict[str, None] = {}
    for node in graph.node:
        for name in inputs_of(node):
            if name not in bound:
                free[name] = None
    for value in graph.output:
        if value.name not in bound:
            free[value.name] = None
    return free


def inputs_of(node: NodeProto) -> Iterator[str]:
    """Yield the names that a node reads, those that its subgraphs take from outside included."""
    for name in node.input:
        if name:
            yield name
    for graph in subgraphs(node):
        yield from free_names(graph)


def live_nodes(
    nodes: Sequence[NodeProto], outputs: Iterable[str], given: Container[str], where: LocationAttr
) -> list[NodeProto]:
    """Return the nodes that `outputs` need, each after those it reads.

    The order of the model is kept where it is a valid one.

    Args:
        nodes: the nodes of one graph.
        outputs: the names that the graph returns.
        given: the names that need no node: inputs, initializers, names of outer graphs.
        where: the place of the graph.

    Raises:
        ModelError: a name is written twice or read but never written; nodes form a cycle.
    """
    writers = _writers(nodes, given)
    reads = {id(node): tuple(inputs_of(node)) for node in nodes}
    needed: set[int] = set()
    pending: list[tuple[str, NodeProto | None]] = [(name, None) for name in outputs]
    while pending:
        name, reader = pending.pop()
        if name in given:
            continue
        writer = writers.get(name)
        if writer is None:
            raise _dangling(name, reader, writers, where)
        if id(writer) not in needed:
            needed.add(id(writer))
            pending.extend((read, writer) for read in reads[id(writer)])
    live = [node for node in nodes if id(node) in needed]
    return live if _is_sorted(live, reads, given) else _sorted(live, reads, writers, given)


def _writers(nodes: Sequence[NodeProto], given: Container[str]) -> dict[str, NodeProto]:
    writers: dict[str, NodeProto] = {}
    for node in nodes:
        for name in node.output:
            if not name:
                continue
            first = writers.setdefault(name, node)
            if first is not node or name in given:
                other = "an input" if first is node else f"node {node_label(first)!r}"
                raise ModelError(
                    node_location(node),
                    f"writes {name!r}, which {other} has written already; names are written once",
                    hint="rename one of the outputs",
                )
    return writers


def _dangling(
    name: str, reader: NodeProto | None, writers: Iterable[str], where: LocationAttr
) -> ModelError:
    place = where if reader is None else node_location(reader)
    what = f"the output {name!r}" if reader is None else f"the input {name!r}"
    near = get_close_matches(name, list(writers), 1)
    hint = f"did you mean {near[0]!r}?" if near else "the model is damaged; export it again"
    return ModelError(
        place, f"{what} is neither an input nor an initializer, and no node writes it", hint=hint
    )


def _is_sorted(
    nodes: Sequence[NodeProto], reads: dict[int, tuple[str, ...]], given: Container[str]
) -> bool:
    written: set[str] = set()
    for node in nodes:
        if any(name not in written and name not in given for name in reads[id(node)]):
            return False
        written.update(node.output)
    return True


def _sorted(
    nodes: Sequence[NodeProto],
    reads: dict[int, tuple[str, ...]],
    writers: dict[str, NodeProto],
    given: Container[str],
) -> list[NodeProto]:
    """Return the nodes in an order of Kahn's algorithm."""
    waits: dict[int, int] = {}
    readers: dict[int, list[NodeProto]] = {id(node): [] for node in nodes}
    for node in nodes:
        sources = {id(writers[name]) for name in reads[id(node)] if name not in given}
        waits[id(node)] = len(sources)
        for source in sources:
            readers[source].append(node)
    ready = deque(node for node in nodes if not waits[id(node)])
    done: list[NodeProto] = []
    while ready:
        node = ready.popleft()
        done.append(node)
        for reader in readers[id(node)]:
            waits[id(reader)] -= 1
            if not waits[id(reader)]:
                ready.append(reader)
    if len(done) != len(nodes):
        stuck = [node for node in nodes if waits[id(node)]]
        names = ", ".join(repr(node_label(node)) for node in stuck[:5])
        raise ModelError(
            node_location(stuck[0]),
            f"nodes need each other's outputs: {names}" + (", ..." if len(stuck) > 5 else ""),
            hint="an ONNX graph must not have a cycle; use Loop or Scan",
        )
    return done
