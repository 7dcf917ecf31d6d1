"""An SNN beside its twin: at a break-even both cost the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench import count
from snnbench.cost.comparing import CostComparison
from snnbench.cost.derive import network_values
from snnbench.words.energies import ENERGIES
from tests.cost.layers import layer

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=3)
RATES = st.floats(0.01, 1)


def snn(widths, rate, T, encoding="bernoulli"):
    settings = {"arch": "-".join(map(str, (*widths, 10))), "T": T, "encoding": encoding}
    return count(**settings, rate=rate, input_shape=(50,)).count.facts


def ann(widths):
    arch = "-".join(map(str, (*widths, 10)))
    return count(model="ann", arch=arch, input_shape=(50,)).count.facts


@given(SIZES, RATES, st.integers(1, 30))
def test_with_as_many_times_the_spikes_both_cost_the_same(widths, rate, T):
    other = ann(widths)
    for found in CostComparison(snn(widths, rate, T), other).breaks():
        column = ENERGIES[found.model].column
        if found.input_rate is None or found.input_rate > 1:
            continue  # no rate: even always firing it is cheaper
        then = network_values(snn(widths, found.input_rate, T))[column]
        assert then == pytest.approx(network_values(other)[column])
        assert found.input_rate == pytest.approx(rate * found.spikes)


@given(SIZES, RATES, st.integers(1, 30), st.sampled_from(("bernoulli", "repeat")))
def test_costs_are_linear_in_the_steps_and_meet_the_twins_at_the_break_even(
    widths, rate, T, encoding
):
    other = ann(widths)
    for found in CostComparison(snn(widths, rate, T, encoding), other).breaks():
        column = ENERGIES[found.model].column
        one, two = (network_values(snn(widths, rate, n, encoding))[column] for n in (1, 2))
        twin = network_values(other)[column]
        if found.T is None:  # already a single step costs as much, or no more spikes cost more
            assert two == one or one - (two - one) >= twin
        else:
            assert one + (two - one) * (found.T - 1) == pytest.approx(twin)


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
