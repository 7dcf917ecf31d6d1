"""Planned runs become jobs with names, and jobs become tasks that fit and keep all busy."""

import dataclasses

import pytest

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.runs import resolve_machine
from snnbench.sweep.jobs import MOST_MEMBERS, make_tasks, one_by_one, read_models
from tests.sweep.plans import DISTILLATION, adhoc, from_text, jobs_of

PLENTY = 2.0**40


def members(tasks):
    return sorted(len(task.jobs) for task in tasks)


def test_a_job_has_the_name_that_the_run_gets(tmp_path):
    (job,), data = jobs_of(adhoc(), tmp_path)
    known = data.of(job.config)
    assert job.run_id == job.config.run_id(known.sha256)
    assert (job.config.device, job.config.engine) == ("cpu", "fast")
    assert (known.shape, known.train_samples) == ((1, 8, 8), 200)


def test_a_gpu_is_the_clusters_to_have(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    config = RunConfig(device="cuda")
    with pytest.raises(UserError, match="sees no GPU"):
        resolve_machine(config)
    there = resolve_machine(config, elsewhere=True)
    assert (there.device, there.engine) == ("cuda", "reference")
    there = resolve_machine(RunConfig(), elsewhere=True)
    assert (there.device, there.engine) == ("cpu", "fast")


def test_runs_that_come_to_the_same_are_one_job(tmp_path):
    plan = adhoc("engine=auto,fast")  # on this machine auto is fast
    assert len(plan.runs) == 2
    assert len(jobs_of(plan, tmp_path)[0]) == 1


def test_a_student_names_the_saved_model_of_its_teachers_run(tmp_path):
    jobs, _ = jobs_of(from_text(DISTILLATION, tmp_path), tmp_path)
    teacher, student = jobs
    assert (teacher.variant, student.variant) == ("teacher", "student")
    assert teacher.save_model
    assert not student.save_model
    assert student.teacher == teacher.run_id
    assert student.config.teacher == str(tmp_path / "models" / f"{teacher.run_id}.safetensors")


def test_a_students_name_does_not_depend_on_the_folder(tmp_path):
    plan = from_text(DISTILLATION, tmp_path)
    names = [[job.run_id for job in jobs_of(plan, tmp_path / name)[0]] for name in "ab"]
    assert names[0] == names[1]


def test_settings_train_side_by_side_and_seeds_do_not(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.1,0.5,0.9", "lr=0.1,0.01", seeds=2), tmp_path)
    assert members(make_tasks(jobs, data, PLENTY, 1)) == [6, 6]


def test_cohorts_are_cut_until_every_worker_has_one(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.1:0.9:9"), tmp_path)
    assert members(make_tasks(jobs, data, PLENTY, 1)) == [9]
    assert members(make_tasks(jobs, data, PLENTY, 2)) == [4, 5]
    assert members(make_tasks(jobs, data, PLENTY, 4)) == [2, 2, 2, 3]
    assert members(make_tasks(jobs, data, PLENTY, 20)) == [1] * 9


def test_cohorts_are_cut_to_fit_into_memory(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.1:0.9:9"), tmp_path)
    (whole,) = make_tasks(jobs, data, PLENTY, 1)
    tasks = make_tasks(jobs, data, whole.memory_bytes / 2, 1)
    assert len(tasks) == 3
    assert all(task.memory_bytes <= whole.memory_bytes / 2 for task in tasks)
    with pytest.raises(UserError, match="GiB"):
        make_tasks(jobs, data, whole.memory_bytes / 10, 1)


def test_no_cohort_is_so_large_that_its_loss_would_hurt(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.001:0.9:200"), tmp_path)
    sizes = members(make_tasks(jobs, data, PLENTY, 1))
    assert sum(sizes) == 200
    assert max(sizes) <= MOST_MEMBERS


def test_the_longest_comes_first(tmp_path):
    jobs, data = jobs_of(adhoc("T=2,8,4"), tmp_path)
    tasks = make_tasks(jobs, data, PLENTY, 1, first=7)
    assert [task.jobs[0].config.T for task in tasks] == [8, 4, 2]
    assert [task.number for task in tasks] == [7, 8, 9]


def test_every_job_is_in_one_task(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.1,0.5", "T=2,3", "arch=8-10,9-10", seeds=3), tmp_path)
    for slots in (1, 5, 50):
        found = [job.run_id for task in make_tasks(jobs, data, PLENTY, slots) for job in task.jobs]
        assert sorted(found) == sorted(job.run_id for job in jobs)


def test_a_failed_tasks_runs_are_tasks_of_their_own(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.1,0.5"), tmp_path)
    (task,) = make_tasks(jobs, data, PLENTY, 1)
    alone = one_by_one(task, data, first=5)
    assert [(t.number, len(t.jobs), t.again) for t in alone] == [(5, 1, True), (6, 1, True)]
    assert sum(t.cost for t in alone) > task.cost  # side by side is cheaper


def test_a_tasks_models_are_its_teachers_files(tmp_path):
    plan = from_text(DISTILLATION, tmp_path)
    (teacher, student), data = jobs_of(plan, tmp_path)
    (task,) = make_tasks([student], data, PLENTY, 1)
    with pytest.raises(UserError, match=teacher.run_id):
        read_models(task)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / f"{teacher.run_id}.safetensors").write_bytes(b"weights")
    (tmp_path / "models" / f"{teacher.run_id}.json").write_bytes(b"settings")
    assert read_models(task) == {teacher.run_id: (b"weights", b"settings")}
    assert read_models(dataclasses.replace(task, jobs=(teacher,))) == {}


def test_data_that_do_not_fit_a_run_are_refused(tmp_path):
    with pytest.raises(UserError, match="classes"):
        jobs_of(adhoc("arch=8-10,8-3"), tmp_path)


def test_no_worker_waits_long_for_the_last_cohort(tmp_path):
    jobs, data = jobs_of(adhoc("beta=0.1:0.9:4", seeds=3), tmp_path)
    assert members(make_tasks(jobs, data, PLENTY, 1)) == [4, 4, 4]
    # three equal cohorts would keep one of two workers busy twice as long as the other
    assert members(make_tasks(jobs, data, PLENTY, 2)) == [2, 2, 4, 4]
    assert members(make_tasks(jobs, data, PLENTY, 3)) == [4, 4, 4]


def test_runs_that_gain_nothing_from_each_other_are_shared_out(tmp_path):
    text = DISTILLATION.split("[variants")[0] + 'engine = "numpy"\n[vary]\nlr = [0.1, 0.2, 0.3]'
    jobs, data = jobs_of(from_text(f"seeds = 3\n{text}", tmp_path), tmp_path)
    shares = [0, 0]
    for task in make_tasks(jobs, data, PLENTY, 2):
        shares[shares.index(min(shares))] += len(task.jobs)
    assert sorted(shares) == [4, 5]
