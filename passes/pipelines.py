"""Every pipeline, as data. The order is the design; each line says why it stands there."""

from xdsl.passes import ModulePass

PIPELINES: dict[str, tuple[ModulePass, ...]] = {}
"""The pipelines that tools know by name (`tyrex-opt -p NAME`)."""
