"""A real Dask scheduler and two workers, as processes; some of them are killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from snnbench.errors import UserError
from snnbench.sweep.run import Where
from tests.cli.test_sweep import (
    LONG,
    RUNS,
    differences,
    here,
    recorded,
    tables,
    undisturbed,
    wait_for,
)
from tests.forking import SNNBENCH

__all__ = ["here"]


@pytest.fixture
def cluster(tmp_path):
    """Return a function that starts a scheduler (always at one address) and two workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []

    def run(*arguments):
        log = (tmp_path / f"dask{len(started)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=tmp_path, stdout=log, stderr=log
        )
        log.close()
        started.append(process)
        return process

    def start():
        address = f"tcp://127.0.0.1:{port}"
        scheduler = run("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port",
                        str(port), "--no-dashboard")  # fmt: skip
        workers = [
            run("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard",
                "--memory-limit", "0", "--death-timeout", "10")
            for _ in range(2)
        ]  # fmt: skip
        return address, scheduler, workers

    yield start
    for process in started:
        for child in _children(process):
            child.kill()
        process.kill()
        process.wait()


def _children(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def test_a_killed_worker_and_a_killed_scheduler_cost_nothing_that_was_done(cluster, here, tmp_path):
    def sweep(*arguments):
        return subprocess.Popen(
            [SNNBENCH, "sweep", *LONG, *arguments], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    expected = undisturbed(here, tmp_path / "quiet")
    address, scheduler, workers = cluster()
    first = sweep("--out", "out", "--cluster", address)
    folder = tmp_path / "out"
    wait_for(lambda: recorded(folder) > 0, 120)
    _children(workers[0])[-1].kill()  # the worker under its nanny, which starts another
    before = recorded(folder)
    wait_for(lambda: recorded(folder) > before, 120)
    os.kill(scheduler.pid, signal.SIGKILL)
    killed = time.monotonic()
    _, words = first.communicate(timeout=60)
    assert first.returncode == 3, words
    assert f"{address} is gone" in words
    assert time.monotonic() - killed < 40
    kept = recorded(folder)
    assert before < kept < RUNS

    for process in workers:
        process.kill()
    address, _, _ = cluster()
    second = sweep("--out", "out", "--cluster", address)
    _, words = second.communicate(timeout=180)
    assert second.returncode == 0, words
    assert f"{kept} of {RUNS} runs are recorded already" in words
    assert differences(tables(folder), expected) == {}


def test_words_of_a_plug_in_are_known_on_a_cluster(cluster, tmp_path):
    address, _, _ = cluster()
    plugin = Path(__file__).parents[1] / "plugins" / "everything.py"
    done = subprocess.run(
        [SNNBENCH, "sweep", "--plugin", plugin, "--dataset", "blobs", "--neuron", "cuba",
         "--encoding", "ramp", "--arch", "8-3", "-T", "4", "--epochs", "1", "--batch-size", "40",
         "--vary", "alpha=0.2,0.9", "--out", "out", "--cluster", address],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "runs.csv").read_text().count(",modules,") == 2


@pytest.mark.parametrize("name", ["jobs", "timeout"])
def test_what_a_cluster_decides_itself_is_refused(name):
    with pytest.raises(UserError, match=f"--{name} has no effect with --cluster"):
        Where(cluster="tcp://127.0.0.1:9", **{name: 2})
