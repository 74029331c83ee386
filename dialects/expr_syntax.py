"""The text of integer expressions inside types and operations.

`[n, (m + 3) floordiv 4]` in a type, `%A[%i * 4 + %j, 0]` in an operation. What an atom is (a
symbol, an SSA value) is the caller's business; the grammar around it stands here, once:

    sum     ::= product (('+' | '-') product)*
    product ::= unary (('*' | 'floordiv' | 'ceildiv' | 'mod') unary)*
    unary   ::= '-' unary | integer | '(' sum ')' | ('min' | 'max') '(' sum (',' sum)* ')' | atom
"""

from collections.abc import Callable, Hashable, Iterable

from xdsl.parser import AttrParser

from ..symbolic import IntExpr, ceildiv, const, max_, min_, var

ParseAtom = Callable[[], IntExpr | None]


def parse_symbol(parser: AttrParser) -> IntExpr | None:
    """Parse a symbol, an atom of expressions in types; None where none stands there."""
    name = parser.parse_optional_identifier()
    return None if name is None else var(name)


def parse_expr(parser: AttrParser, atom: ParseAtom) -> IntExpr:
    """Parse one expression whose atoms `atom` parses."""
    result = _parse_product(parser, atom)
    while True:
        if parser.parse_optional_punctuation("+"):
            result = result + _parse_product(parser, atom)
        elif parser.parse_optional_punctuation("-"):
            result = result - _parse_product(parser, atom)
        else:
            return result


def _parse_product(parser: AttrParser, atom: ParseAtom) -> IntExpr:
    result = _parse_unary(parser, atom)
    while True:
        if parser.parse_optional_punctuation("*"):
            result = result * _parse_unary(parser, atom)
        elif parser.parse_optional_keyword("floordiv"):
            result = result // _parse_unary(parser, atom)
        elif parser.parse_optional_keyword("mod"):
            result = result % _parse_unary(parser, atom)
        elif parser.parse_optional_keyword("ceildiv"):
            result = ceildiv(result, _parse_unary(parser, atom))
        else:
            return result


def _parse_unary(parser: AttrParser, atom: ParseAtom) -> IntExpr:
    if parser.parse_optional_punctuation("-"):
        return -_parse_unary(parser, atom)
    number = parser.parse_optional_integer(allow_boolean=False, allow_negative=False)
    if number is not None:
        return const(number)
    if parser.parse_optional_punctuation("("):
        result = parse_expr(parser, atom)
        parser.parse_punctuation(")")
        return result
    for word, combine in (("min", min_), ("max", max_)):
        if parser.parse_optional_keyword(word):
            return combine(
                *parser.parse_comma_separated_list(
                    parser.Delimiter.PAREN, lambda: parse_expr(parser, atom)
                )
            )
    found = atom()
    if found is None:
        parser.raise_error("expected an integer expression")
    return found


def format_exprs(exprs: Iterable[IntExpr], name: Callable[[Hashable], str]) -> str:
    """Return expressions as comma-separated text, each variable printed by `name`."""
    return ", ".join(expr.format(name) for expr in exprs)
