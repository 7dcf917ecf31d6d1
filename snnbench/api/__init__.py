"""What a notebook calls; the command line calls the same, or what these call."""

from snnbench.api.comparing import compare
from snnbench.api.reporting import load, report
from snnbench.api.single import CountResult, count, train
from snnbench.api.sweeping import sweep

__all__ = ["CountResult", "compare", "count", "load", "report", "sweep", "train"]
