"""Folders of results as tables, configurations and estimates."""
