"""A process that measures: which of this program's choices hold in it."""

import json
import os
import subprocess
import sys

import pytest

CHOICES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
ASK = """
import os, sys
from benchmarks import child
child._program = lambda options: {name: os.environ.get(name) for name in %r}
child.main()
"""


def environment_of(program, **given):
    """Return what stands in the environment when a program's library would be loaded."""
    clean = {k: v for k, v in os.environ.items() if k not in CHOICES}
    done = subprocess.run(
        [sys.executable, "-c", ASK % (CHOICES,), program, "t10"],
        env=clean | given, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize("peer", ["spyx", "torch-dataloader"])
def test_idle_threads_of_other_libraries_wait_as_these_choose(peer):
    assert environment_of(peer) == dict.fromkeys(CHOICES)
    assert environment_of(peer, GOMP_SPINCOUNT="7")["GOMP_SPINCOUNT"] == "7"


def test_idle_threads_of_this_program_wait_as_it_chooses():
    assert environment_of("snnbench") == {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "4000"}
