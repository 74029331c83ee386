"""`tir` (TensorIR): kernels as loops over blocks that read and write buffers.

A kernel is a `FuncOp`; `ForOp`s enclose `BlockOp`s, the unit of scheduling; integer expressions
over loop variables are attributes, not operations. Values are computed with xDSL's `arith` and
`math`. `compute.KernelBuilder` writes kernels from Python.
"""

from xdsl.ir import Dialect

from .access import (
    AccessOp,
    AllocOp,
    IndexValueOp,
    LoadOp,
    PredicatedLoadOp,
    PredicatedStoreOp,
    PredicateOp,
    PrefetchOp,
    StoreOp,
    TransposeOp,
)
from .attributes import (
    GLOBAL,
    NO_EXPRS,
    STACK,
    BufferInfo,
    BufferType,
    ExprsAttr,
    ForKind,
    ForKindAttr,
    IterKind,
    IterKindsAttr,
    over_values,
    positional,
)
from .base import INDEX, IndexedOp, free_symbols
from .checks import CheckIndexOp, access_text, index_text, place_text
from .control import BlockOp, ForOp, IfOp
from .func import FuncOp

TIR = Dialect(
    "tir",
    [
        AllocOp,
        BlockOp,
        CheckIndexOp,
        ForOp,
        FuncOp,
        IfOp,
        IndexValueOp,
        LoadOp,
        PredicateOp,
        PredicatedLoadOp,
        PredicatedStoreOp,
        PrefetchOp,
        StoreOp,
        TransposeOp,
    ],
    [BufferType, ExprsAttr, ForKindAttr, IterKindsAttr],
)

__all__ = [
    "GLOBAL",
    "INDEX",
    "NO_EXPRS",
    "STACK",
    "TIR",
    "AccessOp",
    "AllocOp",
    "BlockOp",
    "BufferInfo",
    "BufferType",
    "CheckIndexOp",
    "ExprsAttr",
    "ForKind",
    "ForKindAttr",
    "ForOp",
    "FuncOp",
    "IfOp",
    "IndexValueOp",
    "IndexedOp",
    "IterKind",
    "IterKindsAttr",
    "LoadOp",
    "PredicateOp",
    "PredicatedLoadOp",
    "PredicatedStoreOp",
    "PrefetchOp",
    "StoreOp",
    "TransposeOp",
    "access_text",
    "free_symbols",
    "index_text",
    "over_values",
    "place_text",
    "positional",
]
