"""An SNN beside its twin: the words follow from the intervals."""

import json
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from snnbench.errors import UserError
from snnbench.report.judging.answer import answer
from snnbench.report.page import telling
from snnbench.report.reading.source import load
from snnbench.report.reading.statistics import seeds_needed
from snnbench.studies.margins import read_margin
from tests.report.samples import Made

SPIKING = {"kind": "linear", "input_kind": "spikes", "applied_steps": 5, "inputs": 64,
           "outputs": 10, "params": 650, "steps": 5, "model": "snn", "input_rate": 0.1,
           "output_rate": 0.2, "dense_operations": 3200.0, "neuron_updates": 50,
           "output_spikes": 10.0}  # fmt: skip
REAL = {"kind": "linear", "input_kind": "real", "applied_steps": 1, "inputs": 64, "outputs": 10,
        "params": 650, "steps": 1, "model": "ann", "dense_operations": 640.0,
        "neuron_updates": 0}  # fmt: skip


# of layers that say nothing of these
UNSAID = dict.fromkeys(("flops_lab", "dense_macs", "energy_pj_compute45nm"))


def made(tmp_path, snn, ann, *, spikes=1000.0, products=320.0, **more):
    """A folder of runs with these accuracies, seed by seed."""
    runs = Made()
    for seed, accuracy in enumerate(snn):
        layer = {"layer": "fc1", **SPIKING, "effective_operations": spikes + seed}
        runs.run(seed, arch="10", test_accuracy=accuracy, activity="alive", layers=[layer],
                 params=650, **UNSAID, **more)  # fmt: skip
    for seed, accuracy in enumerate(ann):
        layer = {"layer": "fc1", **REAL, "effective_operations": products + seed}
        runs.run(seed, model="ann", arch="10", test_accuracy=accuracy, layers=[layer],
                 encoding=None, T=None, neuron=None, v_th=None, firing_rate=None,
                 params=650, **UNSAID)  # fmt: skip
    return load([runs.write(tmp_path)])


@pytest.mark.parametrize(
    ("snn", "ann", "word"),
    [
        ([0.95, 0.951, 0.952], [0.94, 0.942, 0.941], "better"),
        ([0.949, 0.951, 0.95], [0.95, 0.95, 0.951], "not worse"),
        ([0.90, 0.901, 0.902], [0.95, 0.95, 0.951], "worse"),
        ([0.93, 0.95, 0.94], [0.94, 0.945, 0.95], "undecided"),
        ([0.93], [0.94], "undecided"),
    ],
)
def test_who_is_as_accurate(snn, ann, word, tmp_path):
    (pair,) = answer(made(tmp_path, snn, ann), 0.01).pairs
    assert pair.word == word
    differences = [a - b for a, b in zip(snn, ann, strict=True)]
    assert pair.difference.value == pytest.approx(statistics.fmean(differences))
    if len(snn) > 1:
        half = t.ppf(0.975, len(snn) - 1) * statistics.stdev(differences) / math.sqrt(len(snn))
        assert pair.difference.low == pytest.approx(pair.difference.value - half, abs=1e-4)
    said = telling.accuracy_sentence(pair, 0.01)
    assert said.startswith(f"Accuracy: {word}")
    assert f"n = {len(snn)}." in said


def test_what_it_costs_by_both_denominators(tmp_path):
    (pair,) = answer(made(tmp_path, [0.9, 0.91], [0.9, 0.91]), 0.01).pairs
    costs = {cost.model: cost for cost in pair.costs}
    skipped, dense = costs["compute45nm"], costs["compute45nm-dense"]
    by_seed = [4.6 * (320 + seed) / (0.9 * (1000 + seed)) for seed in (0, 1)]
    assert skipped.ratio.value == pytest.approx(math.sqrt(math.prod(by_seed)))
    assert (skipped.word, dense.word) == ("cheaper", "cheaper")
    assert dense.ratio.value > skipped.ratio.value
    assert costs["quantised"].ratio.n == 2
    (dearer,) = answer(made(tmp_path / "b", [0.9, 0.9], [0.9, 0.9], spikes=2500.0), 0.01).pairs
    words = {cost.model: cost.word for cost in dearer.costs}
    assert (words["compute45nm"], words["compute45nm-dense"]) == ("dearer", "cheaper")
    assert dearer.cost_word == "depends on the model"
    assert "The models disagree" in dearer.sentence
    assert "times dearer" in telling.cost_words(dearer.costs[0])


def test_dead_and_chance_and_single_seeds_are_warned_of(tmp_path):
    tables = made(tmp_path, [0.1], [0.9], spikes=0.0)
    tables.runs.loc[tables.runs["model"] == "snn", "activity"] = "silent"
    (pair,) = answer(tables, 0.01).pairs
    assert pair.costs == ()
    said = " ".join(pair.warnings)
    for part in ("are silent", "SNN is at chance", "has no interval"):
        assert part in said
    assert "ANN is at chance" not in said
    json.dumps(telling.to_document(answer(tables, 0.01)), allow_nan=False)


def test_without_a_twin_it_is_said(tmp_path):
    made_ = answer(made(tmp_path, [0.9, 0.9], []), 0.01)
    assert made_.pairs == ()
    assert telling.sentences(made_) == ["The SNN has no twin."]


@given(
    st.lists(st.floats(-0.05, 0.05), min_size=2, max_size=8),
    st.floats(0.001, 0.05),
)
def test_as_many_seeds_as_are_needed_and_not_one_less(differences, distance):
    a = {seed: 0.9 + d for seed, d in enumerate(differences)}
    b = dict.fromkeys(a, 0.9)
    n = seeds_needed(a, b, distance)
    spread = statistics.stdev([a[s] - b[s] for s in a])

    def half(n):
        return t.ppf(0.975, n - 1) * spread / math.sqrt(n)

    if n is None:
        assert half(1000) >= distance
        return
    assert half(n) < distance
    assert n == len(a) + 1 or half(n - 1) >= distance


@pytest.mark.parametrize(
    ("text", "value"), [("1%", 0.01), ("0.5 %", 0.005), ("0", 0), ("0.02", 0.02)]
)
def test_a_margin(text, value):
    assert read_margin(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "%", "-1%", "100%", "nan", "inf", "1,5%", "ten", "1%%"])
def test_what_is_no_margin(text):
    with pytest.raises(UserError, match="--margin"):
        read_margin(text)
