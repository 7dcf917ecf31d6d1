"""Energies in reports: every model's, from what runs recorded, the headline chosen."""

import json
from dataclasses import replace

import pytest

from snnbench import train
from snnbench.cost.comparing import CostComparison
from snnbench.cost.derive import facts_of, network_value
from snnbench.report.judging.evidence import Evidence
from snnbench.report.page.render import to_document
from snnbench.report.page.summary import compare, summarise
from snnbench.report.page.tables import section_tables
from snnbench.report.reading.conditions import parse_where
from snnbench.report.reading.energies import models
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from snnbench.results.frames import to_rows
from snnbench.words.conventions import find_convention
from snnbench.words.energies import ENERGIES
from tests.report.samples import Made

EIGHT = find_convention(ENERGIES, "memory45nm:bits=8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    for model in ("snn", "ann"):
        train(out=out, model=model, arch="8-10", epochs=1, train_samples=128, test_samples=32)
    return out


@pytest.fixture(scope="module")
def report(folder):
    return summarise(load([folder], EIGHT), {})


def test_every_model_is_there_and_what_it_takes_for_given(report):
    (section,) = report.sections
    tables = {table.title: table for table in section_tables(section)}
    energies = tables["Energy of a sample by every model, pJ"]
    labels = [word.label for word in models(EIGHT)]
    assert list(energies.header[5:]) == labels
    assert [row[0] for row in tables["What the energies take for given"].rows] == labels
    assert {row[2] for row in energies.rows} == {"bernoulli", "an ANN"}


def test_they_are_those_of_the_facts(folder):
    tables = load([folder], EIGHT)
    for row in to_rows(tables.runs):
        own = tables.layers[tables.layers["run_id"] == row["run_id"]]
        facts = [facts_of(layer) for layer in to_rows(own)]
        for word in models(EIGHT):
            assert row[word.column] == network_value(word, facts)
    snn = next(row for row in to_rows(tables.runs) if row["model"] == "snn")
    assert 0 < snn[EIGHT.column] < snn["energy_pj_memory45nm"]


def test_the_headline_is_drawn_compared_and_in_the_document(report):
    (section,) = report.sections
    drawn = next(figure for figure in section.figures if figure.name.endswith("-energy"))
    assert f"energy by {EIGHT.label}" in drawn.svg
    document = json.loads(json.dumps(to_document(report)))["studies"][0]
    assert document["energy"][EIGHT.label].startswith("8-bit numbers")
    for configuration in document["configurations"]:
        assert EIGHT.column in configuration["results"]
    _, differences = compare(report, parse_where("model=ann"))
    assert EIGHT.column in {difference.column for difference in differences}


@pytest.mark.parametrize("name", ["quantised", "quantised:bits=4", "memory45nm:bits=16", "gpu"])
def test_claims_compare_by_the_model_of_the_twin(folder, name):
    """As `flops --compare` has it, where nobody chose other bits."""
    tables = load([folder])
    configurations = configurations_of(tables.runs)
    evidence = Evidence(configurations, tables.epochs, tables.layers)
    ann, snn = sorted(configurations, key=lambda c: c.row["model"])
    facts = {
        c.row["model"]: tuple(
            facts_of(row)
            for row in to_rows(tables.layers[tables.layers["run_id"].isin(c.runs["run_id"])])
        )
        for c in (ann, snn)
    }
    word = find_convention(ENERGIES, name)
    compared = CostComparison(facts["snn"], facts["ann"], (word,))
    mine, other = next(row[2:4] for row in compared.rows() if row[0] == word.column)
    if word.choice:
        other = network_value(word, facts["ann"])
    assert evidence.energy(snn, word, beside=[ann]) == {0: pytest.approx(mine)}
    assert evidence.energy(ann, word, beside=[snn]) == {0: pytest.approx(other)}
    alone = network_value(word, facts["ann"])
    assert evidence.energy(ann, word) == {0: pytest.approx(alone)}
    if name == "quantised":
        assert other < alone  # 3 or 4 bits instead of 8
        longer = replace(snn, row={**snn.row, "T": 255})
        both = evidence.energy(ann, word, beside=[snn, longer])
        assert both == {0: pytest.approx((other + alone) / 2)}


def test_what_older_tables_do_not_tell_is_said(tmp_path):
    tables = load([Made().run(0).write(tmp_path)], EIGHT)
    assert any("Energy by memory45nm:bits=8 is not known of any run" in n for n in tables.notes)
