import math
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from tyrex_bench.report import bars_of, mean_ratios, ratios, show


def engine(wall: list[float], error: str = "") -> dict[str, Any]:
    return {
        "wall_s": wall, "cpu_s": [value / 2 for value in wall], "error": error, "version": "1.0",
        "load_s": 2.0, "cached_load_s": 0.25, "peak_bytes": 1 << 27, "max_error": 1e-6,
    }  # fmt: skip


def make_report() -> dict[str, Any]:
    results: list[dict[str, Any]] = [
        {
            "model": model, "threads": 1, "load_average": [0.5, 7.25], "busy": model == "a",
            "engines": {
                "tyrex": engine([0.01, 0.02]), "peer": engine(peer),
                "other": engine([], f"no {model}[0]"),
            },
        }
        for model, peer in (("a", [0.02, 0.04]), ("b", [0.08, 0.16]))
    ]  # fmt: skip
    machine = {
        "cpu": "A Processor", "cpus": 2, "features": ["fma"], "date": "2020-02-02",
        "commit": "0123456789abcdef", "modified": True,
    }  # fmt: skip
    return {"own": "tyrex", "machine": machine, "absent": {"tvm": "no wheel"}, "results": results}


def test_ratios_say_how_many_times_longer_a_peer_takes() -> None:
    results = make_report()["results"]
    assert ratios(results[0], "tyrex", "wall_s") == {"peer": 2}
    assert ratios(results[0], "absent", "wall_s") == {}
    assert mean_ratios(results, "tyrex", "cpu_s") == {"peer": pytest.approx(4)}


def test_bars_end_with_the_mean() -> None:
    bars = bars_of(make_report()["results"], "tyrex", "wall_s")
    assert list(bars) == ["peer"]
    assert list(bars["peer"]) == ["a", "b", "geometric mean"]
    assert math.isclose(bars["peer"]["geometric mean"], 4)


def test_the_tables_say_what_was_found() -> None:
    text = StringIO()
    show(make_report(), Console(file=text, width=160))
    for part in (
        "A Processor, 2 processors, fma",
        "commit 0123456789ab (modified); tyrex 1.0, peer 1.0",
        "absent: tvm: no wheel",
        "15.00 (10.00)",
        "2.00 / 0.25",
        "geometric mean",
        "a*",
        "7.2",
        "the machine had other work",
        "0.50",
        "b: other: no b[0]",
    ):
        assert part in text.getvalue()


def test_two_threads_on_a_busy_machine_are_no_speed() -> None:
    report, text = make_report(), StringIO()
    for result in report["results"]:
        result["threads"] = 2
    show(report, Console(file=text, width=160))
    assert "say how engines bear a crowded machine" in text.getvalue()
