"""Runs one operator twice: by its meaning in NumPy, and as the kernel that legalization makes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.ir import Attribute, Block, Region

from tyrex.dialects import dtypes, relax
from tyrex.interpreters.relax import run
from tyrex.passes.relax.legalize_ops import LegalizeOpsPass
from tyrex.symbolic import var

Array = NDArray[Any]
TOLERANCES = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 2e-6, "float64": 1e-13}


def module_of(
    op_type: type[relax.RelaxOp], arrays: list[Array], symbolic: bool, **properties: Any
) -> ModuleOp:
    """Return a module whose @main is one operator; symbolic: a symbol for each extent above 1."""
    types: list[Attribute] = [
        relax.TensorType.of(
            [var(f"d{n}") if symbolic and n > 1 else n for n in array.shape],
            dtypes.from_numpy(array.dtype),
        )
        for array in arrays
    ]
    block = Block(arg_types=types)
    op = op_type(*block.args, **properties)
    block.add_op(op)
    block.add_op(relax.ReturnOp(*op.results))
    extents = dict.fromkeys(n for array in arrays for n in array.shape if n > 1)
    func = relax.FuncOp(
        "main",
        FunctionType.from_lists(types, [result.type for result in op.results]),
        Region(block),
        [f"d{n}" for n in extents] if symbolic else [],
    )
    return ModuleOp([func])


def check(
    op_type: type[relax.RelaxOp],
    *arrays: Array,
    symbolic: bool = False,
    scale: float = 1.0,
    **properties: Any,
) -> list[Array]:
    """Check that kernel and meaning agree within `scale` times the tolerance; return results."""
    module = module_of(op_type, list(arrays), symbolic, **properties)
    module.verify()
    expected = run(module, "main", arrays)
    LegalizeOpsPass().apply(Context(), module)
    module.verify()
    assert not any(isinstance(op, op_type) for op in module.walk())
    found = run(module, "main", arrays)
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other, scale)
    return expected


def assert_close(found: Array, expected: Array, scale: float = 1.0) -> None:
    """Check shape, element type and values; NaN equals NaN."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    tolerance = scale * TOLERANCES.get(str(found.dtype), 0)
    if not tolerance:
        np.testing.assert_array_equal(found, expected)
        return
    wide = np.float64
    np.testing.assert_allclose(
        found.astype(wide), expected.astype(wide), rtol=tolerance, atol=tolerance
    )
