import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp, NameLoc
from xdsl.utils.exceptions import ParseError

from tyrex.dialects import register_all_dialects, relax
from tyrex.dialects.locating_parser import parse_module


def parse(text: str) -> ModuleOp:
    return parse_module(register_all_dialects(Context()), text, "m.mlir")


def places(module: ModuleOp) -> list[tuple[str, int, int]]:
    return [
        (op.name, op.location.line.data, op.location.column.data)
        for op in module.walk()
        if isinstance(op.location, FileLineColLoc)
    ]


def test_every_operation_gets_its_place() -> None:
    body = '  %b = arith.addi %a, %a : i32\n  "test.op"() : () -> ()\n  return }'
    text = f"\n func.func @f(%a: i32) {{\n{body}"
    assert places(parse(text)) == [
        ("builtin.module", 1, 1),
        ("func.func", 2, 2),
        ("arith.addi", 3, 3),
        ("test.op", 4, 3),
        ("func.return", 5, 3),
    ]


def test_a_written_location_is_kept() -> None:
    (op,) = parse('"test.op"() : () -> () loc("conv1")').ops
    assert isinstance(op.location, NameLoc)


def test_an_empty_text_is_an_empty_module() -> None:
    assert not list(parse("// nothing\n").ops)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            '\n  "test.op"(%x) : (i32) -> ()\n',
            "m.mlir:2:13",
            "value '%x' is used but never defined",
        ),
        ("\n  arith.nope %x\n", "m.mlir:2:3", "dialect 'arith' has no such operation"),
        ("%a = whatever.op %x\n", "m.mlir:1:6", "unknown operation 'whatever.op': no dialect"),
        (
            "func.func @f() {\n^a:\n  return\n^a:\n  return }",
            "m.mlir:4:1",
            "block '^a' is already defined",
        ),
        # An attribute's own check, which xDSL raises without a place.
        ('\n  "test.op"() {a = 300 : i8} : () -> ()', "m.mlir:2:3", "out of range for type i8"),
    ],
)
def test_errors_point_at_what_is_wrong(text: str, place: str, message: str) -> None:
    with pytest.raises(ParseError) as info:
        parse(text)
    assert str(info.value.span.get_location()).startswith(place)
    assert message in info.value.msg


def test_a_value_defined_later_is_not_undefined() -> None:
    assert len(list(parse('"test.op"(%x) : (i32) -> ()\n%x = "test.op"() : () -> i32').ops)) == 2


def test_texts_and_names_in_any_language() -> None:
    text = """relax.func @main(%x: !relax.tensor<[2], f32>) -> (!relax.string)
    attributes {input_names = ["größe"], output_names = ["名前"]} {
  %s = relax.string "naïve \\\\ \\"日本\\"\\n" : !relax.string loc("Знак":1:2)
  relax.return %s : !relax.string
}"""
    module = parse(text)
    printed = str(module)
    assert printed.isascii()
    assert str(parse(printed)) == printed
    strings = [op.value.data for op in module.walk() if isinstance(op, relax.StringOp)]
    assert strings == ['naïve \\ "日本"\n']
    with pytest.raises(ParseError, match="base attribute string"):
        parse(text.replace("naïve", "\\FF"))
