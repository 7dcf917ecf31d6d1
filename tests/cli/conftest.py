"""The installed command, run as a user runs it."""

from functools import partial

import pytest

from tests.forking import run_snnbench

TINY = ["--arch", "16-10", "-T", "3", "--epochs", "2", "--train-samples", "256"]


@pytest.fixture
def snnbench(tmp_path):
    """Return a function that runs `snnbench ARGS` in an empty folder."""
    return partial(run_snnbench, cwd=tmp_path)
