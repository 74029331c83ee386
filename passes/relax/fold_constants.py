"""fold-constants: what depends on constants alone is computed now.

Rewrites   %t = relax.permute_dims %w            with a constant %w
into       %t = relax.constant                   of the permuted elements

A result that is larger than all operands together (a broadcast, a range, a fill) is folded up to
`max-bytes` only: memory would be traded for little time. Where the result's shape depends on the
data, the symbols that the operator introduced become numbers in the whole function.

Needs:  nothing.
Leaves: no pure operator of constants within the limit.
Why here: before simplify-algebra, which sees constants through the shape arithmetic and transposes
          of exporters; again after it, for the weights that it rewrites.
Source: -
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import Pure

from ...dialects import dtypes, relax
from ...dialects.relax import Array
from ...dialects.relax.dims import num_elements
from ...interpreters.relax import IMPLS, evaluate
from ...symbolic import IntExpr
from .rewriting import constant_like

REFUSALS = (ArithmeticError, IndexError, NotImplementedError, ValueError)
"""What evaluating raises where an operator has no value; it stays, to raise when it runs."""


@dataclass
class _Folder:
    """One function's folding; `symbols` are those that folding has found the values of."""

    max_bytes: int
    symbols: dict[str, IntExpr | int] = field(default_factory=dict[str, "IntExpr | int"])

    def run(self, func: relax.FuncOp) -> None:
        """Fold in order: what is folded makes constants of later operands."""
        for op in list(func.body.walk()):
            if isinstance(op, relax.RelaxOp) and type(op) in IMPLS and self.may_fold(op):
                self.fold(op)
            if self.symbols:
                substitute_symbols(op, self.symbols)
        if self.symbols:
            outputs = [_substituted(t, self.symbols) for t in func.function_type.outputs]
            func.properties["function_type"] = FunctionType.from_lists(
                func.function_type.inputs.data, outputs
            )

    def may_fold(self, op: relax.RelaxOp) -> bool:
        """Tell whether all that the result depends on is known, and its size is within bounds."""
        if not all(isinstance(v.owner, relax.ConstantOp) for v in op.operands):
            return False
        if not op.has_trait(Pure) or not all(map(_is_static, op.properties.values())):
            return False
        if relax.new_symbols(op):
            return True  # no larger than the operands, by the nature of such operators
        before = sum(_elements(v) or 0 for v in op.operands)
        for result in op.results:
            after = _elements(result)
            if after is None:
                return False
            if after > before and after * _size_bytes(result) > self.max_bytes:
                return False
        return True

    def fold(self, op: relax.RelaxOp) -> None:
        """Replace an operator by what it computes, if that has a value."""
        owners = [v.owner for v in op.operands]
        arrays = tuple(o.value.array for o in owners if isinstance(o, relax.ConstantOp))
        try:
            found = evaluate(op, arrays, {})
        except REFUSALS:
            return
        self.learn(op, found)
        block = op.parent
        assert block is not None
        for result, array in zip(op.results, found, strict=True):
            constant = constant_like(result, array)
            constant.location = op.location
            block.insert_op_before(constant, op)
            result.replace_all_uses_with(constant.result)
        block.erase_op(op)
        for owner in dict.fromkeys(owners):
            if isinstance(owner, relax.ConstantOp) and not any(r.first_use for r in owner.results):
                owner.detach()
                owner.erase()

    def learn(self, op: relax.RelaxOp, found: Sequence[Array]) -> None:
        """Note the values of symbols that the operator introduced."""
        if not relax.new_symbols(op):
            return
        for result, array in zip(op.results, found, strict=True):
            assert isinstance(result.type, relax.TensorType)
            for dim, extent in zip(result.type.shape or (), array.shape, strict=False):
                variable = None if dim is None else dim.as_var()
                if variable is not None and isinstance(variable.key, str):
                    self.symbols[variable.key] = extent


def substitute_symbols(op: Operation, symbols: dict[str, IntExpr | int]) -> None:
    """Replace symbols in the types of an operation's results and in its dims."""
    for result in op.results:
        new_type = _substituted(result.type, symbols)
        if new_type is not result.type:
            # xDSL has no other way to refine the type of a result in place.
            result._type = new_type  # pyright: ignore[reportPrivateUsage]
    for key, value in op.properties.items():
        if isinstance(value, relax.DimsAttr) and not _is_static(value):
            op.properties[key] = relax.DimsAttr.of(dim.substitute(symbols) for dim in value.data)


def _substituted(value_type: Attribute, symbols: dict[str, IntExpr | int]) -> Attribute:
    if not isinstance(value_type, relax.TensorType) or value_type.static_shape() is not None:
        return value_type
    if value_type.shape is None:
        return value_type
    dims = [None if dim is None else dim.substitute(symbols) for dim in value_type.shape]
    return relax.TensorType.of(dims, value_type.dtype)


def _is_static(attr: Attribute) -> bool:
    return not isinstance(attr, relax.DimsAttr) or all(dim.is_constant for dim in attr.data)


def _elements(value: SSAValue) -> int | None:
    if not isinstance(value.type, relax.TensorType):
        return None
    count = num_elements(value.type)
    return count.constant_value if count is not None and count.is_constant else None


def _size_bytes(value: SSAValue) -> int:
    assert isinstance(value.type, relax.TensorType)
    return dtypes.size_bytes(value.type.dtype)


@dataclass(frozen=True)
class FoldConstantsPass(ModulePass):
    """See the module docstring."""

    name = "fold-constants"
    max_bytes: int = 1 << 20
    """The largest result that may have more elements than the operands have together."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, relax.FuncOp):
                _Folder(self.max_bytes).run(func)
