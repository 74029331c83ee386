"""What a program may call of the host without being given it: functions of the runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import sequences, texts

BUILTINS: Mapping[str, Callable[..., Any]] = {**sequences.FUNCTIONS, **texts.FUNCTIONS}
