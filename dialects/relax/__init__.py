"""`relax`: the graph level. Functions in SSA over tensors whose dims are symbolic expressions."""

from xdsl.ir import Dialect

from .attributes import DimsAttr, new_symbols
from .base import PropertyValue, RelaxOp, compatible
from .call import (
    CallDPSPackedOp,
    CallOp,
    CallPackedOp,
    CallTIRInplaceOp,
    CallTIROp,
    ConstantOp,
    InvokeClosureOp,
    MakeClosureOp,
    MatchCastOp,
    ShapeOfOp,
    TupleGetItemOp,
    TupleOp,
)
from .constant import Array, ConstantAttr, register_folder, save_constants
from .func import FuncOp, IfOp, ReturnOp, WhileOp, YieldOp
from .types import ObjectType, ShapeType, TensorType

Relax = Dialect(
    "relax",
    [
        CallDPSPackedOp,
        CallOp,
        CallPackedOp,
        CallTIRInplaceOp,
        CallTIROp,
        ConstantOp,
        FuncOp,
        IfOp,
        InvokeClosureOp,
        MakeClosureOp,
        MatchCastOp,
        ReturnOp,
        ShapeOfOp,
        TupleGetItemOp,
        TupleOp,
        WhileOp,
        YieldOp,
    ],
    [ConstantAttr, DimsAttr, ObjectType, ShapeType, TensorType],
)

__all__ = [
    "Array",
    "CallDPSPackedOp",
    "CallOp",
    "CallPackedOp",
    "CallTIRInplaceOp",
    "CallTIROp",
    "ConstantAttr",
    "ConstantOp",
    "DimsAttr",
    "FuncOp",
    "IfOp",
    "InvokeClosureOp",
    "MakeClosureOp",
    "MatchCastOp",
    "ObjectType",
    "PropertyValue",
    "Relax",
    "RelaxOp",
    "ReturnOp",
    "ShapeOfOp",
    "ShapeType",
    "TensorType",
    "TupleGetItemOp",
    "TupleOp",
    "WhileOp",
    "YieldOp",
    "compatible",
    "new_symbols",
    "register_folder",
    "save_constants",
]
