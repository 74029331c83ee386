"""ONNX Runtime, the reference: its untyped interface is met here and nowhere else in the zoo."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import ModelProto

Array = NDArray[Any]
Runner = Callable[[Mapping[str, Array]], tuple[Array, ...]]

ERRORS_ONLY = 3


def load(model: Path | ModelProto, threads: int = 1) -> Runner:
    """A function from named inputs to the model's outputs, computed by ONNX Runtime."""
    # Any: SessionOptions is a compiled class without annotations.
    options = cast(Any, ort.SessionOptions())  # pyright: ignore[reportUnknownMemberType]
    options.intra_op_num_threads = threads
    options.log_severity_level = ERRORS_ONLY
    source = model.SerializeToString() if isinstance(model, ModelProto) else str(model)
    session = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])

    def run(inputs: Mapping[str, Array]) -> tuple[Array, ...]:
        # cast: annotated with a union that includes sparse tensors; its arguments are not at all.
        outputs = cast(
            Sequence[Array],
            session.run(None, dict(inputs)),  # pyright: ignore[reportUnknownMemberType]
        )
        return tuple(np.asarray(output) for output in outputs)

    return run
