"""What kernels mean: `tir` run in NumPy."""
