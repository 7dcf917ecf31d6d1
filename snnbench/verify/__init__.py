"""Somebody's tables checked: runs of theirs are trained again here and compared, cell by cell."""
