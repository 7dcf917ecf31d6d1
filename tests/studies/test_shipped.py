"""The studies that ship: each expands, and speaks of what it runs."""

import pytest

from snnbench.results.schema import EPOCHS, columns_of
from snnbench.studies.catalogue import find_study, shipped
from snnbench.studies.plan import expand
from snnbench.studies.selecting import select, values_along

# study -> number of runs: configurations times seeds
RUN_COUNTS = {
    "cifar-mlp-batch": 15, "cifar-mlp-depth": 15, "cifar-mlp-dropout": 15, "cifar-mlp-epochs": 15,
    "cifar-mlp-final": 15, "cifar-mlp-l2": 15, "cifar-mlp-lr": 15, "cifar-mlp-optimizer": 10,
    "cifar-mlp-schedule": 10, "cifar-mlp-width": 15, "lab1-T": 30, "lab1-beta": 45,
    "lab1-encoding": 15, "lab1-flops": 10, "lab1-loss": 10, "lab1-vth": 30, "lab1-z": 30,
    "mimic": 15, "mimic-spiking": 15, "mimic-teachers": 18, "mimic-units": 8, "mlp-batch": 15,
    "mlp-best": 5, "mlp-bn": 10, "mlp-depth": 15, "mlp-dropout": 20, "mlp-init": 20, "mlp-lr": 15,
    "mlp-optimizer": 10, "mlp-preprocessing": 10, "numpy-mlp-arch": 40, "numpy-mlp-batch": 50,
    "numpy-mlp-lr": 40, "tabular-bn": 20, "tabular-depth": 25, "tabular-original": 5,
    "tabular-snn": 20, "tabular-surrogate": 20,
}  # fmt: skip
# What the documents must find here, one name or more for each of their sections.
NAMES = (
    "lab1-z", "lab1-beta", "lab1-vth", "lab1-T", "lab1-encoding", "lab1-loss", "lab1-flops",
    "tabular-depth", "tabular-bn", "tabular-snn", "numpy-mlp-lr", "numpy-mlp-batch",
    "numpy-mlp-arch", "mimic",
)  # fmt: skip
HEAVY = {"mimic-units"}  # a net of 20,000 hidden units
FAMILIES = {"cifar-mlp-": 10, "mlp-": 9, "mimic-": 3}


@pytest.fixture(scope="module")
def studies():
    return {name: find_study(name) for name in shipped()}


@pytest.fixture(scope="module")
def plans(studies):
    return {name: expand(study) for name, study in studies.items()}


def test_every_experiment_of_the_documents_is_there():
    assert set(NAMES) <= set(shipped())
    for family, count in FAMILIES.items():
        assert sum(name.startswith(family) for name in shipped()) == count


def test_every_study_has_as_many_runs_as_expected(plans):
    assert {name: len(plan.runs) for name, plan in plans.items()} == RUN_COUNTS


@pytest.mark.parametrize("name", shipped())
def test_a_study_says_what_it_is_and_where_it_is_from(name, studies):
    study = studies[name]
    assert study.name == name
    assert study.title
    assert study.source
    assert study.assumptions
    assert study.claims
    assert len(study.seeds) >= (2 if name in HEAVY else 3)
    assert len({claim.text for claim in study.claims}) == len(study.claims)


@pytest.mark.parametrize("name", shipped())
def test_every_selector_selects_runs(name, studies, plans):
    rows = plans[name].rows()
    for said in (*studies[name].claims, *studies[name].published):
        for selector in said.selectors().values():
            assert select(selector, rows), said.text


@pytest.mark.parametrize("name", shipped())
def test_a_comparison_has_runs_of_every_seed_on_both_sides(name, studies, plans):
    rows = plans[name].rows()
    for claim in studies[name].claims:
        selectors = claim.selectors()
        if "a" in selectors:
            a, b = (select(selectors[key], rows) for key in ("a", "b"))
            assert values_along("seed", a) == values_along("seed", b) == sorted(studies[name].seeds)
            ids = [{id(row) for row in side} for side in (a, b)]
            assert not ids[0] & ids[1], claim.text


@pytest.mark.parametrize("name", shipped())
def test_metrics_are_columns_of_the_tables(name, studies):
    columns = {column.name for column in (*columns_of("runs"), *EPOCHS)}
    for said in (*studies[name].claims, *studies[name].published):
        assert said.metric in columns


@pytest.mark.parametrize("name", shipped())
def test_fractions_are_fractions(name, studies):
    for said in (*studies[name].claims, *studies[name].published):
        if said.metric.endswith("accuracy") and hasattr(said, "value"):
            assert 0 <= said.value <= 1, said.text


@pytest.mark.parametrize("name", [n for n in shipped() if n.startswith(("numpy-", "mlp-"))])
def test_networks_written_in_numpy_are_trained_in_numpy(name, plans):
    assert {run.config.engine for run in plans[name].runs} == {"numpy"}


@pytest.mark.parametrize(
    ("name", "stand_in"), [("tabular-", "tabular-standin"), ("mlp-", "cifar10-pca128")]
)
def test_data_that_are_not_public_are_named_in_the_assumptions(name, stand_in, studies):
    for study in studies.values():
        if study.name.startswith(name):
            assert any(stand_in in a.text and "not public" in a.text for a in study.assumptions)


def test_full_data_and_no_short_cuts(plans):
    for name, plan in plans.items():
        for run in plan.runs:
            assert run.config.train_samples is run.config.test_samples is None, name


def test_the_spiking_network_of_the_table_has_the_published_parameters(plans):
    from snnbench.network.plan import plan_layers

    (config, *_) = [run.config for run in plans["tabular-snn"].runs if "snn" in run.variants]
    layers = plan_layers(config, (50,))
    assert sum(layer.parameters(bias=True, batch_norm=False) for layer in layers) == 145_668
    assert [layer.activation for layer in layers] == ["linear", "spike", "spike", "relu"]
