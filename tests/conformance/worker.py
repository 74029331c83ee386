"""A process that judges cases until its input ends: `python -m conformance.worker ENGINE`.

A request is a line of JSON: {"folder": a case in ONNX's layout, "rtol": .., "atol": ..}. The answer
is a line of JSON with an outcome's fields. What the engine prints goes to the error stream.
"""

import faulthandler
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TextIO, TypedDict, cast

import numpy as np
from onnx import ModelProto

from .compare import first_difference
from .engines import ENGINES, Engine, Prepared, Shapes, explain, is_unsupported, open_shapes
from .outcome import Outcome, Status
from .suite import read_data_sets

MAX_REASON = 400


class Request(TypedDict):
    """One case."""

    folder: str
    rtol: float
    atol: float


def judge(request: Request, engine: Engine) -> Outcome:
    """Run the case and compare; an engine's errors become an outcome."""
    folder = Path(request["folder"])
    model = ModelProto.FromString((folder / "model.onnx").read_bytes())
    try:
        return _judge_data_sets(model, request, engine)
    except Exception as error:  # the engine may raise anything; a crash is the pool's to notice
        status = Status.UNSUPPORTED if is_unsupported(error) else Status.FAILED
        return Outcome(status, explain(error)[:MAX_REASON])


def _judge_data_sets(model: ModelProto, request: Request, engine: Engine) -> Outcome:
    prepared: tuple[Shapes, Prepared] | None = None
    uses_host = False
    for data in read_data_sets(model, Path(request["folder"])):
        shapes = open_shapes(model, data.inputs)
        if prepared is None or prepared[0] != shapes:
            prepared = (shapes, engine(model, shapes))
        with np.errstate(all="ignore"):
            found = prepared[1].run(data.inputs)
            reason = first_difference(data.outputs, found, request["rtol"], request["atol"])
        if reason:
            return Outcome(Status.FAILED, reason)
        uses_host |= prepared[1].uses_host()
    return Outcome(Status.PASSED, uses_host=uses_host)


def requests(stream: TextIO) -> Iterator[Request]:
    """The requests of an input stream."""
    for line in stream:
        yield cast(Request, json.loads(line))  # cast: the pool writes it


def main() -> None:
    """Answer requests; the first line says that the engine is loaded."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    faulthandler.enable()
    engine = ENGINES[sys.argv[1]]
    print("ready", file=answers, flush=True)
    for request in requests(sys.stdin):
        print(json.dumps(asdict(judge(request, engine))), file=answers, flush=True)


if __name__ == "__main__":
    main()
