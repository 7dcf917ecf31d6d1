"""Real worker processes: what a lost one costs, and that none is left behind."""

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from snnbench.errors import UserError
from snnbench.results.tables import read_runs
from snnbench.sweep.executors import LocalExecutor, share_out
from snnbench.sweep.jobs import make_tasks
from snnbench.sweep.run import Where, run_sweep
from snnbench.sweep.worker import run_task
from tests.sweep import workers
from tests.sweep.plans import DISTILLATION, adhoc, from_text, jobs_of

PLENTY = 2.0**40


def end_of(executor, task, seconds=60):
    executor.submit(task)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for ended, outcome in executor.wait(0.2):
            assert ended.number == task.number
            return outcome
    raise AssertionError("the task did not end")


@pytest.fixture
def tasks(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.1,0.2,0.3,0.4,0.5"), tmp_path)
    return {t.jobs[0].config.beta: t for t in make_tasks(jobs, data, PLENTY, 5)}


def test_a_lost_worker_costs_its_task_and_the_next_one_goes_on(tasks):
    executor = LocalExecutor(1, 1, timeout=2.0, function=workers.faulty)
    try:
        killed = end_of(executor, tasks[workers.beta_of("kill")])
        assert (killed.status, killed.error) == ("failed", "the worker died: exit code -9")
        assert end_of(executor, tasks[0.5]).status == "done"
        ended = end_of(executor, tasks[workers.beta_of("exit")])
        assert (ended.status, ended.error) == ("failed", "the worker died: exit code 7")
        slow = end_of(executor, tasks[workers.beta_of("sleep")])
        assert (slow.status, slow.error) == ("timeout", "not done after 2 seconds")
        assert end_of(executor, tasks[0.5]).finished[0].run["status"] == "done"
    finally:
        executor.close()


def test_a_worker_tells_how_far_it_is(tasks):
    executor = LocalExecutor(2, 1, function=workers.faulty)
    try:
        task = tasks[workers.beta_of("sleep")]
        executor.submit(task)
        deadline = time.monotonic() + 30
        while executor.shares()[task.number] != 0.5:
            assert time.monotonic() < deadline
            assert executor.wait(0.1) == []
    finally:
        executor.close()


def test_workers_have_their_share_of_threads_and_end_with_a_killed_parent(tmp_path):
    script = (
        "from pathlib import Path\n"
        "from tests.sweep import workers\n"
        "from tests.sweep.plans import adhoc, jobs_of\n"
        "from snnbench.sweep.executors import LocalExecutor\n"
        "from snnbench.sweep.jobs import make_tasks\n"
        "if __name__ == '__main__':\n"
        "    jobs, data = jobs_of(adhoc('beta=0.1,0.2'), Path('.'))\n"
        "    executor = LocalExecutor(2, 3, function=workers.telling)\n"
        "    for task in make_tasks(jobs, data, 1e12, 2):\n"
        "        executor.submit(task)\n"
        "    executor.wait(600)\n"
    )
    (tmp_path / "parent.py").write_text(script)
    told = tmp_path / "told"
    told.mkdir()
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    environment = os.environ | {"PYTHONPATH": root, "SNNBENCH_CACHE": str(told)}
    parent = subprocess.Popen([sys.executable, tmp_path / "parent.py"], env=environment)
    try:
        _wait_for(lambda: len(list(told.iterdir())) == 2, 60)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert {path.read_text() for path in told.iterdir()} == {"3"}
    pids = [int(path.name) for path in told.iterdir()]
    _wait_for(lambda: not any(map(psutil.pid_exists, pids)), 10)


def _wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_fault_in_training_is_an_outcome_with_its_place(tmp_path, monkeypatch):
    jobs, data = jobs_of(adhoc(), tmp_path)
    (task,) = make_tasks(jobs, data, PLENTY, 1)
    for error, status in ((MemoryError("much"), "oom"),
                          (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "oom"),
                          (KeyError("column"), "failed")):  # fmt: skip

        def fail(*_, error=error, **__):
            raise error
            yield

        monkeypatch.setattr("snnbench.runs.run_cohort", fail)
        outcome = run_task(task)
        assert outcome.status == status
        assert str(error.args[0]) in outcome.error


def test_a_trained_task_gives_the_rows_of_its_runs(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.3,0.6"), tmp_path)
    (task,) = make_tasks(jobs, data, PLENTY, 1)
    outcome = run_task(task)
    assert outcome.status == "done"
    rows = {run.run["run_id"]: run for run in outcome.finished}
    assert list(rows) == [job.run_id for job in jobs]
    for job in jobs:
        run = rows[job.run_id]
        assert run.run["beta"] == job.config.beta
        assert (run.run["study"], run.run["cohort_size"]) == ("adhoc", 2)
        assert len(run.epochs) == run.run["epochs_run"] == 1
        assert [row["layer"] for row in run.layers] == ["fc1", "fc2"]


def test_a_worker_counts_runs_that_have_ended_as_done(tmp_path, monkeypatch):
    settings = {"epochs": 6, "val_samples": 50, "patience": 1}
    jobs, data = jobs_of(adhoc("lr=1e-12,0.01,0.02", settings=settings), tmp_path)
    (task,) = make_tasks(jobs, data, PLENTY, 1)
    told = []
    monkeypatch.setattr("snnbench.sweep.worker._TELL_EVERY", -1.0)
    outcome = run_task(task, SimpleNamespace(tell=told.append))
    ends = sorted(run.run["epochs_run"] for run in outcome.finished)
    assert ends[0] == 2 < ends[-1], "a run that learns nothing ends first"
    batches, per_epoch = iter(told), 150 // 50
    for epoch in range(1, ends[-1] + 1):
        ended = sum(end < epoch for end in ends)
        for step in range(1, per_epoch + 1):
            share = (epoch - 1 + step / per_epoch) / 6
            assert next(batches) == pytest.approx((ended + (3 - ended) * share) / 3)
    assert not list(batches)


def test_a_student_learns_from_the_model_that_came_with_its_task(tmp_path):
    plan = from_text(DISTILLATION, tmp_path)
    list(run_sweep(plan, tmp_path / "out", Where(jobs=2)))
    table = read_runs(tmp_path / "out").set_index("variant")
    assert set(table["cpu_threads"]) == {share_out(2, 2)[1]}
    assert table["status"].to_dict() == {"teacher": "done", "student": "done"}
    teacher = table.loc["teacher", "run_id"]
    assert table.loc["student", "teacher"].endswith(f"models/{teacher}.safetensors")


def test_cores_are_shared_out_among_workers(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert share_out(None, 100) == (8, 1)
    assert share_out(None, 3) == (3, 2)
    assert share_out(None, 0) == (1, 8)
    assert share_out(2, 100) == (2, 4)
    assert share_out(16, 100) == (16, 1)
    with pytest.raises(UserError, match="--jobs 0"):
        share_out(0, 5)
