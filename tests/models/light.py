"""The topologies of package onnx, given weights that make numbers worth comparing.

`onnx/backend/test/data/light` holds nine published CNNs whose weights are all 0.02: every channel
is the same and the output hardly depends on the input. Here each model gets He-scaled random
weights and then, layer by layer in the order of the data, statistics measured on random images: a
batch normalization gets the mean and variance of what reaches it; a convolution or fully connected
layer without one is scaled so that its output has standard deviation 1. Activations stay O(1)
through a hundred layers and differ from image to image. The last Softmax is dropped: it hides
errors.

Source: He et al., ICCV 2015 (the scale); Kraehenbuehl et al., ICLR 2016 (data-dependent weights).
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from . import ort
from .images import smooth_image

Array = NDArray[Any]
Draw = Callable[[tuple[int, ...]], Array]

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
RECIPE = 1  # part of the cached file's name: raise it when the weights' recipe changes
CALIBRATION_IMAGES = 4
IR_VERSION = 8  # the first versions demand that initializers are inputs too
SMALLEST_SPREAD = (
    0.1  # of the layer's: a nearly constant channel must not have its rounding amplified
)


def cached_name(name: str) -> str:
    """The cache's file name: changes with the published file and with the recipe."""
    digest = hashlib.sha256((FOLDER / f"{name}.onnx").read_bytes()).hexdigest()
    return f"{name}-{digest[:8]}-{RECIPE}.onnx"


def write(name: str, destination: Path) -> None:
    """Write the calibrated model."""
    destination.write_bytes(build(name).SerializeToString())


def build(name: str) -> ModelProto:
    """The model with calibrated weights and without its last Softmax."""
    model = ModelProto.FromString((FOLDER / f"{name}.onnx").read_bytes())
    rng = np.random.default_rng(int(hashlib.sha256(name.encode()).hexdigest()[:8], 16))
    (data,) = _data_inputs(model)
    height, width = (d.dim_value for d in data.type.tensor_type.shape.dim[2:])
    images = [smooth_image(rng, height, width) for _ in range(CALIBRATION_IMAGES)]
    calibration = _Calibration(model, rng, {data.name: list[Array](images)})
    for node in model.graph.node:
        calibration.visit(node)
    return _with_weights(model, calibration.constants)


@dataclass
class _Calibration:
    """A walk over the graph that runs it on all images and sets the weights as it meets them."""

    model: ModelProto
    rng: np.random.Generator
    images: dict[str, list[Array]]
    """The value of every live tensor that depends on the input, once per image."""
    constants: dict[str, Array] = field(default_factory=dict[str, Array])
    """Every tensor that does not: the weights, and what is computed from them alone."""

    def __post_init__(self) -> None:
        graph = self.model.graph
        self.constants |= {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        self.producers = {name: node for node in graph.node for name in node.output}
        self.uses = Counter(name for node in graph.node for name in node.input)
        self.normalized = {n.input[0] for n in graph.node if n.op_type == "BatchNormalization"}

    def visit(self, node: NodeProto) -> None:
        """Set the node's weights and compute its output."""
        if all(name in self.constants for name in node.input):
            (self.constants[node.output[0]],) = self._run(node, [self.constants])
            return
        match node.op_type:
            case "Conv" | "Gemm":
                self._visit_linear(node)
            case "BatchNormalization":
                self._set_statistics(node)
            case "Mul" if node.input[1] in self.constants:
                self._set(node.input[1], lambda shape: self.rng.uniform(0.8, 1.2, shape))
            case "Add" if node.input[1] in self.constants:
                self._set(node.input[1], lambda shape: self.rng.uniform(-0.2, 0.2, shape))
            case _:
                pass
        self.images[node.output[0]] = self._outputs(node)
        for name in node.input:
            self.uses[name] -= 1
            if not self.uses[name]:
                self.images.pop(name, None)

    def _outputs(self, node: NodeProto) -> list[Array]:
        scopes = [
            {n: self.images[n][i] if n in self.images else self.constants[n] for n in node.input}
            for i in range(CALIBRATION_IMAGES)
        ]
        return self._run(node, scopes)

    def _run(self, node: NodeProto, scopes: list[dict[str, Array]]) -> list[Array]:
        """The node's first output in each scope, by ONNX Runtime."""
        inputs = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(scopes[0][name].dtype), scopes[0][name].shape
            )
            for name in dict.fromkeys(node.input)
        ]
        output = helper.make_empty_tensor_value_info(node.output[0])
        graph = helper.make_graph([node], "node", inputs, [output])
        model = helper.make_model(
            graph, opset_imports=self.model.opset_import, ir_version=IR_VERSION
        )
        run = ort.load(model, threads=0)
        return [run({name: scope[name] for name in node.input})[0] for scope in scopes]

    def _source(self, name: str) -> str:
        """The weight behind a Reshape or Unsqueeze of it."""
        while (producer := self.producers.get(name)) and producer.op_type != "ConstantOfShape":
            name = producer.input[0]
        return name

    def _set(self, name: str, draw: Draw) -> None:
        """Replace the weight `name`, or the weight that `name` is a view of."""
        source = self._source(name)
        value = draw(self.constants[source].shape).astype(np.float32)
        self.constants[source] = value
        self.constants[name] = value.reshape(self.constants[name].shape)

    def _visit_linear(self, node: NodeProto) -> None:
        """Conv and Gemm: He-scaled weights; measured and rescaled if no normalization follows."""
        weight = node.input[1]
        fan_in = int(np.prod(self.constants[weight].shape[1:]))  # both are [out, in, ...]
        bound = np.float32(
            np.sqrt(6 / fan_in)
        )  # of the uniform distribution with variance 2 / fan_in
        self._set(weight, lambda shape: (self.rng.random(shape, np.float32) * 2 - 1) * bound)
        if len(node.input) > 2:
            self._set(node.input[2], np.zeros)
        if node.output[0] not in self.normalized:
            self._rescale(node, *_statistics(self._outputs(node)))

    def _rescale(self, node: NodeProto, mean: Array, spread: Array) -> None:
        """Bring a layer's output to mean about 0, where it has a bias, and standard deviation 1."""
        weight = node.input[1]
        column = (-1,) + (1,) * (self.constants[weight].ndim - 1)
        scaled = self.constants[weight] / spread.reshape(column)
        self._set(weight, lambda shape: scaled.reshape(shape))
        if len(node.input) > 2:
            bias = self.rng.uniform(-0.2, 0.2, mean.shape) - mean / spread
            self._set(node.input[2], lambda shape: bias.reshape(shape))

    def _set_statistics(self, node: NodeProto) -> None:
        mean, spread = _statistics(self.images[node.input[0]])
        scale, bias, running_mean, running_variance = node.input[1:5]
        self._set(scale, lambda shape: self.rng.uniform(0.8, 1.2, shape))
        self._set(bias, lambda shape: self.rng.uniform(-0.2, 0.2, shape))
        self._set(running_mean, lambda shape: mean.reshape(shape))
        self._set(running_variance, lambda shape: (spread**2).reshape(shape))


def _statistics(images: list[Array]) -> tuple[Array, Array]:
    """Mean and standard deviation of each channel; a layer without space shares one deviation."""
    samples = np.asarray(np.concatenate(images), np.float64)
    channels = int(samples.shape[1])
    if samples[0].size == channels:
        return np.zeros(channels), np.full(channels, samples.std())
    axes = (0, *range(2, samples.ndim))
    spread = samples.std(axis=axes)
    least = SMALLEST_SPREAD * np.sqrt((spread**2).mean())
    return samples.mean(axis=axes), np.maximum(spread, least)


def _data_inputs(model: ModelProto) -> list[onnx.ValueInfoProto]:
    weights = {t.name for t in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def _with_weights(model: ModelProto, constants: dict[str, Array]) -> ModelProto:
    """The graph with its ConstantOfShape nodes and weights replaced by `constants`."""
    nodes = [node for node in model.graph.node if node.op_type != "ConstantOfShape"]
    if nodes[-1].op_type == "Softmax":
        nodes = nodes[:-1]
    produced = {name for node in nodes for name in node.output}
    used = dict.fromkeys(name for node in nodes for name in node.input)
    weights = [
        numpy_helper.from_array(constants[name], name)
        for name in used
        if name in constants and name not in produced
    ]
    logits = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, model.graph.name, _data_inputs(model), [logits], weights)
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=IR_VERSION)
