"""Passes that read the host level: call_tir graphs on their way to `vm`, and `vm`."""
