"""expand-math: functions of `math` become arithmetic, which vectorized loops run in lanes.

Rewrites   %y = math.exp %x : f32
into       fma, shifts and bit casts: at most 1 ulp off, NaN, infinities and denormals right

Rewrites   %y = math.powf %x, 2.0 : f32
into       %y = arith.mulf %x, %x : f32       also 3, 4, -1, -2, 1/2, -1/2, 1 and 0

Kernels stand in `math/`, one file per family, with the error of each. f16 and bf16 are computed
in f32; functions of f64 stay calls of libm. The errors are stated for machines with fma; others
multiply and add, which costs the harder functions another ulp or two.

Needs:  kernels of any form (blocks or loops).
Leaves: no function in a table of `math/__init__.py` on f16, bf16 or f32.
Why here: before schedule-default, which keeps what would be a call per lane out of vectors;
after inline-blocks, which counts one operation as cheap.
Source: see the files of `math/`; the coefficients are ours, by `tests/passes/tir/minimax.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from ...dialects import dtypes, tir
from ...dialects.dtypes import f32
from ...dialects.target import Target, target_of
from ...dialects.tir.values import NONPOSITIVE, Value
from .math import FUNCTIONS
from .math.emitter import MathEmitter
from .math.exponential import exp_nonpositive
from .math.power import power_of_constant

_NARROW = (dtypes.f16, dtypes.bf16)


def expand_block(block: Block, fused: bool = True) -> None:
    """Rewrite the functions of a block and of the blocks inside it."""
    k = MathEmitter(block, fused)
    for op in list(block.ops):
        if type(op) in FUNCTIONS and op.results[0].type in (f32, *_NARROW):
            _expand(k, op)
        for region in op.regions:
            for inner in region.blocks:
                expand_block(inner, fused)


def _expand(k: MathEmitter, op: Operation) -> None:
    dtype = op.results[0].type
    k.before(op)
    args = [k.cast(Value(operand, operand.type, k), f32) for operand in op.operands]
    result = k.cast(_special(k, op, args) or FUNCTIONS[type(op)](k, *args), dtype)
    result.ssa.name_hint = op.results[0].name_hint
    op.results[0].replace_all_uses_with(result.ssa)
    op.detach()
    op.erase()


def _special(k: MathEmitter, op: Operation, args: list[Value]) -> Value | None:
    """Return the simple form of a function of what is known of its operands, or None.

    That is a power whose exponent is a small number, and an exponential that is at most 1.
    """
    if isinstance(op, math.ExpOp) and NONPOSITIVE in op.attributes:
        return exp_nonpositive(k, args[0])
    if not isinstance(op, math.PowFOp) or not isinstance(op.rhs.owner, arith.ConstantOp):
        return None
    attr = op.rhs.owner.value
    return power_of_constant(k, args[0], attr.value.data) if isinstance(attr, FloatAttr) else None


def has_fma(target: Target) -> bool:
    """Tell whether fma is an instruction: LLVM calls libm, element by element, where it is none.

    x86 has it from AVX2 on, ARMv7 from VFPv4 on, WebAssembly not at all; the others always.
    """
    match target.arch:
        case "x86_64" | "i686":
            return target.has("fma") or (
                target.vector_bits >= 256 and "-fma" not in target.features
            )
        case "armv7" | "armv7a":
            return target.has("vfp4")
        case "wasm32":
            return False
        case _:
            return True


@dataclass(frozen=True)
class ExpandMathPass(ModulePass):
    """See the module docstring."""

    name = "expand-math"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = target_of(op)
        fused = target is None or has_fma(target)
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                expand_block(func.body.block, fused)
