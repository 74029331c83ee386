"""Profiles: what is in them, and the forms they are written in."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from tyrex.runtime.errors import ArgumentError
from tyrex.runtime.executable import Executable
from tyrex.runtime.report import CallRecord, Report
from tyrex.runtime.vm import VirtualMachine

from .programs import kernels, log, program  # noqa: TID251  # the tests' folder

X = np.array([1, 2, 3, 4], np.float32)
YES, NO = np.array(True), np.array(False)


@pytest.fixture
def vm() -> VirtualMachine:
    known = replace(program(), metadata={"kernels": json.dumps({"add": [2, 1, 4]}), "model": "m"})
    return VirtualMachine(Executable(known, kernels(), host_functions={"log": log}), threads=1)


def test_a_profile_has_every_call(vm: VirtualMachine) -> None:
    report = vm.profile("main", X, YES)
    adds = [call for call in report.calls if call.name == "add"]
    assert [call.location for call in adds] == ['Add "add_1" -> t', 'Add "add_2" -> y', ""]
    for call in adds:
        assert call.shapes == "float32[4], float32[4], float32[4]"
        assert (call.bytes_moved, call.flops) == (48, 4)
        assert call.duration_us > 0
        assert call.gflops == pytest.approx(4e-3 / call.duration_us)
        assert call.gb_per_s == pytest.approx(48e-3 / call.duration_us)
    outputs = [call for call in report.calls if call.kind == "allocation"]
    assert [call.allocated_bytes for call in outputs] == [16, 16]
    assert report.total_us >= sum(call.duration_us for call in report.calls)
    assert report.configuration == {"executor": "bytecode", "threads": 1, "model": "m"}
    assert sum(call.name == "add" for call in vm.profile("main", X, NO).calls) == 2


def test_the_table(vm: VirtualMachine) -> None:
    report = vm.profile("main", X, YES)
    lines = report.table().splitlines()
    assert lines[0].split()[:3] == ["Name", "Duration", "(us)"]
    assert sum(line.startswith("add ") for line in lines) == 1  # three calls in one row
    assert [line.split()[0] for line in lines[-2:]] == ["Sum", "Total"]
    assert sum(line.startswith("add ") for line in report.table(aggregate=False).splitlines()) == 3
    assert "Total" not in report.table(col_sums=False)
    first = report.table(sort=True, aggregate=False).splitlines()[1]
    longest = max(report.calls, key=lambda call: call.duration_us)
    assert first.startswith(longest.name)
    assert str(report) == report.table()


def test_the_other_forms(vm: VirtualMachine) -> None:
    report = vm.profile("main", X, YES)
    rows = list(csv.DictReader(io.StringIO(report.csv())))
    assert [row["name"] for row in rows] == [call.name for call in report.calls]
    assert float(rows[0]["percent"]) == pytest.approx(
        100 * report.calls[0].duration_us / report.total_us
    )
    assert Report.from_json(report.json()) == report
    events = json.loads(report.trace())["traceEvents"]
    assert [event["name"] for event in events] == [call.name for call in report.calls]
    begins = [event["ts"] for event in events]
    assert begins == sorted(begins)
    assert all(event["ph"] == "X" and event["dur"] >= 0 for event in events)


def test_calls_of_one_kernel_are_added_up() -> None:
    calls = (
        CallRecord("k", 10.0, 0.0, 1, "a", "f", 100, 1000),
        CallRecord("k", 30.0, 20.0, 1, "b", "f", 100, 1000),
        CallRecord("k", 5.0, 60.0, 1, "b", "g", 10),
    )
    first, second = Report(calls, 100.0).aggregated()
    assert (first.duration_us, first.count, first.location) == (40.0, 2, "a, b")
    assert (first.bytes_moved, first.flops, first.gflops) == (200, 2000, 0.05)
    assert (second.count, second.gflops) == (1, None)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"calls": [{}]}'])
def test_what_is_no_report(text: str) -> None:
    with pytest.raises(ArgumentError, match="this is no report"):
        Report.from_json(text)
