"""Train the digit classifier of this folder in plain NumPy and write it as digits.onnx.

    pip install scikit-learn          # for its 1 797 handwritten digits, nothing else
    python examples/digits/train.py   # about a minute; writes digits.onnx and the held-out digits

    x / 16 -> conv 3x3, 16 -> relu -> maxpool 2 -> conv 3x3, 32 -> relu -> maxpool 2 -> linear 10

Every fifth digit is held out: it is never trained on and chooses nothing.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

Array = NDArray[np.float32]

HERE = Path(__file__).parent
EPOCHS, BATCH, PEAK_RATE = 60, 64, 3e-3
BRIGHTEST = 16  # of a pixel
CHANNELS = (16, 32)
OPSET, IR_VERSION = 17, 8


class Layer(Protocol):
    """One step of the network: `backward` takes and returns gradients of the loss."""

    parameters: list[Array]
    gradients: list[Array]

    def forward(self, x: Array) -> Array:
        """The layer's output; remembers what `backward` needs."""
        ...

    def backward(self, gradient: Array) -> Array:
        """The gradient of the input; fills `gradients`."""
        ...


class Conv:
    """3x3 convolution of `[n, c, h, w]`, padded to keep the size."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        deviation = np.sqrt(2 / (9 * inputs))
        weight = rng.normal(0, deviation, (outputs, inputs, 3, 3)).astype(np.float32)
        self.parameters = [weight, np.zeros(outputs, np.float32)]
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        """`y = sum(window * weight) + bias`."""
        self.windows = _windows(x)
        weight, bias = self.parameters
        y = np.einsum("nchwij,ocij->nohw", self.windows, weight, optimize=True)
        return y + bias[:, None, None]

    def backward(self, gradient: Array) -> Array:
        """The same convolution, of the gradient with the turned weights."""
        weight = self.parameters[0]
        by_weight = np.einsum("nohw,nchwij->ocij", gradient, self.windows, optimize=True)
        self.gradients = [by_weight, gradient.sum((0, 2, 3))]
        flipped = weight[:, :, ::-1, ::-1]
        return np.einsum("nohwij,ocij->nchw", _windows(gradient), flipped, optimize=True)


class Relu:
    """`y = max(x, 0)`."""

    def __init__(self) -> None:
        self.parameters: list[Array] = []
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        """`max(x, 0)`."""
        self.positive = x > 0
        return x * self.positive

    def backward(self, gradient: Array) -> Array:
        """What came through."""
        return gradient * self.positive


class MaxPool:
    """The maximum of each 2x2 block."""

    def __init__(self) -> None:
        self.parameters: list[Array] = []
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        """`[n, c, h / 2, w / 2]`."""
        n, c, h, w = x.shape
        blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
        y = blocks.max((3, 5), keepdims=True)
        self.chosen = blocks == y
        return y.reshape(n, c, h // 2, w // 2)

    def backward(self, gradient: Array) -> Array:
        """To the largest of each block; to all of them if they are equal."""
        n, c, h, w = gradient.shape
        spread = gradient[:, :, :, None, :, None] * self.chosen
        return spread.reshape(n, c, 2 * h, 2 * w)


class Linear:
    """`y = flatten(x) @ weight.T + bias`."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        weight = rng.normal(0, np.sqrt(1 / inputs), (outputs, inputs)).astype(np.float32)
        self.parameters = [weight, np.zeros(outputs, np.float32)]
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        """`[n, outputs]`."""
        self.shape = x.shape
        self.flat = x.reshape(len(x), -1)
        return self.flat @ self.parameters[0].T + self.parameters[1]

    def backward(self, gradient: Array) -> Array:
        """`gradient @ weight`."""
        self.gradients = [gradient.T @ self.flat, gradient.sum(0)]
        return (gradient @ self.parameters[0]).reshape(self.shape)


def _windows(x: Array) -> Array:
    """Every 3x3 window of the zero-padded images: `[n, c, h, w, 3, 3]`."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return sliding_window_view(padded, (3, 3), axis=(2, 3))


def network(rng: np.random.Generator) -> list[Layer]:
    """The untrained layers."""
    first, second = CHANNELS
    return [
        Conv(1, first, rng), Relu(), MaxPool(),
        Conv(first, second, rng), Relu(), MaxPool(),
        Linear(second * 2 * 2, 10, rng),
    ]  # fmt: skip


def predict(layers: list[Layer], images: Array) -> Array:
    """Scores `[n, 10]` of images `[n, 1, 8, 8]` with pixels from 0 to 16."""
    x = images / np.float32(BRIGHTEST)
    for layer in layers:
        x = layer.forward(x)
    return x


def shifted(images: Array, rng: np.random.Generator) -> Array:
    """The images moved by up to a pixel, each its own way, with a little noise."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    moves = rng.choice([0, 1, 1, 2], (len(images), 2))
    moved = np.stack([p[:, y : y + 8, x : x + 8] for p, (y, x) in zip(padded, moves, strict=True)])
    return moved + rng.normal(0, 0.5, moved.shape).astype(np.float32)


def train(layers: list[Layer], images: Array, labels: NDArray[np.int64]) -> None:
    """Minimise the cross entropy with Adam (Kingma & Ba, 2015), its rate falling as a cosine."""
    rng = np.random.default_rng(1)
    parameters = [p for layer in layers for p in layer.parameters]
    means = [np.zeros_like(p) for p in parameters]
    squares = [np.zeros_like(p) for p in parameters]
    step, steps = 0, EPOCHS * -(-len(images) // BATCH)
    for epoch in range(EPOCHS):
        loss = 0.0
        order = rng.permutation(len(images))
        for start in range(0, len(images), BATCH):
            batch = order[start : start + BATCH]
            loss += backpropagate(layers, shifted(images[batch], rng), labels[batch]) * len(batch)
            step += 1
            rate = PEAK_RATE * (1 + np.cos(np.pi * step / steps)) / 2
            gradients = [g for layer in layers for g in layer.gradients]
            for p, g, mean, square in zip(parameters, gradients, means, squares, strict=True):
                mean += 0.1 * (g - mean)
                square += 0.001 * (g * g - square)
                scale = np.sqrt(square / (1 - 0.999**step)) + 1e-8
                p -= (rate * mean / (1 - 0.9**step) / scale).astype(np.float32)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1:3}: loss {loss / len(images):.4f}")


def backpropagate(layers: list[Layer], images: Array, labels: NDArray[np.int64]) -> float:
    """Fill the layers' gradients; returns the mean cross entropy."""
    scores = predict(layers, images)
    scores = scores - scores.max(1, keepdims=True)
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(chances[rows, labels]).mean()
    gradient = chances
    gradient[rows, labels] -= 1
    gradient /= len(labels)
    for layer in reversed(layers):
        gradient = layer.backward(gradient)
    return float(loss)


def export(layers: list[Layer]) -> onnx.ModelProto:
    """The trained network in ONNX: `image: f32[batch, 1, 8, 8]`, `probability: f32[batch, 10]`."""
    convs = [layer for layer in layers if isinstance(layer, Conv)]
    (linear,) = (layer for layer in layers if isinstance(layer, Linear))
    weights = {"scale": np.array(1 / BRIGHTEST, np.float32)}
    nodes = [helper.make_node("Mul", ["image", "scale"], ["x0"])]
    for i, conv in enumerate(convs):
        names = [f"conv{i}.weight", f"conv{i}.bias"]
        weights |= dict(zip(names, conv.parameters, strict=True))
        nodes += [
            helper.make_node("Conv", [f"x{i}", *names], [f"c{i}"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [f"c{i}"], [f"r{i}"]),
            helper.make_node(
                "MaxPool", [f"r{i}"], [f"x{i + 1}"], kernel_shape=[2, 2], strides=[2, 2]
            ),
        ]
    names = ["linear.weight", "linear.bias"]
    weights |= dict(zip(names, linear.parameters, strict=True))
    nodes += [
        helper.make_node("Flatten", [f"x{len(convs)}"], ["flat"]),
        helper.make_node("Gemm", ["flat", *names], ["score"], transB=1),
        helper.make_node("Softmax", ["score"], ["probability"], axis=-1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def main() -> None:
    """Train, report, write."""
    digits = load_digits()
    images = digits.images.astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    held_out = np.arange(len(images)) % 5 == 0
    layers = network(np.random.default_rng(0))
    train(layers, images[~held_out], labels[~held_out])
    right = predict(layers, images[held_out]).argmax(1) == labels[held_out]
    print(f"{right.sum()} of {len(right)} held-out digits are right ({right.mean():.1%})")
    model = export(layers)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(HERE / "digits.onnx"))
    np.save(HERE / "held_out_images.npy", images[held_out].astype(np.uint8))
    np.save(HERE / "held_out_labels.npy", labels[held_out].astype(np.uint8))


if __name__ == "__main__":
    main()
