"""Control flow of `tir`: loops, blocks and conditionals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import StringAttr, i1
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_region_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import NoTerminator
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr, as_expr
from .attributes import (
    ExprsAttr,
    ForKind,
    ForKindAttr,
    IterKind,
    IterKindsAttr,
    parse_for_kind,
    parse_iter_kind,
    positional,
)
from .base import INDEX, IndexedOp, check_exprs, parse_attributes, parse_body, print_attributes
from .syntax import OperandExprs, print_conditions, print_exprs


@irdl_op_definition
class ForOp(IndexedOp):
    """`tir.for %i in extent kind { ... }`: the body for i in 0, 1, ..., extent - 1.

    (C1) one extent and one index argument.
    (C2) a vectorized loop has a constant extent.
    """

    name = "tir.for"
    vars = var_operand_def(INDEX)
    extent = prop_def(ExprsAttr)
    kind = prop_def(ForKindAttr)
    body = region_def("single_block")
    traits = traits_def(NoTerminator())

    def __init__(
        self,
        extent: IntExpr | int,
        body: Region,
        kind: ForKind = ForKind.SERIAL,
        attributes: dict[str, Attribute] | None = None,
    ) -> None:
        exprs, operands = positional((as_expr(extent),))
        super().__init__(
            operands=[operands],
            properties={"extent": ExprsAttr(exprs), "kind": ForKindAttr(kind)},
            attributes=attributes or {},
            regions=[body],
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of the extent."""
        return self.vars

    @property
    def induction_var(self) -> SSAValue:
        """The loop variable."""
        return self.body.block.args[0]

    def extent_expr(self) -> IntExpr:
        """Return the extent over SSA values."""
        return self.exprs_over_values(self.extent)[0]

    def verify_(self) -> None:
        args = self.body.block.args
        if len(self.extent.data) != 1 or [arg.type for arg in args] != [INDEX]:  # (C1)
            raise VerifyException("tir.for: needs one extent and one loop variable of type index")
        check_exprs(self, self.extent, len(self.vars))
        if self.kind.data is ForKind.VECTORIZED and not self.extent.data[0].is_constant:  # (C2)
            raise VerifyException(
                f"tir.for: a vectorized loop needs a constant extent, not {self.extent.data[0]}"
            )

    @classmethod
    def parse(cls, parser: Parser) -> ForOp:
        """Parse the custom form."""
        name = parser.parse_argument(expect_type=False)
        parser.parse_keyword("in")
        exprs = OperandExprs(parser)
        extent = ExprsAttr((exprs.expr(),))
        kind = parse_for_kind(parser)
        attributes = parse_attributes(parser)
        body = parse_body(parser, [name.resolve(INDEX)])
        return cls.create(
            operands=exprs.operands,
            properties={"extent": extent, "kind": ForKindAttr(kind)},
            attributes=attributes,
            regions=[body],
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_ssa_value(self.induction_var)
        printer.print_string(" in ")
        print_exprs(printer, self.extent.data, self.vars)
        printer.print_string(f" {self.kind.data.value}")
        print_attributes(printer, self)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)


@irdl_op_definition
class BlockOp(IndexedOp):
    """The unit of scheduling: a computation over iteration variables bound to loops.

    `tir.block "matmul" (%vi: spatial(64) = %i, %vk: reduce(32) = %k) where (...) init {} {}`
    runs its body once for the values the bindings take, if every condition holds; where `init` is
    given it runs first whenever all reduce variables are zero.
    Source: TVM's TensorIR (Feng et al., ASPLOS 2023, section 3.1).

    (C1) kinds, domains, bindings and the arguments of both regions agree in number.
    (C2) `init` needs a reduce variable.
    """

    name = "tir.block"
    vars = var_operand_def(INDEX)
    block_name = prop_def(StringAttr)
    kinds = prop_def(IterKindsAttr)
    domains = prop_def(ExprsAttr)
    bindings = prop_def(ExprsAttr)
    conditions = prop_def(ExprsAttr)
    body = region_def("single_block")
    init = opt_region_def("single_block")
    traits = traits_def(NoTerminator())

    def __init__(
        self,
        name: str,
        iters: Sequence[tuple[IterKind, IntExpr | int, IntExpr]],
        body: Region,
        init: Region | None = None,
        conditions: Iterable[IntExpr] = (),
        attributes: dict[str, Attribute] | None = None,
    ) -> None:
        """Bind each iteration variable: (kind, domain, binding over SSA values)."""
        count = len(iters)
        wheres = tuple(conditions)
        exprs, operands = positional(
            (*(as_expr(d) for _, d, _ in iters), *(b for _, _, b in iters), *wheres)
        )
        super().__init__(
            operands=[operands],
            properties={
                "block_name": StringAttr(name),
                "kinds": IterKindsAttr(tuple(kind for kind, _, _ in iters)),
                "domains": ExprsAttr(exprs[:count]),
                "bindings": ExprsAttr(exprs[count : 2 * count]),
                "conditions": ExprsAttr(exprs[2 * count :]),
            },
            attributes=attributes or {},
            regions=[body, [init] if init is not None else []],
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of domains, bindings and conditions."""
        return self.vars

    @property
    def iter_vars(self) -> Sequence[SSAValue]:
        """The iteration variables inside the body."""
        return self.body.block.args

    def verify_(self) -> None:
        count = len(self.kinds.data)
        regions = [self.body, self.init] if self.init is not None else [self.body]
        if {len(self.domains.data), len(self.bindings.data)} | {
            len(region.block.args) for region in regions
        } != {count}:  # (C1)
            raise VerifyException(
                f"tir.block: {count} kinds, {len(self.domains.data)} domains, "
                f"{len(self.bindings.data)} bindings, "
                f"{' and '.join(str(len(region.block.args)) for region in regions)} arguments"
            )
        if any(a.type != INDEX for region in regions for a in region.block.args):
            raise VerifyException("tir.block: iteration variables have type index")
        if self.init is not None and IterKind.REDUCE not in self.kinds.data:  # (C2)
            raise VerifyException("tir.block: init without a reduce variable never runs apart")
        for attr in (self.domains, self.bindings, self.conditions):
            check_exprs(self, attr, len(self.vars))

    @classmethod
    def parse(cls, parser: Parser) -> BlockOp:
        """Parse the custom form."""
        name = parser.parse_str_literal()
        exprs = OperandExprs(parser)
        names: list[Parser.UnresolvedArgument] = []
        kinds: list[IterKind] = []
        domains: list[IntExpr] = []
        bindings: list[IntExpr] = []

        def iteration() -> None:
            names.append(parser.parse_argument(expect_type=False))
            parser.parse_punctuation(":")
            kinds.append(parse_iter_kind(parser))
            parser.parse_punctuation("(")
            domains.append(exprs.expr())
            parser.parse_punctuation(")")
            parser.parse_punctuation("=")
            bindings.append(exprs.expr())

        parser.parse_comma_separated_list(parser.Delimiter.PAREN, iteration)
        conditions = ExprsAttr(())
        if parser.parse_optional_keyword("where"):
            conditions = exprs.conditions()
        attributes = parse_attributes(parser)
        args = [name_.resolve(INDEX) for name_ in names]
        init = [parse_body(parser, args)] if parser.parse_optional_keyword("init") else []
        return cls.create(
            operands=exprs.operands,
            properties={
                "block_name": StringAttr(name),
                "kinds": IterKindsAttr(tuple(kinds)),
                "domains": ExprsAttr(tuple(domains)),
                "bindings": ExprsAttr(tuple(bindings)),
                "conditions": conditions,
            },
            attributes=attributes,
            regions=[parse_body(parser, args), *init],
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_string_literal(self.block_name.data)
        printer.print_string(" (")
        rows = zip(
            self.iter_vars, self.kinds.data, self.domains.data, self.bindings.data, strict=True
        )
        for i, (arg, kind, domain, binding) in enumerate(rows):
            printer.print_string(", " if i else "")
            printer.print_ssa_value(arg)
            printer.print_string(f": {kind.value}(")
            print_exprs(printer, (domain,), self.vars)
            printer.print_string(") = ")
            print_exprs(printer, (binding,), self.vars)
        printer.print_string(")")
        if self.conditions.data:
            printer.print_string(" where ")
            print_conditions(printer, self.conditions.data, self.vars)
        print_attributes(printer, self)
        if self.init is not None:
            self._print_init(printer, self.init)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)

    def _print_init(self, printer: Printer, init: Region) -> None:
        """Print `init { ... }` with the body's names for the iteration variables."""
        printer.print_string(" init ")
        for mine, shown in zip(init.block.args, self.iter_vars, strict=True):
            # Both regions are written with one list of arguments, so they print with one name.
            printer._ssa_values[mine] = printer._ssa_values[shown]  # pyright: ignore[reportPrivateUsage]
        printer.print_region(init, print_entry_block_args=False, print_empty_block=False)


@irdl_op_definition
class IfOp(IRDLOperation):
    """`tir.if %cond { ... } else { ... }`: at most one of two regions runs."""

    name = "tir.if"
    cond = operand_def(i1)
    then_region = region_def("single_block")
    else_region = opt_region_def("single_block")
    traits = traits_def(NoTerminator())

    def __init__(self, cond: SSAValue, then: Region, otherwise: Region | None = None) -> None:
        super().__init__(
            operands=[cond], regions=[then, [otherwise] if otherwise is not None else []]
        )

    @classmethod
    def parse(cls, parser: Parser) -> IfOp:
        """Parse the custom form."""
        cond = parser.parse_operand(i1)
        then = parse_body(parser, [])
        otherwise = parse_body(parser, []) if parser.parse_optional_keyword("else") else None
        return cls(cond, then, otherwise)

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_ssa_value(self.cond)
        printer.print_string(" ")
        printer.print_region(self.then_region, print_empty_block=False)
        if self.else_region is not None:
            printer.print_string(" else ")
            printer.print_region(self.else_region, print_empty_block=False)
