"""The tables of conventions and energy models."""

import math
import sys

import pytest

from snnbench.cost.derive import derived, layer_row, network_values, operations, quantities
from snnbench.cost.facts import FACTS, Share
from snnbench.errors import UserError
from snnbench.words.conventions import CONVENTIONS
from snnbench.words.energies import ENERGIES
from snnbench.words.table import Plugin
from tests.cost.layers import layer

ABOUT = {"unit": "operations a sample", "formula": "N", "source": "a test"}
EVERY_FACT = {
    "dense_operations": 39200.0, "effective_operations": 6.0, "input_nonzero": 2.0,
    "neuron_updates": 50, "states": 10,
}  # fmt: skip


@pytest.mark.parametrize("word", derived().values(), ids=lambda word: word.column)
def test_a_convention_says_what_it_is_and_can_be_computed(word):
    assert word.meaning
    assert word.unit.endswith("a sample")
    assert word.formula
    assert len(word.source) > len("(2014)")
    assert isinstance(word.load()(layer(**EVERY_FACT)), float)


def test_the_columns_of_version_1_stand_first_and_in_its_order():
    old = [quantity.name for quantity in quantities() if quantity.since == 1]
    assert [quantity.name for quantity in quantities()][: len(old)] == old
    assert " ".join(old) == (
        "layer kind input_kind applied_steps inputs outputs params input_rate output_rate"
        " flops_lab dense_macs effective_macs effective_acs energy_pj_compute45nm"
    )


def test_every_fact_has_a_meaning_and_a_row_has_every_quantity_once():
    assert all(fact.meaning for fact in FACTS)
    names = [quantity.name for quantity in quantities()]
    assert list(layer_row(layer())) == names
    assert len(set(names)) == len(names) == len(FACTS) + len(operations())


def test_an_energys_column_says_its_unit():
    ENERGIES.add("chip-7", "of a chip", formula="N", source="a test")(lambda layer: layer.outputs)
    assert ENERGIES["chip-7"].unit == "pJ a sample"
    row = layer_row(layer())
    assert row["energy_pj_chip_7"] == 10
    assert isinstance(row["energy_pj_chip_7"], float)


@pytest.mark.parametrize("name", ["inputs", "energy_pj_compute45nm"])
def test_two_quantities_cannot_have_one_column(name):
    CONVENTIONS.add(name, "taken", **ABOUT)(lambda layer: None)
    with pytest.raises(UserError, match=f"'{name}' already"):
        derived()


def test_a_name_that_would_break_the_tables_header_is_refused():
    with pytest.raises(UserError, match="a,b"):
        CONVENTIONS.add("a,b", "broken", **ABOUT)(lambda layer: None)
    assert "a,b" not in CONVENTIONS


@pytest.mark.parametrize("table", [CONVENTIONS, ENERGIES])
def test_a_function_that_does_not_take_a_layer_is_refused(table):
    with pytest.raises(UserError, match=r"Let it take \(layer\)"):
        table.add("wide", "takes more", **ABOUT)(lambda layer, steps: None)
    assert "wide" not in table


def test_a_plug_ins_mistake_is_named(monkeypatch):
    monkeypatch.setattr("snnbench.words.table.Table.plugin", Plugin("mine.py", "0" * 64))
    CONVENTIONS.add("doubled", "rates", **ABOUT)(lambda layer: 2 * layer.input_rate)
    assert layer_row(layer())["doubled"] == 1.0
    with pytest.raises(UserError, match="doubled of layer fc1"):
        layer_row(layer(input_rate=None))


def test_a_share_cannot_have_a_column():
    CONVENTIONS.add("used", "share of outputs", **ABOUT)(lambda layer: Share(1, layer.outputs))
    for ask in (layer_row, lambda facts: network_values([facts])):
        with pytest.raises(UserError, match=r"used of layer fc1 .*: a share can have no column"):
            ask(layer())


@pytest.mark.parametrize(
    "gives",
    [math.nan, math.inf, -math.inf, "7", [1.0], 1j, Share(math.nan, 1), Share(0, math.inf)],
    ids=str,
)
def test_what_is_no_count_is_refused(gives):
    CONVENTIONS.add("odd", "no count", **ABOUT, since=None)(lambda layer: gives)
    with pytest.raises(UserError, match=r"odd of layer fc1 cannot be computed.*: it gives "):
        network_values([layer()])


def test_an_exit_names_its_line():
    CONVENTIONS.add("left", "exits", **ABOUT)(lambda layer: sys.exit(0))
    with pytest.raises(UserError, match=r"left of layer fc1 .*test_words\.py, line \d+"):
        layer_row(layer())


def test_shares_and_numbers_do_not_mix():
    def mixed(facts):
        return Share(1, 2) if facts.layer == "fc1" else 3.0

    CONVENTIONS.add("mixed", "both", **ABOUT, since=None)(mixed)
    with pytest.raises(UserError, match="mixed is a share of one layer and a number of another"):
        network_values([layer(), layer(layer="fc2")])
