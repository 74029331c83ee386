"""The inputs of a run: read from files, or made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..runtime.bytecode import Param, TensorSpec
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
    params: Sequence[Param], files: Mapping[str, str], random: bool, seed: int = 0
) -> list[Array]:
    """Return an array for each parameter: from its file, else random numbers.

    Raises:
        ArgumentError: a file for a parameter that does not exist, a parameter without a file.
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
    return [
        read_array(files[param.name]) if param.name in files else random_array(param, rng)
        for param in params
    ]


def random_array(param: Param, rng: np.random.Generator) -> Array:
    """Return random numbers of a parameter's type.

    Raises:
        ArgumentError: its shape is not known, or it is no tensor.
    """
    spec = param.spec
    shape = spec.static_shape if isinstance(spec, TensorSpec) else None
    if not isinstance(spec, TensorSpec) or shape is None:
        raise ArgumentError(
            f"--random: input {param.name} is {spec}; say its shape with --dims or --shapes, or "
            f"give a file with --input {param.name}=x.npy"
        )
    dtype = spec.dtype.to_numpy()
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        return rng.integers(0, MAX_RANDOM_INTEGER, shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)
