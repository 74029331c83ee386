"""Passes that read `tir`."""
