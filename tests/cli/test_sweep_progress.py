"""What a sweep draws while it runs: on a terminal, and elsewhere."""

import io
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.scale import made_up
from snnbench.progress import sweeps
from snnbench.progress.screens import ConsoleScreen, NoScreen
from snnbench.progress.stopping import GentleStop, Stopped
from snnbench.progress.sweeps import SweepProgress, follow_sweep
from snnbench.studies.objective import TEST_ACCURACY
from snnbench.sweep.contest import contests_of, share_trained
from snnbench.sweep.drive import Retried, Working
from snnbench.sweep.jobs import Task
from snnbench.sweep.order import Order
from snnbench.sweep.record import Recorded
from snnbench.sweep.run import Planned, Where
from tests.sweep.plans import adhoc, jobs_of


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(sweeps, "time", clock)
    return clock


@pytest.fixture
def progress(clock):
    """Return a function that makes a SweepProgress on a terminal, or on a file."""

    def make(*, terminal):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
        return SweepProgress(TEST_ACCURACY, screen=ConsoleScreen(console))

    return make


@pytest.fixture
def jobs(tmp_path):
    return jobs_of(adhoc("beta=0.1:0.8:8"), tmp_path)[0]


def row_of(job, accuracy, **more):
    return made_up(job).run | {"test_accuracy": accuracy} | more


def drawn(progress):
    console = Console(width=100)
    with console.capture() as capture:
        console.print(progress)
    return capture.get()


def test_a_terminal_has_bars_the_best_so_far_failures_and_the_time_left(progress, jobs, clock):
    shown = progress(terminal=True)
    with shown.shown():
        shown.watch(Planned(tuple(jobs), tuple(jobs[2:]), 8))  # two are there already
        clock.now += 60
        best = row_of(jobs[2], 0.75)
        shown.watch(Recorded((best, row_of(jobs[3], 0.5))))
        shown.watch(Recorded((row_of(jobs[4], None, status="timeout", error="took too long"),)))
        task = Task(0, tuple(jobs[5:7]), 1.0, 0.0)
        shown.watch(Working({0: 0.5}, (task,)))
        text = drawn(shown)
    assert "5/8" in text
    assert "5 of 8 runs, 1 timeout" in text
    assert f"best test accuracy 0.7500 (run {best['run_id']})" in text
    assert "cohort of 2" in text
    assert "8-10, seed 0" in text
    # 60 s for three runs and half of two: two and a half at 15 s are left.
    assert "0:30 left" in text
    said = shown.screen.console.file.getvalue()
    assert "2 of 8 runs are recorded already." in said
    assert f"Run {jobs[4].run_id} timeout: took too long" in said


def test_elsewhere_a_line_is_printed_whenever_runs_end(progress, jobs, clock):
    shown = progress(terminal=False)
    with shown.shown():
        shown.watch(Planned(tuple(jobs), tuple(jobs), 8))
        clock.now += 8
        shown.watch(Recorded((row_of(jobs[0], 0.5),), ("runs.csv: added path.",)))
        shown.watch(Retried(Task(0, tuple(jobs[1:3]), 1.0, 0.0), "a fault"))
    lines = shown.screen.console.file.getvalue().splitlines()
    assert lines == [
        "Tables: runs.csv: added path.",
        f"1 of 8 runs, best test accuracy 0.5000 (run {jobs[0].run_id}), 0:56 left",
        "A cohort of 2 failed and is tried run by run: a fault",
    ]


def test_the_time_left_counts_epochs_that_halving_will_train(progress, tmp_path, clock):
    jobs, _ = jobs_of(adhoc("beta=0.1:0.9:9", settings={"epochs": 9, "val_samples": 50}), tmp_path)
    shown = progress(terminal=True)
    contests = contests_of(jobs, {})
    shown.watch(Planned(tuple(jobs), tuple(jobs), 9, share=share_trained(jobs, contests)))
    clock.now += 9  # a second for each of the first epochs
    shown.watch(Working({0: 1 / 9}, (Task(0, tuple(jobs), 1.0, 0.0, until=1),)))
    # 3 runs of 2 epochs, then one of 6
    assert "0:12 left" in drawn(shown)
    ended = [row_of(job, 0.5, status="halved", epochs_run=1) for job in jobs[3:]]
    shown.watch(Recorded(tuple(ended)))
    clock.now += 6
    shown.watch(Working({1: 3 / 9}, (Task(1, tuple(jobs[:3]), 1.0, 0.0, until=3),)))
    assert "0:06 left" in drawn(shown)


def test_runs_taken_over_are_said(progress, jobs):
    shown = progress(terminal=False)
    shown.watch(Planned(tuple(jobs), tuple(jobs[3:]), 8, taken_over=3))
    assert "3 runs are taken over from --reuse." in shown.screen.console.file.getvalue()


def test_time_left_is_not_guessed_before_anything_is_done(progress, jobs):
    shown = progress(terminal=True)
    shown.watch(Planned(tuple(jobs), tuple(jobs), 8))
    assert "left" not in drawn(shown)


@pytest.mark.parametrize(
    ("shares", "is_waited_for"), [({0: 0.0}, False), ({0: 0.1}, True), ({}, True)]
)
def test_a_signal_is_waited_for_once_a_run_is_trained(shares, is_waited_for, jobs, monkeypatch):
    def run_sweep(*arguments, **named):
        yield Planned(tuple(jobs), tuple(jobs), 8)
        yield Working(shares, (Task(0, tuple(jobs[:2]), 1.0, 0.0),))
        os.kill(os.getpid(), signal.SIGINT)
        yield Working(shares, (Task(0, tuple(jobs[:2]), 1.0, 0.0),))

    monkeypatch.setattr("snnbench.sweep.run.run_sweep", run_sweep)
    study = adhoc("beta=0.1:0.8:8").study
    order = Order.of(study, Path("out"), Where(), {}, {})
    before = signal.getsignal(signal.SIGINT)
    followed = partial(follow_sweep, order, SweepProgress(screen=NoScreen()), GentleStop())
    if is_waited_for:
        assert followed().signal == signal.SIGINT
    else:
        with pytest.raises(Stopped):
            followed()
    assert signal.getsignal(signal.SIGINT) is before
