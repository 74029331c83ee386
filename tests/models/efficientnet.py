"""EfficientNet-Lite0: an ONNX graph around published weights.

Inverted bottlenecks: 1x1 expansion, depthwise convolution, 1x1 projection, each with batch
normalization; ReLU6 after the first two; the input is added where the shape allows it.

Source: Tan & Le, ICML 2019; tensorflow/tpu models/official/efficientnet/lite, which drops
squeeze-and-excitation and takes ReLU6 for swish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from . import torch_checkpoint

Array = NDArray[Any]

IMAGE_SIZE, CLASSES, HEAD_CHANNELS = 224, 1000, 1280
EPSILON = 1e-3
OPSET, IR_VERSION = 17, 8


@dataclass(frozen=True)
class Stage:
    """Inverted bottlenecks of one kind; only the first one strides and changes the channels."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24), Stage(2, 5, 2, 6, 40), Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112), Stage(4, 5, 2, 6, 192), Stage(1, 3, 1, 6, 320),
)  # fmt: skip


def write(checkpoint: Path, destination: Path) -> None:
    """Write the ONNX model of a checkpoint."""
    destination.write_bytes(build(torch_checkpoint.read(checkpoint)).SerializeToString())


def build(weights: Mapping[str, Array]) -> ModelProto:
    """The model: `image: f32[1, 3, 224, 224]` in, `logits: f32[1, 1000]` out."""
    return _Graph(weights).build()


class _Graph:
    """The nodes so far. A method adds nodes and returns the name of what they compute."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.constants = {"zero": np.zeros((), np.float32), "six": np.full((), 6, np.float32)}
        self.size = IMAGE_SIZE

    def build(self) -> ModelProto:
        value = self.relu6(self.conv_norm("_conv_stem", "_bn0", "image", stride=2))
        channels, block = 32, 0
        for stage in STAGES:
            for repeat in range(stage.repeats):
                stride = 1 if repeat else stage.stride
                before = value
                value = self.bottleneck(f"_blocks.{block}", value, stride, stage.expansion)
                if stride == 1 and channels == stage.channels:
                    value = self.add("Add", value, before)
                channels, block = stage.channels, block + 1
        value = self.relu6(self.conv_norm("_conv_head", "_bn1", value))
        value = self.add("Flatten", self.add("GlobalAveragePool", value), axis=1)
        weight, bias = self.weight("_fc.weight"), self.weight("_fc.bias")
        self.add("Gemm", value, weight, bias, transB=1, name="logits")
        return self.model()

    def bottleneck(self, prefix: str, value: str, stride: int, expansion: int) -> str:
        if expansion != 1:
            value = self.conv_norm(f"{prefix}._expand_conv", f"{prefix}._bn0", value)
            value = self.relu6(value)
        value = self.conv_norm(f"{prefix}._depthwise_conv", f"{prefix}._bn1", value, stride)
        return self.conv_norm(f"{prefix}._project_conv", f"{prefix}._bn2", self.relu6(value))

    def conv_norm(self, conv: str, norm: str, value: str, stride: int = 1) -> str:
        """Convolution with TensorFlow's SAME padding, then batch normalization."""
        kernel = self.weights[f"{conv}.weight"]
        depthwise = kernel.shape[1] == 1
        size = kernel.shape[2]
        after = -(-self.size // stride)
        padding = max((after - 1) * stride + size - self.size, 0)
        low, high = padding // 2, padding - padding // 2
        self.size = after
        value = self.add(
            "Conv", value, self.weight(f"{conv}.weight"), kernel_shape=[size, size],
            strides=[stride, stride], pads=[low, low, high, high],
            group=kernel.shape[0] if depthwise else 1,
        )  # fmt: skip
        parts = ("weight", "bias", "running_mean", "running_var")
        parameters = [self.weight(f"{norm}.{part}") for part in parts]
        return self.add("BatchNormalization", value, *parameters, epsilon=EPSILON)

    def relu6(self, value: str) -> str:
        return self.add("Clip", value, "zero", "six")

    def weight(self, name: str) -> str:
        self.constants[name] = np.ascontiguousarray(self.weights[name])
        return name

    # Any: onnx.helper takes attributes of every type by keyword.
    def add(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        output = name or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], output, **attributes))
        return output

    def model(self) -> ModelProto:
        shape = [1, 3, IMAGE_SIZE, IMAGE_SIZE]
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])
        weights = [numpy_helper.from_array(value, name) for name, value in self.constants.items()]
        graph = helper.make_graph(self.nodes, "efficientnet_lite0", [image], [logits], weights)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
