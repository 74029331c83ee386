"""A compile from end to end: a model is read, lowered level by level, and becomes native code.

This is what a model that is in no cache costs; `compile.py` imports it only then.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ..analysis.kernel_flops import kernel_flops
from ..backends.vm.emit import emit_program
from ..dialects import relax, tir
from ..dialects.diagnostics import CompileError
from ..dialects.target import set_target
from ..dialects.verify import verify_module
from ..passes.tir.check_bounds import count_accesses
from ..passes.vm.external_names import set_external
from ..symbolic import IntExpr
from .artifact import Artifact
from .cache import Cache
from .external_kernels import find_shims, shims_job
from .host_program import HostProgram
from .instruments import Timing
from .interpreter_settings import compiling
from .kernels import KernelCompiler, finished
from .levels import (
    CHECKS,
    level_of,
    llvm_options,
    may_contract,
    passes_between,
)
from .native_target import native_target
from .options import CompileOptions, Progress, silent
from .pass_context import PassContext, run_pipeline
from .pass_specs import Passes, passes_of
from .reading import read
from .sources import Source
from .workers import MIN_KERNELS, compile_pool


@dataclass(frozen=True)
class Build:
    """One compile, and what it is told."""

    source: Source
    options: CompileOptions
    store: Cache
    pipeline: Passes | None = None
    """Takes the place of the graph level's passes."""
    progress: Progress = silent

    def run(self) -> Artifact:
        """Return the program and the objects of its kernels.

        Raises:
            CompileError, ParseError, NotImplementedError: about the model.
        """
        with compiling():
            with self._stage("read"):
                module = read(self.source, self.options)
                set_target(module, self.options.target)
                if self.options.external.objects:
                    set_external(module, self.options.external.functions)
            with compile_pool(_num_calls(module), self._least_for_pool()) as pool:
                level = self.options.opt_level
                kernels = KernelCompiler(
                    self.options.target, llvm_options(level), may_contract(level), self.store, pool
                )
                return self._lower(module, kernels)

    def _least_for_pool(self) -> int:
        """Return how many kernels children pay for; code of other systems is made in them only."""
        return MIN_KERNELS if self.options.target.triple == native_target().triple else 1

    def _lower(self, module: ModuleOp, kernels: KernelCompiler) -> Artifact:
        """Run every level on a module; kernels are compiled as soon as they are final."""
        first = () if self.pipeline is None else passes_of(self.pipeline)
        edits, levels = PassContext.current().edits, self._levels(module)
        if edits.inserts:
            edits.check_places(p.name for passes in (first, *dict(levels).values()) for p in passes)
        if self.pipeline is not None:
            with self._stage("pipeline"):
                run_pipeline(module, first)
            levels = self._levels(module)
        if level_of(module) in ("scheduled", "host") and CHECKS not in dict(levels):
            self._compile_kernels(module, kernels)
        flops: dict[str, IntExpr] = {}
        for level, passes in levels:
            with self._stage(level):
                run_pipeline(module, passes)
            if level == "kernels":
                flops = _flops(module)
            if level in ("scheduled", CHECKS):
                self._compile_kernels(module, kernels)
        with self._stage("program"):
            for func in module.body.ops:
                if not isinstance(func, tir.FuncOp):  # kernels were verified when they were final
                    verify_module(func)
            program = emit_program(module, self.options.metadata(self.source.name), flops)
            external = self.options.external
            shims = find_shims(module, external.functions)
            symbols = {**kernels.symbols, **{name: shim.symbol for name, shim in shims.items()}}
            host = HostProgram.of(module, symbols, self.options.target)
            made = b"" if host.job is None else kernels.begin(host.job)
            calls = kernels.begin(shims_job(shims, self.options.target)) if shims else b""
        with self._stage("objects"):
            compiled = kernels.finish(self.progress)
            host = replace(host, image=finished(made))
        facts = {"objects": len(compiled.objects), "cached_objects": compiled.num_cached}
        facts |= _checks(module) if self.options.sanitize else {}
        objects = (*compiled.objects, *((finished(calls), *external.objects) if shims else ()))
        return Artifact(program, objects, symbols, host, facts)

    def _levels(self, module: ModuleOp) -> list[tuple[str, Sequence[ModulePass]]]:
        """Return the passes that are left for a module to become a program."""
        level = level_of(module)
        if level == "llvm":
            raise CompileError(
                module,
                "holds kernels of the llvm dialect and no program that calls them",
                hint="`tyrex compile --to obj` makes an object of them",
            )
        levels = passes_between(level, "host", self.options.opt_level, self.options.sanitize)
        return levels[1:] if level == "graph" and self.pipeline is not None else levels

    def _compile_kernels(self, module: ModuleOp, kernels: KernelCompiler) -> None:
        with self._stage("llvm"):
            verify_module(module)
            found = [func for func in module.body.ops if isinstance(func, tir.FuncOp)]
            for done, kernel in enumerate(found):
                self.progress("lower-to-llvm", done, len(found))
                kernels.add(kernel)

    @contextmanager
    def _stage(self, name: str) -> Generator[None]:
        """Tell the progress, and the clocks of the context, what goes on in the body."""
        self.progress(name, 0, 0)
        with ExitStack() as stack:
            for instrument in PassContext.current().instruments:
                if isinstance(instrument, Timing):
                    stack.enter_context(instrument.span(name))
            yield


def _flops(module: ModuleOp) -> dict[str, IntExpr]:
    """Return the arithmetic of the kernels, where it is known; as they are before schedules."""
    counts = {
        f.sym_name.data: kernel_flops(f) for f in module.body.ops if isinstance(f, tir.FuncOp)
    }
    return {name: count for name, count in counts.items() if count is not None and count != 0}


def _checks(module: ModuleOp) -> dict[str, int]:
    """Return how many accesses to memory the kernels have, and how many of them are checked."""
    counts = [count_accesses(f) for f in module.body.ops if isinstance(f, tir.FuncOp)]
    return {
        "accesses": sum(accesses for accesses, _ in counts),
        "checked_accesses": sum(checked for _, checked in counts),
    }


def _num_calls(module: ModuleOp) -> int:
    """Return about how many kernels a module will have."""
    return sum(isinstance(op, relax.RelaxOp | relax.CallTIROp | tir.FuncOp) for op in module.walk())
