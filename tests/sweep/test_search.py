"""Searches that learn, with runs whose results are a formula."""

import csv

import pytest

from benchmarks.scale import SimulatedExecutor, made_up
from snnbench.errors import UserError
from snnbench.results.tables import read_runs
from snnbench.studies.objective import parse_objective
from snnbench.studies.stored import stored_study
from snnbench.sweep.run import Planned, Where, run_sweep
from snnbench.sweep.search import TRIALS_ASKED
from snnbench.sweep.worker import Finished, Outcome
from tests.sweep.plans import adhoc

AXES = ("beta=0.01:0.99", "lr=1e-4:1e-1:log")


def accuracy(config):
    """Return an accuracy that is best, 0.99, at beta 0.7 and lr 0.01."""
    from math import log10

    return max(0.0, 0.99 - (config.beta - 0.7) ** 2 - 0.1 * (log10(config.lr) + 2) ** 2)


def outcome(task, diverges=lambda config: False):
    runs = []
    for job in task.jobs:
        run = made_up(job)
        found = {"test_accuracy": accuracy(job.config) + 0.001 * job.config.seed,
                 "energy_pj_compute45nm": 1000 * job.config.beta}  # fmt: skip
        if diverges(job.config):
            found = {"status": "diverged", "test_accuracy": None}
        runs.append(Finished(run.run | found, run.epochs, run.layers))
    return Outcome("done", tuple(runs))


def search(
    folder,
    name="tpe",
    trials=24,
    seeds=1,
    stop_after=None,
    objectives=(),
    population=None,
    **options,
):
    plan = adhoc(*AXES, seeds=seeds, search=name, trials=trials, population=population,
                 objectives=[*map(parse_objective, objectives)])  # fmt: skip
    executor = SimulatedExecutor(outcome=lambda task: outcome(task, **options))
    planned = []
    for event in run_sweep(
        plan, folder, Where(), make_executor=lambda where, runs: executor,
        is_stopping=lambda: stop_after is not None and len(planned) >= stop_after,
    ):  # fmt: skip
        if isinstance(event, Planned):
            planned.append(event)
    return planned, executor


def suggestions(folder):
    return list(csv.DictReader((folder / "trials.csv").read_text().splitlines()))


@pytest.mark.parametrize("name", ["tpe", "gp"])
def test_a_search_finds_the_neighbourhood_of_the_best(tmp_path, name):
    search(tmp_path, name, trials=48)
    table = read_runs(tmp_path)
    assert len(table) == 48
    assert table["test_accuracy"].max() > 0.98
    first, last = table["test_accuracy"][:16].mean(), table["test_accuracy"][-16:].mean()
    assert last > first + 0.02  # it learns


def test_a_round_is_a_cohort_and_seeds_are_averaged(tmp_path):
    planned, _ = search(tmp_path, trials=10, seeds=2)
    assert [len(event.jobs) for event in planned] == [2 * TRIALS_ASKED, 4]
    assert {event.total for event in planned} == {20}
    rows = suggestions(tmp_path)
    assert [int(row["trial"]) for row in rows] == list(range(10))
    assert all(len(row["run_ids"].split()) == 2 for row in rows)


def test_a_stopped_search_goes_on_as_if_it_had_never_stopped(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    search(whole)
    search(parts, stop_after=2)
    assert len(read_runs(parts)) == TRIALS_ASKED
    _, executor = search(parts)
    assert sum(len(task.jobs) for task in executor.given) == 24 - TRIALS_ASKED
    assert suggestions(parts) == suggestions(whole)
    one, other = (set(read_runs(folder)["run_id"]) for folder in (whole, parts))
    assert one == other


def test_another_search_in_the_same_folder_is_refused(tmp_path):
    search(tmp_path, "tpe")
    with pytest.raises(UserError, match=r"trials.csv.*\n.*--out"):
        search(tmp_path, "gp")


def test_divergence_teaches_the_sampler_to_keep_away(tmp_path):
    search(tmp_path, trials=64, diverges=lambda config: config.lr > 1e-3)
    status = read_runs(tmp_path)["status"]
    diverged = (status == "diverged").to_numpy()
    assert diverged[:16].mean() > 0.4
    assert diverged[-24:].mean() < 0.5  # two thirds of the space diverge


def test_two_objectives_give_both_ends_of_the_front(tmp_path):
    wanted = ["test_accuracy:max", "energy_pj_compute45nm:min"]
    search(tmp_path, "nsga2", trials=64, objectives=wanted)
    table = read_runs(tmp_path)
    assert len(suggestions(tmp_path)) == 64
    assert table["beta"].min() < 0.2
    assert table["test_accuracy"].max() > 0.95


@pytest.mark.parametrize(
    ("objective", "settings", "words"),
    [
        ("val_accuracy:max", {}, "no validation data"),
        ("firing_rate:min", {"model": "ann"}, "no layer of the runs spikes"),
    ],
)
def test_an_objective_that_no_run_fills_is_refused(tmp_path, objective, settings, words):
    ann = settings.get("model") == "ann"
    plan = adhoc(AXES[1] if ann else AXES[0], search="tpe", trials=4,
                 objectives=[parse_objective(objective)],
                 settings=settings | ({"T": None} if ann else {}))  # fmt: skip
    with pytest.raises(UserError, match=words):
        list(run_sweep(plan, tmp_path / "out", Where()))
    assert not (tmp_path / "out" / "runs.csv").exists()


def test_the_population_is_a_choice_of_nsga2_alone(tmp_path):
    search(tmp_path / "small", "nsga2", trials=40, population=8)
    search(tmp_path / "large", "nsga2", trials=40, population=32)
    search(tmp_path / "default", "nsga2", trials=40)
    small, large, default = (
        [row["parameters"] for row in suggestions(tmp_path / name)]
        for name in ("small", "large", "default")
    )
    assert large == default  # as folders of older searches need it
    assert small[:8] == large[:8]  # the first generation is random
    assert small[8:] != large[8:]
    for name in ("tpe", "gp", "random"):
        with pytest.raises(UserError, match=r"population = 8 has no effect.*\n.*nsga2"):
            search(tmp_path / name, name, population=8)
    with pytest.raises(UserError, match="population: 1 is out of range"):
        search(tmp_path / "one", "nsga2", population=1)


def test_the_folder_keeps_the_study_and_another_search_does_not_replace_it(tmp_path):
    wanted = ["energy_pj_compute45nm:min"]
    search(tmp_path, "tpe", trials=24, objectives=wanted)
    kept = stored_study(tmp_path, "adhoc")
    assert (kept.search, kept.trials, list(map(str, kept.objectives))) == ("tpe", 24, wanted)
    with pytest.raises(UserError, match=r"trials.csv"):
        search(tmp_path, "gp", trials=24)
    assert stored_study(tmp_path, "adhoc") == kept
    search(tmp_path, "tpe", trials=32, objectives=wanted)
    assert stored_study(tmp_path, "adhoc").trials == 32
