"""Words of the programs: types."""

BOOL = "!relax.tensor<[], i1>"


def t(*dims: object, dtype: str = "f32") -> str:
    """Return a tensor type."""
    return f"!relax.tensor<[{', '.join(map(str, dims))}], {dtype}>"
