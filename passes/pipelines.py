"""Every pipeline, as data. The order is the design; each line says why it stands there.

A level is a tuple of passes that ends at it (`tyrex compile --to LEVEL`). A target differs by the
tuples it joins, never by a condition inside one.
"""

from xdsl.passes import ModulePass

from .llvm.lower_to_llvm import LowerToLlvmPass
from .relax.annotate_patterns import AnnotatePatternsPass
from .relax.check_shapes import CheckShapesPass
from .relax.choose_layouts import ChooseLayoutsPass
from .relax.deduplicate_kernels import DeduplicateKernelsPass
from .relax.flush_subnormals import FlushSubnormalsPass
from .relax.fold_batch_norm import FoldBatchNormPass
from .relax.fold_constants import FoldConstantsPass
from .relax.fold_scales import FoldScalesPass
from .relax.fuse_ops import FuseOpsPass
from .relax.fuse_tir import FuseTirPass
from .relax.group_convolutions import GroupConvolutionsPass
from .relax.legalize_ops import LegalizeOpsPass
from .relax.lower_selections import LowerSelectionsPass
from .relax.mark_inplace import MarkInplacePass
from .relax.name_dims import NameDimsPass
from .relax.pool_convolutions import PoolConvolutionsPass
from .relax.relax_cse import RelaxCsePass
from .relax.relax_dce import RelaxDcePass
from .relax.shrink_convolutions import ShrinkConvolutionsPass
from .relax.simplify_algebra import SimplifyAlgebraPass
from .relax.simplify_moves import SimplifyMovesPass
from .relax.split_conv_transpose import SplitConvTransposePass
from .relax.trim_windows import TrimWindowsPass
from .relax.widen_convolutions import WidenConvolutionsPass
from .tir.check_bounds import CheckBoundsPass
from .tir.compact_buffers import CompactBuffersPass
from .tir.defer_scales import DeferScalesPass
from .tir.expand_math import ExpandMathPass
from .tir.fuse_rows import FuseRowsPass
from .tir.inline_blocks import InlineBlocksPass
from .tir.inline_epilogues import InlineEpiloguesPass
from .tir.lower_blocks import LowerBlocksPass
from .tir.pack_constants import PackConstantsPass
from .tir.pad_reductions import PadReductionsPass
from .tir.schedule_default import ScheduleDefaultPass
from .tir.separate_windows import SeparateWindowsPass
from .vm.lower_to_vm import LowerToVmPass
from .vm.place_pieces import PlacePiecesPass
from .vm.plan_memory import PlanMemoryPass

GRAPH: tuple[ModulePass, ...] = (
    CheckShapesPass(),  # first: operators say what they need, every rule asks for shapes
    FoldConstantsPass(),  # rules ask for constants, exporters wrap them in shape arithmetic
    FoldBatchNormPass(),  # statistics are constants now; scales and shifts remain
    SimplifyMovesPass(),  # moves hide neighbours from each other
    SimplifyAlgebraPass(),  # subtract and divide become the add and multiply that scales are
    FoldScalesPass(),  # neighbours are final: what scales a weight's result is beside it
    FlushSubnormalsPass(),  # weights are final; what follows moves them
    ShrinkConvolutionsPass(),  # weights are final; before what looks at sizes
    SplitConvTransposePass(),  # weights are final; a bias goes along as an epilogue
    TrimWindowsPass(),  # before what chooses by the size of a window
    GroupConvolutionsPass(),  # scales are in the weights; before blocks, which know no groups
    RelaxCsePass(),  # what was written in two ways is equal now
    RelaxDcePass(),  # kernels are made of what is left
    WidenConvolutionsPass(),  # blocks are for images; whatever asks for sequences has been
    ChooseLayoutsPass(),  # the passes above know the plain layout only
    PoolConvolutionsPass(),  # last: where tiles of an image lie together is settled
)

KERNELS: tuple[ModulePass, ...] = (
    LowerSelectionsPass(),  # graph passes knew them whole; kernels need to know how much memory
    LegalizeOpsPass(),  # operators end here: from now on a kernel is what its loops say
    AnnotatePatternsPass(),  # fusion decides by patterns
    FuseOpsPass(),  # decides which tensors exist in memory
    FuseTirPass(),  # groups have served: kernels again
    MarkInplacePass(),  # what lies inside kernels is settled; what may alias is part of a kernel
    NameDimsPass(),  # kernels are complete; some differ only in how their sizes come about
    DeduplicateKernelsPass(),  # from here on every kernel costs time, not every call
)

SCHEDULED: tuple[ModulePass, ...] = (
    InlineBlocksPass(),  # first: a schedule must see one block per pass over memory
    InlineEpiloguesPass(),  # maps are one block each now; a tile's writer takes the one after it
    SeparateWindowsPass(),  # rows deal with borders and strides; what is left gets copies
    PadReductionsPass(),  # after inlining, which would put the padded copy back
    DeferScalesPass(),  # before rows: a step of theirs becomes an epilogue
    FuseRowsPass(),  # what is left are passes over memory: those over the same rows share a loop
    ExpandMathPass(),  # functions of libm would keep their loops out of vectors
    ScheduleDefaultPass(),  # needs final blocks; decides loops, vectors, threads
    PackConstantsPass(),  # the schedule chose layouts; while blocks still say the indices
    CompactBuffersPass(),  # no block moves any more; those scheduled by hand use whole buffers
    LowerBlocksPass(),  # blocks have served: what follows knows loops and accesses
)

SCHEDULED_EXACT: tuple[ModulePass, ...] = tuple(
    # Products of sums are not sums of products where every operation rounds as in the model.
    module_pass
    for module_pass in SCHEDULED
    if not isinstance(module_pass, DeferScalesPass)
)

HOST: tuple[ModulePass, ...] = (
    LowerToVmPass(),  # the last that reads graphs: values become memory
    PlacePiecesPass(),  # values are memory, and each has its own: a piece may move into its whole
    PlanMemoryPass(),  # every value has memory now; those that are never alive together share it
)

LLVM: tuple[ModulePass, ...] = (
    LowerToLlvmPass(),  # one walk; the emitter prints what it leaves
)

LLVM_EXACT: tuple[ModulePass, ...] = (
    LowerToLlvmPass(contract=False),  # every operation rounds once, as in the model
)

CHECK_BOUNDS: tuple[ModulePass, ...] = (
    CheckBoundsPass(),  # kernels are final: what any pass got wrong is seen
)

SANITIZERS: dict[str, tuple[ModulePass, ...]] = {"bounds": CHECK_BOUNDS}
"""Name -> what adds its checks to kernels without blocks."""

Levels = dict[str, tuple[ModulePass, ...]]
"""Level -> the passes that end at it."""

O0: Levels = {
    "graph": (CheckShapesPass(),),  # what a run may get wrong is an error at every level
    "kernels": (
        LowerSelectionsPass(),  # not rules: they are several kernels
        LegalizeOpsPass(),  # one kernel per operator: what runs is what was written
    ),
    "scheduled": SCHEDULED_EXACT,
    "host": HOST,
    "llvm": LLVM_EXACT,
}

O1: Levels = {
    "graph": (
        CheckShapesPass(),  # first: operators say what they need, every rule asks for shapes
        FoldConstantsPass(),  # the operators themselves compute: no result changes
        SimplifyMovesPass(),  # elements are moved less, and stay what they are
        RelaxCsePass(),  # the same operator of the same values
        RelaxDcePass(),  # last: kernels are made of what is left
    ),
    "kernels": KERNELS,
    "scheduled": SCHEDULED_EXACT,
    "host": HOST,
    "llvm": LLVM_EXACT,
}

O2: Levels = {
    "graph": GRAPH,
    "kernels": KERNELS,
    "scheduled": SCHEDULED,
    "host": HOST,
    "llvm": LLVM,
}

O3: Levels = O2  # where reassociation is allowed, no pass makes use of it yet

OPT_LEVELS: tuple[Levels, ...] = (O0, O1, O2, O3)
"""Those of -O0 to -O3."""


def with_checks(levels: Levels, sanitizer: str) -> Levels:
    """Return levels that end in checked kernels; "" for none.

    Kernels of several nodes stay apart: an error names the node that a kernel was made of.
    """
    if not sanitizer:
        return levels
    kernels = tuple(
        LegalizeOpsPass(share=False) if isinstance(module_pass, LegalizeOpsPass) else module_pass
        for module_pass in levels["kernels"]
        if not isinstance(module_pass, DeduplicateKernelsPass)
    )
    scheduled = (*levels["scheduled"], *SANITIZERS[sanitizer])
    return levels | {"kernels": kernels, "scheduled": scheduled}


PIPELINES: Levels = O2
"""The pipelines that tools know by name (`tyrex-opt -p NAME`)."""
