"""What is to be run: a study's base, variants and varied parameters -> a plan of runs."""
