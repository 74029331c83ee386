from xdsl.dialects.builtin import UNKNOWN_LOC, FileLineColLoc, IntAttr, StringAttr

from tyrex.dialects.diagnostics import Note
from tyrex.driver.expected_diagnostics import compare, read_expectations


def note(line: int, text: str, severity: str = "error") -> Note:
    place = FileLineColLoc(StringAttr("m.mlir"), IntAttr(line), IntAttr(1))
    return Note(severity, place, "", text)


def test_where_an_annotation_points() -> None:
    text = """a // expected-error {{here}}
// expected-error@+2 {{down}}
// expected-note @above {{up}} expected-error @* {{anywhere}}
// expected-error @-3 {{first}} expected-hint @below {{next}}"""
    found = [(e.severity, e.line, e.text) for e in read_expectations(text)]
    assert found == [
        ("error", 1, "here"),
        ("error", 4, "down"),
        ("note", 2, "up"),
        ("error", None, "anywhere"),
        ("error", 1, "first"),
        ("hint", 5, "next"),
    ]


def test_each_note_serves_one_annotation() -> None:
    expected = read_expectations("// expected-error {{bad}} expected-error {{bad}}")
    missing, unexpected = compare("m.mlir", expected, [note(1, "this is bad")])
    assert missing == ['m.mlir:1: error: expected error "bad" was not produced on line 1']
    assert unexpected == []


def test_what_was_not_foreseen_is_returned_but_hints_need_no_annotation() -> None:
    surprise = note(3, "boo")
    assert compare("m.mlir", [], [surprise, note(3, "try this", "hint")]) == ([], [surprise])


def test_line_severity_and_text_must_agree() -> None:
    expected = read_expectations("// expected-error {{bad}}")
    for wrong in (note(2, "bad"), note(1, "good"), note(1, "bad", "note")):
        missing, unexpected = compare("m.mlir", expected, [wrong])
        assert len(missing) == 1
        assert unexpected == [wrong]


def test_any_line_matches_an_error_without_a_place() -> None:
    expected = read_expectations("// expected-error @* {{lost}}")
    assert compare("m.mlir", expected, [Note("error", UNKNOWN_LOC, "", "lost")]) == ([], [])
