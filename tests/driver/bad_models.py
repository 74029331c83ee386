"""Models that are wrong in one way each, and what a user is to be told about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

node = helper.make_node


@dataclass(frozen=True)
class Bad:
    """A wrong model: `write(folder)` makes its file; the message holds all of the parts."""

    name: str
    write: Callable[[Path], Path]
    place: str
    found: str
    advice: str
    """What was expected, or what to do."""

    def parts(self) -> tuple[str, ...]:
        return self.place, self.found, self.advice


# -- ONNX ------------------------------------------------------------------------------------------


def make(
    *nodes: NodeProto,
    shape: Sequence[int | str] = (2, 3),
    domains: Sequence[str] = (),
    **weights: NDArray[Any],
) -> ModelProto:
    """A model of `nodes` from x, an image of f32, to y."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 20), *(helper.make_opsetid(name, 1) for name in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def ones(*shape: int) -> NDArray[np.float32]:
    return np.ones(shape, np.float32)


def add(w: NDArray[Any]) -> ModelProto:
    return make(node("Add", ["x", "w"], ["y"], name="act"), w=w)


def file(model: ModelProto | bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "model.onnx"
        path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
        return path

    return write


def external(data: bytes | None = None, **entries: str) -> Callable[[Path], Path]:
    """A model whose weight lies in a file beside it; `data` is what the file holds."""
    model = add(w=ones(2, 3))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": "weights.bin", "offset": "0", "length": "24"} | entries
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)

    def write(folder: Path) -> Path:
        if data is not None:
            (folder / "weights.bin").write_bytes(data)
        return file(model)(folder)

    return write


def changed(change: Callable[[ModelProto], object]) -> Callable[[Path], Path]:
    model = add(w=ones(2, 3))
    change(model)
    return file(model)


def onnx(name: str, model: ModelProto | bytes, found: str, advice: str, place: str = "") -> Bad:
    return Bad(name, file(model), place or "model.onnx", found, advice)


_CUT = "bytes that do not decode", "the file is cut off, or of another format"
_NODE = '"act" -> y'
_WHOLE = add(w=ones(20, 30)).SerializeToString()

ONNX = (
    onnx("truncated", _WHOLE[:-30], *_CUT),
    onnx("truncated early", _WHOLE[:10], *_CUT),
    onnx("text", b"hello there, this is no model", *_CUT),
    onnx("a picture", b"\x89PNG\r\n\x1a\n" + bytes(50), *_CUT),
    onnx("an archive", b"PK\x03\x04" + bytes(50), *_CUT),
    onnx("empty", b"", "the model has no graph", "is this an ONNX model?"),
    onnx(
        "unknown operator",
        make(node("Reluu", ["x"], ["y"], name="act")),
        "Reluu: ONNX has no such operator in opset 20 (1 node: 'act')",
        "replace these operators, or teach Tyrex with",
    ),
    onnx(
        "unknown domain",
        make(node("Gelu2", ["x"], ["y"], domain="com.acme", name="act"), domains=["com.acme"]),
        "com.acme.Gelu2: unknown domain 'com.acme' (1 node: 'act')",
        "replace these operators, or teach Tyrex with",
    ),
    onnx(
        "domain without a version",
        make(node("Gelu2", ["x"], ["y"], domain="com.acme", name="act")),
        "domain 'com.acme' is not in the model's opset_import",
        "replace these operators",
    ),
    onnx(
        "dangling edge",
        make(node("Relu", ["hidden"], ["y"], name="act")),
        "the input 'hidden' is neither an input nor an initializer, and no node writes it",
        "the model is damaged; export it again",
        _NODE,
    ),
    onnx(
        "cycle",
        make(node("Add", ["x", "b"], ["y"], name="act"), node("Relu", ["y"], ["b"], name="second")),
        "nodes need each other's outputs: 'act', 'second'",
        "an ONNX graph must not have a cycle",
        _NODE,
    ),
    onnx(
        "cycle of one",
        make(node("Add", ["x", "y"], ["y"], name="act")),
        "nodes need each other's outputs: 'act'",
        "an ONNX graph must not have a cycle",
        _NODE,
    ),
    onnx(
        "written twice",
        make(node("Relu", ["x"], ["y"], name="first"), node("Relu", ["x"], ["y"], name="act")),
        "writes 'y', which node 'first' has written already",
        "rename one of the outputs",
        _NODE,
    ),
    onnx(
        "attribute out of range",
        make(node("Softmax", ["x"], ["y"], name="act", axis=7)),
        "axis 7 is out of range for rank 2",
        "use -2..1",
        _NODE,
    ),
    onnx(
        "attribute of another type",
        make(node("Softmax", ["x"], ["y"], name="act", axis="left")),
        "attribute 'axis' is STRING",
        "expected INT",
        _NODE,
    ),
    onnx(
        "input missing",
        make(node("Conv", ["x"], ["y"], name="act")),
        "input 1 is missing",
        "the model is damaged; export it again",
        _NODE,
    ),
    onnx(
        "shapes that do not fit",
        add(w=ones(4, 5)),
        "dims 2 and 4 do not broadcast",
        "dims= and shapes= do not fit it",
        _NODE,
    ),
    onnx(
        "element types that differ",
        add(w=np.ones((2, 3), np.int64)),
        "element types f32, i64 differ",
        "the model contradicts itself",
        _NODE,
    ),
    onnx(
        "a shape with other elements",
        make(node("Reshape", ["x", "s"], ["y"], name="act"), s=np.array([4, 5])),
        "has 6 elements, the new shape [4, 5] has 20",
        "the model contradicts itself",
        _NODE,
    ),
    onnx(
        "channels that differ",
        make(node("Conv", ["x", "w"], ["y"], name="act"), shape=(1, 3, 8, 8), w=ones(4, 5, 3, 3)),
        "input channels: 3 and 5 differ",
        "the model contradicts itself",
        _NODE,
    ),
    onnx(
        "a symbolic dim",
        make(node("CumSum", ["x", "n"], ["y"], name="act"), shape=("n",), n=np.array(9)),
        "axis 9 is out of range for rank 1",
        "use -1..0",
        _NODE,
    ),
    Bad(
        "external data missing",
        external(),
        "model.onnx",
        "weights.bin': No such file or directory",
        "put the data file beside the model",
    ),
    Bad(
        "external data cut off",
        external(bytes(10)),
        "model.onnx",
        "tensor 'w' lies at bytes 0..24 of 'weights.bin', which has 10",
        "the data file is cut off or belongs to another model",
    ),
    Bad(
        "external data outside",
        external(location="../../etc/passwd"),
        "model.onnx",
        "tensor 'w' wants its data from '../../etc/passwd'",
        "data files must lie beside the model",
    ),
    Bad(
        "external data at no offset",
        external(bytes(24), offset="-5"),
        "model.onnx",
        "tensor 'w': external offset is '-5'",
        "expected a number",
    ),
    Bad(
        "weight of another length",
        changed(lambda m: setattr(m.graph.initializer[0], "raw_data", bytes(10))),
        "model.onnx",
        "tensor 'w' has 10 bytes",
        "its shape [2, 3] and type float32 need 24",
    ),
    Bad(
        "no version",
        changed(lambda m: m.opset_import.pop()),
        "model.onnx",
        "the model imports no opset",
        "set opset_import",
    ),
    Bad(
        "a version of the future",
        changed(lambda m: setattr(m.opset_import[0], "version", 999)),
        "model.onnx",
        "the model uses opset 999",
        "upgrade package onnx, or export the model with an older opset",
    ),
)

# -- MLIR ------------------------------------------------------------------------------------------

T = "!relax.tensor<[4], f32>"
_HEAD = f"relax.func @main(%x: {T}) -> ({T}) {{\n"
_END = f"  relax.return %x : {T}\n}}\n"
_KERNEL = "tir.func @k(%a: !tir.buffer<[8], f32>) -> (%b: !tir.buffer<[8], f32>) {\n}\n"


def mlir(name: str, text: str | bytes, place: str, found: str, advice: str = "error: ") -> Bad:
    def write(folder: Path) -> Path:
        path = folder / "model.mlir"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return Bad(name, write, f"model.mlir:{place}" if place else "model.mlir", found, advice)


def line(operation: str) -> str:
    """A function whose first operation is `operation`."""
    return f"{_HEAD}  {operation}\n{_END}"


MALFORMED = (
    mlir("nothing known", "hello world\n", "1:1", "unknown operation 'hello'", "there are: arith,"),
    mlir("cut off", "relax.func @main(", "1:18", "Expected block argument"),
    mlir(
        "no end", _HEAD + _END[:-2], "3:1", "the text ends inside a region", "expected an operation"
    ),
    mlir("no type", _HEAD.replace("[4], ", "[4, "), "1:43", "']' expected"),
    mlir("an open string", 'relax.func @main(%x: "abc', "1:22", "End of file reached"),
    mlir("a zero byte", b"relax.func\x00 @main", "1:11", "Unexpected character"),
    mlir(
        "unknown operation",
        line(f"%y = relax.frobnicate %x : ({T}) -> {T}"),
        "2:8",
        "unknown operation 'relax.frobnicate': dialect 'relax' has no such operation",
    ),
    mlir(
        "unknown dialect",
        line(f"%y = torch.relu %x : ({T}) -> {T}"),
        "2:8",
        "no dialect 'torch'",
        "there are: arith, ",
    ),
    mlir(
        "undefined value",
        line(f"%y = relax.relu %z : ({T}) -> {T}"),
        "2:19",
        "value '%z' is used but never defined",
    ),
    mlir(
        "another type than declared",
        line(f"%y = relax.relu %x : (!relax.tensor<[5], f32>) -> {T}"),
        "2:19",
        "operand is used with type !relax.tensor<[5], f32>",
        "previously used or defined with type !relax.tensor<[4], f32>",
    ),
    mlir("a negative dim", _HEAD.replace("[4]", "[-4]") + "}", "1:1", "negative dim -4"),
    mlir(
        "more than memory",
        _HEAD.replace("[4]", "[9999999999999999999]") + "}",
        "1:1",
        "9999999999999999999 elements",
        "expected at most 2^60",
    ),
    mlir("too deep", "builtin.module {" * 20000, "1:", "nested too deeply", "expected fewer"),
    mlir(
        "too deep an expression",
        _HEAD.replace("[4]", "[" + "(" * 20000),
        "1:",
        "nested too deeply",
        "expected fewer",
    ),
    mlir(
        "elements missing",
        line(f"%c = relax.constant <[4], f32, [1.0]> : {T}"),
        "2:34",
        "1 elements for shape [4]",
    ),
    mlir(
        "an element out of range",
        line("%c = relax.constant <[1], i8, [1000]> : !relax.tensor<[1], i8>"),
        "2:33",
        "#relax.constant: 1000 is no int8",
    ),
    mlir(
        "an element of another kind",
        line("%c = relax.constant <[1], i8, [1.5]> : !relax.tensor<[1], i8>"),
        "2:33",
        "#relax.constant: 1.5 is no int8",
    ),
    mlir(
        "a constant that is not here",
        line('%c = relax.constant <[400], f32, digest "00112233"> : !relax.tensor<[400], f32>'),
        "2:36",
        "no array with digest 00112233",
        "its file 00112233.npy is looked for in",
    ),
)
"""Texts that do not parse."""

INVALID = (
    mlir(
        "used before",
        line(f"%y = relax.relu %z : ({T}) -> {T}\n  %z = relax.relu %x : ({T}) -> {T}"),
        "2:3",
        "operand #0 (%z) does not dominate this use",
        "model.mlir:3:3: note: 'relax.relu' defined here",
    ),
    mlir(
        "another result",
        line(f"%y = relax.relu %x : ({T}) -> !relax.tensor<[5], f32>"),
        "2:3",
        "result 0 has type !relax.tensor<[5], f32>",
        "!relax.tensor<[4], f32> is inferred",
    ),
    mlir(
        "an axis out of range",
        line(f"%y = relax.softmax %x {{axis = 3}} : ({T}) -> {T}"),
        "2:3",
        "axis 3 is out of range for rank 1",
        "use 0..0",
    ),
    mlir(
        "a property missing",
        line(f"%y = relax.softmax %x : ({T}) -> {T}"),
        "2:3",
        "property 'axis' expected",
    ),
    mlir(
        "one name twice",
        _HEAD + _END + _HEAD + _END,
        "4:1",
        "redefines symbol @main",
        "give one of the two another name",
    ),
    mlir(
        "nothing returned",
        _HEAD + "  relax.return\n}",
        "1:1",
        "returns ()",
        f"declared ({T})",
    ),
    mlir(
        "no terminator",
        _HEAD + f"  %y = relax.relu %x : ({T}) -> {T}\n}}",
        "2:3",
        "ends a block of 'relax.func'",
        "but is not a terminator",
    ),
    mlir(
        "an unknown symbol",
        _HEAD.replace("[4]", "[n]") + _END.replace("[4]", "[n]"),
        "1:1",
        "symbol 'n' in an argument",
        "neither declared (@name<n>) nor introduced before",
    ),
    mlir(
        "a condition that is none",
        line(
            f"%y = relax.if %x : {T} -> ({T}) {{\n    relax.yield %x : {T}\n  }} else {{\n"
            f"    relax.yield %x : {T}\n  }}"
        ),
        "2:3",
        f"the condition is {T}",
        "use a bool of one element",
    ),
    mlir(
        "indices of another rank",
        _KERNEL[:-2] + "  tir.for %i in 8 serial {\n    "
        "%v = tir.load %a[%i, %i] : !tir.buffer<[8], f32>\n  }\n}\n",
        "3:5",
        "tir.load: 2 indices",
        "for a buffer of rank 1",
    ),
)
"""Texts that parse, and do not verify."""

NO_PROGRAM = (
    mlir("no text", b"\xff\xfe\x00", "", "cannot be read as MLIR text: 'utf-8' codec"),
    mlir("empty text", "", "", "has nothing to compile", "a module holds relax.func (a graph)"),
    mlir(
        "no kernel of that name",
        line(f"%y = relax.call_tir @nope(%x) : ({T}) -> {T}").replace("return %x", "return %y"),
        "2:3",
        "calls @nope",
        "which is no tir.func of the module",
    ),
    mlir(
        "a kernel of another type",
        line(f"%y = relax.call_tir @k(%x) : ({T}) -> {T}").replace("return %x", "return %y")
        + _KERNEL,
        "2:3",
        f"passes {T} as argument 0 of kernel @k",
        "which takes !relax.tensor<[8], f32>",
    ),
    mlir(
        "arguments too many",
        line(f"%y = relax.call_tir @k(%x, %x) : ({T}, {T}) -> {T}").replace(
            "return %x", "return %y"
        )
        + _KERNEL,
        "2:3",
        "passes 2 inputs and 1 outputs to kernel @k",
        "which takes 1 and 1",
    ),
    mlir(
        "kernels of LLVM alone",
        "llvm.func @f() { llvm.return }",
        "1:1",
        "holds kernels of the llvm dialect and no program that calls them",
        "`tyrex compile --to obj`",
    ),
    mlir(
        "functions of another kind",
        "func.func @main() { func.return }",
        "1:1",
        "has nothing to compile",
        "a module holds relax.func (a graph)",
    ),
)
"""Texts that are well formed and no program."""
