"""Engines in turn on one model: what makes the ratios worth something on a machine that drifts.

All engines of a model are loaded, each in its own pinned process; then rounds begin, and in a round
every engine has its turn: some runs untimed, as others used the caches before it, then some timed.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from .engines import Engine
from .figures import relative_error
from .models import Prepared
from .process import EngineError, EngineProcess

WARM_SECONDS = 0.5
TURN_SECONDS = 0.05
"""A turn's timed runs take about so long together, if one does not take longer."""
MAX_RUNS_IN_TURN = 20
WORKER_PATHS: tuple[Path, ...] = ()
"""More folders for a worker's module path."""
LONG_SECONDS = 1.0
"""Runs that take longer have no untimed run before them: what the caches held is a small part of
them. All engines that users choose between are on one side of it, or one of two that are equally
fast would be timed with cold caches and the other with warm ones."""


@dataclass
class EngineResult:
    """What is known of an engine on a model."""

    version: str = ""
    error: str = ""
    """Why there are no figures; "" where there are."""
    wall_s: list[float] = field(default_factory=list[float])
    """By round: the median run of the turn."""
    cpu_s: list[float] = field(default_factory=list[float])
    """By round: processor time of all threads, of the median run."""
    import_s: float | None = None
    load_s: float | None = None
    """With an empty cache: what is called compile time."""
    cached_load_s: float | None = None
    """With the cache that the first load left; None for engines that keep none."""
    load_peak_bytes: int | None = None
    """Peak memory of the process that loaded with an empty cache."""
    peak_bytes: int | None = None
    """Peak memory of the process that ran the rounds; it loaded from the cache if there is one."""
    max_error: float | None = None
    """Largest difference from the reference engine's outputs, relative to their magnitude."""


@dataclass(frozen=True)
class Launch:
    """An engine, and the interpreter that has it."""

    engine: Engine
    python: Path


@dataclass(frozen=True)
class Settings:
    """How to measure."""

    threads: int
    cpus: tuple[int, ...]
    rounds: int
    load_timeout_s: float
    cache_dir: Path
    """Where each engine's cache is kept between comparisons of the same model."""
    is_cold: bool = True
    """Whether the caches are still empty, so that compile times can be taken."""
    reference: str = "onnxruntime"
    """Whose outputs are taken for right."""


class Comparison:
    """One model, one number of threads, some engines.

    Args:
        model: what to run.
        launches: engine's name -> how to start it.
        settings: how to measure.
        report: told what is going on.
    """

    def __init__(
        self,
        model: Prepared,
        launches: Mapping[str, Launch],
        settings: Settings,
        report: Callable[[str], None],
    ) -> None:
        self.model = model
        self.launches = launches
        self.settings = settings
        self.report = report
        self.results = {name: EngineResult() for name in launches}
        self.processes: dict[str, EngineProcess] = {}
        self.turns: dict[str, tuple[int, int]] = {}
        self.folder = Path()

    def run(self) -> dict[str, dict[str, Any]]:
        """Return the results by engine, as JSON."""
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._for_each(lambda name: self._load(name, stack))
            self._for_each(self._warm)
            for number in range(self.settings.rounds):
                self.report(f"round {number + 1}/{self.settings.rounds}")
                self._for_each(self._take_turn)
            self._for_each(self._finish)
            self._compare_outputs()
        return {name: asdict(result) for name, result in self.results.items()}

    def _for_each(self, step: Callable[[str], None]) -> None:
        """Do a step with every engine that is still in; one that fails is out, with its reason."""
        for name, result in self.results.items():
            if result.error:
                continue
            try:
                step(name)
            except EngineError as error:
                result.error = str(error)
                result.wall_s, result.cpu_s = [], []

    def _load(self, name: str, stack: ExitStack) -> None:
        """Load with an empty cache; where it was filled, load again in the process to be timed."""
        launch, result = self.launches[name], self.results[name]
        self.report(f"load {name}")
        has_cache, is_cold = launch.engine.has_cache, self.settings.is_cold
        if has_cache:  # for other numbers of threads a compiler may have more to do
            with self._start(launch) as first:
                load_s = self._ask_to_load(first, name)["load_s"]
                if is_cold:
                    result.load_s = load_s
                    result.load_peak_bytes = first.ask({"do": "memory"})["peak_bytes"]
        process = self.processes[name] = stack.enter_context(self._start(launch))
        answer = self._ask_to_load(process, name)
        result.version, result.import_s = answer["version"], answer["import_s"]
        if has_cache:
            result.cached_load_s = answer["load_s"] if is_cold else None
        else:
            result.load_s = answer["load_s"]
            result.load_peak_bytes = process.ask({"do": "memory"})["peak_bytes"]

    def _warm(self, name: str) -> None:
        """Run for a while, and decide from the last runs what a turn of this engine is."""
        wall = self._ask_to_run(name, 0, 1)["wall_s"]
        spent, times = sum(wall), 2
        while spent < WARM_SECONDS:
            wall = self._ask_to_run(name, 0, times)["wall_s"]
            spent += sum(wall)
            times = min(2 * times, MAX_RUNS_IN_TURN)
        self.turns[name] = turn_of(median(wall))

    def _take_turn(self, name: str) -> None:
        answer = self._ask_to_run(name, *self.turns[name])
        self.results[name].wall_s.append(median(answer["wall_s"]))
        self.results[name].cpu_s.append(median(answer["cpu_s"]))

    def _finish(self, name: str) -> None:
        process = self.processes[name]
        self.results[name].peak_bytes = process.ask({"do": "memory"})["peak_bytes"]
        process.ask({"do": "outputs", "path": str(self._outputs_of(name))})

    def _compare_outputs(self) -> None:
        reference = self._outputs_of(self.settings.reference)
        for name, result in self.results.items():
            if reference.exists() and not result.error and name != self.settings.reference:
                result.max_error = largest_error(self._outputs_of(name), reference)

    def _outputs_of(self, name: str) -> Path:
        return self.folder / f"outputs-{name}.npz"

    def _ask_to_run(self, name: str, untimed: int, times: int) -> dict[str, list[float]]:
        request = {"do": "run", "untimed": untimed, "times": times}
        return self.processes[name].ask(request, self.settings.load_timeout_s)

    def _start(self, launch: Launch) -> EngineProcess:
        return EngineProcess(
            launch.python, launch.engine.loader, launch.engine.package, WORKER_PATHS
        )

    def _ask_to_load(self, process: EngineProcess, name: str) -> dict[str, Any]:
        request = {
            "do": "load",
            "path": str(self.model.path),
            "names": self.model.names,
            "inputs": str(self.model.inputs),
            "threads": self.settings.threads,
            "cpus": self.settings.cpus,
            "cache_dir": str(self.settings.cache_dir / name),
        }
        return process.ask(request, self.settings.load_timeout_s)


def turn_of(seconds: float) -> tuple[int, int]:
    """Return how many runs of so many seconds a turn has: untimed ones, timed ones."""
    times = min(MAX_RUNS_IN_TURN, max(1, math.ceil(TURN_SECONDS / max(seconds, 1e-9))))
    return (1 if seconds < LONG_SECONDS else 0), times


def largest_error(found: Path, expected: Path) -> float:
    """Return how far outputs in two .npz files are apart, relative to each output's magnitude."""
    with np.load(found) as own, np.load(expected) as right:
        if [own[key].shape for key in own] != [right[key].shape for key in right]:
            return math.inf
        return max((relative_error(own[key], right[key]) for key in right), default=0.0)
