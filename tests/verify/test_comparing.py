"""Recorded rows against those of training again, cell by cell."""

import pytest

from snnbench.verify.choosing import Chosen
from snnbench.verify.comparing import compare

RUN = {
    "run_id": "abc", "schema": 1, "status": "done", "model": "snn", "beta": 0.5, "epochs_run": 2,
    "best_epoch": 2, "test_accuracy": 0.9, "max_test_accuracy": 0.9, "train_loss": 0.25,
    "flops_lab": 1000.0, "dense_macs": 500.0, "energy_pj_compute45nm": 900.0, "params": 100,
    "train_seconds": 1.0, "device_name": "there", "torch_version": "2", "layers": None,
}  # fmt: skip
EPOCHS = [{"run_id": "abc", "epoch": n, "test_loss": 0.5 / n, "train_seconds": 1} for n in (1, 2)]
LAYERS = [{"run_id": "abc", "layer": "fc1", "kind": "linear", "outputs": 10, "input_rate": 0.5,
           "dense_operations": None}]  # fmt: skip
TOLERANCE = 1e-4


def compared(run=None, epochs=None, layers=None, **theirs):
    chosen = Chosen(RUN | theirs, EPOCHS, LAYERS, [], None, "", TOLERANCE,
                    {"train": 1000, "val": 100, "test": 200})  # fmt: skip
    return compare(
        chosen, RUN | (run or {}), EPOCHS if epochs is None else epochs,
        LAYERS if layers is None else layers,
    )  # fmt: skip


def test_the_same_bits_are_the_same_wherever_and_however_long_they_took():
    found = compared(
        {"train_seconds": 9.0, "started_at": "now", "device_name": "here", "threads": 2,
         "schema": 3, "layers": 1, "study": "mine", "measured_train_j": 4.0, "idle_w": 30.0,
         "energy_counters": "package-0"},
        layers=[LAYERS[0] | {"dense_operations": 5.0}], measured_train_j=5.0, measured_eval_j=1.0,
    )  # fmt: skip
    assert (found.outcome, found.differences, found.largest) == ("same", (), None)
    in_runs = 10  # status, two numbers of epochs, two accuracies, loss, params and three counts
    assert found.columns == in_runs + len(("test_loss",)) + len(("kind", "outputs", "input_rate"))
    assert found.origin == {"device_name": ("there", "here")}


@pytest.mark.parametrize(
    ("column", "value", "outcome"),
    [
        ("train_loss", 0.25 * (1 + 0.9e-4), "rounding"),
        ("train_loss", 0.25 * (1 + 1.1e-4), "different"),
        ("train_loss", -0.25, "different"),
        ("train_loss", None, "different"),
        ("val_loss", 0.1, "different"),
        ("flops_lab", 1000.0000001, "rounding"),
        ("dense_macs", 500.0000001, "different"),
        ("params", 101, "different"),
        ("best_epoch", 1, "different"),
        ("test_accuracy", 0.905, "rounding"),  # one of 200 samples
        ("max_test_accuracy", 0.895, "rounding"),
        ("test_accuracy", 0.91, "different"),
        ("energy_pj_compute45nm", 0.0, "different"),
        ("status", "diverged", "different"),
    ],
)
def test_a_difference_is_explained_by_rounding_or_not(column, value, outcome):
    found = compared({column: value})
    assert found.outcome == outcome
    assert [d.name for d in found.differences] == [column]
    assert found.largest.retrained == value


def test_counts_of_an_ann_follow_from_its_settings():
    assert compared({"model": "ann", "flops_lab": 1000.01}, model="ann").outcome == "different"
    assert compared({"flops_lab": 1000.01}).outcome == "rounding"


def test_differences_in_the_other_tables_are_named_by_table_and_row():
    found = compared(epochs=[EPOCHS[0], EPOCHS[1] | {"test_loss": 0.3}])
    assert found.outcome == "different"
    (difference,) = found.differences
    assert (difference.name, difference.row, difference.recorded) == ("epochs.test_loss", "2", 0.25)
    found = compared(layers=[LAYERS[0] | {"kind": "conv", "input_rate": 0.50001}])
    assert {d.name: d.rounding for d in found.differences} == {
        "layers.kind": False, "layers.input_rate": True,
    }  # fmt: skip
    assert found.largest.name == "layers.kind"
    assert compared(epochs=EPOCHS[:1]).outcome == "different"
    assert compared(layers=[]).outcome == "different"


def test_tables_that_are_lost_there_are_not_held_against_a_run():
    chosen = Chosen(RUN, [], [], [], None, "", TOLERANCE, {})
    assert compare(chosen, RUN, EPOCHS, LAYERS).outcome == "same"
