"""Tyrex: a tensor compiler in Python on xDSL and llvmlite.

The repository's root is this package. Read README.md for what it does and
docs/architecture.md for how a model travels through the folders.
"""

__version__ = "0.1.0"
