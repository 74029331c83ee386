"""What the operators of `relax` mean, in NumPy; `run` runs whole functions."""

from . import (
    bounded,  # they fill the table
    elementwise,
    indexing,
    manipulate,
    nn,
    recurrent,
    reduce,
    resize,
    selection,
    windows,
    winograd,
)
from .interpreter import Closure, Interpreter, run
from .registry import IMPLS, Array, evaluate, impl

__all__ = [
    "IMPLS",
    "Array",
    "Closure",
    "Interpreter",
    "bounded",
    "elementwise",
    "evaluate",
    "impl",
    "indexing",
    "manipulate",
    "nn",
    "recurrent",
    "reduce",
    "resize",
    "run",
    "selection",
    "windows",
    "winograd",
]
