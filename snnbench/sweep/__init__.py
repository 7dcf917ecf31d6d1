"""Runs of a plan -> cohorts -> workers, on this machine or a cluster -> rows of the tables."""
