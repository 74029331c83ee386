"""Files out. Standard library and NumPy only."""
