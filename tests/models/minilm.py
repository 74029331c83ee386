"""MiniLM-L6, a BERT encoder for sentence embeddings: an ONNX graph around published weights.

    h = LayerNorm(word[ids] + position[0..s] + type[types])                      [batch, s, 384]
    6 times:  a = softmax(Q K^T / sqrt(32) + (1 - mask) * -1e4) V, 12 heads of 32
              h = LayerNorm(h + a Wo);  h = LayerNorm(h + gelu(h W1) W2)
    y = mean of h over the tokens that the mask keeps, divided by its Euclidean norm   [batch, 384]

The graph is as exporters write it: shapes are computed from the input, GELU is spelled with Erf.
Source: Devlin et al., NAACL 2019; Wang et al., NeurIPS 2020 (the distilled model).
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from . import safetensors

Array = NDArray[Any]

LAYERS, HEADS, HEAD_SIZE = 6, 12, 32
HIDDEN = HEADS * HEAD_SIZE
EPSILON = 1e-12
MASKED = -1e4  # added to the scores of tokens that the mask leaves out
CLS, SEP, FIRST_WORD, VOCABULARY = 101, 102, 1996, 30522  # token ids
OPSET, IR_VERSION = 17, 8


def write(weights: Path, destination: Path) -> None:
    """Write the ONNX model of a safetensors checkpoint."""
    destination.write_bytes(build(safetensors.read(weights)).SerializeToString())


def build(weights: Mapping[str, Array]) -> ModelProto:
    """The model: `input_ids, attention_mask, token_type_ids: i64[batch, sequence]` in."""
    return _Graph(weights).build()


class _Graph:
    """The nodes so far. A method adds nodes and returns the name of what they compute."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, Array] = {}

    def build(self) -> ModelProto:
        hidden = self.embeddings()
        ones_minus = self.add("Sub", self.scalar(1), self.mask("1,2"))
        bias = self.add("Mul", ones_minus, self.scalar(MASKED))
        for layer in range(LAYERS):
            hidden = self.layer(f"encoder.layer.{layer}", hidden, bias)
        self.add("Identity", self.pool(hidden), name="sentence_embedding")
        return self.model()

    def embeddings(self) -> str:
        length = self.add("Gather", self.add("Shape", "input_ids"), self.ints("one", 1), axis=0)
        end = self.add("Unsqueeze", length, self.ints("axis0", [0]))
        names = ("word_embeddings", "position_embeddings", "token_type_embeddings")
        word, position, kind = (self.weight(f"embeddings.{name}.weight") for name in names)
        positions = self.add("Slice", position, self.ints("axis0", [0]), end)
        total = self.add("Gather", word, "input_ids", axis=0)
        total = self.add("Add", total, self.add("Gather", kind, "token_type_ids", axis=0))
        return self.norm("embeddings.LayerNorm", self.add("Add", total, positions))

    def layer(self, prefix: str, hidden: str, bias: str) -> str:
        context = self.attention(f"{prefix}.attention.self", hidden, bias)
        context = self.linear(f"{prefix}.attention.output.dense", context)
        hidden = self.norm(f"{prefix}.attention.output.LayerNorm", self.add("Add", context, hidden))
        inner = self.gelu(self.linear(f"{prefix}.intermediate.dense", hidden))
        outer = self.linear(f"{prefix}.output.dense", inner)
        return self.norm(f"{prefix}.output.LayerNorm", self.add("Add", outer, hidden))

    def attention(self, prefix: str, hidden: str, bias: str) -> str:
        split = self.ints("heads", [0, 0, HEADS, HEAD_SIZE])

        def heads(part: str, perm: list[int]) -> str:
            projected = self.add("Reshape", self.linear(f"{prefix}.{part}", hidden), split)
            return self.add("Transpose", projected, perm=perm)

        scores = self.add("MatMul", heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]))
        scores = self.add("Div", scores, self.scalar(math.sqrt(HEAD_SIZE)))
        weights = self.add("Softmax", self.add("Add", scores, bias), axis=-1)
        context = self.add("MatMul", weights, heads("value", [0, 2, 1, 3]))
        context = self.add("Transpose", context, perm=[0, 2, 1, 3])
        return self.add("Reshape", context, self.ints("joined", [0, 0, HIDDEN]))

    def pool(self, hidden: str) -> str:
        mask = self.mask("2")
        axes = self.ints("axis1", [1])
        total = self.add("ReduceSum", self.add("Mul", hidden, mask), axes, keepdims=0)
        count = self.add("ReduceSum", mask, axes, keepdims=0)
        mean = self.add("Div", total, self.add("Clip", count, self.scalar(1e-9)))
        norm = self.add("ReduceL2", mean, axes=[1], keepdims=1)
        return self.add("Div", mean, self.add("Clip", norm, self.scalar(EPSILON)))

    def mask(self, axes: str) -> str:
        """The attention mask as f32, with new axes at the comma-separated positions."""
        at = self.ints(f"axes{axes}", [int(axis) for axis in axes.split(",")])
        return self.add("Cast", self.add("Unsqueeze", "attention_mask", at), to=TensorProto.FLOAT)

    def norm(self, prefix: str, value: str) -> str:
        scale, bias = self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias")
        return self.add("LayerNormalization", value, scale, bias, axis=-1, epsilon=EPSILON)

    def linear(self, prefix: str, value: str) -> str:
        weight = self.constant(f"{prefix}.weight", self.weights[f"{prefix}.weight"].T)
        return self.add("Add", self.add("MatMul", value, weight), self.weight(f"{prefix}.bias"))

    def gelu(self, value: str) -> str:
        erf = self.add("Erf", self.add("Div", value, self.scalar(math.sqrt(2))))
        grown = self.add("Mul", value, self.add("Add", erf, self.scalar(1)))
        return self.add("Mul", grown, self.scalar(0.5))

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def scalar(self, value: float) -> str:
        return self.constant(f"scalar_{value}", np.float32(value))

    def ints(self, name: str, value: int | list[int]) -> str:
        return self.constant(name, np.array(value, np.int64))

    def constant(self, name: str, value: Array | np.float32) -> str:
        self.constants.setdefault(name, np.asarray(value))
        return name

    # Any: onnx.helper takes attributes of every type by keyword.
    def add(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        output = name or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], output, **attributes))
        return output

    def model(self) -> ModelProto:
        ids = ["input_ids", "attention_mask", "token_type_ids"]
        inputs = [
            helper.make_tensor_value_info(i, TensorProto.INT64, ["batch", "sequence"]) for i in ids
        ]
        output = helper.make_tensor_value_info(
            "sentence_embedding", TensorProto.FLOAT, ["batch", HIDDEN]
        )
        weights = [numpy_helper.from_array(value, name) for name, value in self.constants.items()]
        graph = helper.make_graph(self.nodes, "minilm_l6", inputs, [output], weights)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def evaluate(weights: Mapping[str, Array], inputs: Mapping[str, Array]) -> Array:
    """The same model in NumPy, in f64, from the equations alone: what the graph is checked by."""

    def weight(name: str) -> Array:
        return weights[name].astype(np.float64)

    def linear(prefix: str, value: Array) -> Array:
        return value @ weight(f"{prefix}.weight").T + weight(f"{prefix}.bias")

    def norm(prefix: str, value: Array) -> Array:
        centred = value - value.mean(-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return centred / deviation * weight(f"{prefix}.weight") + weight(f"{prefix}.bias")

    def heads(prefix: str, value: Array) -> Array:
        projected = linear(prefix, value)
        return projected.reshape(*projected.shape[:2], HEADS, HEAD_SIZE).swapaxes(1, 2)

    def attention(prefix: str, value: Array) -> Array:
        query, key = heads(f"{prefix}.query", value), heads(f"{prefix}.key", value)
        scores = query @ key.swapaxes(2, 3) / math.sqrt(HEAD_SIZE)
        powers = np.exp(scores + (1 - mask[:, None, None, :]) * MASKED)
        context = powers / powers.sum(-1, keepdims=True) @ heads(f"{prefix}.value", value)
        return context.swapaxes(1, 2).reshape(value.shape)

    ids, mask = inputs["input_ids"], inputs["attention_mask"].astype(np.float64)
    erf = np.vectorize(math.erf)
    hidden = weight("embeddings.word_embeddings.weight")[ids]
    hidden = hidden + weight("embeddings.position_embeddings.weight")[: ids.shape[1]]
    hidden = hidden + weight("embeddings.token_type_embeddings.weight")[inputs["token_type_ids"]]
    hidden = norm("embeddings.LayerNorm", hidden)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        context = linear(
            f"{prefix}.attention.output.dense", attention(f"{prefix}.attention.self", hidden)
        )
        hidden = norm(f"{prefix}.attention.output.LayerNorm", hidden + context)
        inner = linear(f"{prefix}.intermediate.dense", hidden)
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        hidden = norm(
            f"{prefix}.output.LayerNorm", hidden + linear(f"{prefix}.output.dense", inner)
        )
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)
