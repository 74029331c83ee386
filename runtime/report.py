"""What a profiled run took, call by call: a table, csv, json, and a trace for a browser."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .errors import ArgumentError
from .observation import Call, CallSite, SiteKind
from .tensor import Tensor

_US = 1e6


@dataclass(frozen=True)
class CallRecord:
    """One call of a run, or, in an aggregated table, the calls of one kernel."""

    name: str
    """Of the kernel, or what was called."""
    duration_us: float
    begin_us: float = 0.0
    """Since the run began."""
    count: int = 1
    location: str = ""
    """The nodes of the model that it came from."""
    shapes: str = ""
    """Types of its inputs and results."""
    bytes_moved: int = 0
    """Of its inputs and results, each once."""
    flops: int | None = None
    allocated_bytes: int = 0
    kind: str = SiteKind.KERNEL.value

    @property
    def gflops(self) -> float | None:
        """Arithmetic, in 10^9 floating-point operations a second; None where it is not known."""
        if self.flops is None or not self.duration_us:
            return None
        return self.flops / self.duration_us * 1e-3

    @property
    def gb_per_s(self) -> float | None:
        """Memory traffic at least, in 10^9 bytes a second."""
        return self.bytes_moved / self.duration_us * 1e-3 if self.duration_us else None


@dataclass(frozen=True)
class Report:
    """A profiled run."""

    calls: tuple[CallRecord, ...]
    total_us: float
    """Of the whole run, what lies between the calls included."""
    device: str = "cpu"
    configuration: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def aggregated(self) -> tuple[CallRecord, ...]:
        """Return one record for each name and shapes, in the order of their first calls."""
        groups: dict[tuple[str, str], list[CallRecord]] = {}
        for call in self.calls:
            groups.setdefault((call.name, call.shapes), []).append(call)
        return tuple(_sum(group) for group in groups.values())

    def table(self, sort: bool = True, aggregate: bool = True, col_sums: bool = True) -> str:
        """Return the calls as text in columns.

        Args:
            sort: longest first.
            aggregate: one row for all calls of a kernel with the same shapes.
            col_sums: add rows with the sum of the calls and the total of the run.
        """
        rows = list(self.aggregated() if aggregate else self.calls)
        if sort:
            rows.sort(key=lambda call: -call.duration_us)
        cells = [self._cells(call) for call in rows]
        if col_sums:
            spent = sum(call.duration_us for call in self.calls)
            allocated = sum(call.allocated_bytes for call in self.calls)
            cells.append(["-" * 10] + [""] * (len(_COLUMNS) - 1))
            cells.append(
                _row("Sum", spent, self._percent(spent), len(self.calls), allocated=allocated)
            )
            cells.append(_row("Total", self.total_us, 100.0, 1))
        return _columns([list(_COLUMNS), *cells])

    def csv(self) -> str:
        """Return the calls as comma-separated values, in the order they were made."""
        out = io.StringIO()
        writer = csv.DictWriter(out, [*_FIELDS, "percent", "gflops", "gb_per_s"])
        writer.writeheader()
        for call in self.calls:
            derived = {
                "percent": self._percent(call.duration_us),
                "gflops": call.gflops,
                "gb_per_s": call.gb_per_s,
            }
            writer.writerow({**asdict(call), **derived})
        return out.getvalue()

    def json(self) -> str:
        """Return the report as JSON, which `from_json` reads."""
        return json.dumps(
            {
                "calls": [asdict(call) for call in self.calls],
                "total_us": self.total_us,
                "device": self.device,
                "configuration": dict(self.configuration),
            }
        )

    @staticmethod
    def from_json(text: str) -> Report:
        """Return the report that `json` wrote.

        Raises:
            ArgumentError: the text is no such report.
        """
        try:
            data = json.loads(text)
            calls = tuple(CallRecord(**call) for call in data["calls"])
            return Report(calls, data["total_us"], data["device"], data["configuration"])
        except (ValueError, KeyError, TypeError) as error:
            raise ArgumentError(f"Report.from_json: this is no report: {error}") from error

    def trace(self) -> str:
        """Return the run as a trace of Chrome's format, for chrome://tracing or ui.perfetto.dev.

        Source: "Trace Event Format", the Chromium project; complete events, times in microseconds.
        """
        events = [
            {
                "name": call.name,
                "cat": call.kind,
                "ph": "X",
                "ts": call.begin_us,
                "dur": call.duration_us,
                "pid": 0,
                "tid": 0,
                "args": {
                    "location": call.location,
                    "shapes": call.shapes,
                    "GFLOP/s": call.gflops,
                    "GB/s": call.gb_per_s,
                },
            }
            for call in self.calls
        ]
        return json.dumps({"traceEvents": events, "otherData": dict(self.configuration)})

    def _percent(self, duration_us: float) -> float:
        return 100.0 * duration_us / self.total_us if self.total_us else 0.0

    def _cells(self, call: CallRecord) -> list[str]:
        percent = self._percent(call.duration_us)
        return _row(
            call.name,
            call.duration_us,
            percent,
            call.count,
            (call.gflops, call.gb_per_s),
            call.allocated_bytes,
            call.shapes,
            call.location,
        )

    def __str__(self) -> str:
        return self.table()


_FIELDS = tuple(CallRecord.__dataclass_fields__)
_COLUMNS = (
    "Name",
    "Duration (us)",
    "Percent",
    "Count",
    "GFLOP/s",
    "GB/s",
    "Allocated (bytes)",
    "Argument Shapes",
    "Nodes",
)
_NUMBERS = range(1, 7)  # columns that are aligned to the right


def _row(
    name: str,
    duration_us: float,
    percent: float,
    count: int,
    rates: tuple[float | None, float | None] = (None, None),
    allocated: int = 0,
    shapes: str = "",
    location: str = "",
) -> list[str]:
    numbers = ["" if rate is None else f"{rate:.1f}" for rate in rates]
    allocated_text = str(allocated) if allocated else ""
    times = [f"{duration_us:.1f}", f"{percent:.1f}", str(count)]
    return [name, *times, *numbers, allocated_text, shapes, location]


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if i in _NUMBERS else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _sum(calls: Sequence[CallRecord]) -> CallRecord:
    first = calls[0]
    flops = [call.flops for call in calls if call.flops is not None]
    return CallRecord(
        first.name,
        sum(call.duration_us for call in calls),
        first.begin_us,
        len(calls),
        ", ".join(dict.fromkeys(call.location for call in calls if call.location)),
        first.shapes,
        sum(call.bytes_moved for call in calls),
        sum(flops) if flops else None,
        sum(call.allocated_bytes for call in calls),
        first.kind,
    )


class Profiler:
    """An observer that keeps the time of every call."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.begin = time.perf_counter()

    def call(self, site: CallSite, args: Sequence[Any], run: Call) -> Any:
        """Make the call and note how long it took."""
        begin = time.perf_counter()
        result = run()
        duration = time.perf_counter() - begin
        if site.kind is SiteKind.FUNCTION:
            return result  # its own calls are in the records
        operands = [arg for arg in site.operands(args) if isinstance(arg, Tensor)]
        created = site.kind is SiteKind.ALLOCATION and isinstance(result, Tensor)
        self.records.append(
            CallRecord(
                site.name,
                duration * _US,
                (begin - self.begin) * _US,
                1,
                site.location,
                ", ".join(_type_of(tensor) for tensor in ([result] if created else operands)),
                sum(tensor.nbytes for tensor in operands),
                site.flops_of(args),
                result.nbytes if created else 0,
                site.kind.value,
            )
        )
        return result

    def report(self, device: str, configuration: Mapping[str, Any]) -> Report:
        """Return the report of a run that has just ended."""
        total = (time.perf_counter() - self.begin) * _US
        return Report(tuple(self.records), total, device, configuration)


def _type_of(tensor: Tensor) -> str:
    return f"{tensor.dtype}[{', '.join(map(str, tensor.shape))}]"
