"""What is exported: a compiled model's code, its constants, and what is known about it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from ..runtime.bytecode import Constant, Function, Program, Spec, Symbol, TensorSpec
from ..runtime.dims import SymbolicDim, encode_dim
from ..runtime.native_library import ABI_VERSION
from ..runtime.signature import Signature
from .cpu_features import Feature, checked_features

FORMAT = 3
"""Of the description, and of the table of functions that `load_module` reads."""

_NO_NAME = re.compile(r"\W", re.ASCII)
# The runtime's own functions begin with the first; the second is the entry of TVM FFI.
_RESERVED = re.compile(r"tyrex(_.*)?|main")


@dataclass(frozen=True)
class Package:
    """A compiled model under the name that its functions begin with."""

    name: str
    """An identifier of C."""
    entry: str
    """The symbol of the function `int32_t run(context, inputs, outputs)`; "" where there
    is none, and bytecode alone runs the model."""
    objects: tuple[bytes, ...]
    """Code, of kernels and of the host program."""
    constants: tuple[tuple[str, Constant], ...]
    """With their symbols, as the host program refers to them."""
    signature: Signature
    triple: str
    features: tuple[str, ...]
    """Of the target, "+avx2" present and "-avx512f" absent."""
    program: Program
    """The bytecode."""
    kernels: Mapping[str, str]
    """The name of a kernel in the program -> its symbol."""
    metadata: Mapping[str, str]
    refusal: str = ""
    """Why it cannot be called through the C interface; "" where it can."""
    shown: tuple[str, ...] = ()
    """Functions besides its own that a library of it shows."""

    @property
    def arch(self) -> str:
        """The architecture, first part of the triple."""
        return self.triple.partition("-")[0]

    @property
    def main(self) -> Function:
        """The function that a run calls."""
        found = self.program.function("main")
        assert found is not None, "nothing is exported without"
        return found

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The dims that inputs tell."""
        return self.main.symbols

    def checked(self) -> list[Feature]:
        """Return the instruction sets that a processor is asked for."""
        return checked_features(self.arch, self.features)

    def describe(self) -> str:
        """Return what a library says about itself: JSON, in ASCII."""
        fields = {
            "format": FORMAT,
            "name": self.name,
            "tyrex": tyrex_version(),
            "abi": ABI_VERSION,
            "target": self.triple,
            "cpu_features": [feature.name for feature in self.checked()],
            "cpu_questions": [astuple(feature) for feature in self.checked()],
            "symbols": [[s.name, s.lower, s.upper] for s in self.symbols],
            "inputs": [_describe(name, spec) for name, spec in self.signature.inputs],
            "outputs": [_describe(name, spec) for name, spec in self.signature.outputs],
            "constant_bytes": sum(constant.data.nbytes for _, constant in self.constants),
            "metadata": dict(self.metadata),
        }
        return json.dumps(fields)


def dims_refusal(main: Function) -> str:
    """Return why a function cannot become C source, "" where it can."""
    if not main.symbols:
        return ""
    dim = main.symbols[0].name
    return (
        f"export: the dim '{dim}' is not known before the model runs, and C source has no such"
        f" dims yet; fix it when the model is read: dims={{{dim!r}: 1}}; or write a library"
    )


def tyrex_version() -> str:
    """Return the version of this Tyrex."""
    # The package's root is above every folder's imports.
    return str(sys.modules[__name__.partition(".")[0]].__version__)


def identifier(stem: str) -> str:
    """Return the name that functions of a file `stem` begin with: an identifier of C."""
    name = _NO_NAME.sub("_", stem.removeprefix("lib")) or "model"
    if name[0].isdigit() or name.startswith("_"):
        name = f"m{name}"
    return f"model_{name}" if _RESERVED.fullmatch(name) else name


def is_identifier(name: str) -> bool:
    """Tell whether functions may begin with `name`."""
    return identifier(name) == name


def tensors(specs: Sequence[tuple[str, Spec]]) -> list[tuple[str, TensorSpec]]:
    """Return parameters, all of them tensors.

    Raises:
        NotImplementedError: one is no tensor, or has no rank before the model runs.
    """
    found: list[tuple[str, TensorSpec]] = []
    for name, spec in specs:
        if not isinstance(spec, TensorSpec) or spec.shape is None:
            raise NotImplementedError(f"export: {name!r} is {spec}, no tensor of known rank")
        found.append((name, spec))
    return found


def _describe(name: str, spec: Spec) -> dict[str, Any]:
    ((_, tensor),) = tensors([(name, spec)])
    dims = [encode_dim(d) if isinstance(d, SymbolicDim) else d for d in tensor.shape or ()]
    return {"name": name, "dtype": str(tensor.dtype), "shape": dims}
