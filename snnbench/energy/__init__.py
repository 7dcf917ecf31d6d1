"""Energy that the machine itself counts: never an estimate."""
