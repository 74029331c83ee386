"""From IR to code: one folder per kind of code."""
