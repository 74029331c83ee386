"""A case that crashes or hangs costs itself and nothing else."""

import sys

from .outcome import Outcome, Status
from .pool import Job, run_jobs

WORKER = """
import json, os, signal, sys, time
print("ready", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if request == "abort":
        print("LLVM ERROR: cannot select", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGABRT)
    if request == "exit":
        sys.exit(3)
    if request == "hang":
        time.sleep(60)
    answer = {"status": "passed", "reason": "", "uses_host": request == "host"}
    print(json.dumps(answer), flush=True)
"""


def test_children_may_die() -> None:
    names = ["first", "abort", "second", "hang", "exit", "host", "last"]
    jobs = [Job(name, f'"{name}"') for name in names]
    outcomes = run_jobs(jobs, [sys.executable, "-c", WORKER], processes=2, timeout_s=1)
    passed = Outcome(Status.PASSED)
    assert outcomes == {
        "first": passed,
        "abort": Outcome(Status.CRASHED, "SIGABRT: LLVM ERROR: cannot select"),
        "second": passed,
        "hang": Outcome(Status.CRASHED, "no answer within 1 s"),
        "exit": Outcome(Status.CRASHED, "exit status 3: no message"),
        "host": Outcome(Status.PASSED, uses_host=True),
        "last": passed,
    }


def test_no_jobs() -> None:
    assert run_jobs([], ["does-not-exist"], processes=2, timeout_s=1) == {}
