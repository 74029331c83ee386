"""Workers that may die: each case is judged in a child process, which is replaced when it fails.

One thread per child feeds it. A child that ends or does not answer in time costs its case, which
is then "crashed", and nothing else. Children are also replaced every so often, so that a leak in
an engine does not grow over two thousand cases.
"""

import json
import queue
import select
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from .outcome import Outcome, Status

START_TIMEOUT_S = 120
CASES_PER_PROCESS = 200
NOTABLE = ("LLVM ERROR", "Fatal Python error", "Assertion", "terminate called", "MemoryError")


@dataclass(frozen=True)
class Job:
    """A case's name and the line that asks a worker to judge it."""

    name: str
    request: str


def run_jobs(
    jobs: Sequence[Job],
    command: Sequence[str],
    *,
    processes: int,
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    on_outcome: Callable[[str, Outcome], None] = lambda name, outcome: None,
) -> dict[str, Outcome]:
    """The outcome of every job, judged by `processes` children started with `command`."""
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    outcomes: dict[str, Outcome] = {}
    lock = threading.Lock()

    def feed() -> None:
        with tempfile.TemporaryFile("w+") as errors:
            child = _Child(command, environment, errors)
            try:
                while True:
                    job = waiting.get_nowait()
                    outcome = child.judge(job, timeout_s)
                    with lock:
                        outcomes[job.name] = outcome
                        on_outcome(job.name, outcome)
            except queue.Empty:
                pass
            finally:
                child.stop()

    threads = [threading.Thread(target=feed) for _ in range(min(processes, len(jobs)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


class _Child:
    """A worker process, started when needed and replaced when it fails."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None, errors: IO[str]
    ) -> None:
        self.command = command
        self.environment = environment
        self.process: subprocess.Popen[str] | None = None
        self.judged = 0
        self.errors = errors

    def judge(self, job: Job, timeout_s: float) -> Outcome:
        """Have the process judge the job; if it dies or is late, say so and stop it."""
        try:
            answer = self._ask(job.request, timeout_s)
        except _NoAnswerError as failure:
            self.stop()
            return Outcome(Status.CRASHED, str(failure))
        self.judged += 1
        if self.judged == CASES_PER_PROCESS:
            self.stop()
        fields = json.loads(answer)
        return Outcome(Status(fields["status"]), fields["reason"], fields["uses_host"])

    def _ask(self, request: str, timeout_s: float) -> str:
        process = self.process or self._start()
        assert process.stdin is not None
        try:
            print(request, file=process.stdin, flush=True)
        except OSError:
            raise _NoAnswerError(self._cause_of_death(process)) from None
        return self._answer(process, timeout_s)

    def _start(self) -> subprocess.Popen[str]:
        self.errors.seek(0)
        self.errors.truncate()
        self.judged = 0
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            text=True, env=self.environment,
        )  # fmt: skip
        self._answer(self.process, START_TIMEOUT_S)
        return self.process

    def _answer(self, process: subprocess.Popen[str], timeout_s: float) -> str:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], timeout_s)
        if not readable:
            raise _NoAnswerError(f"no answer within {timeout_s:g} s")
        line = process.stdout.readline()
        if not line:
            raise _NoAnswerError(self._cause_of_death(process))
        return line

    def _cause_of_death(self, process: subprocess.Popen[str]) -> str:
        code = process.wait()
        cause = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        notable = [line for line in lines if any(word in line for word in NOTABLE)]
        detail = (notable[-1:] or lines[-1:] or ["no message"])[0]
        return f"{cause}: {detail}"

    def stop(self) -> None:
        """End the process, if there is one."""
        if self.process is None:
            return
        self.process.kill()
        self.process.communicate()
        self.process = None


class _NoAnswerError(Exception):
    """The worker ended or is late; the message says which."""
