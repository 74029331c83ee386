"""What the interpreter of kernels raises."""

from ...dialects.diagnostics import CompileError


class InterpreterError(CompileError):
    """A kernel did what no kernel may: the operation, what it did, where it stands."""
