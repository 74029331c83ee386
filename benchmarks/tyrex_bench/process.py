"""A worker seen from the benchmark: started, asked, ended."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).resolve().parents[1]
"""`benchmarks/`: what a worker needs on its module path."""
_QUIT_SECONDS = 5
_ERROR_LINES = 3


class EngineError(Exception):
    """An engine cannot do what it was asked; the message says what it said."""


class EngineProcess:
    """A process with one engine; see `worker.py` for the requests.

    Args:
        python: the interpreter of the engine's environment.
        loader: `module:function`, as in `engines.Engine`.
        package: whose version is reported.
        paths: more folders for the module path.
    """

    def __init__(self, python: Path, loader: str, package: str, paths: tuple[Path, ...] = ()):
        # `close` closes it.
        self._messages = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        path = os.pathsep.join(str(folder) for folder in (HERE, *paths))
        self._process = subprocess.Popen(
            [python, "-m", "tyrex_bench.worker", loader, package],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            text=True,
            cwd=tempfile.gettempdir(),
            env={**os.environ, "PYTHONPATH": path},
        )

    def ask(self, request: Mapping[str, Any], timeout_s: float = 600) -> dict[str, Any]:
        """Return the answer to a request.

        Raises:
            EngineError: the engine failed, died or took too long.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise EngineError(self._how_it_ended()) from None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout_s):
                process.kill()
                raise EngineError(f"{request['do']}: no answer in {timeout_s:.0f} s")
        line = process.stdout.readline()
        if not line:
            raise EngineError(self._how_it_ended())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write('{"do": "quit"}\n')
            process.stdin.flush()
        with suppress(BrokenPipeError):  # again, of what a failed flush left
            process.stdin.close()
        try:
            process.wait(_QUIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        self._messages.close()

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        self._messages.seek(0)
        last = self._messages.read().strip().splitlines()[-_ERROR_LINES:]
        return f"the process ended with {code}: {' | '.join(last)}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
