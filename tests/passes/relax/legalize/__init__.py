"""Kernels that legalization makes, compared with what the operators mean."""
