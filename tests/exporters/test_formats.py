"""The table of formats: suffixes, options, and what is refused before any work."""

from dataclasses import fields
from pathlib import Path

import pytest

from tyrex.exporters.c_source import Source
from tyrex.exporters.formats import FORMATS, LlvmOutput, Model, export, format_of, source
from tyrex.exporters.package import Package
from tyrex.runtime.errors import ArgumentError
from tyrex.runtime.export_options import ExportOptions

OPTIONS = {field.name for field in fields(ExportOptions)}


class Untouched(Model):
    """A model that nobody may ask for anything."""

    def package(self, name: str) -> Package:
        raise AssertionError(f"asked for a package of {name}")

    def c_source(self, name: str) -> Source:
        raise AssertionError(f"asked for C of {name}")

    def llvm(self, name: str, output: LlvmOutput) -> bytes:
        raise AssertionError(f"asked for {output} of {name}")

    def mlir(self, phase: str, path: Path | None) -> str:
        raise AssertionError(f"asked for {phase} in {path}")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_line_of_the_table_fits_its_key(suffix: str) -> None:
    found = FORMATS[suffix]
    assert found.suffix == suffix
    assert suffix.startswith(".")
    assert found.about
    assert found.options <= OPTIONS
    assert format_of(Path(f"folder.x/m{suffix}")) is found


def test_every_option_has_a_format() -> None:
    assert set[str]().union(*(found.options for found in FORMATS.values())) == OPTIONS


def test_what_is_wrong_is_said_before_any_work(tmp_path: Path) -> None:
    nothing = ExportOptions()
    known = ", ".join(rf"\{suffix} \(.*\)" for suffix in FORMATS)
    for name, found in (("m.xyz", r"\.xyz"), ("m", "no suffix"), ("m.SO", r"\.SO")):
        with pytest.raises(ArgumentError, match=f"ends in {found}; known are {known}"):
            export(Untouched(), tmp_path / name, nothing)
    with pytest.raises(ArgumentError, match="there is no folder"):
        export(Untouched(), tmp_path / "missing" / "m.so", nothing)
    with pytest.raises(ArgumentError, match="an identifier of C such as 'a_b'; found 'a-b'"):
        export(Untouched(), tmp_path / "m.so", ExportOptions(name="a-b"))
    with pytest.raises(ArgumentError, match=r"phase= is for \.mlir; found 'm\.c'"):
        export(Untouched(), tmp_path / "m.c", ExportOptions(phase="graph"))
    with pytest.raises(ArgumentError, match="weights: expected 'inside' or 'beside'; found 'no'"):
        export(Untouched(), tmp_path / "m.c", ExportOptions(weights="no"))
    with pytest.raises(ArgumentError, match="inspect_source: expected one of c, "):
        source(Untouched(), "m", "so")
    assert not list(tmp_path.iterdir())
