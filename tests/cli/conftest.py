"""The installed command, run as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SNNBENCH = Path(sys.executable).parent / "snnbench"
TINY = ["--arch", "16-10", "-T", "3", "--epochs", "2", "--train-samples", "256"]


@pytest.fixture
def snnbench(tmp_path):
    """Return a function that runs `snnbench ARGS` in an empty folder."""

    def run(*args, env=None, timeout=120):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SNNBENCH_")}
        return subprocess.run(
            [SNNBENCH, *map(str, args)],
            capture_output=True, text=True, cwd=tmp_path, timeout=timeout,
            env=environment | (env or {}), check=False,
        )  # fmt: skip

    return run
