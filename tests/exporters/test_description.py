"""What exported files say of their models, in each kind of file; none of them is run."""

import shutil
from pathlib import Path

import pytest

import tyrex
from tyrex.exporters.description import READERS, description_of
from tyrex.exporters.package import FORMAT
from tyrex.runtime.errors import LoadError
from tyrex.runtime.executable import Executable

NAME = 'a "q" \\ */ ?'
T = "!relax.tensor<[4], f32>"
NEGATE = f"""
relax.func @main(%x: {T}) -> ({T}) attributes {{input_names = ["{NAME}"], output_names = ["y"]}} {{
  %y = relax.neg %x : ({T}) -> {T}
  relax.return %y : {T}
}}
""".replace(NAME, NAME.replace("\\", "\\\\").replace('"', '\\"'))
TEXT = (".c", ".ll", ".s")


@pytest.fixture(scope="module")
def exe() -> Executable:
    return tyrex.compile(NEGATE)


@pytest.mark.parametrize("suffix", [s for s in READERS if s not in (".dylib", ".dll")])
def test_a_file_tells_what_its_model_is(suffix: str, exe: Executable, tmp_path: Path) -> None:
    if suffix not in TEXT and shutil.which("cc") is None:
        pytest.skip("no C compiler (cc)")
    path = exe.export_library(tmp_path / f"negate{suffix}")
    about = description_of(path)
    assert about["name"] == "negate"
    assert about["inputs"] == [{"name": NAME, "dtype": "float32", "shape": [4]}]
    assert about["outputs"] == [{"name": "y", "dtype": "float32", "shape": [4]}]
    assert about["metadata"]["opt_level"] == "2"


@pytest.mark.parametrize("suffix", READERS)
def test_other_files_tell_nothing(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"m{suffix}"
    with pytest.raises(LoadError, match="cannot be read: No such file"):
        description_of(path)
    path.write_bytes(b"nothing" * 100)
    with pytest.raises(LoadError, match="holds no model that export_library wrote"):
        description_of(path)


def test_what_is_damaged_is_refused(exe: Executable, tmp_path: Path) -> None:
    path = exe.export_library(tmp_path / "m.c")
    text = path.read_text()
    path.write_text(text.replace(f'{{\\"format\\": {FORMAT}', '{\\"format\\": 1'))
    with pytest.raises(LoadError, match=f"expected format {FORMAT}; found 1"):
        description_of(path)
    path.write_text(text.replace("{\\", "\\"))
    with pytest.raises(LoadError, match="its description is damaged"):
        description_of(path)
