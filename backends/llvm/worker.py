"""A child process that compiles: the wall around LLVM's habit of ending the process.

`python -m tyrex.backends.llvm.worker` reads jobs from its standard input and writes results to
its standard output, until the input ends; with a file it compiles the one job described there,
which is how a death is reproduced. It imports llvmlite and nothing of the compiler besides, and
is ready in less than a tenth of a second.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from .codegen import CodegenError, Machine, Options, Output, generate

_REQUEST = struct.Struct("<IQ")  # bytes of the header (JSON) and of the text that follow
_RESPONSE = struct.Struct("<BQ")  # status, bytes that follow: the result or a message
_DONE, _REFUSED = 0, 1


@dataclass(frozen=True, slots=True)
class Job:
    """A module's text and what is to be made of it."""

    text: str
    machine: Machine
    options: Options
    output: Output = "object"

    def run(self) -> bytes:
        """Compile in this process; see `generate`."""
        return generate(self.text, self.machine, self.options, self.output)

    def header(self) -> str:
        """Return everything but the text, as JSON."""
        fields = {"machine": asdict(self.machine), "options": asdict(self.options)}
        return json.dumps({**fields, "output": self.output}, indent=2)

    @staticmethod
    def of(header: str, text: str) -> Job:
        """Return the job whose header `header` returned."""
        fields = json.loads(header)
        return Job(
            text, Machine(**fields["machine"]), Options(**fields["options"]), fields["output"]
        )

    def write(self, folder: Path) -> Path:
        """Write the job into a folder; return the file that a worker takes."""
        (folder / "module.ll").write_text(self.text, encoding="utf-8")
        path = folder / "job.json"
        path.write_text(self.header(), encoding="utf-8")
        return path

    @staticmethod
    def read(path: Path) -> Job:
        """Read what `write` wrote."""
        text = (path.parent / "module.ll").read_text(encoding="utf-8")
        return Job.of(path.read_text(encoding="utf-8"), text)


def send(stream: BinaryIO, job: Job) -> None:
    """Write a job to a worker's standard input."""
    header, text = job.header().encode(), job.text.encode()
    stream.write(_REQUEST.pack(len(header), len(text)))
    stream.write(header)
    stream.write(text)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """Read a result from a worker's standard output.

    Raises:
        CodegenError: LLVM refused the module.
        EOFError: the worker died.
    """
    status, size = _RESPONSE.unpack(_exactly(stream, _RESPONSE.size))
    payload = _exactly(stream, size)
    if status == _REFUSED:
        raise CodegenError(payload.decode())
    return payload


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError(f"{size} bytes were expected, {len(data)} came")
    return data


def serve(requests: BinaryIO, responses: BinaryIO) -> None:
    """Compile the jobs that come in, until there are no more."""
    while header := requests.read(_REQUEST.size):
        sizes = _REQUEST.unpack(header)
        head, text = (_exactly(requests, size).decode() for size in sizes)
        try:
            status, payload = _DONE, Job.of(head, text).run()
        except CodegenError as error:
            status, payload = _REFUSED, str(error).encode()
        responses.write(_RESPONSE.pack(status, len(payload)))
        responses.write(payload)
        responses.flush()


def main(arguments: list[str]) -> int:
    """Serve, or compile the job in the file named into `result` beside it."""
    if not arguments:
        # LLVM may print; the pipe to the parent is for results alone.
        responses = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        serve(sys.stdin.buffer, responses)
        return 0
    path = Path(arguments[0])
    try:
        (path.parent / "result").write_bytes(Job.read(path).run())
    except CodegenError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
