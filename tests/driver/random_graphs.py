"""Random graphs of ONNX, in both modes and in ONNX Runtime.

    python tests/driver/random_graphs.py [--count 1000] [--first 0]

from the root compares that many, each at several sizes, and prints the seeds of those that differ;
those that Tyrex refuses to compile are listed with the reason. With --show it prints the graph.
What graphs are made of is in graph_nodes.py.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy as np
from onnx import ModelProto, helper, printer

import tyrex
from tyrex.dialects.diagnostics import CompileError
from tyrex.runtime.errors import TyrexError

if not __package__:  # run as a command
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from driver.graph_nodes import ALL  # noqa: TID251  # the tests' folder
from driver.graph_writer import (  # noqa: TID251  # the tests' folder
    INPUTS,
    Array,
    Value,
    Writer,
    inputs_of,
    make_model,
    new_session,
)

CLAMPED = ("Gather", "GatherElements", "GatherND", "ScatterElements")
"""What an index outside does not stop: it is clamped (dialects/relax/indexing.py)."""

LENIENT = ("ReduceMax", "MaxPool", "AveragePool", "Conv", "Pad", "LayerNormalization")
"""What makes something of nothing, mirrors more than once, repeats a scale: not ONNX Runtime."""


@dataclass(frozen=True)
class Case:
    """A graph, what it is run on, and what ONNX Runtime makes of that."""

    model: ModelProto
    inputs: Sequence[dict[str, Array]]
    expected: Sequence[list[Any] | None]
    """None: it fails."""


@dataclass
class Findings:
    """What became of a graph."""

    wrong: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])


def written(seed: int) -> tuple[Writer, list[dict[str, Array]]]:
    """Return a graph with nodes, and its inputs."""
    runs = inputs_of(seed)
    values = [Value(name, tuple(run[name] for run in runs), True) for name in INPUTS]
    writer = Writer(Random(seed), values, "t")
    writer.write(3 + seed % 12, ALL)
    return writer, runs


def cases(seed: int) -> list[Case]:
    """Return the graph of a seed, and graphs that end with a node that fails at some sizes."""
    writer, runs = written(seed)
    tops = [value for value in writer.values if not value.is_sequence]
    used = {name for node in writer.nodes for name in node.input}
    results = [v for v in tops if v.name not in used and v.name not in INPUTS][-4:]
    results = results or [v for v in tops if v.name not in INPUTS][-1:]
    found: list[Case] = []
    if results:
        model = _model(writer.nodes, [value.name for value in results])
        expected = _expected(model, runs)
        if None not in expected:
            found.append(Case(model, runs, expected))
    allowed = (*CLAMPED, *LENIENT)
    failing = [nodes for nodes in writer.failing if nodes[-1].op_type not in allowed]
    for nodes in [nodes for nodes in failing if "Sequence" not in nodes[-1].op_type][-1:]:
        model = _model(nodes, nodes[-1].output[:1])
        if not _has_ranks(model):
            continue
        found.append(Case(model, runs, _expected(model, runs)))
    return found


def _model(nodes: Sequence[Any], outputs: Sequence[str]) -> ModelProto:
    """Return the model of what nodes the outputs need."""
    needed, kept = set(outputs), list[Any]()
    for node in reversed(nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(_reads(node))
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), dims)
        for name, (dtype, dims) in INPUTS.items()
    ]
    outs = [helper.make_empty_tensor_value_info(name) for name in outputs]
    return make_model(helper.make_graph(kept[::-1], "g", inputs, outs))


def _reads(node: Any) -> set[str]:
    found = set(node.input)
    for attribute in node.attribute:
        for inner in attribute.g.node:
            found |= _reads(inner)
        found |= {value.name for value in attribute.g.output}
    return found


def _expected(model: ModelProto, runs: Sequence[dict[str, Array]]) -> list[list[Any] | None]:
    session = new_session(model)
    found: list[list[Any] | None] = []
    for run in runs:
        try:
            found.append(session.run(None, run))
        except Exception:  # whatever ONNX Runtime says
            found.append(None)
    return found


def mistakes(seed: int, sanitize: str | None = None) -> Findings:
    """Return what both modes make of a seed's graphs that ONNX Runtime does not."""
    findings = Findings()
    for case in cases(seed):
        compare(case, findings, opt_level=(2, 0, 2, 1)[seed % 4], sanitize=sanitize)
    return findings


def compare(case: Case, findings: Findings, **options: Any) -> None:
    """Compile a case, run it in both modes, and append what is wrong."""
    try:
        exe = tyrex.compile(case.model, threads=1, **options)
    except (NotImplementedError, TyrexError, CompileError) as error:
        if None not in case.expected:
            findings.refused.append(f"{type(error).__name__}: {error}".splitlines()[0])
        return
    modes: dict[str, Callable[..., Any]] = {"bytecode": tyrex.VirtualMachine(exe)["main"]}
    if exe.exec_mode == "compiled":
        modes["compiled"] = exe
    for mode, run in modes.items():
        for index, (given, results) in enumerate(zip(case.inputs, case.expected, strict=True)):
            try:
                found: Any = run(*given.values())
            except TyrexError as error:
                if results is not None:
                    findings.wrong.append(f"{mode}, run {index}: {type(error).__name__}: {error}")
                continue
            if results is None:
                findings.wrong.append(f"{mode}, run {index}: no error, ONNX Runtime has one")
                continue
            several = cast(tuple[Any, ...], found if isinstance(found, tuple) else (found,))
            pairs = enumerate(zip(several, results, strict=True))
            same = _equal if _has_ranks(case.model) else _equal_or_empty
            bad = [i for i, (a, b) in pairs if not same(np.asarray(a), np.asarray(b))]
            findings.wrong += [f"{mode}, run {index}: result {i}" for i in bad]


def _has_ranks(model: ModelProto) -> bool:
    """Tell whether ONNX Runtime knows ranks: what a loop of no turns gives, is of any."""
    return "Loop" not in {node.op_type for node in model.graph.node}


def _equal_or_empty(a: Array, b: Array) -> bool:
    return _equal(a, b) or (a.dtype == b.dtype and a.size == b.size == 0)


def _equal(a: Array, b: Array) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True))


def main() -> int:
    """Compare many graphs; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--sanitize")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    begin, used, bad, refused = time.monotonic(), time.process_time(), 0, 0
    for seed in range(options.first, options.first + options.count):
        if options.show:
            for case in cases(seed):
                print(printer.to_text(case.model))
        try:
            found = mistakes(seed, options.sanitize)
        except Exception as error:  # the seed of any failure is what is wanted
            found = Findings([f"{type(error).__name__}: {error}"])
        bad += bool(found.wrong)
        refused += bool(found.refused)
        for line in found.wrong:
            print(f"seed {seed}: {line}", flush=True)
        for line in found.refused:
            print(f"seed {seed}: refused: {line}", flush=True)
    seconds = f"{time.monotonic() - begin:.0f} s, {time.process_time() - used:.0f} s of one core"
    print(f"{options.count} graphs, {bad} wrong, {refused} refused, {seconds}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
