"""The command line of the conformance run; see run.py."""

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import ratchet, report, suite
from .engines import ENGINES
from .outcome import Outcome, Status
from .pool import Job, run_jobs

TESTS = Path(__file__).parents[1]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="run.py", description="Run the ONNX backend suite.")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="tyrex")
    parser.add_argument("--match", default="", help="only cases whose name matches this regex")
    parser.add_argument("--passing", action="store_true", help="only cases in passing.txt")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    parser.add_argument("--timeout", type=float, default=20, help="seconds for one case")
    parser.add_argument("--verbose", action="store_true", help="a line for every case")
    parser.add_argument("--report", type=Path, help="write the report to a file, not the terminal")
    parser.add_argument("--keep", type=Path, help="a folder to write the cases to and leave there")
    parser.add_argument("--update", action="store_true", help="add what passes to passing.txt")
    parser.add_argument(
        "--allow-removal", action="store_true", help="with --update: remove what does not pass"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen cases and report; the exit status is 1 if a case of passing.txt fails."""
    options = parse(arguments)
    known = ratchet.read()
    cases = suite.load_cases()
    subjects = suite.subjects(cases)
    chosen = [
        case
        for case in cases
        if re.search(options.match, case.name) and (case.name in known or not options.passing)
    ]
    missing = sorted(known - {case.name for case in cases}) if options.passing else []
    for name in missing:
        print(f"{name} is in passing.txt but not in the suite")
    outcomes = judge(chosen, options)
    text = report.render(outcomes, subjects)
    if options.report:
        options.report.write_text(text)
        print(report.summary(outcomes))
    else:
        print(text)
    return max(_conclude(outcomes, known, options), bool(missing))


def judge(cases: Sequence[suite.Case], options: argparse.Namespace) -> dict[str, Outcome]:
    """Write the cases to disk and have workers judge them."""
    with tempfile.TemporaryDirectory(prefix="tyrex-conformance-") as temporary:
        folder: Path = options.keep or Path(temporary)
        jobs: list[Job] = []
        for case in cases:
            suite.write_case(case, folder / case.name)
            request = {"folder": str(folder / case.name), "rtol": case.rtol, "atol": case.atol}
            jobs.append(Job(case.name, json.dumps(request)))
        return run_jobs(
            jobs,
            [sys.executable, "-m", "conformance.worker", options.engine],
            processes=options.jobs,
            timeout_s=options.timeout,
            environment={**os.environ, "PYTHONPATH": str(TESTS)},
            on_outcome=_print_outcome if options.verbose else lambda name, outcome: None,
        )


def _print_outcome(name: str, outcome: Outcome) -> None:
    print(f"{outcome.status:12} {name} {outcome.reason}".rstrip(), flush=True)


def _conclude(outcomes: dict[str, Outcome], known: set[str], options: argparse.Namespace) -> int:
    """Apply the ratchet. 1 if a listed case does not pass and may not be removed."""
    if options.engine != "tyrex":
        return 0
    lost = ratchet.regressions(known, outcomes)
    for name in lost:
        print(f"REGRESSION {name}: {outcomes[name].status}: {outcomes[name].reason}")
    if options.update:
        names = ratchet.update(ratchet.PASSING, outcomes, allow_removal=options.allow_removal)
        print(f"passing.txt: {len(known)} -> {len(names)} cases")
        if lost and not options.allow_removal:
            print("The cases above stay in the list; --allow-removal takes them out.")
    elif new := sum(o.status is Status.PASSED for n, o in outcomes.items() if n not in known):
        print(f"{new} more cases pass than passing.txt says; --update adds them.")
    return int(bool(lost) and not (options.update and options.allow_removal))


if __name__ == "__main__":
    sys.exit(main())
