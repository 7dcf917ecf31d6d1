"""A network that gives one answer to everything wins no comparison of costs."""

import json

import pytest

from snnbench.cost.activity import activity_of
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.standing import standings
from snnbench.report.judging.verdicts import judge
from snnbench.report.page.summary import compare, summarise
from snnbench.report.page.tables import section_tables
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from snnbench.studies import claims as c
from snnbench.studies.objective import Objective
from snnbench.studies.selecting import Selector
from tests.forking import run_snnbench
from tests.report.samples import Made

ENERGY = "energy_pj_compute45nm"
ANN = Selector((("model", ("ann",)),))
SNN = Selector((("model", ("snn",)),))
DEAD = Selector((("v_th", (9.0,)),))


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ((0.1, 0.2), "alive"), ((0.1, 0.0), "silent"), ((0.0, None), "silent"),
        ((1.0, 0.5), "saturated"), ((1.0, 0.0), "silent"), ((None, None), None), ((), None),
        ((1e-9, 1 - 1e-9), "alive"),
    ],
)  # fmt: skip
def test_a_layer_that_fires_never_or_always_lets_nothing_pass(rates, said):
    assert activity_of(rates) == said


def made(activity="silent"):
    tables = Made()
    for seed in range(3):
        tables.run(seed, model="ann", v_th=None, test_accuracy=0.9, **{ENERGY: 1000.0 + seed})
        tables.run(seed, v_th=1.0, test_accuracy=0.9, activity="alive", **{ENERGY: 800.0 + seed})
        tables.run(seed, v_th=9.0, test_accuracy=0.1, activity=activity, **{ENERGY: 10.0 + seed})
    return tables


@pytest.fixture(params=["silent", "saturated"])
def folder(request, tmp_path):
    return made(request.param).write(tmp_path / request.param)


def test_it_has_no_difference_in_cost_from_a_baseline_and_the_report_says_why(folder):
    report = summarise(load([folder]), {}, with_figures=False)
    _, differences = compare(report, ANN)
    costs = {d.configuration for d in differences if d.column in (ENERGY, "flops_lab")}
    assert costs == {"SNN, v_th=1"}
    assert len({d.configuration for d in differences if d.column == "test_accuracy"}) == 2
    (note,) = [n for n in report.sections[0].notes if "same answer to everything" in n]
    assert f"v_th=9 (3 of 3 {folder.name})" in note
    tables = {table.title: table for table in section_tables(report.sections[0])}
    results = tables["Results by configuration"]
    at = results.header.index(folder.name)
    assert {row[0]: row[at].value for row in results.rows}["SNN, v_th=9"] == 3


def test_it_makes_no_claim_about_costs_hold(folder):
    tables = load([folder])
    evidence = Evidence(configurations_of(tables.runs), tables.epochs, tables.layers)
    cheaper = c.Better(text="", metric=ENERGY, direction="min", a=DEAD, b=ANN)
    assert judge(cheaper, evidence).outcome == "undecided"
    low = c.Below(text="", metric=ENERGY, value=100.0, where=DEAD)
    assert judge(low, evidence).outcome == "undecided"
    alive = c.Better(
        text="", metric=ENERGY, direction="min", a=Selector((("v_th", (1.0,)),)), b=ANN
    )
    assert judge(alive, evidence).outcome == "reproduced"


def test_it_is_not_the_best_by_a_cost_nor_on_the_front(folder):
    configurations = configurations_of(load([folder]).runs)
    known = standings(configurations, Objective(ENERGY, "min"), ENERGY)
    ranked = [one.configuration.name for one in known if one.objective is not None]
    assert ranked == ["SNN, v_th=1", "ANN"]
    report = summarise(load([folder]), {})
    (figure,) = [f for f in report.sections[0].figures if f.name.endswith("-energy")]
    assert "v_th=9" not in figure.description
    assert "Crosses are silent or saturated" in figure.caption


def test_tables_recorded_before_the_column_tell_it_by_their_layers(tmp_path):
    tables = Made()
    layer = {"layer": "fc1", "kind": "linear", "input_kind": "spikes", "applied_steps": 5,
             "inputs": 64, "outputs": 10, "params": 100, "input_rate": 0.1}  # fmt: skip
    for seed, rate in enumerate((0.0, 0.2, 1.0)):
        tables.run(seed, layers=[layer | {"output_rate": rate}], test_accuracy=0.5)
    runs = load([tables.write(tmp_path)]).runs
    assert list(runs["activity"]) == ["silent", "alive", "saturated"]


def test_a_dead_network_is_named_on_the_screen(tmp_path):
    size = ("--arch", "8-10", "-T", "3", "--epochs", "1", "--train-samples", "200")

    def run(*arguments):
        return run_snnbench(*arguments, cwd=tmp_path, check=True)

    trained = run("train", *size, "--v-th", "1e6")
    assert "The network is silent: a layer never fires" in trained.stderr
    assert json.loads(run("train", *size, "--v-th", "1e6", "--json").stdout)["run"][
        "activity"] == "silent"  # fmt: skip
    swept = run("sweep", *size, "--vary", "v_th=0.5,1e6", "--out", "out")
    assert "Silent or saturated: v_th=1e+06 (1 of 1 silent)." in swept.stdout
    assert "what they cost is no price of an answer" in swept.stdout
