"""Tests of the exporters, and what those for other machines share."""
