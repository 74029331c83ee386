import pytest
from xdsl.dialects import test
from xdsl.dialects.builtin import (
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    IntAttr,
    NameLoc,
    NoneAttr,
    StringAttr,
)
from xdsl.utils.exceptions import DiagnosticException

from tyrex.dialects.diagnostics import CompileError, CompileErrors, excerpt


def at(line: int, column: int) -> FileLineColLoc:
    return FileLineColLoc(StringAttr("m.mlir"), IntAttr(line), IntAttr(column))


def op_at(line: int, column: int) -> test.TestOp:
    op = test.TestOp()
    op.location = at(line, column)
    return op


SOURCE = {"m.mlir": "first\n  second\n\tthird"}


def test_render_shows_place_line_and_caret() -> None:
    error = CompileError(op_at(2, 3), "is wrong", [(op_at(1, 1), "because of this")], "mend it")
    assert error.render(SOURCE) == (
        "m.mlir:2:3: error: 'test.op' is wrong\n"
        "    second\n"
        "    ^\n"
        "m.mlir:1:1: note: 'test.op' because of this\n"
        "  first\n"
        "  ^\n"
        "hint: mend it"
    )


def test_the_exception_text_is_the_first_line_and_the_operation_is_kept() -> None:
    op = op_at(2, 3)
    error = CompileError(op, "is wrong")
    assert isinstance(error, DiagnosticException)
    assert str(error) == "m.mlir:2:3: error: 'test.op' is wrong"
    assert error.op is op


def test_a_message_that_names_its_operation_is_not_named_twice() -> None:
    assert CompileError(op_at(1, 1), "test.op: bad axis").error.text == "test.op: bad axis"
    assert CompileError(op_at(1, 1), "'test.op' is bad").error.text == "'test.op' is bad"


def test_without_a_place_there_is_only_the_message() -> None:
    assert CompileError(None, "no such model").render() == "error: no such model"


@pytest.mark.parametrize(
    "location",
    [
        NameLoc(StringAttr("Add:sum:y"), at(2, 3)),
        FusedLoc((NameLoc(StringAttr("a"), NoneAttr()), at(2, 3)), NoneAttr()),
        CallSiteLoc(at(2, 3), at(9, 9)),
    ],
)
def test_the_source_line_is_found_through_nested_locations(
    location: NameLoc | FusedLoc | CallSiteLoc,
) -> None:
    assert "    second\n    ^" in CompileError(location, "is wrong").render(SOURCE)


def test_a_line_beyond_the_source_shows_no_excerpt() -> None:
    assert CompileError(at(7, 1), "gone").render(SOURCE) == "m.mlir:7:1: error: gone"


def test_the_caret_keeps_tabs_and_stays_on_the_line() -> None:
    assert excerpt("\tthird", 2) == ("  \tthird", "  \t^")
    assert excerpt("ab", 99) == ("  ab", "    ^")


def test_several_errors_make_one_report() -> None:
    errors = CompileErrors([CompileError(op_at(1, 1), "a"), CompileError(op_at(2, 3), "b")])
    assert str(errors) == "m.mlir:1:1: error: 'test.op' a\nm.mlir:2:3: error: 'test.op' b"
    assert errors.render(SOURCE).count("error:") == 2
    assert len(errors.errors) == 2


def test_no_errors_are_no_report() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CompileErrors([])
