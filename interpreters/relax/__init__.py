"""What the operators of `relax` mean, in NumPy; `run` runs whole functions."""

from . import elementwise, nn, reduce, windows  # they fill the table
from .interpreter import Closure, Interpreter, run
from .registry import IMPLS, Array, evaluate, impl

__all__ = [
    "IMPLS",
    "Array",
    "Closure",
    "Interpreter",
    "elementwise",
    "evaluate",
    "impl",
    "nn",
    "reduce",
    "run",
    "windows",
]
