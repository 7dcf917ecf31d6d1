"""Which configuration is best, which cannot be told from it, and what each costs beside its ANN."""

import pytest

from snnbench.report.judging.standing import standings, twin_of
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from snnbench.studies.objective import TEST_ACCURACY, Objective
from tests.report.samples import Made

ENERGY = "energy_pj_compute45nm"
ANN = {"model": "ann", "encoding": None, "T": None, "neuron": None, "v_th": None, "loss": "ce",
       "firing_rate": None}  # fmt: skip


def standing(made, tmp_path, objective=TEST_ACCURACY):
    configurations = configurations_of(load([made.write(tmp_path)]).runs)
    return standings(configurations, objective, ENERGY)


def test_ties_are_told_by_differences_seed_by_seed(tmp_path):
    made = Made()
    made.runs("test_accuracy", [0.80, 0.90, 0.70], beta=0.1)
    made.runs("test_accuracy", [0.79, 0.89, 0.69], beta=0.2)  # always 0.01 worse: told apart
    made.runs("test_accuracy", [0.90, 0.70, 0.78], beta=0.3)  # as far off, but now here, now there
    made.run(0, beta=0.4, test_accuracy=0.5)
    made.run(0, beta=0.5, status="diverged")
    found = standing(made, tmp_path)
    assert [one.configuration.row["beta"] for one in found] == [0.1, 0.3, 0.2, 0.4, 0.5]
    assert [one.tied for one in found] == [True, True, False, None, None]
    assert [one.accuracy.n if one.accuracy else None for one in found] == [3, 3, 3, 1, None]


def test_the_smallest_is_the_best_where_that_is_looked_for(tmp_path):
    made = Made()
    made.runs(ENERGY, [10.0, 11.0], beta=0.1).runs(ENERGY, [5.0, 5.5], beta=0.2)
    found = standing(made, tmp_path, Objective(ENERGY, "min"))
    assert [one.configuration.row["beta"] for one in found] == [0.2, 0.1]
    assert [one.objective.value for one in found] == [5.25, 10.5]


def test_an_snn_costs_so_many_times_what_its_ann_costs(tmp_path):
    made = Made()
    for lr in (0.1, 0.2):
        made.runs(
            ENERGY, [400.0 * lr, 800.0 * lr], lr=lr, test_accuracy=0.9, beta=0.5, readout="rate"
        )
        made.runs(ENERGY, [800.0 * lr, 1600.0 * lr], lr=lr, test_accuracy=0.9, **ANN)
    made.runs(
        ENERGY, [1.0, 1.0], lr=0.3, test_accuracy=0.9, beta=0.5, readout="rate"
    )  # no ANN has this lr
    found = {(c.row["model"], c.row["lr"]): one for one in standing(made, tmp_path)
             if (c := one.configuration)}  # fmt: skip
    for lr in (0.1, 0.2):
        one = found["snn", lr]
        assert (one.twin.row["model"], one.twin.row["lr"]) == ("ann", lr)
        assert one.ratio.value == pytest.approx(0.5)
        assert (one.ratio.paired, one.ratio.n) == (True, 2)
        assert found["ann", lr].twin is None
    assert (found["snn", 0.3].twin, found["snn", 0.3].ratio) == (None, None)


@pytest.mark.parametrize(
    ("snn", "ann", "is_twin"),
    [("mse", "ce", True), ("ce", "ce", True), ("mse", "mse", True), ("ce", "mse", False)],
)
def test_a_loss_is_the_same_or_what_each_model_chooses(tmp_path, snn, ann, is_twin):
    made = Made().run(0, loss=snn, readout="rate").run(0, **ANN | {"loss": ann})
    configurations = configurations_of(load([made.write(tmp_path)]).runs)
    (spiking,) = [c for c in configurations if c.row["model"] == "snn"]
    assert (twin_of(spiking, configurations) is not None) == is_twin


def test_a_network_that_answers_nothing_has_no_energy(tmp_path):
    made = Made().runs("test_accuracy", [0.1, 0.1], beta=0.1, activity="silent")
    made.runs("test_accuracy", [0.9, 0.8], beta=0.2)
    good, dead = standing(made, tmp_path)
    assert (good.energy.value, dead.energy) == (900.0, None)
    assert dead.configuration.dead == {"silent": 2}


@pytest.mark.parametrize(
    ("accuracies", "size", "at_chance"),
    [
        ([0.1], 10**9, True), ([0.11], 10**9, False), ([0.11], 360, True), ([0.2], 360, False),
        ([0.05], 360, True), ([0.10, 0.14], 10**9, True), ([0.13, 0.14], 10**9, True),
        ([0.135, 0.14], 10**9, False),
    ],
)  # fmt: skip
def test_at_chance_is_what_ten_classes_give_by_guessing(tmp_path, accuracies, size, at_chance):
    made = Made().runs("test_accuracy", accuracies, test_size=size)
    (one,) = standing(made, tmp_path)
    assert one.at_chance == at_chance
