from typing import Any, cast

import onnx.checker
from tyrex_bench.cases import cases

check_model = cast(Any, onnx.checker).check_model  # Any: its types are partly unknown


def test_every_case_is_a_valid_model_with_work() -> None:
    names: list[str] = []
    for case in cases():
        check_model(case.model, full_check=True)
        assert case.size_bytes > 0
        assert len(case.inputs) == len(case.model.graph.input)
        names.append(case.name)
    assert len(set(names)) == len(names)


def test_work_is_counted() -> None:
    by_name = {case.name: case for case in cases()}
    assert by_name["matmul 512x512x512"].flops == 2 * 512**3
    assert by_name["matmul 512x512x512"].size_bytes == 3 * 512 * 512 * 4
    conv = by_name["4 conv 1x1 64-256 56x56"]
    assert conv.flops == 4 * 2 * 64 * 256 * 56 * 56
    outside, between, weights = 2 * 64 * 56 * 56, 2 * (256 + 64 + 256) * 56 * 56, 4 * 64 * 256
    assert conv.size_bytes == 4 * (outside + between + weights)
