"""`vm`: the host program. Blocks of kernel calls, the memory they work in, branches.

Tensors are memory here: a kernel is called with its destinations, a storage holds tensors at
offsets, a reshape is a view. What leaves a function is allocated by `vm.alloc_output` and lies in
no storage; a vm.func may write neither to its arguments nor to constants.
"""

from xdsl.ir import Dialect

from .control import (
    BranchOp,
    CallOp,
    CallPackedOp,
    CheckDimsOp,
    CondBranchOp,
    FailOp,
    FuncOp,
    InvokeClosureOp,
    InvokeOp,
    MakeClosureOp,
    ReturnOp,
    bounds_of,
    check_bounds,
    passes_as,
)
from .memory import (
    AllocOutputOp,
    AllocStorageOp,
    CheckTensorOp,
    ConstantOp,
    CopyOp,
    KillOp,
    PrefixOp,
    ReshapeOp,
    TensorOp,
    TupleGetOp,
    TupleOp,
    byte_size,
    size_attr,
    size_bytes,
    tensor_type,
)
from .types import StorageType
from .values import CheckValueOp, ShapeOfOp, StringOp

VM = Dialect(
    "vm",
    [
        AllocOutputOp,
        AllocStorageOp,
        BranchOp,
        CallOp,
        CallPackedOp,
        CheckTensorOp,
        CheckValueOp,
        CondBranchOp,
        ConstantOp,
        CopyOp,
        CheckDimsOp,
        FailOp,
        FuncOp,
        InvokeClosureOp,
        InvokeOp,
        KillOp,
        MakeClosureOp,
        PrefixOp,
        ReshapeOp,
        ReturnOp,
        ShapeOfOp,
        StringOp,
        TensorOp,
        TupleGetOp,
        TupleOp,
    ],
    [StorageType],
)

__all__ = [
    "VM",
    "AllocOutputOp",
    "AllocStorageOp",
    "BranchOp",
    "CallOp",
    "CallPackedOp",
    "CheckDimsOp",
    "CheckTensorOp",
    "CheckValueOp",
    "CondBranchOp",
    "ConstantOp",
    "CopyOp",
    "FailOp",
    "FuncOp",
    "InvokeClosureOp",
    "InvokeOp",
    "KillOp",
    "MakeClosureOp",
    "PrefixOp",
    "ReshapeOp",
    "ReturnOp",
    "ShapeOfOp",
    "StorageType",
    "StringOp",
    "TensorOp",
    "TupleGetOp",
    "TupleOp",
    "bounds_of",
    "byte_size",
    "check_bounds",
    "passes_as",
    "size_attr",
    "size_bytes",
    "tensor_type",
]
