"""`--save-model`: the weights of every run of a sweep, in cohorts, by workers and on a cluster."""

import pytest

from benchmarks.scale import SimulatedExecutor
from snnbench import count, train
from snnbench.network.checkpoint import load_model
from snnbench.network.model_files import MODELS, weights_path
from snnbench.results.frames import read_runs
from snnbench.sweep.run import Planned, Where, run_sweep
from snnbench.sweep.worker import run_task
from tests.cli.test_sweep import differences, tables
from tests.sweep.plans import DISTILLATION, TINY, adhoc, from_text
from tests.sweep.test_cluster import cluster

__all__ = ["cluster"]


def sweep(plan, folder, *, save_model=True, **options):
    """Train a plan's missing runs in this process; return what was planned, and the tasks."""
    executor = SimulatedExecutor(1, outcome=lambda task: run_task(task, threads=1))
    where = Where(save_model=save_model)
    make = {"make_executor": lambda where, runs: executor}
    events = list(run_sweep(plan, folder, where, **make, **options))
    return next(e for e in events if isinstance(e, Planned)), executor.given


def saved(folder):
    return {path.stem for path in (folder / MODELS).glob("*.safetensors")}


def test_every_run_of_a_cohort_keeps_the_weights_that_it_would_have_alone(tmp_path):
    _, tasks = sweep(adhoc("beta=0.3,0.9", seeds=2), tmp_path / "out")
    assert [len(task.jobs) for task in tasks] == [2, 2]  # one of each seed
    runs = read_runs(tmp_path / "out")
    assert saved(tmp_path / "out") == set(runs["run_id"])
    for row in runs.to_dict("records"):
        model = load_model(weights_path(tmp_path / "out" / MODELS, row["run_id"]))
        assert (model.config.beta, model.config.seed) == (row["beta"], row["seed"])
    alone = train(**TINY, beta=0.9, seed=1, out=tmp_path / "alone", save_model=True)
    paths = [weights_path(tmp_path / f / MODELS, alone.run_id) for f in ("out", "alone")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    counted = count(checkpoint=paths[0], **{n: TINY[n] for n in ("test_samples",)})
    assert counted.totals["effective_acs"] == alone.run["effective_acs"]


def test_without_it_only_teachers_are_kept(tmp_path):
    plan = from_text(DISTILLATION, tmp_path)
    sweep(plan, tmp_path / "few", save_model=False)
    sweep(plan, tmp_path / "all")
    (teacher,) = read_runs(tmp_path / "few").query("variant == 'teacher'")["run_id"]
    assert saved(tmp_path / "few") == {teacher}
    assert saved(tmp_path / "all") == set(read_runs(tmp_path / "all")["run_id"])


def test_a_recorded_run_without_its_model_is_trained_again_and_its_rows_stay_equal(tmp_path):
    plan = adhoc("beta=0.3,0.9", seeds=2)
    sweep(plan, tmp_path, save_model=False)
    before = tables(tmp_path)
    planned, _ = sweep(plan, tmp_path)
    assert len(planned.to_do) == 4
    first = {name: weights_path(tmp_path / MODELS, name).read_bytes() for name in saved(tmp_path)}
    lost = sorted(first)[0]
    weights_path(tmp_path / MODELS, lost).unlink()
    planned, _ = sweep(plan, tmp_path)
    assert [job.run_id for job in planned.to_do] == [lost]
    assert weights_path(tmp_path / MODELS, lost).read_bytes() == first[lost]
    planned, _ = sweep(plan, tmp_path)
    assert planned.to_do == ()
    assert differences(tables(tmp_path), before) == {}


def test_a_run_that_diverged_has_no_model_to_lose(tmp_path):
    plan = adhoc(
        settings={
            "lr": 1e6,
            "model": "ann",
            "T": None,
            "loss": "mse",
            "optimizer": "sgd",
            "epochs": 5,
        }
    )
    sweep(plan, tmp_path)
    assert set(read_runs(tmp_path)["status"]) == {"diverged"}
    planned, _ = sweep(plan, tmp_path)
    assert planned.to_do == ()
    assert saved(tmp_path) == set()


def test_runs_of_another_folder_are_taken_over_with_their_models_or_trained(tmp_path):
    sweep(adhoc("beta=0.3"), tmp_path / "with")
    sweep(adhoc("beta=0.9"), tmp_path / "without", save_model=False)
    reuse = [tmp_path / "with", tmp_path / "without"]
    planned, _ = sweep(adhoc("beta=0.3,0.9"), tmp_path / "out", reuse=reuse)
    assert [job.config.beta for job in planned.to_do] == [0.9]
    assert saved(tmp_path / "out") == set(read_runs(tmp_path / "out")["run_id"])


def test_a_run_that_train_has_recorded_gets_its_model_too(tmp_path):
    first = train(**TINY, out=tmp_path)
    again = train(**TINY, out=tmp_path, save_model=True)
    assert not again.was_recorded
    assert saved(tmp_path) == {first.run_id}
    assert train(**TINY, out=tmp_path, save_model=True).was_recorded
    assert len(read_runs(tmp_path)) == 1


@pytest.mark.parametrize("where", [{"jobs": 2}, "cluster"])
def test_workers_and_a_cluster_send_them_home(where, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("snnbench.sweep.cluster._ANSWER", 60.0)  # it has only just been started
    plan = adhoc("beta=0.3,0.9")
    there = where if where != "cluster" else {"cluster": cluster()[0]}
    list(run_sweep(plan, tmp_path / "out", Where(save_model=True, **there)))
    sweep(plan, tmp_path / "here")
    for name in saved(tmp_path / "here"):
        mine, theirs = (weights_path(tmp_path / f / MODELS, name) for f in ("here", "out"))
        assert mine.read_bytes() == theirs.read_bytes()
