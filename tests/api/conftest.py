"""The installed command, beside the functions."""

from tests.cli.conftest import snnbench

__all__ = ["snnbench"]
