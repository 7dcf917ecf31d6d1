"""kill -9 of a sweep's process at any moment: nothing recorded is lost, nothing is left behind.

A few kills by default; SNNBENCH_TEST_KILLS=50 takes as many.
"""

import os
import random
import sys
import time

import psutil
import pytest

from snnbench.results.tables import ResultStore
from tests.cli.test_sweep import (
    LONG,
    RUNS,
    differences,
    here,
    started,
    tables,
    undisturbed,
    wait_for,
)

__all__ = ["here", "started"]

KILLS = int(os.environ.get("SNNBENCH_TEST_KILLS", "4"))


def family(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def ids(folder):
    return set(ResultStore.open(folder, write=False).statuses())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers look for their parent")
def test_kills_at_random_moments_lose_nothing_and_leave_neither_processes_nor_folders(
    here, started, tmp_path, monkeypatch
):
    monkeypatch.delenv("SNNBENCH_TEST_KILLS", raising=False)  # it names no setting
    expected = undisturbed(here, tmp_path / "quiet")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    moments, with_workers, rounds, folder, known = random.Random(5), 0, 0, "out0", set()
    for i in range(KILLS):
        process = started("sweep", *LONG, "--out", folder, "--jobs", "2")
        if i % 2:
            time.sleep(moments.uniform(0, 4))
        else:  # surely while workers are there, or are just being started
            wait_for(lambda process=process: family(process))
            time.sleep(moments.uniform(0, 4 * (i > 0)))
        known |= ids(tmp_path / folder)
        children = family(process)
        with_workers += bool(children)
        process.kill()
        process.communicate()
        _, left = psutil.wait_procs(children, timeout=2)
        assert not left
        assert ids(tmp_path / folder) >= known
        if len(known) == RUNS:  # done before enough kills: begin anew
            rounds += 1
            folder, known = f"out{rounds}", set()
    assert with_workers >= KILLS / 2
    process = started("sweep", *LONG, "--out", folder, "--jobs", "2")
    _, words = process.communicate(timeout=180)
    assert process.returncode == 0, words
    assert differences(tables(tmp_path / folder), expected) == {}
    assert list(temporary.glob("snnbench-*")) == []
