"""A sweep followed while it runs: what is drawn of it, and what a signal does to it."""
