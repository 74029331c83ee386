"""Engines that compute nothing, for the protocol's tests. Runs in a worker."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from tyrex_bench.engines import Job, Loaded


def import_doubler(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """An engine that doubles its first input and leaves a file in its cache."""
    assert threads == 1
    print("engines print what they like")

    def load(job: Job) -> Loaded:
        cache_dir.mkdir(parents=True, exist_ok=True)
        (cache_dir / job.path.name).touch()
        return Loaded(lambda inputs: [2 * inputs[0]], list)

    return load


def import_sleeper(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """An engine that takes its time, and is wrong."""

    def load(job: Job) -> Loaded:
        def run(inputs: object) -> object:
            time.sleep(0.01)
            return inputs

        return Loaded(run, list)

    return load


def import_broken(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """An engine that refuses every model."""

    def load(job: Job) -> Loaded:
        raise NotImplementedError(f"{job.path.name} is beyond me\nand more")

    return load


def import_crashing(threads: int, cache_dir: Path) -> Callable[[Job], Loaded]:
    """An engine that ends the process on its third run."""
    runs = 0

    def load(job: Job) -> Loaded:
        def run(inputs: object) -> object:
            nonlocal runs
            runs += 1
            if runs > 2:
                os._exit(7)
            time.sleep(0.3)
            return inputs

        return Loaded(run, list)

    return load
