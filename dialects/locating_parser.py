"""A parser that knows where everything stands: xDSL's, with places on operations and errors.

xDSL records only the `loc(...)` that is spelled in the text. Here every operation without one gets
its file, line and column, and the errors that xDSL reports at the next token, at the end of the
file or nowhere point at what is wrong.
"""

from bisect import bisect_left
from contextlib import suppress
from typing import Any

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialects.builtin import (
    FileLineColLoc,
    IntAttr,
    ModuleOp,
    StringAttr,
    UnknownLoc,
    UnregisteredAttr,
)
from xdsl.ir import Attribute, Block, Data, Operation, ParametrizedAttribute, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.utils.exceptions import ParseError, VerifyException
from xdsl.utils.lexer import Position, Span
from xdsl.utils.mlir_lexer import MLIRTokenKind, StringLiteral


class LocatingParser(Parser):
    """Parses MLIR text; every operation gets the place where its text begins."""

    def __init__(self, ctx: Context, text: str, name: str = "<unknown>"):
        super().__init__(ctx, text, name)
        self._file = StringAttr(name)
        self._line_ends = [i for i, char in enumerate(text) if char == "\n"]
        self._undefined: dict[str, Span] = {}
        self._op_start = 0

    @override
    def parse_module(self, allow_implicit_module: bool = True) -> ModuleOp:
        if self._current_token.kind is MLIRTokenKind.EOF and allow_implicit_module:
            empty = ModuleOp([])
            empty.location = self._location(0)
            return empty
        try:
            module = super().parse_module(allow_implicit_module)
        except RecursionError:
            raise ParseError(
                self._current_token.span, "nested too deeply; expected fewer regions or brackets"
            ) from None
        except ParseError:
            # At the end of the text xDSL knows only the names of the values nobody defined.
            if self.forward_ssa_references and self._current_token.kind is MLIRTokenKind.EOF:
                self._raise_undefined()
            raise
        if isinstance(module.location, UnknownLoc):
            module.location = self._location(0)
        return module

    @override
    def parse_operation(self) -> Operation:
        first = self._current_token.span
        start = self._op_start = first.start
        try:
            op = super().parse_operation()
        except VerifyException as error:
            # An attribute, a type or the operation itself refused its parameters.
            raise ParseError(first, str(error)) from error
        if isinstance(op.location, UnknownLoc):
            op.location = self._location(start)
        return op

    @override
    def parse_optional_str_literal(self) -> str | None:
        # xDSL takes what is no ASCII for bytes; names and texts of models are in all languages.
        token = self._current_token
        if token.kind is MLIRTokenKind.BYTES_LIT:
            with suppress(UnicodeDecodeError):
                text = StringLiteral.from_span(token.span).bytes_contents.decode()
                self._consume_token(MLIRTokenKind.BYTES_LIT)
                return text
        return super().parse_optional_str_literal()

    @override
    def resolve_operand(self, operand: UnresolvedOperand, type: Attribute) -> SSAValue:
        name = operand.operand_name
        if name not in self.ssa_values and name not in self._undefined:
            self._undefined[name] = operand.span
        return super().resolve_operand(operand, type)

    @override
    def _get_op_by_name(self, name: str) -> type[Operation]:
        stack = self._parser_state.dialect_stack
        if op_type := self.ctx.get_optional_op(name, dialect_stack=stack):
            return op_type
        text = self.lexer.input.content
        # The name's token is already consumed: it is the last mention of it before this one.
        start = text.rfind(name, self._op_start, self._current_token.span.start)
        dialect = name.split(".")[0]
        known = sorted(self.ctx.registered_dialect_names)
        reason = (
            f"dialect '{dialect}' has no such operation"
            if dialect in known
            else f"no dialect '{dialect}'; there are: {', '.join(known)}"
        )
        self.raise_error(f"unknown operation '{name}': {reason}", start, start + len(name))

    @override
    def _parse_block(self) -> Block:
        token = self._current_token
        if token.kind is MLIRTokenKind.EOF:
            self.raise_error("the text ends inside a region; expected an operation or '}'")
        if token.kind is not MLIRTokenKind.CARET_IDENT:
            self.raise_error(f"found '{token.span.text}'; expected an operation, a block or '}}'")
        name = token.span.text[1:]
        if name in self.blocks and name not in self.forward_block_references:
            raise ParseError(token.span, f"block '^{name}' is already defined in this region")
        return super()._parse_block()

    @override
    def _parse_dialect_type_or_attribute_body(
        self,
        attr_name: str,
        is_type: bool,
        is_opaque: bool,
        starting_opaque_pos: Position | None,
    ) -> UnregisteredAttr | ParametrizedAttribute | Data[Any]:
        start = self.pos
        try:
            return super()._parse_dialect_type_or_attribute_body(
                attr_name, is_type, is_opaque, starting_opaque_pos
            )
        except ValueError:  # xDSL pairs them without counting
            self.raise_error(f"'{attr_name}' takes another number of parameters", start)

    def _location(self, position: int) -> FileLineColLoc:
        line = bisect_left(self._line_ends, position)
        column = position - (self._line_ends[line - 1] if line else -1)
        return FileLineColLoc(self._file, IntAttr(line + 1), IntAttr(column))

    def _raise_undefined(self) -> None:
        for name in self.forward_ssa_references:
            if (span := self._undefined.get(name)) is not None:
                raise ParseError(span, f"value '%{name}' is used but never defined")


def parse_module(
    ctx: Context, text: str, name: str = "<unknown>", *, implicit_module: bool = True
) -> ModuleOp:
    """Return the module that `text` spells, every operation located in the file `name`.

    Raises:
        ParseError: the text is not a module of the dialects registered in `ctx`.
    """
    return LocatingParser(ctx, text, name).parse_module(implicit_module)
