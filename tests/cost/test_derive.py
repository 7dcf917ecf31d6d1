"""Conventions applied to layers recorded long ago."""

from pathlib import Path

import pytest

from snnbench.cost.derive import derive, layer_row, totals
from snnbench.results.frames import read_layers, read_runs, to_rows
from snnbench.words.conventions import CONVENTIONS
from snnbench.words.energies import ENERGIES
from tests.cost.layers import layer

RESULTS = Path(__file__).parents[2] / "results"
OPERATIONS = ("flops_lab", "dense_macs", "effective_macs", "effective_acs", "energy_pj_compute45nm")
FACTS_OF_VERSION_1 = (
    "layer", "kind", "input_kind", "applied_steps", "inputs", "outputs", "params", "input_rate",
    "output_rate",
)  # fmt: skip
COUNTED = layer(dense_operations=39200.0, effective_operations=1960.0)


def recorded(study):
    """The runs of version 1 with their layers: run, rows of layers.csv."""
    layers = {}
    for row in to_rows(read_layers(RESULTS / study)):
        old = {name: row[name] for name in (*FACTS_OF_VERSION_1, *OPERATIONS)}
        layers.setdefault(row["run_id"], []).append(old)
    return [(run, layers.get(run["run_id"], [])) for run in to_rows(read_runs(RESULTS / study))]


def test_a_row_with_all_counts_needs_none():
    assert derive(layer_row(COUNTED)) == {}


def test_the_counts_of_a_row_that_holds_facts_alone_are_those_of_the_layer():
    assert derive(vars(COUNTED)) == {name: layer_row(COUNTED)[name] for name in OPERATIONS}


def test_what_does_not_follow_from_a_row_is_left_out():
    facts = {name: value for name, value in vars(COUNTED).items() if name in FACTS_OF_VERSION_1}
    assert derive(facts) == {"effective_macs": 0.0}
    lab = layer_row(layer(input_kind="real"))["flops_lab"]
    assert derive(facts | {"input_kind": "real"}) == {"flops_lab": lab}


@pytest.mark.parametrize("study", ["lab1-beta", "mimic-teachers", "lab1-loss"])
def test_counts_derived_again_from_recorded_rows_are_those_recorded_bit_for_bit(study):
    for run, rows in recorded(study):
        about = {"model": run["model"], "steps": run["T"] or 1}
        for row in rows:
            for name in ("flops_lab", "energy_pj_compute45nm"):
                assert derive(row | about | {name: None}) == {name: row[name]}
        if rows:
            assert totals(rows) == {name: run[name] for name in OPERATIONS}


def test_a_convention_added_today_applies_to_a_run_recorded_before():
    about = {"unit": "ACs a sample", "formula": "effective_operations / N", "source": "a test"}

    @CONVENTIONS.add("acs_an_output", "accumulates an output", **about)
    def acs_an_output(layer):
        operations = layer.effective_operations
        return None if operations is None else operations / layer.outputs

    ENERGIES.add("half", "half a pJ", formula="", source="")(lambda layer: layer.outputs / 2)
    try:
        _, rows = next(found for found in recorded("lab1-beta") if found[1])
        first = rows[0]["effective_macs"] + rows[0]["effective_acs"]
        assert first > 0
        outputs = rows[0]["outputs"]
        added = {"acs_an_output": first / outputs, "energy_pj_half": outputs / 2}
        assert derive(rows[0]) == added
        sums = totals(rows)
        assert sums["acs_an_output"] == sum(derive(row)["acs_an_output"] for row in rows)
        assert sums["energy_pj_half"] == sum(row["outputs"] for row in rows) / 2
    finally:
        CONVENTIONS.remove("acs_an_output")
        ENERGIES.remove("half")
    assert derive(rows[0]) == {}
    assert list(totals(rows)) == list(OPERATIONS)


def test_a_total_is_missing_where_a_layers_count_is_or_there_is_no_layer():
    known, unknown = vars(COUNTED), vars(layer(input_rate=None))
    assert totals([known, known])["dense_macs"] == 2 * 39200
    assert totals([known, unknown])["dense_macs"] is None
    assert totals([known, unknown])["effective_macs"] == 0
    assert set(totals([]).values()) == {None}
