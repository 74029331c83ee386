"""Tests of the schedule primitives."""
