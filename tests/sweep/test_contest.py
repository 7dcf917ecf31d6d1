"""Halving: the same runs go on whatever the workers, and however often it was interrupted."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scale import SimulatedExecutor, made_up
from snnbench.results.checkpoints import Files
from snnbench.results.tables import read_runs
from snnbench.sweep.contest import Contest, contests_of, share_trained
from snnbench.sweep.run import Where, run_sweep
from snnbench.sweep.worker import Finished, LeftOff, Outcome
from tests.sweep.plans import adhoc, jobs_of

PLAN = {"settings": {"val_samples": 50, "epochs": 9}}
AXIS = "lr=" + ",".join(f"0.0{k}" for k in range(1, 10))


def accuracy(job, epoch):
    return random.Random(f"{job.config.lr} {epoch}").random()


def trained(task):
    """Do as a worker would, but for the training."""
    ends, left = [], {}
    for job in task.jobs:
        run = made_up(job)
        if job.run_id in task.frozen:
            row = run.run | {"status": "halved", "error": task.frozen[job.run_id]}
            ends.append(Finished(row, run.epochs, run.layers))
        elif task.until is not None:
            left[job.run_id] = LeftOff(accuracy(job, task.until), Files(task.until, b"", b""))
        else:
            ends.append(Finished(run.run, run.epochs, run.layers))
    return Outcome("done", tuple(ends), left_off=left)


def survivors(folder, slots, plan, stop_after=None):
    executor = SimulatedExecutor(slots, outcome=trained)
    events = run_sweep(
        plan, folder, Where(halving=True), make_executor=lambda where, runs: executor,
        is_stopping=lambda: stop_after is not None and len(executor.given) >= stop_after,
    )  # fmt: skip
    for _ in events:
        pass
    table = read_runs(folder)
    return {(row.arch, row.lr, row.seed): (row.status, row.error) for row in table.itertuples()}


def test_the_same_runs_survive_whatever_the_number_of_workers(tmp_path):
    plan = adhoc(AXIS, "arch=10-10,20-10", seeds=2, **PLAN)
    found = [survivors(tmp_path / str(slots), slots, plan) for slots in (1, 2, 7)]
    assert found[0] == found[1] == found[2]
    statuses = [status for status, _ in found[0].values()]
    assert statuses.count("done") + statuses.count("halved") == len(statuses) == 36


def test_the_best_third_of_a_seed_goes_on_at_each_rung(tmp_path):
    found = survivors(tmp_path, 2, adhoc(AXIS, **PLAN))
    errors = [error for _, error in found.values() if isinstance(error, str)]
    assert sum("after epoch 1 of 9" in error for error in errors) == 6
    assert sum("after epoch 3 of 9" in error for error in errors) == 2
    assert [status for status, _ in found.values()].count("done") == 1


def job(name):
    from types import SimpleNamespace

    return SimpleNamespace(run_id=name, config=SimpleNamespace(learning_rates=(0.1,) * 9))


def test_what_is_recorded_competes_with_what_it_had_come_to():
    jobs = [job(name) for name in "abc"]
    curves = {"a": [0.9, 0.9, 0.9, 1.0]}
    contest = Contest(jobs, curves)
    (stage,) = contest.begin()
    assert [j.run_id for j in stage.jobs] == ["b", "c"]
    assert contest.reached("b", 0.95) == []
    (ending, going) = contest.reached("c", 0.1)
    assert set(ending.frozen) == {"c"}
    assert ending.frozen["c"].startswith("frozen after epoch 1 of 9: 3. of 3")
    assert ([j.run_id for j in going.jobs], going.until) == (["b"], 3)


def test_a_run_that_ends_before_the_rung_holds_nobody_up():
    contest = Contest([job(name) for name in "abcd"], {})
    contest.begin()
    assert contest.reached("a", None) == []
    assert contest.reached("b", 0.2) == []
    assert contest.reached("c", 0.3) == []
    ending, going = contest.reached("d", 0.1)
    assert set(ending.frozen) == {"b", "d"}
    assert [j.run_id for j in going.jobs] == ["c"]


@given(runs=st.integers(1, 30), epochs=st.integers(1, 30), recorded=st.integers(0, 29))
def test_the_share_that_is_trained_is_what_the_contests_hand_out(
    runs, epochs, recorded, tmp_path_factory
):
    jobs, _ = jobs_of(adhoc(f"lr=0.001:0.1:{runs}", settings={"val_samples": 50, "epochs": epochs}),
                      tmp_path_factory.getbasetemp())  # fmt: skip
    to_do = jobs[min(recorded, runs - 1) :]
    trained, at = 0, dict.fromkeys((job.run_id for job in to_do), 0)
    contests = contests_of(to_do, {})
    stages = [stage for contest in contests for stage in contest.begin()]
    while stages:
        stage = stages.pop()
        for job in stage.jobs:
            if job.run_id not in stage.frozen:
                until = stage.until or epochs
                trained, at[job.run_id] = trained + until - at[job.run_id], until
                stages += contests[0].reached(job.run_id, job.config.lr)
    assert share_trained(to_do, contests) == pytest.approx(trained / (len(to_do) * epochs))


@pytest.mark.parametrize("epochs", [1, 2])
def test_too_few_epochs_have_no_rung(epochs, tmp_path):
    plan = adhoc(AXIS, settings={"val_samples": 50, "epochs": epochs})
    assert {status for status, _ in survivors(tmp_path, 2, plan).values()} == {"done"}
