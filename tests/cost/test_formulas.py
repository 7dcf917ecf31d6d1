"""The conventions and energies, by hand."""

import pytest

from snnbench.cost.formulas import (
    dense_macs,
    effective_acs,
    effective_macs,
    energy_pj_compute45nm,
    flops_lab,
)
from tests.cost.layers import layer

ANN = {"model": "ann", "steps": 1, "applied_steps": 1, "input_kind": "real", "input_rate": None}


def test_the_labs_ann_has_15_900_flops():
    assert flops_lab(layer(**ANN)) + flops_lab(layer(inputs=10, **ANN)) == 15_900


def test_the_lab_formula_at_rate_one_and_one_step_is_the_anns():
    assert flops_lab(layer(input_rate=1.0, steps=1)) == flops_lab(layer(**ANN))


@pytest.mark.parametrize("model", ["ann", "snn"])
@pytest.mark.parametrize(("kind", "applied"), [("real", 1), ("real", 5), ("constant", 1)])
@pytest.mark.parametrize("rate", [-3.0, 0.0, 0.25, None])
def test_values_that_are_no_spikes_count_as_in_an_ann_each_time_they_are_applied(
    model, kind, applied, rate
):
    found = layer(model=model, input_kind=kind, applied_steps=applied, input_rate=rate)
    assert flops_lab(found) == applied * flops_lab(layer(**ANN))


def test_spikes_into_an_ann_count_as_spikes():
    assert flops_lab(layer(model="ann", steps=1, input_rate=0.1)) == 2 * 784 * 0.1 * 10 + 10


def test_the_lab_formula_summed_over_steps_is_the_formula_of_the_mean_rate():
    rates = [0.1, 0.4, 0.25]
    single = sum((2 * 784 * rate - 1) * 10 + 2 * 10 for rate in rates)
    assert flops_lab(layer(input_rate=sum(rates) / 3, steps=3)) == pytest.approx(single)


def test_silent_input_leaves_one_operation_a_neuron_and_step():
    assert flops_lab(layer(input_rate=0.0)) == 10 * 5


def test_the_published_figure_follows_from_plausible_rates():
    # 10,945 at T = 5: MNIST's mean pixel 0.1325 (test images) in, and 0.5 or so between
    first, second = layer(input_rate=0.1325), layer(inputs=10, input_rate=0.456)
    assert flops_lab(first) + flops_lab(second) == pytest.approx(10_945, rel=1e-3)


def test_effective_operations_are_accumulates_where_the_input_is_spikes():
    for kind in ("spikes", "integers"):
        spikes = layer(effective_operations=7.0, input_kind=kind)
        assert (effective_macs(spikes), effective_acs(spikes)) == (0, 7)
    for kind in ("real", "constant"):
        real = layer(effective_operations=7.0, input_kind=kind)
        assert (effective_macs(real), effective_acs(real)) == (7, 0)


def test_energy_is_4_6_pj_a_mac_and_0_9_pj_an_ac():
    assert energy_pj_compute45nm(layer(effective_operations=10.0, input_kind="real")) == 46
    assert energy_pj_compute45nm(layer(effective_operations=10.0)) == 9


def test_what_needs_a_missing_fact_is_missing():
    unknown = layer()
    assert [f(unknown) for f in (dense_macs, effective_acs, energy_pj_compute45nm)] == [None] * 3
    assert effective_macs(layer(input_kind="real")) is None
    assert effective_macs(unknown) == 0  # whatever spikes meet, they are no products
    assert flops_lab(layer(input_rate=None)) is None
    assert flops_lab(layer(steps=None)) is None
    neither = layer(input_kind=None, effective_operations=7.0)
    counts = (flops_lab, effective_macs, effective_acs, energy_pj_compute45nm)
    assert [count(neither) for count in counts] == [None] * 4
