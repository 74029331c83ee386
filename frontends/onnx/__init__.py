"""ONNX models in: one file per family of operators."""

from . import converters
from .errors import ModelError, UnknownValueError, Unsupported, UnsupportedOperatorsError
from .importer import from_onnx
from .node import Node
from .registry import register_converter

__all__ = [
    "ModelError",
    "Node",
    "UnknownValueError",
    "Unsupported",
    "UnsupportedOperatorsError",
    "converters",
    "from_onnx",
    "register_converter",
]
