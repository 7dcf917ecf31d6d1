"""Figures, drawn from what was read."""
