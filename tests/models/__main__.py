"""Print what the zoo holds: `PYTHONPATH=tests python -m models [NAME...]` from the root.

For each model: the output's largest absolute value, how far the outputs of two inputs are apart
relative to it, ONNX Runtime's time on one thread, the input shapes and the ops.
"""

import sys
import time
from collections import Counter

import numpy as np
from onnx import ModelProto

from . import ort, zoo

RUNS = 5


def describe(name: str) -> str:
    """One model's line."""
    start = time.perf_counter()
    case = zoo.load(name)
    load_s = time.perf_counter() - start
    first, second = case.make_inputs(0), case.make_inputs(1)
    run = ort.load(case.path, threads=1)
    pairs = [
        (want, other)
        for a, b in zip(run(first), run(second), strict=True)
        for want, other in zip(case.parts(a), case.parts(b), strict=True)
    ]
    scales = [float(np.abs(want).max()) for want, _ in pairs]
    apart = [float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs]
    times: list[float] = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run(first)
        times.append(time.perf_counter() - start)
    graph = ModelProto.FromString(case.path.read_bytes()).graph
    ops = ", ".join(f"{op} {n}" for op, n in Counter(n.op_type for n in graph.node).most_common())
    shapes = ", ".join(f"{key}{list(value.shape)}" for key, value in first.items())
    return (
        f"{name:20} {case.path.stat().st_size / 1e6:6.1f} MB  ready {load_s:5.1f} s  "
        f"ORT {min(times) * 1e3:7.2f} ms  scale {_join(scales)}  apart {_join(apart)}\n"
        f"    {shapes}\n    {ops}"
    )


def _join(values: list[float]) -> str:
    return "/".join(f"{value:.3g}" for value in values)


if __name__ == "__main__":
    for model_name in sys.argv[1:] or zoo.NAMES:
        try:
            print(describe(model_name), flush=True)
        except zoo.ModelUnavailable as reason:
            print(f"{model_name:20} not available: {reason}", flush=True)
