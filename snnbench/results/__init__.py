"""The record of all runs: three CSV tables in one folder, safe against kills."""
