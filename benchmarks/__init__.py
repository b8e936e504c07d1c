"""Benchmarks: each is a command that prints our figure beside a baseline from the same run; none is part of the test suite."""
