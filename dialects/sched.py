"""`sched`: a schedule as text, one operation per primitive; values are loops and blocks.

    sched.sequence @fast for @matmul {
      %c = sched.get_block "matmul"
      %i, %j, %k = sched.get_loops %c : !sched.loop, !sched.loop, !sched.loop
      %j0, %j1 = sched.split %j [-1, 16] : !sched.loop, !sched.loop
      sched.vectorize %j1
    }

`tyrex.Schedule` records one; the pass apply-schedule runs it on the kernel that it names. What
each primitive means and when it refuses stands with the methods of `Schedule`.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    I64,
    DenseArrayBase,
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    i64,
)
from xdsl.ir import Dialect, Operation, ParametrizedAttribute, Region, SSAValue, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, NoTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from .tir.attributes import ExprsAttr
from .tir.base import parse_body


@irdl_attr_definition
class BlockType(ParametrizedAttribute, TypeAttribute):
    """A `tir.block` of the kernel."""

    name = "sched.block"


@irdl_attr_definition
class LoopType(ParametrizedAttribute, TypeAttribute):
    """A `tir.for` of the kernel."""

    name = "sched.loop"


BLOCK, LOOP = BlockType(), LoopType()


@irdl_op_definition
class SequenceOp(IRDLOperation):
    """`sched.sequence @name for @kernel { ... }`: primitives to apply to a kernel, in order.

    (C1) it holds operations of this dialect only.
    (C2) the kernel is a symbol of the module around it.
    """

    name = "sched.sequence"
    sym_name = prop_def(SymbolNameConstraint())
    kernel = prop_def(FlatSymbolRefAttrConstr)
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface(), NoTerminator())

    def __init__(self, name: str, kernel: str, body: Region) -> None:
        super().__init__(
            properties={"sym_name": StringAttr(name), "kernel": SymbolRefAttr(kernel)},
            regions=[body],
        )

    @classmethod
    def parse(cls, parser: Parser) -> SequenceOp:
        """Parse the custom form; the body may be empty."""
        name = parser.parse_symbol_name().data
        parser.parse_keyword("for")
        kernel = parser.parse_symbol_name().data
        return cls(name, kernel, parse_body(parser, []))

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string(" for ")
        printer.print_symbol_name(self.kernel.root_reference.data)
        printer.print_string(" ")
        printer.print_region(self.body, print_empty_block=False)

    def verify_(self) -> None:
        for op in self.body.block.ops:
            if not isinstance(op, StepOp):  # (C1)
                raise VerifyException(
                    f"sched.sequence: {op.name} is no operation of a schedule; "
                    "only those of the dialect `sched` may stand here"
                )

    def verify_symbols(self) -> None:
        """Check (C2), which needs the module."""
        module = self.parent_op()
        name = self.kernel.root_reference.data
        if module is None:
            return
        found = [op for op in module.regions[0].block.ops if _symbol_of(op) == name]
        if not found or found[0].name != "tir.func":  # (C2)
            what = f"a {found[0].name}" if found else "nothing"
            raise VerifyException(f"sched.sequence: @{name} names {what}, expected a tir.func")


def _symbol_of(op: Operation) -> str | None:
    name = op.properties.get("sym_name")
    return name.data if isinstance(name, StringAttr) else None


class StepOp(IRDLOperation):
    """Base of the operations in a sequence."""

    def handles(self) -> Sequence[SSAValue]:
        """Return the loops and blocks that come out."""
        return self.results


# -- queries ---------------------------------------------------------------------------------


@irdl_op_definition
class GetBlockOp(StepOp):
    """`%b = sched.get_block "matmul"`: the kernel's block of that name."""

    name = "sched.get_block"
    block_name = prop_def(StringAttr)
    result = result_def(BLOCK)
    assembly_format = "$block_name attr-dict"


class _ManyOp(StepOp):
    """Base of the operations whose number of results the kernel decides."""

    found = var_result_def(BLOCK)


@irdl_op_definition
class GetLoopsOp(StepOp):
    """`%i, %j = sched.get_loops %b : !sched.loop, !sched.loop`: the loops around a block."""

    name = "sched.get_loops"
    block = operand_def(BLOCK)
    found = var_result_def(LOOP)
    assembly_format = "$block attr-dict `:` type($found)"


@irdl_op_definition
class GetChildBlocksOp(_ManyOp):
    """`%a, %b = sched.get_child_blocks %i : !sched.loop -> ...`: the blocks directly inside."""

    name = "sched.get_child_blocks"
    parent_handle = operand_def(BlockType | LoopType)
    assembly_format = "$parent_handle attr-dict `:` type($parent_handle) `->` type($found)"


@irdl_op_definition
class GetProducersOp(_ManyOp):
    """`%a = sched.get_producers %b : !sched.block`: the blocks that write what `%b` reads."""

    name = "sched.get_producers"
    block = operand_def(BLOCK)
    assembly_format = "$block attr-dict `:` type($found)"


@irdl_op_definition
class GetConsumersOp(_ManyOp):
    """`%c = sched.get_consumers %b : !sched.block`: the blocks that read what `%b` writes."""

    name = "sched.get_consumers"
    block = operand_def(BLOCK)
    assembly_format = "$block attr-dict `:` type($found)"


@irdl_op_definition
class GetOutputBlocksOp(_ManyOp):
    """`%b = sched.get_output_blocks : !sched.block`: the blocks that write outputs."""

    name = "sched.get_output_blocks"
    assembly_format = "attr-dict `:` type($found)"


# -- loops -----------------------------------------------------------------------------------


@irdl_op_definition
class SplitOp(StepOp):
    """`%i0, %i1 = sched.split %i [-1, 4] : ...`: one loop becomes several; -1 is what it takes.

    (C1) as many factors as results, two or more; each is positive, at most one is -1.
    """

    name = "sched.split"
    loop = operand_def(LOOP)
    factors = prop_def(DenseArrayBase.constr(i64))
    parts = var_result_def(LOOP)
    assembly_format = "$loop $factors attr-dict `:` type($parts)"

    def verify_(self) -> None:
        factors = self.factors.get_values()
        fine = all(f > 0 or f == -1 for f in factors)
        if len(factors) != len(self.parts) or len(factors) < 2 or not fine:  # (C1)
            raise VerifyException(
                f"sched.split: factors {list(factors)} for {len(self.parts)} results; expected "
                "one positive factor for each of two or more"
            )
        if list(factors).count(-1) > 1:  # (C1)
            raise VerifyException(f"sched.split: factors {list(factors)} hold -1 twice")


@irdl_op_definition
class FuseOp(StepOp):
    """`%f = sched.fuse %i, %j`: nested loops become one."""

    name = "sched.fuse"
    loops = var_operand_def(LOOP)
    fused = result_def(LOOP)
    assembly_format = "$loops attr-dict `:` type($loops)"


@irdl_op_definition
class ReorderOp(StepOp):
    """`sched.reorder %k, %i`: loops change places."""

    name = "sched.reorder"
    loops = var_operand_def(LOOP)
    assembly_format = "$loops attr-dict `:` type($loops)"


@irdl_op_definition
class AddUnitLoopOp(StepOp):
    """`%u = sched.add_unit_loop %b : !sched.block`: a loop of one iteration around."""

    name = "sched.add_unit_loop"
    inside = operand_def(BlockType | LoopType)
    unit = result_def(LOOP)
    assembly_format = "$inside attr-dict `:` type($inside)"


class _LoopOp(StepOp):
    """Base of the operations that only name a loop."""

    loop = operand_def(LOOP)
    assembly_format = "$loop attr-dict"


@irdl_op_definition
class ParallelOp(_LoopOp):
    """`sched.parallel %i`: the iterations run on several threads."""

    name = "sched.parallel"


@irdl_op_definition
class VectorizeOp(_LoopOp):
    """`sched.vectorize %i`: the iterations are the lanes of vectors."""

    name = "sched.vectorize"


@irdl_op_definition
class UnrollOp(_LoopOp):
    """`sched.unroll %i`: the iterations stand one after the other in the code."""

    name = "sched.unroll"


@irdl_op_definition
class AnnotateOp(StepOp):
    """`sched.annotate %i "hint" = 3 : i64 : !sched.loop`: a note for whoever lowers it."""

    name = "sched.annotate"
    target = operand_def(BlockType | LoopType)
    key = prop_def(StringAttr)
    value = prop_def()
    assembly_format = "$target $key `=` $value attr-dict `:` type($target)"


@irdl_op_definition
class UnannotateOp(StepOp):
    """`sched.unannotate %i "hint" : !sched.loop`: take a note back."""

    name = "sched.unannotate"
    target = operand_def(BlockType | LoopType)
    key = prop_def(StringAttr)
    assembly_format = "$target $key attr-dict `:` type($target)"


# -- blocks ----------------------------------------------------------------------------------


class _BlockOp(StepOp):
    """Base of the operations that only name a block."""

    block = operand_def(BLOCK)
    assembly_format = "$block attr-dict"


@irdl_op_definition
class ComputeInlineOp(_BlockOp):
    """`sched.compute_inline %b`: a block disappears into the blocks that read it."""

    name = "sched.compute_inline"


@irdl_op_definition
class ReverseComputeInlineOp(_BlockOp):
    """`sched.reverse_compute_inline %b`: a block disappears into the one that it reads."""

    name = "sched.reverse_compute_inline"


class _MoveOp(StepOp):
    """Base of the operations that move a block under a loop."""

    block = operand_def(BLOCK)
    loop = operand_def(LOOP)
    assembly_format = "$block `,` $loop attr-dict"


@irdl_op_definition
class ComputeAtOp(_MoveOp):
    """`sched.compute_at %b, %i`: a producer computes what each iteration of the loop needs."""

    name = "sched.compute_at"


@irdl_op_definition
class ReverseComputeAtOp(_MoveOp):
    """`sched.reverse_compute_at %b, %i`: a consumer takes what each iteration has computed."""

    name = "sched.reverse_compute_at"


class _CacheOp(StepOp):
    """Base of the caches: (C1) the position is not negative."""

    block = operand_def(BLOCK)
    position = prop_def(IntegerAttr.constr(I64))
    scope = prop_def(StringAttr)
    cache = result_def(BLOCK)
    assembly_format = "$block $position $scope attr-dict"

    def verify_(self) -> None:
        if self.position.value.data < 0:  # (C1)
            raise VerifyException(f"{self.name}: buffer {self.position.value.data} is negative")


@irdl_op_definition
class CacheReadOp(_CacheOp):
    """`%c = sched.cache_read %b 0 "stack"`: the readers of a buffer read a copy."""

    name = "sched.cache_read"


@irdl_op_definition
class CacheWriteOp(_CacheOp):
    """`%c = sched.cache_write %b 0 "stack"`: a block writes a buffer that is copied back."""

    name = "sched.cache_write"


@irdl_op_definition
class DecomposeReductionOp(StepOp):
    """`%init = sched.decompose_reduction %b, %k`: the init becomes a block before a loop."""

    name = "sched.decompose_reduction"
    block = operand_def(BLOCK)
    loop = operand_def(LOOP)
    init_block = result_def(BLOCK)
    assembly_format = "$block `,` $loop attr-dict"


@irdl_op_definition
class RfactorOp(StepOp):
    """`%rf = sched.rfactor %k, 0`: partial results along a reduce loop, then their reduction."""

    name = "sched.rfactor"
    loop = operand_def(LOOP)
    factor_axis = prop_def(IntegerAttr.constr(I64))
    rf_block = result_def(BLOCK)
    assembly_format = "$loop $factor_axis attr-dict"


@irdl_op_definition
class BlockizeOp(StepOp):
    """`%o = sched.blockize %i`: what is inside a loop becomes one block."""

    name = "sched.blockize"
    loop = operand_def(LOOP)
    outer = result_def(BLOCK)
    assembly_format = "$loop attr-dict"


@irdl_op_definition
class TensorizeOp(StepOp):
    """`%t = sched.tensorize %i "dot4_f32"`: what is inside a loop is done by an intrinsic."""

    name = "sched.tensorize"
    loop = operand_def(LOOP)
    intrinsic = prop_def(StringAttr)
    tile = result_def(BLOCK)
    assembly_format = "$loop $intrinsic attr-dict"


@irdl_op_definition
class TransformLayoutOp(StepOp):
    """`sched.transform_layout %b "write" 0 2 <"$1", "$0">`: a buffer is laid out anew.

    (C1) the buffer is named by "read" or "write" and a position.
    (C2) the expressions are over the buffer's axes, $0 to $(rank - 1).
    """

    name = "sched.transform_layout"
    block = operand_def(BLOCK)
    access = prop_def(StringAttr)
    position = prop_def(IntegerAttr.constr(I64))
    rank = prop_def(IntegerAttr.constr(I64))
    index_map = prop_def(ExprsAttr)
    assembly_format = "$block $access $position $rank $index_map attr-dict"

    def verify_(self) -> None:
        if self.access.data not in ("read", "write") or self.position.value.data < 0:  # (C1)
            raise VerifyException(
                f'sched.transform_layout: "{self.access.data}" {self.position.value.data} names '
                'no buffer; use "read" or "write" and a position'
            )
        rank = self.rank.value.data
        for expr in self.index_map.data:
            for key in expr.free_vars():
                if not isinstance(key, int) or not 0 <= key < rank:  # (C2)
                    raise VerifyException(
                        f"sched.transform_layout: {expr} is not over $0 to ${rank - 1}"
                    )


@irdl_op_definition
class PadEinsumOp(StepOp):
    """`sched.pad_einsum %b [16, 16, 4]`: domains grow to multiples; operands are padded copies."""

    name = "sched.pad_einsum"
    block = operand_def(BLOCK)
    padding = prop_def(DenseArrayBase.constr(i64))
    assembly_format = "$block $padding attr-dict"


Sched = Dialect(
    "sched",
    [
        AddUnitLoopOp,
        AnnotateOp,
        BlockizeOp,
        CacheReadOp,
        CacheWriteOp,
        ComputeAtOp,
        ComputeInlineOp,
        DecomposeReductionOp,
        FuseOp,
        GetBlockOp,
        GetChildBlocksOp,
        GetConsumersOp,
        GetLoopsOp,
        GetOutputBlocksOp,
        GetProducersOp,
        PadEinsumOp,
        ParallelOp,
        ReorderOp,
        ReverseComputeAtOp,
        ReverseComputeInlineOp,
        RfactorOp,
        SequenceOp,
        SplitOp,
        TensorizeOp,
        TransformLayoutOp,
        UnannotateOp,
        UnrollOp,
        VectorizeOp,
    ],
    [BlockType, LoopType],
)
