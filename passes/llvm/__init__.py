"""Passes that end in the `llvm` dialect."""
