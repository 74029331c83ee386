from typing import Any

import llvmlite.binding
import pytest
from tyrex_bench.peaks import Peaks, module_text, vector_lanes

binding: Any = llvmlite.binding


@pytest.mark.parametrize(("lanes", "sums"), [(4, 12), (8, 12), (16, 24)])
def test_the_loops_are_valid(lanes: int, sums: int) -> None:
    module = binding.parse_assembly(module_text(lanes, sums))
    module.verify()
    assert [f.name for f in module.functions if not f.is_declaration] == ["fma", "stream"]


def test_vectors_are_as_wide_as_the_machine_allows() -> None:
    assert vector_lanes({"avx512f": True, "avx": True}) == 16
    assert vector_lanes({"avx512f": False, "avx": True}) == 8
    assert vector_lanes({"neon": True}) == 4


def test_the_loops_run() -> None:
    peaks = Peaks(stream_bytes=1 << 20)
    assert peaks.gflops() > 0
    assert peaks.gbytes_per_s() > 0
    assert peaks.stream(peaks.array.ctypes.data, peaks.array.size) == 1 << 18
