"""What kernels mean: `tir` run in NumPy."""

from .errors import InterpreterError
from .interpreter import run_kernel

__all__ = ["InterpreterError", "run_kernel"]
