"""docs/recipes/write-a-schedule.md: its Python runs, in order."""

import re
from pathlib import Path

import pytest

RECIPE = Path(__file__).parents[4] / "docs/recipes/write-a-schedule.md"


def test_the_recipe_runs(capsys: pytest.CaptureFixture[str]) -> None:
    parts = re.findall(r"^```python\n(.*?)^```", RECIPE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(parts) > 4
    names: dict[str, object] = {}
    for part in parts:
        exec(compile(part, str(RECIPE), "exec"), names)
    printed = capsys.readouterr().out
    assert "expected spatial variables only" in printed
    assert "by hand: " in printed
    assert "sched.reverse_compute_at" in printed
