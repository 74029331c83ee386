"""Compiling in child processes, several modules at a time.

llvmlite has one lock for all of LLVM, so threads do not help; processes do, and while they work
this process goes on lowering the next module. A child that LLVM kills takes one job with it: the
job is kept on disk for whoever looks into it, and the next one gets a new child.
"""

from __future__ import annotations

import queue
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from .codegen import CodegenError
from .host import available_cores
from .library import binding
from .worker import Job, receive, send

_MODULE = "tyrex.backends.llvm.worker"
_LOG_LINES = 5


class Worker:
    """One child process, ready for one job after the other."""

    def __init__(self) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def run(self, job: Job) -> bytes:
        """Return what the child makes of a job.

        Raises:
            CodegenError: LLVM refused the module, or died on it; after that, `alive` is False.
        """
        # Popen was given pipes.
        requests = cast(BinaryIO, self._process.stdin)
        responses = cast(BinaryIO, self._process.stdout)
        try:
            send(requests, job)
            return receive(responses)
        except (EOFError, BrokenPipeError) as error:
            raise self._death(job) from error

    @property
    def alive(self) -> bool:
        """Tell whether the child can take another job."""
        return self._process.poll() is None

    def _death(self, job: Job) -> CodegenError:
        status = self._process.wait()
        folder = Path(tempfile.mkdtemp(prefix="tyrex-llvm-"))
        line = shlex.join([sys.executable, "-m", _MODULE, str(job.write(folder))])
        self._log.seek(0)
        log = self._log.read().decode(errors="replace")
        (folder / "log.txt").write_text(log, encoding="utf-8")
        (folder / "command.txt").write_text(f"{line}\n", encoding="utf-8")
        tail = "\n".join(log.strip().splitlines()[-_LOG_LINES:])
        return CodegenError(
            f"LLVM died with status {status}; to reproduce: {line}\n{tail}".rstrip()
        )

    def close(self) -> None:
        """Let the child end; no job may be running in it."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # the child is gone already
                    stream.close()
        self._process.wait()
        self._log.close()


def run_in_child(job: Job) -> bytes:
    """Return what a child process of its own makes of a job; see `Worker.run`."""
    worker = Worker()
    try:
        return worker.run(job)
    finally:
        worker.close()


def run_safely(job: Job) -> bytes:
    """Return what LLVM makes of a job: here where it is for this system, else in a child.

    Raises:
        CodegenError: LLVM refused the module, or died on it.
    """
    here = job.machine.triple == binding.get_process_triple()
    return job.run() if here else run_in_child(job)


class CompilePool:
    """Child processes that take jobs in turn.

    Args:
        size: How many; None for one per core that this process may use.
    """

    def __init__(self, size: int | None = None):
        self.size = available_cores() if size is None else size
        if self.size < 1:
            raise ValueError(f"a pool has at least one worker, found {self.size}")
        self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="tyrex-compile")
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for _ in range(self.size):
            self._idle.put(Worker())

    def submit(self, job: Job) -> Future[bytes]:
        """Return the result to come; its errors are those of `Worker.run`."""
        return self._threads.submit(self._run, job)

    def _run(self, job: Job) -> bytes:
        worker = self._idle.get()
        try:
            return worker.run(job)
        finally:
            if not worker.alive:
                worker.close()
                worker = Worker()
            self._idle.put(worker)

    def close(self) -> None:
        """Wait for the jobs under way, drop those that have not begun, end the children."""
        self._threads.shutdown(cancel_futures=True)
        for _ in range(self.size):
            self._idle.get().close()

    def __enter__(self) -> CompilePool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
