"""Tests of the driver, and the small models that they share."""
