"""What every op means, in NumPy: the oracle of every backend."""
