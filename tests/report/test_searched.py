"""What a report says and draws of a search: by its objective, whatever the test accuracy."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.report.figures.importance import shares_of
from snnbench.report.figures.scales import Scale, scales_of
from snnbench.report.judging.searched import _dominates, asked, search_of, sentences
from snnbench.report.page.render import to_document, to_html, to_markdown
from snnbench.report.page.summary import summarise
from snnbench.report.reading.source import load
from snnbench.studies.axis import parse_axis
from snnbench.studies.objective import parse_objective
from snnbench.studies.options import adhoc_study
from snnbench.sweep.trials import Trial, TrialLog
from tests.report.samples import Made

AXES = ("beta=0.1:0.9", "lr=1e-4:1:log", "encoding=repeat,latency")
ENERGY = "energy_pj_compute45nm"


def searching(*objectives, search="tpe", trials=12, axes=AXES, **options):
    found = [parse_objective(text) for text in objectives]
    return adhoc_study({}, [parse_axis(axis) for axis in axes], search=search, trials=trials,
                       objectives=found, name="made-up", **options)  # fmt: skip


def folder_of(tmp_path, n=12):
    """Write n trials, suggested in another order than recorded; the best by test is another one."""
    made = Made()
    for k in range(n):
        made.run(0, beta=0.1 + 0.8 * k / n, lr=10.0 ** (-4 + (7 * k) % n / 3),
                 encoding=("repeat", "latency")[k % 2], val_accuracy=0.5 + 0.01 * k,
                 test_accuracy=0.9 - 0.01 * k, **{ENERGY: 1000.0 + 100 * abs(k - 4)})  # fmt: skip
    made.write(tmp_path)
    trials = [Trial(i, None, {}, (run,)) for i, run in enumerate(reversed(made.names))]
    TrialLog(tmp_path).add(trials)
    return tmp_path


def section_of(folder, study):
    (section,) = summarise(load([folder]), {"made-up": study}).sections
    return section, {f.name.removeprefix("study1-"): f for f in section.figures}


def test_it_ranks_by_the_objective_and_says_the_test_accuracy_of_the_best(tmp_path):
    study = searching("val_accuracy:max")
    section, _ = section_of(folder_of(tmp_path), study)
    assert section.ranked[0].mean("val_accuracy").value == pytest.approx(0.61)
    said = sentences(section.search)
    assert said[0] == (
        "Search by tpe: 12 trials of beta, lr and encoding for the highest validation accuracy."
    )
    best = section.ranked[0].name
    assert said[1] == (
        f"Best by validation accuracy (the objective): {best} (0.61; test accuracy 0.79)."
    )
    assert re.fullmatch(r"beta=0\.8\d*, lr=[\d.]+, latency encoding", best)
    report = summarise(load([tmp_path]), {"made-up": study}, with_figures=False)
    for text in (to_html(report), to_markdown(report).replace("\\", "")):
        assert "test accuracy 0.79)" in text
    document = to_document(report)["studies"][0]["search"]
    assert document == {
        "search": "tpe", "trials": 12, "population": None, "objectives": ["val_accuracy:max"],
        "varied": ["beta", "lr", "encoding"], "found": [best],
    }  # fmt: skip


def test_the_best_by_test_data_is_said_to_be_optimistic(tmp_path):
    section, _ = section_of(folder_of(tmp_path), searching("test_accuracy:max"))
    assert sentences(section.search)[1].endswith("its accuracy is optimistic.")


def test_of_several_objectives_the_pareto_set_is_named(tmp_path):
    wanted = ("val_accuracy:max", f"{ENERGY}:min")
    study = searching(*wanted, search="nsga2", population=4)
    section, figures = section_of(folder_of(tmp_path), study)
    found = [(c.mean("val_accuracy").value, c.mean(ENERGY).value) for c in section.search.found]
    # from the cheapest, k = 4, on, each is better and dearer
    assert found == [(pytest.approx(0.5 + 0.01 * k), 1000 + 100 * (k - 4))
                     for k in range(11, 3, -1)]  # fmt: skip
    first, second = sentences(section.search)
    assert "generations of 4, for the highest validation accuracy and the lowest energy." in first
    assert second.startswith("Pareto set by validation accuracy and energy: ")
    assert all(c.name in second for c in section.search.found)
    assert {"importance-val-accuracy", "importance-energy-pj-compute45nm"} <= set(figures)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_of_what_dominates_nothing_dominates_itself_or_back(points):
    front = [p for p in points if not any(_dominates(q, p) for q in points)]
    assert front
    for p in points:
        assert p in front or any(_dominates(q, p) for q in front)
        assert not any(_dominates(q, p) and _dominates(p, q) for q in points)


def test_the_history_is_in_the_order_of_suggestion_and_falls_back_on_that_of_recording(tmp_path):
    folder = folder_of(tmp_path)
    _, figures = section_of(folder, searching("val_accuracy:max"))
    assert "best 0.61 after the first trial, 0.61 from trial 1 on" in (
        figures["search-history"].description
    )
    for torn in ('trial,variant\n0,"', ""):
        (folder / "trials.csv").write_text(torn)
        _, figures = section_of(folder, searching("val_accuracy:max"))
        assert "best 0.5 after the first trial, 0.61 from trial 12 on" in (
            figures["search-history"].description
        )


@pytest.mark.parametrize(
    ("n", "study", "drawn"),
    [
        (12, searching("val_accuracy:max"), {"search-history", "importance", "parallel"}),
        (7, searching("val_accuracy:max"), {"search-history", "parallel"}),
        (12, searching(search="random"), {"search-history", "importance", "parallel"}),
        (12, searching("val_accuracy:max", search="grid", trials=None,
                       axes=("beta=0.1,0.9",)), set()),
        (12, searching("val_accuracy:max", search="list", trials=None,
                       axes=("beta=0.1:0.9:12", "lr=1e-4:1:log:12")), {"importance", "parallel"}),
    ],
)  # fmt: skip
def test_only_a_search_has_its_figures_and_importance_needs_trials(tmp_path, n, study, drawn):
    _, figures = section_of(folder_of(tmp_path, n), study)
    kinds = {re.sub(r"(importance)-.*", r"\1", name) for name in figures}
    assert kinds & {"search-history", "importance", "parallel"} == drawn
    assert not drawn & {"importance"} or any(
        "random forest" in f.caption and f"on {n} trials" in f.caption for f in figures.values()
    )


def test_failed_trials_have_no_point_and_are_counted(tmp_path):
    made = Made()
    for k in range(9):
        failed = {"status": "diverged"} if k == 3 else {"test_accuracy": 0.5 + 0.01 * k}
        made.run(0, beta=0.1 + 0.09 * k, lr=0.1 / (k + 1), **failed)
    study = searching(trials=9, axes=AXES[:2])
    _, figures = section_of(made.write(tmp_path), study)
    assert "1 of 9 trials have no value." in figures["search-history"].caption
    assert "on 8 trials" in figures["importance-test-accuracy"].caption
    assert figures["parallel"].description.startswith("8 trials;")


def test_importance_is_that_of_the_formula_the_trials_follow():
    scales = [Scale("beta"), Scale("loss", ("mse", "ce")), Scale("lr", (), 1e-4, 1.0, log=True)]
    random = np.random.default_rng(0)
    word = random.integers(2, size=400)
    x = np.column_stack([random.random(400), word == 0, word == 1, random.random(400)])
    # variances: 9 / 12 of the first, 1 / 4 of the word's, none of the last
    shares, r2 = shares_of(x, 3 * x[:, 0] + x[:, 2], scales)
    assert shares["beta"] == pytest.approx(0.75, abs=0.05)
    assert shares["loss"] == pytest.approx(0.25, abs=0.05)
    assert shares["lr"] < 0.01
    assert r2 > 0.9
    together, _ = shares_of(x, (x[:, 0] > 0.5) ^ (word > 0), scales)
    assert sum(together.values()) < 0.2  # each alone says nothing


def test_axes_are_linear_logarithmic_or_words(tmp_path):
    axes = ("beta=0:1", "lr=1e-4:1:log", "z=1,10,1000", "patience=none,3", "loss=mse,ce",
            "batch_norm=false,true", "T=2:9")  # fmt: skip
    study = searching(axes=axes)
    by_name = {s.name: s for s in scales_of(search_of(study, []))}
    assert by_name["beta"].place(0.25) == 0.25
    assert by_name["lr"].place(0.01) == pytest.approx(0.5)
    assert by_name["z"].place(10) == pytest.approx(1 / 3)
    assert by_name["patience"].place(None) == 0.0
    assert by_name["loss"].place("ce") == 1.0
    assert by_name["batch_norm"].place(True) == 1.0
    assert by_name["T"].place(None) is None  # of an ANN
    assert by_name["lr"].ticks() == [(0.0, "0.0001"), (pytest.approx(0.5), "0.01"), (1.0, "1")]
    assert [text for _, text in by_name["patience"].ticks()] == ["none", "3"]


def test_one_generation_is_said_to_be_random():
    few = asked(searching("val_accuracy:max", search="nsga2", trials=32))
    assert "generations of 32" in few
    assert few.endswith("all are drawn at random.")
    assert "at random" not in asked(searching("val_accuracy:max", search="nsga2", trials=33))


def test_a_study_that_looks_for_nothing_has_no_search(tmp_path):
    section, _ = section_of(folder_of(tmp_path), searching(search="grid", trials=None,
                                                           axes=("beta=0.1,0.9",)))  # fmt: skip
    assert section.search is None
    report = summarise(load([tmp_path]), {}, with_figures=False)
    assert "objective)" not in to_html(report) + to_markdown(report)
