"""One engine in a process of its own: `python -m tyrex_bench.worker MODULE:FUNCTION PACKAGE`.

Requests are lines of JSON on the standard input, one answer each on the standard output; whatever
the engine prints goes to the standard error. Times are taken here, so no pipe is in them.

    {"do": "load", "path", "names", "inputs", "threads", "cpus", "cache_dir"}
        -> {"import_s", "load_s", "version"}      loaded once; later requests need it
    {"do": "run", "untimed": 1, "times": 3}       -> {"wall_s": [...], "cpu_s": [...]}
    {"do": "outputs", "path"}                     -> {}     written as .npz, arr_0, arr_1, ...
    {"do": "memory"}                              -> {"peak_bytes"}
    {"do": "quit"}                                -> the process ends

A request that fails is answered by {"error": "..."}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from .engines import Job, Loaded, version_of

Request = Mapping[str, Any]
Answer = dict[str, Any]


class Worker:
    """What a worker knows between requests."""

    def __init__(self, loader: str, package: str) -> None:
        self.loader = loader
        self.package = package
        self.loaded: Loaded | None = None
        self.inputs: list[Any] = []

    def load(self, request: Request) -> Answer:
        """Pin the process, import the engine, load the model."""
        os.sched_setaffinity(0, request["cpus"])
        with np.load(request["inputs"]) as archive:
            self.inputs = [archive[f"arr_{i}"] for i in range(len(request["names"]))]
        cache_dir = Path(request["cache_dir"])
        job = Job(
            Path(request["path"]), tuple(request["names"]), int(request["threads"]), cache_dir
        )
        module, _, function = self.loader.partition(":")
        start = time.perf_counter()
        load = getattr(import_module(module), function)(job.threads, cache_dir)
        imported = time.perf_counter()
        self.loaded = load(job)
        loaded = time.perf_counter()
        return {
            "import_s": imported - start,
            "load_s": loaded - imported,
            "version": version_of(self.package),
        }

    def run(self, request: Request) -> Answer:
        """Run a few times; wall time, and processor time of all threads, of each timed run."""
        run, inputs = self._ready().run, self.inputs
        for _ in range(request["untimed"]):
            run(inputs)
        wall: list[float] = []
        cpu: list[float] = []
        for _ in range(request["times"]):
            cpu_start, start = time.process_time(), time.perf_counter()
            run(inputs)
            end, cpu_end = time.perf_counter(), time.process_time()
            wall.append(end - start)
            cpu.append(cpu_end - cpu_start)
        return {"wall_s": wall, "cpu_s": cpu}

    def outputs(self, request: Request) -> Answer:
        """Run once and write what comes out."""
        loaded = self._ready()
        np.savez(request["path"], *loaded.arrays(loaded.run(self.inputs)))
        return {}

    def memory(self, request: Request) -> Answer:
        """Tell the most memory that the process has had."""
        del request
        return {"peak_bytes": peak_bytes()}

    def _ready(self) -> Loaded:
        if self.loaded is None:
            raise RuntimeError("nothing is loaded; send load first")
        return self.loaded

    def handlers(self) -> dict[str, Callable[[Request], Answer]]:
        """Return what answers each request."""
        return {
            "load": self.load,
            "run": self.run,
            "outputs": self.outputs,
            "memory": self.memory,
        }


def peak_bytes() -> int:
    """Return the peak of this process's resident memory.

    Not `ru_maxrss`, which a process inherits from the one that started it.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM")


def serve(worker: Worker, requests: TextIO, answers: TextIO) -> None:
    """Answer requests until one says quit or there are no more."""
    handlers = worker.handlers()
    for line in requests:
        request = json.loads(line)
        if request["do"] == "quit":
            return
        try:
            answer = handlers[request["do"]](request)
        # Whatever an engine throws is its answer: the others go on.
        except Exception as error:
            text = str(error).strip().splitlines() or [""]
            answer = {"error": f"{type(error).__name__}: {text[0][:300]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Serve on the standard streams, keeping the engine's own printing out of the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(Worker(*sys.argv[1:3]), sys.stdin, answers)
    # Some engines hang or crash in their exit handlers.
    answers.close()
    os._exit(0)


if __name__ == "__main__":
    main()
