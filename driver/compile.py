"""`tyrex.compile`: a model in, an executable out.

Importing this file costs little, and a model that was compiled before costs little more: its key
is computed, its program and objects come out of the cache, and neither xDSL nor onnx is loaded.
What is not in the cache goes to `build.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..backends.llvm.host import missing_features
from ..dialects.machine import Target
from ..runtime.errors import DTypeError
from ..runtime.export_options import ExportOptions
from ..runtime.threads import check_num_threads
from .cache import Cache
from .external_code import ExternalCode
from .model_cache import ModelCache
from .native_target import native_target
from .options import (
    CompileOptions,
    Progress,
    check_dims,
    check_exec_mode,
    check_opt_level,
    check_sanitize,
    check_shapes,
    check_values,
    silent,
)
from .pipeline_edits import NO_EDITS, PipelineEdits
from .recipe import Recipe
from .sources import OnnxModel, Source

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Operation
    from xdsl.passes import ModulePass

    from ..runtime.executable import Executable
    from ..runtime.specialization import Specialization
    from .artifact import Artifact

    Dims = Mapping[str, int | tuple[int, int] | range]
    Model = str | PathLike[str] | bytes | OnnxModel | Operation
    External = str | PathLike[str] | Iterable[str | PathLike[str]]
    Pipeline = str | ModulePass | Iterable[ModulePass]


def compile(
    model: Model,
    target: str | Target = "native",
    *,
    dims: Dims | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    values: Mapping[str, object] | None = None,
    threads: int | None = None,
    opt_level: int | None = None,
    pipeline: Pipeline | None = None,
    exec_mode: str = "compiled",
    external: External | None = None,
    sanitize: str | None = None,
    specialize: int | Specialization | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Executable:
    """Return the model as an executable.

    What is compiled for another machine cannot be called in this process, and can be exported.

    Args:
        model: a path (.onnx, .mlir), the bytes of an ONNX model, an onnx.ModelProto, a module of
            any level or a kernel of xDSL (not changed), or MLIR text.
        target: what the code is for: "native", another name or triple with options.
        dims: sizes of named dims of an ONNX model; dims that nobody names stay symbolic. A range,
            {"batch": (1, 64)} or range(1, 65), keeps a dim symbolic too: other sizes are refused,
            and memory is planned for the largest.
        shapes: whole shapes of inputs of an ONNX model, by name.
        values: values of inputs of an ONNX model, by name; they become constants, and what the
            executable takes are the other inputs. For inputs that decide shapes.
        threads: how many threads a run uses unless it is told otherwise; None for
            `TYREX_NUM_THREADS`, else the cores that the process may use.
        opt_level: 0 to 3; None for that of the `PassContext` in force.
        pipeline: passes that take the place of the graph level's, also as tyrex-opt's text;
            `PassContext(insert_after=...)` puts passes into the pipelines of any level.
        exec_mode: what runs the program around the kernels: "compiled", native code, or
            "bytecode", the virtual machine. What native code cannot express is left to bytecode:
            `exe.exec_mode` says so, and `exe.stats()["bytecode_because"]` says why.
        external: objects (.o) and C sources (.c) with functions that `relax.call_dps_packed` of
            the model calls; see driver/external_code.py. They become part of it.
        sanitize: "bounds" for kernels that check every index that is not proven to be inside of
            its buffer: one that is outside becomes a BoundsError. Slower; to look for bugs in
            passes and in kernels that are written by hand.
        specialize: how many builds for single shapes to keep beside the one for all, or a
            `tyrex.Specialization`; 0, None: none. Of an ONNX model with symbolic dims: a shape
            that comes often gets its own build; see runtime/specialization.py.
        cache: look kernels and models up on disk, and keep them there.
        progress: told what is going on.

    Raises:
        TyrexError: an argument, a file or the target is wrong.
        CompileError, ParseError: the model is wrong.
        NotImplementedError: the model or the options need what is not there yet.
    """
    check_exec_mode(exec_mode)
    num_threads = None if threads is None else check_num_threads(threads, "compile: threads")
    options = _options(target, opt_level, dims, shapes, values, sanitize)
    if external is not None:
        options = replace(options, external=ExternalCode.of(external, options.target.triple))
    source, report = Source.of(model), progress or silent
    compiling = partial(_compiled, pipeline=pipeline, exec_mode=exec_mode, cache=cache)
    make = None
    if specialize is not None:
        from .specializing import specializing

        recipe = Recipe.of(source, options, pipeline, _edits())
        make = specializing(specialize, recipe, _elsewhere(options.target), compiling)
    return compiling(source, options, num_threads, report=report, make=make)


def _compiled(
    source: Source,
    options: CompileOptions,
    threads: int | None,
    *,
    pipeline: Pipeline | None,
    exec_mode: str,
    cache: bool,
    report: Progress = silent,
    make: Callable[..., Executable] | None = None,
) -> Executable:
    """Return a model that is compiled, or was before; `make` puts the executable together."""
    models = ModelCache(
        Cache() if cache else Cache.disabled(), source, options, _settings(pipeline)
    )
    artifact = _lookup(models, pipeline)
    stats = {"cache": "hit" if artifact else models.store.reason or "miss"}
    if artifact is None:
        from .build import Build

        artifact = Build(source, options, models.store, pipeline, report).run()
        if _is_cacheable(pipeline):
            models.save(artifact)
        models.store.trim_if_due()
    from .loading import load_artifact

    report("load", 0, 0)
    elsewhere = _elsewhere(options.target)
    recipe = Recipe.of(source, options, pipeline, _edits())
    return load_artifact(artifact, recipe, threads, stats, exec_mode, elsewhere, make)


def export_source(
    model: Model,
    path: str | PathLike[str],
    target: str | Target = "native",
    *,
    dims: Dims | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    values: Mapping[str, object] | None = None,
    opt_level: int | None = None,
    sanitize: str | None = None,
    pipeline: Pipeline | None = None,
    export_options: ExportOptions | None = None,
) -> Path:
    """Write a model in a format that is not made of objects, without making any.

    These are .c, .ll, .bc, .s and .mlir; arguments are those of `compile` and of
    `Executable.export_library`.
    """
    from ..exporters.formats import export

    options = _options(target, opt_level, dims, shapes, values, sanitize)
    recipe = Recipe.of(Source.of(model), options, pipeline, _edits())
    return export(recipe, Path(path), export_options or ExportOptions(), recipe)


def compile_to(
    model: Model,
    level: str,
    target: str | Target = "native",
    *,
    dims: Dims | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    values: Mapping[str, object] | None = None,
    opt_level: int | None = None,
    sanitize: str | None = None,
    pipeline: Pipeline | None = None,
    constants: str | PathLike[str] | None = None,
) -> str | bytes:
    """Return what the model is at a level: MLIR, LLVM IR or assembly as text, or an object.

    Levels are import (as it was read), graph, kernels, scheduled, host, llvm, llvm-ir, asm, obj and
    c; the four from llvm on hold the kernels alone. `constants` is a folder that gets the arrays
    that are too large for the text, which names them by digest; of a file `m.mlir` they are looked
    for in `m.mlir.constants`. The other arguments are those of `compile`.
    """
    from .levels import compile_to as compile_source_to

    options = _options(target, opt_level, dims, shapes, values, sanitize)
    folder = None if constants is None else Path(constants)
    return compile_source_to(Source.of(model), options, level, pipeline, folder)


def read_model(
    model: Model,
    target: str | Target = "native",
    *,
    dims: Dims | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    values: Mapping[str, object] | None = None,
    opt_level: int | None = None,
) -> ModuleOp:
    """Return the module that a model is before any pass has run; arguments as for `compile`."""
    from .reading import read

    return read(Source.of(model), _options(target, opt_level, dims, shapes, values))


def _options(
    target: str | Target,
    opt_level: int | None,
    dims: Dims | None,
    shapes: Mapping[str, tuple[int, ...]] | None,
    values: Mapping[str, object] | None,
    sanitize: str | None = None,
) -> CompileOptions:
    return CompileOptions(
        target=_target(target),
        opt_level=check_opt_level(_context("opt_level", 2) if opt_level is None else opt_level),
        dims=check_dims(dims),
        shapes=check_shapes(shapes),
        values=check_values(values),
        sanitize=check_sanitize(sanitize),
    )


def _elsewhere(target: Target) -> str:
    """Return why this process cannot run code for a target, "" where it can."""
    host = native_target()
    if target.triple != host.triple:
        return (
            f"this model was compiled for {target.triple}, and this is {host.triple}: write it with"
            " export_library, run it there"
        )
    missing = missing_features(target, host)
    if missing:
        return (
            f"this model was compiled for {target.cpu or target.triple}, and this machine lacks"
            f" {', '.join(missing)}: write it with export_library, run it elsewhere; or compile it"
            " for target 'native'"
        )
    return ""


def _lookup(models: ModelCache, pipeline: Pipeline | None) -> Artifact | None:
    """Return the model compiled before, unless somebody wants to watch it being compiled."""
    if not _is_cacheable(pipeline) or _is_watched():
        return None
    return models.load()


def _is_cacheable(pipeline: Pipeline | None) -> bool:
    """Tell whether passes have a name to be known by; those that a user wrote do not."""
    return (pipeline is None or isinstance(pipeline, str)) and not _edits().inserts


def _settings(pipeline: Pipeline | None) -> str:
    disabled = sorted(_edits().disabled)
    return f"pipeline={pipeline if isinstance(pipeline, str) else None!r} {disabled}"


def _is_watched() -> bool:
    return bool(
        _context("instruments", ()) or _context("dump_ir", None) or _context("verify_each", False)
    )


def _edits() -> PipelineEdits:
    edits: PipelineEdits = _context("edits", NO_EDITS)
    return edits


def _context(option: str, default: Any) -> Any:
    """Return an option of the `PassContext` in force; none is while its module is not loaded."""
    module = sys.modules.get(f"{__package__}.pass_context")
    return default if module is None else getattr(module.PassContext.current(), option)


def _target(target: object) -> Target:
    if isinstance(target, Target):
        return target
    if target == "native":
        return native_target()
    if isinstance(target, str):
        from ..backends.llvm.targets import parse_target

        return parse_target(target)
    raise DTypeError(
        f"compile: target: expected a name such as 'native' or a tyrex.Target; found {target!r}"
    )
