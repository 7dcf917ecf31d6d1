"""Settings of a run: their names, values, notations and rules."""

from snnbench.config.run_config import RunConfig

__all__ = ["RunConfig"]
