"""The passes, by the level they read; pipelines.py is the only list of pipelines.

A pass stands in one file, under one name: `fold-constants` is `FoldConstantsPass` in
`relax/fold_constants.py`, tested by `lit_tests/passes/relax/fold_constants.mlir`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

PASSES: dict[str, str] = {
    "annotate-patterns": "relax.annotate_patterns:AnnotatePatternsPass",
    "apply-schedule": "tir.apply_schedule:ApplySchedulePass",
    "check-bounds": "tir.check_bounds:CheckBoundsPass",
    "check-shapes": "relax.check_shapes:CheckShapesPass",
    "choose-layouts": "relax.choose_layouts:ChooseLayoutsPass",
    "compact-buffers": "tir.compact_buffers:CompactBuffersPass",
    "deduplicate-kernels": "relax.deduplicate_kernels:DeduplicateKernelsPass",
    "defer-scales": "tir.defer_scales:DeferScalesPass",
    "expand-math": "tir.expand_math:ExpandMathPass",
    "flush-subnormals": "relax.flush_subnormals:FlushSubnormalsPass",
    "fold-batch-norm": "relax.fold_batch_norm:FoldBatchNormPass",
    "fold-constants": "relax.fold_constants:FoldConstantsPass",
    "fold-scales": "relax.fold_scales:FoldScalesPass",
    "fuse-ops": "relax.fuse_ops:FuseOpsPass",
    "fuse-rows": "tir.fuse_rows:FuseRowsPass",
    "fuse-tir": "relax.fuse_tir:FuseTirPass",
    "group-convolutions": "relax.group_convolutions:GroupConvolutionsPass",
    "infer-shapes": "relax.infer_shapes:InferShapesPass",
    "inline-blocks": "tir.inline_blocks:InlineBlocksPass",
    "inline-epilogues": "tir.inline_epilogues:InlineEpiloguesPass",
    "legalize-ops": "relax.legalize_ops:LegalizeOpsPass",
    "lower-blocks": "tir.lower_blocks:LowerBlocksPass",
    "lower-selections": "relax.lower_selections:LowerSelectionsPass",
    "lower-to-llvm": "llvm.lower_to_llvm:LowerToLlvmPass",
    "lower-to-vm": "vm.lower_to_vm:LowerToVmPass",
    "lower-vm-to-llvm": "vm.lower_vm_to_llvm:LowerVmToLlvmPass",
    "mark-inplace": "relax.mark_inplace:MarkInplacePass",
    "name-dims": "relax.name_dims:NameDimsPass",
    "pack-constants": "tir.pack_constants:PackConstantsPass",
    "pad-reductions": "tir.pad_reductions:PadReductionsPass",
    "place-pieces": "vm.place_pieces:PlacePiecesPass",
    "plan-memory": "vm.plan_memory:PlanMemoryPass",
    "pool-convolutions": "relax.pool_convolutions:PoolConvolutionsPass",
    "relax-cse": "relax.relax_cse:RelaxCsePass",
    "relax-dce": "relax.relax_dce:RelaxDcePass",
    "schedule-default": "tir.schedule_default:ScheduleDefaultPass",
    "separate-windows": "tir.separate_windows:SeparateWindowsPass",
    "shrink-convolutions": "relax.shrink_convolutions:ShrinkConvolutionsPass",
    "simplify-algebra": "relax.simplify_algebra:SimplifyAlgebraPass",
    "simplify-moves": "relax.simplify_moves:SimplifyMovesPass",
    "split-conv-transpose": "relax.split_conv_transpose:SplitConvTransposePass",
    "trim-windows": "relax.trim_windows:TrimWindowsPass",
    "widen-convolutions": "relax.widen_convolutions:WidenConvolutionsPass",
}
"""Every pass: name -> `folder.file:Class`, sorted by name."""


def get_all_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Name every pass and how to load it; nothing is imported until asked."""
    return {name: _loader(place) for name, place in PASSES.items()}


def get_all_pipelines() -> Mapping[str, tuple[ModulePass, ...]]:
    """Return the named pipelines; imports the passes that they are made of."""
    from .pipelines import PIPELINES

    return PIPELINES


def _loader(place: str) -> Callable[[], type[ModulePass]]:
    module, _, name = place.partition(":")
    return lambda: getattr(import_module(f"tyrex.passes.{module}"), name)
