"""The loop of a sweep, with an executor that trains nothing."""

import pytest

from benchmarks.scale import SimulatedExecutor, made_up
from snnbench.errors import UserError
from snnbench.results.checkpoints import Files
from snnbench.results.tables import ResultStore, read_runs
from snnbench.sweep.drive import Retried, Working
from snnbench.sweep.record import Recorded
from snnbench.sweep.run import Planned, Where, run_sweep
from snnbench.sweep.worker import Finished, LeftOff, Outcome
from tests.sweep.plans import DISTILLATION, adhoc, from_text


def sweep(plan, folder, outcome=None, slots=2, **options):
    """Run a plan; return its events and the executor."""
    executor = SimulatedExecutor(slots, outcome=outcome)
    events = list(
        run_sweep(plan, folder, Where(), make_executor=lambda where, runs: executor, **options)
    )
    return events, executor


def statuses(folder):
    table = read_runs(folder)
    return dict(zip(table["run_id"], table["status"], strict=True))


def with_model(job):
    run = made_up(job)
    model = (b"weights", b"settings") if job.save_model else None
    return Finished(run.run, run.epochs, run.layers, model)


def done(task):
    return Outcome("done", tuple(map(with_model, task.jobs)))


def test_all_runs_are_recorded_once_and_then_nothing_is_left(tmp_path):
    plan = adhoc("beta=0.1:0.9:9", seeds=2)
    events, executor = sweep(plan, tmp_path)
    assert isinstance(events[0], Planned)
    assert (events[0].total, len(events[0].to_do)) == (18, 18)
    assert sum(len(e.rows) for e in events if isinstance(e, Recorded)) == 18
    assert set(statuses(tmp_path).values()) == {"done"}
    assert executor.closed
    again, unused = sweep(plan, tmp_path)
    assert [type(e) for e in again] == [Planned]
    assert (again[0].to_do, unused.given) == ((), [])


def test_what_is_missing_is_run_and_nothing_else(tmp_path):
    sweep(adhoc("beta=0.1,0.5"), tmp_path)
    before = (tmp_path / "runs.csv").read_bytes()
    events, executor = sweep(adhoc("beta=0.1,0.5,0.7,0.9"), tmp_path)
    run = {job.config.beta for task in executor.given for job in task.jobs}
    assert run == {0.7, 0.9}
    assert len(events[0].to_do) == 2
    assert (tmp_path / "runs.csv").read_bytes().startswith(before)


def test_never_more_tasks_run_than_there_are_workers(tmp_path):
    class Strict(SimulatedExecutor):
        def submit(self, task):
            super().submit(task)
            assert len(self.waiting) <= self.slots

    executor = Strict(3)
    plan = adhoc("beta=0.1,0.5", "T=2,3,4,5", seeds=3)
    events = list(run_sweep(plan, tmp_path, Where(), make_executor=lambda where, runs: executor))
    assert len(executor.given) == 12
    working = [event for event in events if isinstance(event, Working)]
    assert max(len(event.running) for event in working) == 2  # one has just ended
    assert working[-1].running == ()


def test_a_failed_cohort_is_tried_run_by_run_and_the_others_go_on(tmp_path):
    def outcome(task):
        bad = any(job.config.beta == 0.5 for job in task.jobs)
        return Outcome("failed", error="it broke") if bad else done(task)

    events, executor = sweep(adhoc("beta=0.1,0.5,0.9"), tmp_path, outcome, slots=1)
    assert [len(task.jobs) for task in executor.given] == [3, 1, 1, 1]
    assert [event.error for event in events if isinstance(event, Retried)] == ["it broke"]
    table = read_runs(tmp_path).set_index("beta")
    assert table["status"].to_dict() == {0.1: "done", 0.5: "failed", 0.9: "done"}
    assert table.loc[0.5, "error"] == "it broke"
    assert table.loc[0.5, "data_sha256"]


@pytest.mark.parametrize("status", ["failed", "timeout", "oom"])
def test_a_run_alone_is_tried_twice_and_its_failure_is_kept(tmp_path, status):
    plan = adhoc()
    _, executor = sweep(plan, tmp_path, lambda task: Outcome(status, error="no"))
    assert [task.again for task in executor.given] == [False, True]
    assert list(statuses(tmp_path).values()) == [status]
    _, executor = sweep(plan, tmp_path)
    assert executor.given == []
    _, executor = sweep(plan, tmp_path, retry=(status,))
    assert len(executor.given) == 1
    assert list(statuses(tmp_path).values()) == ["done"]


def test_students_come_after_their_teachers_with_the_saved_model(tmp_path):
    given = {}

    def outcome(task):
        given[task.jobs[0].variant] = task
        return done(task)

    executor = SimulatedExecutor(outcome=outcome)
    submitted = []
    executor.submit = lambda task: (submitted.append(task), executor.waiting.append(task))
    plan = from_text(DISTILLATION, tmp_path)
    list(run_sweep(plan, tmp_path, Where(), make_executor=lambda where, runs: executor))
    assert [task.jobs[0].variant for task in submitted] == ["teacher", "student"]
    teacher = submitted[0].jobs[0].run_id
    assert submitted[1].models == {teacher: (b"weights", b"settings")}
    assert (tmp_path / "models" / f"{teacher}.safetensors").read_bytes() == b"weights"


@pytest.mark.parametrize("status", ["failed", "diverged"])
def test_students_of_a_teacher_that_did_not_finish_fail_with_the_reason(tmp_path, status):
    def outcome(task):
        assert task.jobs[0].variant == "teacher"
        if status == "failed":
            return Outcome("failed", error="it broke")
        run = made_up(task.jobs[0])
        return Outcome("done", (Finished(run.run | {"status": "diverged"}, run.epochs, []),))

    plan = from_text(DISTILLATION, tmp_path)
    sweep(plan, tmp_path, outcome)
    table = read_runs(tmp_path).set_index("variant")
    assert table.loc["teacher", "status"] == status
    assert table.loc["student", "status"] == "failed"
    assert "did not finish" in table.loc["student", "error"]
    _, executor = sweep(plan, tmp_path)
    assert executor.given == []
    sweep(plan, tmp_path, done, retry=("failed", "diverged"))
    assert set(statuses(tmp_path).values()) == {"done"}


def test_a_teacher_whose_model_is_gone_is_trained_again_for_a_new_student(tmp_path):
    plan = from_text(DISTILLATION, tmp_path)
    sweep(plan, tmp_path, done)
    for model in (tmp_path / "models").iterdir():
        model.unlink()
    assert sweep(plan, tmp_path)[1].given == []
    plan = from_text(DISTILLATION.replace("6-10", "7-10"), tmp_path)
    _, executor = sweep(plan, tmp_path, done)
    assert [task.jobs[0].variant for task in executor.given] == ["teacher", "student"]
    assert list(statuses(tmp_path).values()) == ["done"] * 3


def test_a_stop_waits_for_what_runs_and_hands_nothing_out(tmp_path):
    recorded = []
    plan = adhoc("T=2,3,4,5,6,7")
    executor = SimulatedExecutor(2)
    events = run_sweep(
        plan,
        tmp_path,
        Where(),
        is_stopping=lambda: bool(recorded),
        make_executor=lambda where, runs: executor,
    )
    for event in events:
        if isinstance(event, Recorded):
            recorded.append(event)
    assert len(statuses(tmp_path)) == len(executor.given) == 2
    assert executor.closed
    _, rest = sweep(plan, tmp_path)
    assert len(rest.given) == 4


def test_a_second_sweep_into_the_folder_is_refused_and_names_the_first(tmp_path):
    with ResultStore.open(tmp_path), pytest.raises(UserError, match=r"process \d+"):
        sweep(adhoc(), tmp_path)


def test_tables_of_a_newer_version_are_refused(tmp_path):
    sweep(adhoc(), tmp_path)
    path = tmp_path / "runs.csv"
    header, row = path.read_text().splitlines()
    path.write_text(f"{header}\n2{row.removeprefix('1')}\n")
    before = path.read_bytes()
    with pytest.raises(UserError, match="newer"):
        sweep(adhoc("beta=0.1,0.2"), tmp_path)
    assert path.read_bytes() == before


def test_the_workers_end_when_the_tables_cannot_be_written(tmp_path):
    executor = SimulatedExecutor()
    events = run_sweep(
        adhoc("T=2,3"), tmp_path, Where(), make_executor=lambda where, runs: executor
    )
    next(events)
    with pytest.raises(ZeroDivisionError):
        events.throw(ZeroDivisionError)
    assert not executor.given


def test_runs_frozen_early_are_run_again_by_a_sweep_without_halving(tmp_path):
    def halved(task):
        runs = [made_up(job) for job in task.jobs]
        if task.until is not None:
            left = {job.run_id: LeftOff(job.config.beta, Files(1, b"", b"")) for job in task.jobs}
            return Outcome("done", left_off=left)
        if task.frozen:
            runs = [Finished(run.run | {"status": "halved"}, run.epochs, []) for run in runs]
        return Outcome("done", tuple(runs))

    plan = adhoc("beta=0.1,0.5,0.9", settings={"val_samples": 50, "epochs": 3})
    executor = SimulatedExecutor(1, outcome=halved)

    def make(where, runs):
        return executor

    where = Where(halving=True)
    list(run_sweep(plan, tmp_path, where, make_executor=make))
    assert sorted(statuses(tmp_path).values()) == ["done", "halved", "halved"]
    (again,) = run_sweep(plan, tmp_path, where, make_executor=make)
    assert again.to_do == ()
    _, whole = sweep(plan, tmp_path)
    assert sum(len(task.jobs) for task in whole.given) == 2
    assert set(statuses(tmp_path).values()) == {"done"}


def test_halving_without_validation_data_is_refused(tmp_path):
    with pytest.raises(UserError, match="--val-fraction"):
        list(run_sweep(adhoc("beta=0.1,0.5"), tmp_path / "out", Where(halving=True)))
    assert not (tmp_path / "out").exists()
