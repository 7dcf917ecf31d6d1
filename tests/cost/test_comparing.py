"""An SNN beside its twin: at a break-even both cost the same."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.cost.comparing import CostComparison
from snnbench.cost.derive import network_value, network_values
from snnbench.cost.expected import expected_count
from snnbench.words.energies import ENERGIES
from tests.cost.layers import layer

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=3)
RATES = st.floats(0.01, 1)


def snn(widths, rate, T, encoding="bernoulli"):
    arch = "-".join(map(str, (*widths, 10)))
    return expected_count(RunConfig(arch=arch, T=T, encoding=encoding), (50,), rate).facts


def ann(widths):
    arch = "-".join(map(str, (*widths, 10)))
    return expected_count(RunConfig(model="ann", arch=arch), (50,), None).facts


def mixed(widths, arriving, firing, T):
    """An SNN whose input has one rate and whose neurons have another."""
    first, *others = snn(widths, firing, T)
    entered = snn(widths, arriving, T)[0]
    return (replace(entered, output_spikes=first.output_spikes), *others)


def energy(model, facts, T=None):
    """By a model's name; T of the SNN that an ANN is compared with."""
    word = ENERGIES[model]
    return network_value(word if T is None else word.of_twin(T), facts)


@given(SIZES, RATES, RATES, st.integers(1, 30))
def test_at_a_rate_named_both_cost_the_same(widths, arriving, firing, T):
    other = ann(widths)
    for found in CostComparison(mixed(widths, arriving, firing, T), other).breaks():
        twin = energy(found.model, other, T)
        if found.firing_rate is not None:
            then = energy(found.model, mixed(widths, arriving, found.firing_rate, T))
            assert then == pytest.approx(twin)
        if found.input_rate is not None:
            then = energy(found.model, mixed(widths, found.input_rate, firing, T))
            assert then == pytest.approx(twin)
        if found.spikes is not None and found.spikes * max(arriving, firing) <= 1:
            rates = found.spikes * arriving, found.spikes * firing
            assert energy(found.model, mixed(widths, *rates, T)) == pytest.approx(twin)


@given(SIZES, RATES, st.integers(1, 30))
def test_where_no_rate_is_named_none_makes_both_cost_the_same(widths, rate, T):
    other = ann(widths)
    for found in CostComparison(snn(widths, rate, T), other).breaks():
        twin = energy(found.model, other, T)
        for name, ends in {
            "firing_rate": [mixed(widths, rate, end, T) for end in (0, 1)],
            "input_rate": [mixed(widths, end, rate, T) for end in (0, 1)],
        }.items():
            if getattr(found, name) is None:
                low, high = (energy(found.model, facts) for facts in ends)
                assert low >= twin * (1 - 1e-9) or high <= twin * (1 + 1e-9), name


@given(SIZES, RATES, st.integers(1, 30), st.sampled_from(("bernoulli", "repeat")))
def test_costs_are_linear_in_the_steps_and_meet_the_twins_at_the_break_even(
    widths, rate, T, encoding
):
    other = ann(widths)
    for found in CostComparison(snn(widths, rate, T, encoding), other).breaks():
        one, two = (energy(found.model, snn(widths, rate, n, encoding)) for n in (1, 2))
        slope = two - one
        if ENERGIES[found.model].same_information:
            if found.T is None and one >= energy(found.model, other, 1):
                continue  # it never wins, or not from the first step on
            up_to = 100 if found.T is None else math.ceil(found.T)
            for n in range(1, up_to, 7):  # below it the SNN costs less
                assert one + slope * (n - 1) < energy(found.model, other, n) * (1 + 1e-9)
            if found.T is not None and found.T >= 1:
                assert one + slope * (found.T - 1) >= energy(
                    found.model, other, math.floor(found.T)
                ) * (1 - 1e-9)
            continue
        twin = energy(found.model, other)
        if found.T is None:  # already a single step costs as much, or no more spikes cost more
            assert two == one or one - slope >= twin
        else:
            assert one + slope * (found.T - 1) == pytest.approx(twin)


def test_models_that_disagree_are_named():
    spiking = layer(effective_operations=40_000.0, neuron_updates=50, output_rate=0.5,
                    dense_operations=39_200.0)  # fmt: skip
    real = layer(model="ann", input_kind="real", steps=1, applied_steps=1, dense_operations=7840.0,
                 effective_operations=784.0)  # fmt: skip
    sentence = CostComparison((spiking,), (real,)).sentence()
    assert sentence.startswith("The models disagree: the SNN is cheaper by compute45nm-dense (1 ")
    assert "dearer by compute45nm (9.98 times)" in sentence


def test_a_network_that_never_fires_is_not_cheaper():
    silent = layer(effective_operations=0.0, neuron_updates=50, output_rate=0.0,
                   dense_operations=39_200.0)  # fmt: skip
    sentence = CostComparison((silent,), (silent,)).sentence()
    assert "fires never, or always" in sentence


def test_the_share_of_the_first_layer():
    facts = snn((20,), 0.1, 5)
    first, both = (network_values(x)["energy_pj_compute45nm"] for x in (facts[:1], facts))
    found = {one.model: one for one in CostComparison(facts, ann((20,))).breaks()}
    assert found["compute45nm"].first_layer == pytest.approx(first / both)


def test_of_a_users_energy_that_is_no_line_or_fails_without_spikes_no_break_even_is_said():
    about = {"formula": "any", "source": "a test", "since": None}
    ENERGIES.add("squared", "no line", **about)(lambda x: x.effective_operations**2)
    ENERGIES.add("inverse", "fails", **about)(lambda x: 1 / (x.input_nonzero - 2 * FIRST))
    ENERGIES.add("line", "is one", **about)(lambda x: 2 * x.effective_operations)
    facts = snn((20,), 0.5, 4)
    FIRST = facts[0].input_nonzero
    found = {one.model: one for one in CostComparison(facts, ann((20,))).breaks()}
    for name in ("squared", "inverse"):
        one = found[name]
        assert (one.spikes, one.firing_rate, one.input_rate, one.T) == (None,) * 4
    assert found["line"].spikes == pytest.approx(found["line"].ratio)
