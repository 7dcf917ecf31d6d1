"""Runs of other folders are taken over, not trained again."""

import pytest

from snnbench.errors import UserError
from snnbench.network.model_files import MODELS, weights_path
from snnbench.results.tables import read_epochs, read_layers, read_runs
from snnbench.sweep.worker import Outcome
from tests.sweep.plans import DISTILLATION, adhoc, from_text
from tests.sweep.test_drive import done, statuses, sweep


def test_runs_of_another_study_are_taken_over_with_all_their_rows(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    sweep(adhoc("beta=0.1,0.5"), first)
    plan = adhoc("beta=0.5,0.9", name="other")
    events, executor = sweep(plan, second, reuse=[first])
    assert [job.config.beta for task in executor.given for job in task.jobs] == [0.9]
    assert (events[0].taken_over, len(events[0].to_do)) == (1, 1)
    taken = read_runs(second).set_index("run_id")
    assert set(taken["study"]) == {"other"}
    (same,) = set(taken.index) & set(read_runs(first)["run_id"])
    mine, theirs = (
        read_runs(folder).set_index("run_id").loc[same].drop("study").dropna()
        for folder in (second, first)
    )
    assert mine.to_dict() == theirs.to_dict()
    for read in (read_epochs, read_layers):
        mine, theirs = (
            rows[rows["run_id"] == same].reset_index(drop=True)
            for rows in (read(second), read(first))
        )
        assert len(mine) > 0
        assert mine.equals(theirs)


def test_a_failed_run_is_not_taken_over(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    sweep(adhoc("beta=0.5"), first, lambda task: Outcome("failed", error="a fault"))
    events, executor = sweep(adhoc("beta=0.5"), second, reuse=[first])
    assert events[0].taken_over == 0
    assert len(executor.given) == 1
    assert set(statuses(second).values()) == {"done"}


def test_a_teacher_is_taken_over_only_with_its_model(tmp_path):
    plan = from_text(DISTILLATION, tmp_path)
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    sweep(plan, first, done)
    events, executor = sweep(plan, second, done, reuse=[first])
    assert (events[0].taken_over, executor.given) == (2, [])
    teacher = next(path for path in (second / MODELS).iterdir() if path.suffix == ".safetensors")
    assert teacher.read_bytes() == b"weights"
    student = read_runs(second).query("loss == 'mimic-l2'")
    assert student["teacher"].tolist() == [str(teacher)]

    weights_path(first / MODELS, teacher.stem).unlink()
    events, executor = sweep(plan, third, done, reuse=[first])
    assert events[0].taken_over == 1
    assert [job.run_id for task in executor.given for job in task.jobs] == [teacher.stem]


def test_a_folder_without_runs_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty"):
        sweep(adhoc("beta=0.5"), tmp_path / "out", reuse=[tmp_path / "empty"])
    assert not (tmp_path / "out" / "runs.csv").exists()
