"""Implementations of one mathematics; `reference` is the truth."""
