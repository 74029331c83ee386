"""The result of a run as text: a table by operator, and why cases did not pass."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from .outcome import Outcome, Status
from .suite import EXPANDED

COLUMNS = tuple(Status)
MAX_REASON = 140
EXAMPLES = 3
OPS_SHOWN = 8


def render(outcomes: Mapping[str, Outcome], subjects: Mapping[str, str]) -> str:
    """The whole report."""
    return "\n".join([*_table(outcomes, subjects), "", *_reasons(outcomes, subjects)]) + "\n"


def summary(outcomes: Mapping[str, Outcome]) -> str:
    """The totals, one line for primary cases and one for expansions."""
    return "\n".join(_row(label, part) for label, part in _halves(outcomes))


def _table(outcomes: Mapping[str, Outcome], subjects: Mapping[str, str]) -> Iterator[str]:
    groups: defaultdict[str, dict[str, Outcome]] = defaultdict(dict)
    for name, outcome in outcomes.items():
        groups[subjects[name]][name] = outcome
    for label, part in _halves(outcomes):
        yield _row(label, part)
    on_host = sum(outcome.uses_host for outcome in outcomes.values())
    if on_host:
        yield f"{on_host} of the passed call back into Python"
    yield ""
    yield f"{'operator':32}" + "".join(f"{column:>13}" for column in COLUMNS) + "   (+ expanded)"
    for op in sorted(groups):
        (_, primary), (_, expanded) = _halves(groups[op])
        yield f"{op:32}" + "".join(_cell(primary, expanded, column) for column in COLUMNS)


def _halves(outcomes: Mapping[str, Outcome]) -> list[tuple[str, list[Outcome]]]:
    return [
        ("primary", [o for name, o in outcomes.items() if EXPANDED not in name]),
        ("expanded", [o for name, o in outcomes.items() if EXPANDED in name]),
    ]


def _row(label: str, outcomes: list[Outcome]) -> str:
    counts = Counter(outcome.status for outcome in outcomes)
    parts = ", ".join(f"{counts[status]} {status}" for status in COLUMNS)
    return f"{label:9} {len(outcomes):5} cases: {parts}"


def _cell(primary: list[Outcome], expanded: list[Outcome], status: Status) -> str:
    first, second = (sum(o.status is status for o in part) for part in (primary, expanded))
    text = f"{first or '.'}" + (f" + {second}" if second else "")
    return f"{text:>13}"


def _reasons(outcomes: Mapping[str, Outcome], subjects: Mapping[str, str]) -> Iterator[str]:
    groups: defaultdict[tuple[Status, str], list[str]] = defaultdict(list)
    for name, outcome in sorted(outcomes.items()):
        if outcome.status is not Status.PASSED:
            groups[outcome.status, generalize(outcome.reason)].append(name)
    for (status, reason), names in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0])):
        ops = Counter(subjects[name] for name in names).most_common(OPS_SHOWN)
        yield f"{len(names):5} {status}: {reason}"
        yield "        ops: " + ", ".join(f"{op} {count}" for op, count in ops)
        for name in names[:EXAMPLES]:
            yield f"        {name}: {_first_line(outcomes[name].reason)}"


def generalize(reason: str) -> str:
    """A reason without what differs from case to case: numbers, shapes, SSA names."""
    line = _first_line(reason)
    if line.startswith(("wrong numbers", "wrong shape")):
        return line.partition(":")[0]
    line = re.sub(r"%[\w.$-]+", "%_", line)
    return re.sub(r"\b\d+\b", "N", line)


def _first_line(reason: str) -> str:
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    return (lines or ["no message"])[0][:MAX_REASON]
