"""Reads of scheduling; they must not write."""
