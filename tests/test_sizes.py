"""A file that one person can read: none over 800 lines, no line over 100."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 800


def sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.c", "*.h"], cwd=ROOT, capture_output=True, text=True
    )
    # A source archive has no history to ask.
    if listed.returncode != 0:
        return [p for p in ROOT.rglob("*.py") if not {".venv", "build"} & set(p.parts)]
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_no_file_is_too_long() -> None:
    lengths = {p.relative_to(ROOT).as_posix(): p.read_bytes().count(b"\n") for p in sources()}
    assert lengths
    too_long = {name: lines for name, lines in lengths.items() if lines > MAX_LINES}
    assert not too_long, f"over {MAX_LINES} lines: {too_long}"
