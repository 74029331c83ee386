"""Source out: C11 of a module's kernels (`tir`, without blocks) and of its host program (`vm`)."""
