"""Where what a file of MLIR text names by digest lies: beside it, one `.npy` per array."""

from pathlib import Path


def constants_folder(path: Path) -> Path:
    """Return the folder of the large constants of the module in the file `path`."""
    return path.with_name(f"{path.name}.constants")


def use_constants_of(path: Path) -> None:
    """Look for the constants of the module in the file `path` beside it, from now on."""
    folder = constants_folder(path)
    if folder.is_dir():
        from .relax.constant import register_folder  # costs 0.1 s, and few files need it

        register_folder(folder)
