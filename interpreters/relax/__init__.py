"""What the operators of `relax` mean, one NumPy function each."""
