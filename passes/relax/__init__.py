"""Passes that read `relax`."""
