"""Builds for single shapes: the compiler's half of runtime/specialization.py.

A build is the model, compiled once more with the shapes of all inputs given, with the same options
and through the same caches. Whatever is in force around the call that asks for it, such as a
`PassContext`, does not reach it: it is what a compile beside the first would have made.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

from ..runtime.errors import ArgumentError
from ..runtime.executable import Executable
from ..runtime.specialization import Shape, Specialization
from ..runtime.specializing_executable import SpecializingExecutable
from .options import CompileOptions
from .recipe import Recipe
from .sources import Kind, Source

CompileOne = Callable[[Source, CompileOptions, int], Executable]
"""Compiles a source with options, for so many threads."""


def specializing(
    given: object, recipe: Recipe, elsewhere: str, compile_one: CompileOne
) -> Callable[..., Executable] | None:
    """Return what puts an executable together that has builds for single shapes made.

    Args:
        given: when they are made: `specialize=` of `compile`; 0 for never, which returns None.
        recipe: of the build for all shapes.
        elsewhere: why this process cannot run the model, "" where it can.
        compile_one: makes a build.

    Raises:
        ArgumentError: the model's shapes cannot be given, or it does not run here.
    """
    policy = Specialization.of(given)
    if policy is None:
        return None
    if elsewhere:
        raise ArgumentError(f"specialize: builds are made where the model runs: {elsewhere}")
    source = recipe.source
    if source.kind is not Kind.ONNX:
        raise ArgumentError(
            f"specialize: builds for single shapes are made of ONNX models, whose shapes can be"
            f" given; {source.label} is {source.kind.value}: its types say its shapes"
        )
    if source.path is None and not isinstance(source.data, bytes):  # whoever gave it may change it
        source = Source(source.kind, source.label, None, source.bytes())
    sizes = {name: size for name, size in recipe.options.dims.items() if isinstance(size, int)}

    def build(shapes: Mapping[str, Shape], threads: int) -> Executable:
        recipe.check()
        options = replace(recipe.options, dims=sizes, shapes=dict(shapes))
        return contextvars.Context().run(_in_recipe, recipe, compile_one, source, options, threads)

    return partial(SpecializingExecutable, specialization=policy, builder=build)


def _in_recipe(
    recipe: Recipe, compile_one: CompileOne, source: Source, options: CompileOptions, threads: int
) -> Executable:
    """Compile with pipelines edited as those of the first build were."""
    with recipe.context() if recipe.edits else nullcontext():
        return compile_one(source, options, threads)
