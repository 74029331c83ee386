"""Native code through LLVM: text, optimised code, objects, and objects loaded in the process."""
