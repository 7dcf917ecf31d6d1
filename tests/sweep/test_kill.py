"""A sweep that is killed again and again ends with the tables of one that was not."""

import os
import random
import signal
import time
import warnings

import pytest

from benchmarks.scale import SimulatedExecutor
from snnbench.results.tables import ResultStore, read_epochs, read_layers, read_runs
from snnbench.sweep.record import Recorded
from snnbench.sweep.run import Where, run_sweep
from tests.sweep.plans import adhoc

KILLS = 30
AXES = ("beta=0.1,0.5,0.9", "T=2,3,4,5,6,7,8,9,10,11")
SEEDS = 4
RUNS = 3 * 10 * SEEDS
_TIMES = ["started_at"]


def sweep(folder, seconds, told):
    """Run the sweep, and tell every run as it is acknowledged."""
    plan = adhoc(*AXES, seeds=SEEDS)
    executor = SimulatedExecutor(2, seconds)
    for event in run_sweep(plan, folder, Where(), make_executor=lambda where, runs: executor):
        if isinstance(event, Recorded):
            for row in event.rows:
                os.write(told, f"{row['run_id']}\n".encode())


def tables(folder):
    runs = read_runs(folder).drop(columns=_TIMES).sort_values("run_id")
    parts = [runs.reset_index(drop=True)]
    for read, key in ((read_epochs, "epoch"), (read_layers, "layer")):
        table = read(folder).sort_values(["run_id", key])
        parts.append(table.reset_index(drop=True))
    return [part.to_csv() for part in parts]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_thirty_kills_lose_no_acknowledged_run_and_leave_the_tables_of_an_undisturbed_sweep(
    tmp_path,
):
    disturbed, quiet, log = tmp_path / "0", tmp_path / "quiet", tmp_path / "told"
    with (tmp_path / "other").open("wb") as file:  # here, so that children need not import
        sweep(quiet, 0.0, file.fileno())
    log.touch()
    moments, kills, interrupted = random.Random(7), 0, 0
    while kills < KILLS:
        child = forked(disturbed, log)
        time.sleep(moments.uniform(0.02, 0.5))
        os.kill(child, signal.SIGKILL)
        kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        acknowledged = log.read_text().split()
        assert len(acknowledged) == len(set(acknowledged)), "a run was done twice"
        interrupted += 0 < len(acknowledged) < RUNS
        if (disturbed / "runs.csv").exists():
            with ResultStore.open(disturbed, write=False) as store:
                assert set(acknowledged) <= set(store.statuses()), "an acknowledged run is lost"
        if len(acknowledged) == RUNS:  # done before enough kills: begin anew
            disturbed = tmp_path / str(kills)
            log.write_text("")
    assert interrupted > KILLS / 2
    assert os.waitpid(forked(disturbed, log), 0)[1] == 0
    assert tables(disturbed) == tables(quiet)
    assert len(read_runs(disturbed)) == RUNS


def forked(folder, log):
    """Start a sweep in a process of its own and return its number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
        child = os.fork()
    if child:
        return child
    status = 1
    try:
        with log.open("ab") as file:
            sweep(folder, 0.02, file.fileno())
        status = 0
    finally:
        os._exit(status)
