"""The inputs of a run: read from files, or made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..runtime.bytecode import Param, TensorSpec
from ..runtime.dims import SymbolicDim
from ..runtime.errors import ArgumentError, LoadError

Array = NDArray[Any]  # any element type: the signature says which

MAX_RANDOM_INTEGER = 10
"""Made-up integers lie below: they are often indices, and small ones mean something."""


def read_array(path: str) -> Array:
    """Return the array in a .npy file.

    Raises:
        LoadError: it cannot be read, or would need pickle.
    """
    try:
        return np.load(Path(path), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise LoadError(f"--input {path}: cannot be read as a .npy file: {error}") from error


def make_feeds(
    params: Sequence[Param],
    files: Mapping[str, str],
    random: bool,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
) -> list[Array]:
    """Return an array for each parameter: from its file, else random numbers.

    Args:
        params: the parameters.
        files: paths by parameter.
        random: whether parameters without a file may be made up.
        seed: of the random numbers.
        sizes: of symbolic dims; what the shapes of files tell need not be among them.

    Raises:
        ArgumentError: a file for a parameter that does not exist, a parameter without a file, a
            size of a symbol that does not exist, or none for one that a parameter needs.
    """
    names = [param.name for param in params]
    for name in files:
        if name not in names:
            raise ArgumentError(f"--input {name}: the model's inputs are {', '.join(names)}")
    rng = np.random.default_rng(seed)
    missing = [param for param in params if param.name not in files]
    if missing and not random:
        wanted = ", ".join(f"{param.name} ({param.spec})" for param in missing)
        raise ArgumentError(
            f"no data for input {wanted}; give a file (--input {missing[0].name}=x.npy) or --random"
        )
    given = {name: read_array(path) for name, path in files.items()}
    known = _sizes(params, given, sizes or {})
    return [
        given[param.name] if param.name in given else random_array(param, rng, known)
        for param in params
    ]


def _sizes(
    params: Sequence[Param], given: Mapping[str, Array], sizes: Mapping[str, int]
) -> dict[str, int]:
    """Return the sizes of symbols: those that are given, and those that arrays tell."""
    specs = {param.name: param.spec for param in params if isinstance(param.spec, TensorSpec)}
    symbols = list(dict.fromkeys(name for spec in specs.values() for name in spec.symbols))
    for name in sizes:
        if name not in symbols:
            known = ", ".join(symbols) or "none"
            raise ArgumentError(f"--at {name}={sizes[name]}: the model's symbols are {known}")
    found = dict(sizes)
    for name, array in given.items():
        shape = specs[name].shape if name in specs else None
        for dim, extent in zip(shape or (), array.shape, strict=False):
            if isinstance(dim, SymbolicDim) and str(dim) in symbols:
                found.setdefault(str(dim), extent)
    return found


def random_array(
    param: Param, rng: np.random.Generator, sizes: Mapping[str, int] | None = None
) -> Array:
    """Return random numbers of a parameter's type; `sizes` are those of its symbols.

    Raises:
        ArgumentError: its shape is not known, or it is no tensor.
    """
    spec = param.spec
    if not isinstance(spec, TensorSpec) or not spec.is_shaped:
        raise ArgumentError(
            f"--random: input {param.name} is {spec}; say its shape with --shapes, or give a file"
            f" with --input {param.name}=x.npy"
        )
    missing = [name for name in spec.symbols if name not in (sizes or {})]
    if missing:
        at = ",".join(f"{name}=8" for name in missing)
        raise ArgumentError(
            f"--random: input {param.name} is {spec}; say how large {' and '.join(missing)} is with"
            f" --at {at} for this run, or --dims {at} for good, or give a file with --input"
            f" {param.name}=x.npy"
        )
    shape = spec.shape_at(sizes or {})
    dtype = spec.dtype.to_numpy()
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        return rng.integers(0, MAX_RANDOM_INTEGER, shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)
